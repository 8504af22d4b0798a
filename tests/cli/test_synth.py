"""``synth`` as a person at a terminal meets it."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("TTS")
soundfile = pytest.importorskip("soundfile")

from coqui_amharic_ext.demo import tiny  # noqa: E402
from tests.cli.command import COMMAND, environment, run  # noqa: E402
from tests.coqui.speaking import save_vits, save_xtts  # noqa: E402

TEXT = "ሰላም፣ እንዴት ነህ? በ2015 ተሠራ።"


@pytest.fixture(scope="module")
def vits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_vits(tmp_path_factory.mktemp("vits"))


@pytest.fixture(scope="module")
def xtts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = save_xtts(tmp_path_factory.mktemp("xtts"))
    tiny.write_clip(folder / "voice.wav", 2.0)
    return folder


def test_a_text_becomes_a_wav(vits: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    code, printed, err = run(
        *("synth", "--checkpoint", str(vits), "--text", TEXT, "--out", str(out), "--json")
    )
    assert code == 0, err
    said = json.loads(printed)
    assert [piece["text"] for piece in said["pieces"]] == ["ሰላም፣ እንዴት ነህ?", "በ2015 ተሠራ።"]
    info = soundfile.info(out)
    assert info.duration == pytest.approx(said["seconds"], abs=0.01)
    assert 0 < said["pieces"][1]["start"] < said["seconds"]
    assert [p.name for p in tmp_path.iterdir()] == ["out.wav"]


def test_a_pipe_carries_the_wav_alone(vits: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "synth", "--checkpoint", str(vits), "--out", "-"],
        input=TEXT.encode(),
        env=environment(),
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    audio, rate = soundfile.read(io.BytesIO(done.stdout))
    assert rate == 22050
    assert len(audio) > 22050


def test_xtts_speaks_with_the_voice_of_a_recording(xtts: Path, tmp_path: Path) -> None:
    arguments = ["synth", "--checkpoint", str(xtts), "--text", TEXT, "--device", "cpu"]
    code, _, err = run(*arguments, "--out", str(tmp_path / "no.wav"))
    assert code == 2
    assert "XTTS needs a recording of the voice" in err
    assert not list(tmp_path.iterdir())
    arguments += ["--speaker-wav", str(xtts / "voice.wav"), "--seed", "7"]
    code, printed, err = run(*arguments, "--out", str(tmp_path / "a.wav"))
    assert code == 0, err
    assert "s of speech; the first sound after" in printed
    assert soundfile.info(tmp_path / "a.wav").samplerate == 24000


@pytest.mark.parametrize("stream", [True, False])
def test_a_kill_in_mid_speech(stream: bool, vits: Path, tmp_path: Path) -> None:
    """A stream can be played as far as it came; a whole wav is whole or is not there."""
    out = tmp_path / "out.wav"
    text = tmp_path / "text.txt"
    text.write_text("\n".join(f"{TEXT} {n}" for n in range(400)), encoding="utf-8")
    command = ["synth", "--checkpoint", str(vits), "--file", str(text), "--out", str(out)]
    child = subprocess.Popen(
        [*COMMAND, *command, *(["--stream"] if stream else [])],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    written = "out.wav" if stream else ".out.wav.partial-*"
    deadline = time.monotonic() + 240
    while not any(p.stat().st_size > 200_000 for p in tmp_path.glob(written)):
        assert child.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    if stream:
        assert soundfile.info(out).duration > 2
    else:
        assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--checkpoint", "none", "--text", "ሰላም"), "none does not exist"),
        (("--checkpoint", ".", "--text", "ሰላም", "--out", "-", "--json"), "give --out FILE"),
    ],
)
def test_wrong_input_exits_with_two(arguments: tuple[str, ...], says: str, tmp_path: Path) -> None:
    code, out, err = run("synth", *arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err
