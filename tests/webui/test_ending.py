"""However the page is asked to end, its training saves and nothing of it is left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from coqui_amharic_ext.webui.uploads import uploads_folder
from tests.webui.test_runs import RECIPE, until

pytestmark = [
    pytest.mark.skipif(find_spec("gradio") is None, reason="needs gradio: pip install .[webui]"),
    pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals"),
]

# Serves a page that trains (a recipe that only waits) and has another child, as benchmarks are.
PAGE = """
import json, os, subprocess, sys, time
from pathlib import Path
from coqui_amharic_ext.webui import recipe, runs, serve
work, script, loops = Path(sys.argv[1]), sys.argv[2], []
def command(self, output, resume=None):
    return [sys.executable, script, "--output", str(output)]
recipe.Training.command = command
class Seen(runs.Runs):
    def __init__(self, work):
        super().__init__(work)
        loops.append(self)
runs.Runs = Seen
def tell(address):
    (seen,) = loops
    run = seen.start(recipe.training(recipe.TrainForm(recipe="vits", data="corpus"), seen.work))
    while run.view().step is None:
        time.sleep(0.05)
    child = subprocess.Popen(["sh", "-c", "sleep 600 & wait"])
    said = {"run": str(run.folder), "child": child.pid, "train": run.record()["pid"]}
    print(json.dumps(said | {"uploads": os.environ["GRADIO_TEMP_DIR"]}), flush=True)
serve.serve(work, 0, tell)
print("ended", flush=True)
"""


# As our patch of the trainer has it.
ENDED_LIKE_CTRL_C = "import signal; signal.signal(signal.SIGTERM, signal.default_int_handler)"


def _page(tmp_path: Path) -> subprocess.Popen[str]:
    (tmp_path / "work" / "corpus").mkdir(parents=True)
    metadata = tmp_path / "work" / "corpus" / "metadata.csv"
    metadata.write_text("a|ሰላም|ሰላም\n", encoding="utf-8")
    script = tmp_path / "train_fake.py"
    script.write_text(ENDED_LIKE_CTRL_C + RECIPE)
    return subprocess.Popen(
        # As a script starts it in the background: there, Ctrl-C is ignored from the start.
        [
            *("sh", "-c", 'trap "" INT; exec "$@"', "sh"),
            *(sys.executable, "-c", PAGE, str(tmp_path / "work"), str(script)),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "TMPDIR": str(tmp_path),
        },
    )


@pytest.mark.parametrize("signals", ["INT", "TERM", "HUP", "HUP HUP", "TERM HUP"])
def test_training_is_saved_children_end_and_uploads_go(tmp_path: Path, signals: str) -> None:
    page = _page(tmp_path)
    assert page.stdout is not None
    said = {}
    try:
        said = json.loads(page.stdout.readline())
        assert Path(said["uploads"]).is_dir()
        for name in signals.split():
            page.send_signal(getattr(signal, f"SIG{name}"))
        assert page.wait(timeout=60) == 0
        assert page.stdout.read() == "ended\n"
        for pid in (said["child"], said["train"]):
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
    finally:
        for pid in (page.pid, said.get("child"), said.get("train")):
            with contextlib.suppress(ProcessLookupError, TypeError):
                os.kill(pid, signal.SIGKILL)
    run = Path(said["run"])
    assert (run / "vits-1" / "checkpoint_7.pth").is_file()
    assert json.loads((run / "run.json").read_text())["stopped"] is True
    assert not Path(said["uploads"]).exists()


def test_of_a_page_that_is_killed_the_run_saves_and_the_next_page_removes_its_uploads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _page(tmp_path)
    assert page.stdout is not None
    said = {}
    try:
        said = json.loads(page.stdout.readline())
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        uploads, others = Path(said["uploads"]), tmp_path / "coqui-amharic-webui-link"
        others.symlink_to(tmp_path / "work")
        with uploads_folder():
            assert uploads.is_dir(), "its page lives"
        page.kill()
        page.wait(timeout=60)
        saved = Path(said["run"]) / "vits-1" / "checkpoint_7.pth"
        until(saved.is_file)
        with uploads_folder() as own:
            assert own.stat().st_mode & 0o77 == 0
            assert not uploads.exists()
        assert not own.exists()
        assert others.is_symlink() and (tmp_path / "work" / "corpus").is_dir()
    finally:
        for pid in (page.pid, said.get("child"), said.get("train")):
            with contextlib.suppress(ProcessLookupError, TypeError):
                os.kill(pid, signal.SIGKILL)


# A request whose worker never returns, as one that waits for a broken disk.
HANGS = """
import sys, threading, time
from pathlib import Path
from coqui_amharic_ext.webui import serve, speech
def answer(self, token: str):
    print("hangs", flush=True)
    time.sleep(600)
speech.Speech.answer = answer
def ask(address):
    from urllib.request import Request, urlopen
    root, _, token = address.partition("/?token=")
    cookie = {"Cookie": f"coqui-amharic-{root.rpartition(':')[2]}={token}"}
    urlopen(Request(f"{root}/speech/a.wav", headers=cookie))
def tell(address):
    threading.Thread(target=ask, args=(address,), daemon=True).start()
serve.serve(Path(sys.argv[1]), 0, tell)
"""


def test_a_worker_that_hangs_does_not_keep_the_page(tmp_path: Path) -> None:
    page = subprocess.Popen(
        [sys.executable, "-c", HANGS, str(tmp_path / "work")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(tmp_path)},
    )
    try:
        assert page.stdout is not None and page.stdout.readline() == "hangs\n"
        page.send_signal(signal.SIGTERM)
        assert page.wait(timeout=20) == 0
    finally:
        page.kill()
    assert not list(tmp_path.glob("coqui-amharic-webui-*"))
