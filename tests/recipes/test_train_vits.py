"""The VITS recipe as a person runs it: what it cannot use it names, and a run goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("TTS")

from coqui_amharic_ext.recipes import train_vits


def _main(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> None:
    monkeypatch.setattr(sys, "argv", ["train_vits.py", *map(str, arguments)])
    train_vits.main()


@pytest.mark.parametrize(
    ("arguments", "lines", "says"),
    [
        ((), [], "--data is needed, or --continue_path"),
        (("--data", "none"), [], "none/metadata.csv is missing; --data is the folder with"),
        (("--data", "metadata.csv"), ["a|x|ሰላም"], "metadata.csv/metadata.csv is missing"),
        (("--data", ".", "--output", "metadata.csv/x"), ["a|x|ሰላም"], "x cannot be written: "),
        (("--continue_path", "none"), [], "none/config.json is missing"),
        (("--data", "."), ["a|x|ሰላም", "b"], "coqui-amharic data check --model vits --metadata /"),
        (("--data", "."), ["a|x|ሰላም"] * 3, "not have enough samples for the evaluation set"),
    ],
)
def test_what_cannot_be_used_is_named_without_a_traceback(
    arguments: tuple[str, ...],
    lines: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if lines:
        Path("metadata.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        _main(monkeypatch, *arguments)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


class _Trainer:
    """Keeps what a run would have started with."""

    seen: Any = None

    def __init__(self, args: Any, config: Any, output: str, **samples: Any) -> None:
        type(self).seen = (config, output, samples)

    def fit(self) -> None:
        pass


def test_a_run_that_goes_on_needs_its_folder_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("trainer.Trainer", _Trainer)
    monkeypatch.setattr("TTS.tts.models.vits.Vits", lambda config: config)
    monkeypatch.chdir(tmp_path)
    Path("corpus").mkdir()
    rows = [f"a{n}|x|ሰላም\n" for n in range(4)]
    Path("corpus/metadata.csv").write_text("".join(rows), encoding="utf-8")
    split = ("--coqpit.eval_split_size", "0.25", "--coqpit.batch_size", "3")
    _main(monkeypatch, "--data", "corpus", "--output", "runs", *split)
    started, _, _ = _Trainer.seen
    run = tmp_path / "moved" / "run"
    run.mkdir(parents=True)
    (run / "config.json").write_text(json.dumps(started.to_dict()), encoding="utf-8")
    (run / "checkpoint_1.pth").touch()
    # From another folder: what the run reads is named from the root.
    monkeypatch.chdir(run)
    _main(monkeypatch, "--continue_path", run)
    config, _, samples = _Trainer.seen
    assert config.to_dict() == started.to_dict()
    assert (config.batch_size, len(samples["train_samples"])) == (3, 3)


def test_one_language_of_several_is_trained_and_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("trainer.Trainer", _Trainer)
    monkeypatch.setattr("TTS.tts.models.vits.Vits", lambda config: config)
    for language in ("am", "en"):
        rows = [f"{language}{n}|x|ሰላም\n" for n in range(4)]
        (tmp_path / f"metadata_{language}.csv").write_text("".join(rows), encoding="utf-8")
    split = ("--output", tmp_path / "runs", "--coqpit.eval_split_size", "0.25")
    _main(monkeypatch, "--data", tmp_path, *split)
    assert f"{tmp_path} has en, too; am alone is trained" in capsys.readouterr().out
    config, _, samples = _Trainer.seen
    assert {s["language"] for s in samples["train_samples"]} == {"am"}
    assert config.phoneme_language == "am"
    _main(monkeypatch, "--data", tmp_path, "--language", "en", *split)
    config, _, samples = _Trainer.seen
    assert {s["language"] for s in samples["train_samples"]} == {"en"}
    assert (config.phoneme_language, config.test_sentences) == ("en", [])
    with pytest.raises(SystemExit):
        _main(monkeypatch, "--data", tmp_path, "--language", "de", *split)
    assert f"{tmp_path} has no de but am, en" in capsys.readouterr().err


def _speakers(folder: Path, names: str) -> None:
    rows = [f"wavs/{n}.wav|ሰላም|{name}\n" for n, name in enumerate(names)]
    text = "".join(["audio_file|text|speaker_name\n", *rows])
    (folder / "metadata.csv").write_text(text, encoding="utf-8")
    (folder / "wavs").mkdir(exist_ok=True)
    for n, _ in enumerate(names):
        (folder / "wavs" / f"{n}.wav").touch()


@pytest.mark.parametrize(
    ("names", "more", "speakers"),
    [
        ("ababab", (), ["a", "b"]),
        ("aaaaaa", (), []),
        ("ababab", ("--coqpit.model_args.use_speaker_embedding", "false"), []),
    ],
)
def test_several_speakers_are_several_voices(
    names: str,
    more: tuple[str, ...],
    speakers: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("trainer.Trainer", _Trainer)
    monkeypatch.setattr("TTS.tts.models.vits.Vits", lambda config: config)
    _speakers(tmp_path, names)
    split = ("--output", tmp_path / "runs", "--coqpit.eval_split_size", "0.34")
    _main(monkeypatch, "--data", tmp_path, *split, *more)
    config, _, _ = _Trainer.seen
    assert config.speakers == speakers
    assert config.use_speaker_embedding == bool(speakers)
    assert config.model_args.use_speaker_embedding == bool(speakers)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"metadata.csv": "a.wav|ሰላም|ሰላም\n"}, "coqui-amharic data import"),
        ({"metadata.csv": "wavs\\a|ሰላም|ሰላም\n"}, "coqui-amharic data import"),
        ({"metadata.csv": "file_name,text\na.wav,ሰላም\n"}, "coqui-amharic data import"),
        ({"metadata.csv": "a|ሰላም|x\nb|አዎ|y\nc|ደህና|x\nd|እሺ|y\n"}, "column 2 has the text"),
        ({"metadata.csv": "a|ሰላም|\nb|አዎ|\n"}, "column 2 has the text"),
        ({"metadata.csv": "a|ሰላም\nb|አዎ\n"}, "without the third column"),
        ({"metadata.csv": "a|ሰላም|ሰላም\n\nb|አዎ|አዎ\n"}, "stops at an empty line, as line 2 is"),
        ({"metadata.csv": "\ufeffa|ሰላም|ሰላም\nb|አዎ|አዎ\n"}, "data import"),
        (
            {"metadata_train.csv": "a|ሰላም|ሰላም\n", "metadata_eval.csv": "b.wav|አዎ\n"},
            "metadata_eval.csv: upstream",
        ),
        (
            {"metadata.csv": "a|x|ሰላም\n", "corpus.json": '{"formatter": 1}'},
            "corpus.json cannot be used: its formatter is 1",
        ),
        (
            {
                "metadata.csv": "a|x|ሰላም\n" * 4,
                "corpus.json": json.dumps(
                    {
                        "formatter": "ljspeech",
                        "sample_rate": 16000,
                        "datasets": [{"language": "am", "train": "metadata.csv"}],
                    }
                ),
            },
            "have 16000 Hz, the model has 22050 Hz; give --coqpit.audio.sample_rate 16000",
        ),
    ],
)
def test_a_corpus_that_would_train_wrong_is_named(
    files: dict[str, str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    split = ("--output", tmp_path / "runs", "--coqpit.eval_split_size", "0.25")
    with pytest.raises(SystemExit) as ended:
        _main(monkeypatch, "--data", tmp_path, *split)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_data_are_looked_at_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("a.wav|ሰላም\n", encoding="utf-8")
    program = (
        "import sys; from coqui_amharic_ext.recipes import train_vits\n"
        "try: train_vits.main()\n"
        "finally: print({'torch', 'TTS', 'trainer'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", program, "--data", tmp_path, "--output", tmp_path / "runs"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert "coqui-amharic data import" in done.stderr
    assert done.stdout == "set()\n"
