"""Disks that are full, or that can only be read: real ones, of a few kilobytes."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import coqui_amharic_ext as am
from tests.cli.command import COMMAND, environment
from tests.faults.disks import Job, on_disk
from tests.patched import carried

PRECIOUS = "what somebody has worked on\n"
RULES = am.Settings(g2p_backends=("rules",))
LINES = [f"ሰላም {n} ቤት፣ {n * 7919 % 99991} ብር ነው።" for n in range(1500)]


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of two clips."""
    np, soundfile = pytest.importorskip("numpy"), pytest.importorskip("soundfile")
    folder = tmp_path / "corpus"
    (folder / "wavs").mkdir(parents=True)
    lines = ""
    for name, pitch in (("a", 220), ("b", 330)):
        sound = 0.5 * np.sin(2 * np.pi * pitch * np.arange(44100) / 22050)
        soundfile.write(folder / "wavs" / f"{name}.wav", sound, 22050)
        lines += f"{name}|ሰላም ለዓለም|ሰላም ለዓለም\n"
    (folder / "metadata.csv").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture
def vocabulary(tmp_path: Path) -> Path:
    pytest.importorskip("TTS")
    from coqui_amharic_ext.demo import tiny

    return Path(tiny.write_vocab(tmp_path / "vocab.json"))


SAVING = """
import sys, torch
import coqui_amharic_ext as am
am.activate()
from trainer.io import save_fsspec
save_fsspec({"model": torch.randn(20_000)}, sys.argv[1])
"""
Words = Callable[[pytest.FixtureRequest, Path], list[str]]
WRITERS: dict[str, Words] = {
    "phonemize": lambda request, out: [
        *("phonemize", "--file", str(request.getfixturevalue("texts"))),
        *("--out", str(out), "--force"),
    ],
    "vocab extend": lambda request, out: [
        *("vocab", "extend", "--vocab", str(request.getfixturevalue("vocabulary"))),
        *("--mode", "ipa", "--out", str(out)),
    ],
    "a training checkpoint": lambda request, out: ["-c", SAVING, str(out)],
    "data import": lambda request, out: [
        *("data", "import", str(request.getfixturevalue("corpus")), "--out", str(out) + "-new"),
    ],
    "data fix": lambda request, out: [
        *("data", "check", "--metadata", str(request.getfixturevalue("corpus") / "metadata.csv")),
        *("--fix", str(out) + "-new"),
    ],
}


def _resumable(files: dict[str, Any]) -> dict[str, Any]:
    """Files but what ``phonemize`` leaves on purpose, to be gone on with."""
    return {name: data for name, data in files.items() if ".part" not in name}


CASES = [
    *((writer, False) for writer in WRITERS),
    *((writer, True) for writer in WRITERS if writer != "a training checkpoint"),
]


@pytest.mark.parametrize(
    ("writer", "read_only"), CASES, ids=[f"{w}-{'ro' if r else 'full'}" for w, r in CASES]
)
def test_what_was_there_stays_nothing_is_left_and_the_message_names_the_path(
    request: pytest.FixtureRequest, disk: Path, writer: str, read_only: bool
) -> None:
    if writer == "a training checkpoint":
        pytest.importorskip("trainer")
    out = disk / "out.json"  # the ending that a vocabulary has to have
    command = WRITERS[writer](request, out)
    size = "4k" if writer == "vocab extend" else "8k"  # what was there takes 4 KiB
    (done,) = on_disk(
        Job(str(disk), size, [command], files={out.name: PRECIOUS}, read_only=read_only)
    )
    assert done.code != 0
    assert _resumable(done.files) == {out.name: PRECIOUS.encode()}
    assert not any("partial" in name or name.endswith(".new") for name in done.files)
    if command[0] == "-c" and carried():
        return  # then it is upstream's own code that saves
    said = done.err.strip().splitlines()[-1]
    assert str(out) in said
    assert ".partial" not in said
    assert ("make room" if not read_only else "write elsewhere") in said
    if command[0] != "-c":
        assert "Traceback" not in done.err
        assert done.code == 2


TRAINING = """
import sys
from pathlib import Path
import torch
import coqui_amharic_ext as am
am.activate(am.Settings(g2p_backends=("rules",)))
from tests.training import toy
plain = toy.ToyModel.__init__
def larger(self):
    plain(self)
    self.more = torch.nn.Linear(500, 500)
    self.layer.weight.data.fill_(0.1)
toy.ToyModel.__init__ = larger
toy.ToyModel.forward = lambda self, x: self.layer(x) + self.more.weight.sum() * 0
made = toy.make(Path(sys.argv[1]), save_checkpoints=True, save_step=2, save_n_checkpoints=2)
print("BEGINS", flush=True)
made.fit()
"""


@pytest.mark.parametrize("size", ["1m", "6m", "20m"])
def test_training_says_first_what_it_needs(disk: Path, size: str) -> None:
    """A checkpoint of this model and AdamW takes 3 MB; 12 MB is the most that is there at once."""
    pytest.importorskip("trainer")
    # As a starter does that stays: the other end of standard input is open.
    program = (
        "import os; read, write = os.pipe(); os.dup2(read, 0);"
        "from coqui_amharic_ext.io import watched; watched.main()"
    )
    (done,) = on_disk(Job(str(disk), size, [["-c", program, "-c", TRAINING, str(disk)]]))
    said = done.out + done.err
    if size == "1m":
        assert done.code == 2
        assert "BEGINS" not in said
        line = done.err.strip().splitlines()[-1]
        assert line.startswith(f"coqui-amharic: {disk}")
        assert "a checkpoint of this run takes 3.01 MB" in line
        assert "make room, or give another --output" in line
        assert not done.files  # nor is there an empty run
        return
    assert done.code == 0, said[-2000:]
    assert ("THE DISK IS TOO SMALL" in said) == (size == "6m")
    assert "each checkpoint takes about 3.01 MB" in said
    assert "will need up to 12 MB" in said


def test_training_refuses_a_disk_that_can_only_be_read(disk: Path) -> None:
    command = ["train", "vits", "--data", str(disk), "--output", str(disk / "runs")]
    (done,) = on_disk(Job(str(disk), "1m", [command], read_only=True))
    assert done.code == 2
    assert done.err.startswith(f"coqui-amharic: --output {disk / 'runs'}: {disk} is not writable")


def test_phonemize_goes_on_once_there_is_room(disk: Path, texts: Path) -> None:
    command = ["phonemize", "--file", str(texts), "--out", str(disk / "out")]
    full, again = on_disk(Job(str(disk), "32k", [command, [*command, "--resume"]], grows=True))
    assert full.code == 2
    assert set(full.files) == {"out.part", "out.part.json"}
    assert again.code == 0, again.err
    expected = "".join(line + "\n" for line in am.phonemize_many(LINES, settings=RULES))
    assert again.files == {"out": expected.encode()}


def test_without_room_for_anything_nothing_is_begun(disk: Path, texts: Path) -> None:
    fill = "-c", "import sys; open(sys.argv[1], 'wb').write(bytes(4096))", str(disk / "filler")
    command = ["phonemize", "--file", str(texts), "--out", str(disk / "out")]
    _, done = on_disk(Job(str(disk), "4k", [list(fill), command]))
    assert done.code == 2
    assert "make room" in done.err
    assert set(done.files) == {"filler"}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits on files")
@pytest.mark.parametrize("writer", ["phonemize", "vocab extend", "data fix"])
def test_a_file_that_may_not_grow_is_a_full_disk(
    request: pytest.FixtureRequest, tmp_path: Path, writer: str
) -> None:
    """The same without a mount, wherever POSIX limits hold."""
    import resource

    folder = tmp_path / "out"
    folder.mkdir()
    out = folder / "out.json"
    out.write_text(PRECIOUS)
    done = subprocess.run(
        [*COMMAND, *WRITERS[writer](request, out)],
        env=environment(),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048)),
        timeout=250,
    )
    assert done.returncode == 2, done.stderr
    assert "File too large (make room in" in done.stderr
    assert str(out) in done.stderr
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert _resumable(files) == {out.name: PRECIOUS.encode()}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
@pytest.mark.parametrize("verb", ["normalize", "phonemize"])
def test_standard_output_that_is_full_is_named(verb: str) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, verb, "ሰላም"],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert "standard output cannot be written: No space left" in done.stderr
    assert "Traceback" not in done.stderr


EVERYWHERE = """
import sys
import coqui_amharic_ext as am
try:
    open(sys.argv[1], "w")
except OSError as error:
    assert error.errno == 30, error
else:
    raise SystemExit("the disk can be written to, so this shows nothing")
found = am.transcribe("ሰላም ለዓለም፣ 3 ቤት።")
from TTS.tts.configs.vits_config import VitsConfig
from TTS.tts.utils.text.tokenizer import TTSTokenizer
config = VitsConfig(use_phonemes=True, phoneme_language="am", add_blank=False)
tokenizer, _ = TTSTokenizer.init_from_config(config)
assert tokenizer.ids_to_text(tokenizer.text_to_ids("ሰላም")) == "səlam"
print(found.ipa, *found.backends)
"""


def test_a_machine_on_which_nothing_can_be_written_reads_and_tokenises(tmp_path: Path) -> None:
    """No cache, home, temporary folder or installation can be written to, and none is needed."""
    pytest.importorskip("TTS")
    from tests.faults.disks import NAMESPACE, missing

    if importlib.util.find_spec("dill") is not None:
        pytest.skip("torch imports dill where it is installed, and dill needs a temporary folder")
    if missing():
        pytest.skip(f"no disk can be mounted in a namespace of its own: {missing()}")
    # Not on everybody's path.
    chroot = shutil.which("chroot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if chroot is None:
        pytest.skip("there is no chroot here")
    bound = (
        f"mount --rbind / /mnt && mount -o remount,bind,ro /mnt && cd /mnt && exec {chroot} /mnt"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    done = subprocess.run(
        [*NAMESPACE, "sh", "-c", f'{bound} "$@"', "sh", sys.executable, "-c", EVERYWHERE,
         str(tmp_path / "probe")],
        env=clean | {"PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=250,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith("səlam ləʔaləm, sost bet.")
