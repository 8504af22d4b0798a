"""Model files that are cut off, empty, something else, or not to be read: named, and never run."""

from __future__ import annotations

import importlib.util
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import coqui_amharic_ext as am
from tests.conftest import RunPython
from tests.g2p.test_transphone import NAME, _lay_out

RULES = am.Settings(g2p_backends=("rules",))
FILES = {
    "weights": f"model/{NAME}/model.pt",
    "letters": f"model/{NAME}/grapheme.vocab",
    "phones": f"model/{NAME}/phoneme.vocab",
    "config": f"exp/{NAME}.yml",
}


Change = Callable[[Path, Path], None]
"""What happens to a file; the second path comes to be if code in the file is run."""


class Evil:
    """Whoever unpickles it runs what is in it."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.trace),)


def _cut(path: Path, trace: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _replaced(data: bytes) -> Change:
    def replace(path: Path, trace: Path) -> None:
        path.write_bytes(data)

    return replace


def _folder(path: Path, trace: Path) -> None:
    path.unlink()
    path.mkdir()


def _itself(path: Path, trace: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def _code(path: Path, trace: Path) -> None:
    path.write_text(f"!!python/object/apply:os.mkdir ['{trace}']")


def _pickle(path: Path, trace: Path) -> None:
    path.write_bytes(pickle.dumps(Evil(trace)))


def _saved(make: Callable[[Path], Any]) -> Change:
    def save(path: Path, trace: Path) -> None:
        import torch

        torch.save(make(trace), path)

    return save


def _other_weights(trace: Path) -> Any:
    import torch

    return {"a": torch.zeros(3)}


ANY_FILE: dict[str, Change] = {
    "cut off": _cut,
    "empty": _replaced(b""),
    "noise": _replaced(bytes(range(256)) * 20),
    "zeros": _replaced(bytes(5000)),
    "a folder": _folder,
    "a link to itself": _itself,
    "a pickle with code": _pickle,
}
ONE_FILE: dict[str, dict[str, Change]] = {
    "weights": {
        "saved code": _saved(Evil),
        "a list": _saved(lambda trace: [1, 2]),
        "other weights": _saved(_other_weights),
    },
    "config": {
        "a list": _replaced(b"- 1\n- 2\n"),
        "code": _code,
        "less than is needed": _replaced(b"num_encoder: 1\n"),
        "words for numbers": _replaced(
            b"num_encoder: many\nnum_decoder: 1\nembed_size: 8\nhidden_size: 8\nnum_head: 2\n"
        ),
    },
    "letters": {"other letters": _replaced("<pad>\n<eos>\n<amh>\nሰ\n".encode())},
    "phones": {},
}
CASES = [(file, how) for file in FILES for how in (*ANY_FILE, *ONE_FILE[file])]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model with weights that have learnt nothing."""
    if importlib.util.find_spec("transphone") is None:
        pytest.skip("transphone is not installed (pip install 'coqui-amharic-ext[transphone]')")
    import torch
    from transphone.model.checkpoint_utils import torch_save
    from transphone.model.transformer import TransformerG2P
    from transphone.model.vocab import Vocab

    folder = tmp_path_factory.mktemp("model")
    files = _lay_out(folder, ("amh",))
    letters, phones = (Vocab.read(files / f"{name}.vocab") for name in ("grapheme", "phoneme"))
    with torch.random.fork_rng(devices=[]):
        weights = TransformerG2P(1, 1, 32, 2, len(letters) + 1, len(phones) + 1, 32)
    torch_save(weights, files / "model.pt")
    return folder


def test_the_whole_model_is_loaded(model: Path) -> None:
    """Otherwise the tests below would show nothing."""
    chosen = am.Settings(g2p_backends=("transphone", "rules"), transphone_dir=str(model))
    (rejected,) = am.transcribe("ዶላፖ", settings=chosen).words[0].rejected
    assert "quality check" in rejected.reason or rejected.reason == "it gave nothing"


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize(("file", "how"), CASES)
def test_the_next_backend_answers_the_file_is_named_and_nothing_in_it_is_run(
    model: Path, tmp_path: Path, file: str, how: str
) -> None:
    folder, trace = tmp_path / "model", tmp_path / "trace"
    shutil.copytree(model, folder)
    (ANY_FILE | ONE_FILE[file])[how](folder / FILES[file], trace)
    chosen = am.Settings(g2p_backends=("transphone", "rules"), transphone_dir=str(folder))
    found = am.transcribe("ዶላፖ ቴሎ", settings=chosen)
    assert found.ipa == am.phonemize("ዶላፖ ቴሎ", settings=RULES)
    assert not trace.exists()
    reasons = {rejection.reason for word in found.words for rejection in word.rejected}
    if file == "config" and how in ("a folder", "a link to itself"):
        return  # transphone's own config of that name is taken, which may or may not fit
    (reason,) = reasons
    # A vocabulary that is text but names no language is one of another model; it has its own words.
    assert str(folder) in reason or "was not trained on Amharic" in reason, reason


@pytest.fixture
def locked(tmp_path: Path) -> dict[str, str]:
    """Files and folders that exist and that nobody may read."""
    for name in ("model", "letters"):
        _lay_out(tmp_path / name, ("amh",))
        (tmp_path / name / FILES["weights"]).write_bytes(b"x")
    (tmp_path / "words.tsv").write_text("ሰላም\ts a l a m\n", encoding="utf-8")
    (tmp_path / "vocab.json").write_text("{}")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "best_model.pth").write_bytes(b"x")
    for path in ("model/model", f"letters/{FILES['letters']}", "words.tsv", "vocab.json", "run"):
        (tmp_path / path).chmod(0)
    return {name: str(tmp_path / name) for name in os.listdir(tmp_path)}


READING = """
import sys
from pathlib import Path
import coqui_amharic_ext as am
from coqui_amharic_ext.coqui.checkpoint_file import open_checkpoint
from coqui_amharic_ext.coqui.request import find_checkpoint
from coqui_amharic_ext.coqui.vocabulary_file import XttsVocabulary
from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.data.metadata import read_metadata

paths = {PATHS}
for name in ("model", "letters"):
    chosen = am.Settings(g2p_backends=("transphone", "rules"), transphone_dir=paths[name])
    found = am.transcribe("ዶላፖ", settings=chosen)
    assert found.ipa == "dolapo", found
    reason = found.words[0].rejected[0].reason
    assert paths[name] in reason and "ermission denied" in reason, reason
for read in (
    lambda: am.phonemize("ሰላም", settings=am.Settings(lexicon=paths["words.tsv"])),
    lambda: XttsVocabulary.read(paths["vocab.json"]),
    lambda: open_checkpoint(Path(paths["vocab.json"])),
    lambda: find_checkpoint(Path(paths["run"])),
    lambda: read_metadata(Path(paths["vocab.json"])),
):
    try:
        read()
    except (OSError, am.SettingsError, DataError) as error:
        assert "Permission denied" in str(error) and str(Path(paths["run"]).parent) in str(error)
    else:
        raise SystemExit("what nobody may read was read")
"""


def test_what_may_not_be_read_is_named(locked: dict[str, str]) -> None:
    if importlib.util.find_spec("transphone") is None:
        pytest.skip("transphone is not installed (pip install 'coqui-amharic-ext[transphone]')")
    words = [sys.executable, "-c", READING.replace("{PATHS}", repr(locked))]
    if os.geteuid() == 0:  # whom permissions do not bind, unless that is taken away
        if shutil.which("setpriv") is None:
            pytest.skip("the tests run as root, and there is no setpriv to take its rights away")
        words = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *words]
    done = subprocess.run(words, capture_output=True, text=True, env=os.environ, timeout=120)
    for path in locked.values():
        os.chmod(path, 0o700)  # so that pytest can tidy up
    os.chmod(os.path.join(locked["model"], "model"), 0o700)
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_backend_that_is_left_behind_in_c_does_not_spoil_the_exit_code(
    run_python: RunPython,
) -> None:
    """Until Python 3.13 a thread that comes back from C++ at the end aborts the process."""
    pytest.importorskip("torch")
    done = run_python(
        """
        import torch
        import coqui_amharic_ext as am
        from coqui_amharic_ext import hookimpl, plugins
        from coqui_amharic_ext.g2p.backend import Backend, BackendSpec
        from coqui_amharic_ext.availability import Availability

        class Busy(Backend):
            def availability(self):
                return Availability(True)
            def version(self):
                return ""
            def _transcribe(self, words):
                while True:
                    torch.randn(1_000_000).sort()

        class Plugin:
            @staticmethod
            @hookimpl
            def g2p_backends():
                return [BackendSpec("busy", "", "segments", Busy)]

        plugins.register(Plugin, "busy")
        chosen = am.Settings(g2p_backends=("busy", "rules"), backend_timeout=0.5)
        print(am.phonemize("ዶላፖ", settings=chosen))
        """,
        OMP_NUM_THREADS="1",
    )
    assert done.stdout == "dolapo\n"
