"""``synth`` as a person at a terminal meets it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("TTS")
soundfile = pytest.importorskip("soundfile")

from coqui_amharic_ext.demo import tiny  # noqa: E402
from tests.cli.command import COMMAND, environment, refused_early, run  # noqa: E402
from tests.coqui.model_folders import write_vits, write_xtts  # noqa: E402
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


def test_a_file_is_in_the_format_of_its_ending(vits: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.flac"
    code, _, err = run("synth", "--checkpoint", str(vits), "--text", "ሰላም", "--out", str(out))
    assert code == 0, err
    assert soundfile.info(out).format == "FLAC"
    assert os.listdir(tmp_path) == ["out.flac"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no terminals to ask for")
def test_a_terminal_sees_how_many_pieces_are_done(vits: Path, tmp_path: Path) -> None:
    import pty

    main, terminal = pty.openpty()
    command = ["synth", "--checkpoint", str(vits), "--text", TEXT]
    child = subprocess.Popen(
        [*COMMAND, *command, "--out", str(tmp_path / "out.wav")],
        env=environment(TERM="xterm"),
        stdout=subprocess.PIPE,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            read = os.read(main, 65536)
        except OSError:  # Linux's way to say that the other end is closed
            read = b""
        if not read:
            break
        shown += read
    os.close(main)
    printed, _ = child.communicate(timeout=300)
    assert child.returncode == 0, shown
    assert b"0 of 2 pieces" in shown
    assert b"1 of 2 pieces" in shown
    assert b"pieces" not in printed


SAY = ("--text", "ሰላም", "--out", "out.wav")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("xtts", *SAY, "--speaker-wav", "nope.wav"), "the recording nope.wav does not exist"),
        (("xtts", *SAY, "--speaker-wav", "silent.wav"), "silent.wav is silent"),
        (("xtts", *SAY, "--speaker", "nobody"), "no speaker 'nobody'"),
        (("xtts", *SAY), "XTTS needs a recording of the voice"),
        (("xtts", *SAY, "--speaker-wav", "voice.wav", "--device", "hpu9"), "hpu9' cannot be used"),
        (("xtts", *SAY, "--speaker-wav", "voice.wav", "--vocab", "a.json"), "has rows for 6681"),
        (("vits", *SAY, "--speaker", "nobody"), "no speaker 'nobody'; it has አበበ, ከበደ"),
        (("vits", *SAY), "several speakers; give one of አበበ, ከበደ"),
        (("vits", *SAY, "--speaker", "አበበ", "--language", "sw"), "does not speak 'sw'; it has am"),
        (("vits", "--text", "ሰላም", "--out", "out.xyz"), ".xyz is no format of sound"),
        (("vits", "--text", "ሰላም", "--out", "no/out.wav"), "the folder no of out.wav"),
        (("vits", "--text", "ሰላም", "--out", "xtts"), "xtts is a folder"),
        (("vits", *SAY[:2], "--out", "out.mp3", "--stream"), "--stream writes a wav"),
        (("vits", *SAY, "--pause", "nan"), "--pause must be 0 or more"),
        (("vits", *SAY, "--seed", str(1 << 64)), "has more than 64 bits"),
    ],
)
def test_it_is_refused_before_anything_heavy_is_loaded(
    arguments: tuple[str, ...], says: str, full_size: Path
) -> None:
    message = refused_early("synth", "--checkpoint", *arguments, folder=full_size)
    assert says in message
    assert not (full_size / "out.wav").exists()


@pytest.fixture(scope="module")
def full_size(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An XTTS v2 by its names and shapes, a VITS of two speakers, and recordings."""
    import numpy as np

    folder = tmp_path_factory.mktemp("full")
    for name in ("xtts", "vits"):
        (folder / name).mkdir()
    write_xtts(folder / "xtts", layers=30, width=1024, tokens=6681, prefix="xtts.")
    config = {"use_speaker_embedding": True, "speakers": ["አበበ", "ከበደ"], "languages": ["am"]}
    write_vits(folder / "vits", **config)
    tiny.write_vocab(folder / "a.json")
    tiny.write_clip(folder / "voice.wav", 2.0)
    soundfile.write(folder / "silent.wav", np.zeros(22050), 22050)
    return folder


def test_what_upstream_raises_is_one_line(vits: Path, tmp_path: Path) -> None:
    """Weights that do not fit the config, which only loading tells."""
    (tmp_path / "model.pth").symlink_to(vits / "model.pth")
    config = json.loads((vits / "config.json").read_text())
    config["model_args"]["hidden_channels"] = 32
    (tmp_path / "config.json").write_text(json.dumps(config))
    arguments = ("synth", "--checkpoint", str(tmp_path), "--text", "ሰላም", "--out")
    code, _, err = run(*arguments, str(tmp_path / "o.wav"))
    assert code == 2
    assert "model.pth cannot be loaded with its config and vocabulary: RuntimeError" in err
    assert "Traceback" not in err
    code, _, err = run(*arguments, str(tmp_path / "o.wav"), COQUI_AMHARIC_TRACEBACK="1")
    assert code == 1
    assert "Traceback" in err
    assert "size mismatch" in err


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
