"""From other people's corpora to a voice: import, check, fix, a training step, speech."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch")
pytest.importorskip("TTS")

from coqui_amharic_ext.data.check import check  # noqa: E402
from coqui_amharic_ext.data.fix import fix  # noqa: E402
from coqui_amharic_ext.data.importing import import_corpus  # noqa: E402
from coqui_amharic_ext.data.limits import VITS  # noqa: E402
from coqui_amharic_ext.recipes import train_vits  # noqa: E402
from coqui_amharic_ext.settings import get_settings_or_none, set_settings  # noqa: E402

TEXTS = (
    "ሰላም፣ እንዴት ነህ?",
    "በ25 ብር ገዛሁት።",
    "ቋንቋ መግባቢያ ነው።",
    "ጓደኛዬ ቡና ይወዳል።",
)
TINY = {
    "batch_size": 3,
    "eval_batch_size": 1,
    "eval_split_size": 0.34,
    "epochs": 1,
    "mixed_precision": "false",
    "num_loader_workers": 0,
    "num_eval_loader_workers": 0,
    "test_delay_epochs": 9,
    "model_args.spec_segment_size": 8,
    "model_args.hidden_channels": 16,
    "model_args.hidden_channels_ffn_text_encoder": 16,
    "model_args.num_layers_text_encoder": 1,
    "model_args.num_layers_flow": 1,
    "model_args.num_layers_posterior_encoder": 1,
    "model_args.upsample_initial_channel_decoder": 32,
    "model_args.speaker_embedding_channels": 8,
}


def clip(path: Path, number: int, rate: int = 22050, **options: Any) -> str:
    """Write a second of noise; return its file's name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(number).normal(0, 0.1, int(rate * (1 + number / 20)))
    soundfile.write(path, noise.astype(np.float32), rate, **options)
    return path.name


def _lines(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _common_voice(folder: Path, speakers: int) -> None:
    lines = ["client_id\tpath\tsentence_id\tsentence\tup_votes\tlocale\tsegment"]
    for n, text in enumerate(TEXTS):
        name = clip(folder / "clips" / f"c{n}.mp3", n, 32000)
        lines.append(f"voice{n % speakers}\t{name}\tx{n}\t{text}\t2\tam\t")
    _lines(folder / "validated.tsv", lines)


def _ljspeech(folder: Path) -> None:
    names = [clip(folder / "wavs" / f"c{n}.wav", n).removesuffix(".wav") for n in range(4)]
    _lines(folder / "metadata.csv", [f"{n}|{t}|{t}" for n, t in zip(names, TEXTS, strict=True)])


def _split(folder: Path) -> None:
    """Write what upstream's own fine-tuning demo writes."""
    rows = [
        f"wavs/{clip(folder / 'wavs' / f'c{n}.wav', n)}|{text}|coqui"
        for n, text in enumerate(TEXTS)
    ]
    header = "audio_file|text|speaker_name"
    _lines(folder / "metadata_train.csv", [header, *rows[:3]])
    _lines(folder / "metadata_eval.csv", [header, *rows[3:]])


def _windows(folder: Path) -> None:
    """Write what a spreadsheet on Windows makes of two speakers' LJSpeech."""
    rows = [
        f"C:\\corpus\\wavs\\{clip(folder / 'wavs' / f'c{n}.wav', n)}|{'ab'[n % 2]}|{text}\r\n"
        for n, text in enumerate(TEXTS)
    ]
    (folder / "metadata.csv").write_bytes("".join(rows).encode("utf-16"))


def _fleurs(folder: Path) -> None:
    for split, numbers in (("train", range(3)), ("test", range(3, 4))):
        rows = [
            f"{n}\t{clip(folder / split / f'{n}.wav', n, 16000)}\t{TEXTS[n]}\tሰላም\tሰ ላ |\t9\tMALE"
            for n in numbers
        ]
        _lines(folder / f"{split}.tsv", rows)


def _audiofolder(folder: Path) -> None:
    for split, numbers in (("train", range(3)), ("test", range(3, 4))):
        rows = [
            {
                "file_name": clip(folder / split / f"c{n}.flac", n),
                "text": TEXTS[n],
                "speaker": "ab"[n % 2],
            }
            for n in numbers
        ]
        _lines(folder / split / "metadata.jsonl", [json.dumps(row) for row in rows])


def _parquet(folder: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    names = [folder.parent / f"c{n}.ogg" for n in range(4)]
    for n, name in enumerate(names):
        clip(name, n, 16000)
    audio = [{"bytes": name.read_bytes(), "path": name.name} for name in names]
    folder.mkdir()
    table = pyarrow.table({"audio": audio, "sentence": list(TEXTS)})
    parquet.write_table(table, folder / "train-00000-of-00001.parquet")


def _languages(folder: Path) -> None:
    rows = [
        {"file_name": clip(folder / f"c{n}.wav", n), "text": text, "language": "am"}
        for n, text in enumerate(TEXTS)
    ]
    english = [
        {"file_name": clip(folder / f"e{n}.wav", 9 + n), "text": "good morning", "language": "en"}
        for n in range(3)
    ]
    _lines(folder / "metadata.jsonl", [json.dumps(row) for row in rows + english])


SOURCES: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "Common Voice, one speaker": (lambda folder: _common_voice(folder, 1), []),
    "Common Voice, speakers": (lambda folder: _common_voice(folder, 2), ["voice0", "voice1"]),
    "LJSpeech": (_ljspeech, []),
    "a split of upstream's demo": (_split, []),
    "LJSpeech from Windows": (_windows, ["a", "b"]),
    "FLEURS": (_fleurs, []),
    "audiofolder": (_audiofolder, ["a", "b"]),
    "Parquet": (_parquet, []),
    "several languages": (_languages, []),
}

CLIPS = {"several languages": 7}


class _SmallNet(torch.nn.Module):
    """In place of a discriminator, which upstream cannot make small."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()
        self.conv = torch.nn.Conv1d(1, 2, 3)

    def forward(self, x: Any) -> tuple[Any, list[Any]]:
        x = self.conv(x)
        return torch.flatten(x, 1, -1), [x]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from TTS.tts.layers.vits import discriminator
    from TTS.tts.models.vits import Vits

    import coqui_amharic_ext as am

    before = get_settings_or_none()
    am.activate(am.Settings(g2p_backends=("rules",)))
    monkeypatch.setattr(discriminator, "DiscriminatorS", _SmallNet)
    monkeypatch.setattr(discriminator, "DiscriminatorP", _SmallNet)
    # Figures for the dashboard take longer than all the rest.
    monkeypatch.setattr(Vits, "_create_logs", lambda *_: ({}, {}))
    yield
    set_settings(before)


def _train(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> None:
    changes = [part for n, v in TINY.items() for part in (f"--coqpit.{n}", str(v))]
    monkeypatch.setattr(sys, "argv", ["train_vits.py", *map(str, arguments), *changes])
    train_vits.main()


@pytest.mark.parametrize("source", SOURCES)
def test_it_becomes_a_voice(
    source: str, small: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from coqui_amharic_ext.coqui.synthesis import Synthesizer

    make, speakers = SOURCES[source]
    make(tmp_path / "in")
    imported = import_corpus(tmp_path / "in", tmp_path / "corpus")
    assert imported.clips == CLIPS.get(source, len(TEXTS))
    report = check([tmp_path / "corpus"], limits=VITS)
    assert report.errors == 0, report.findings
    fixed = fix(report, tmp_path / "mended", limits=VITS)
    assert (fixed.kept, fixed.report.errors) == (imported.clips, 0)
    about = [json.loads((tmp_path / f / "corpus.json").read_text()) for f in ("corpus", "mended")]
    assert about[0] == about[1]
    _train(monkeypatch, "--data", tmp_path / "mended", "--output", tmp_path / "runs")
    (run,) = (tmp_path / "runs").glob("vits_*")
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    assert config["speakers"] == speakers
    assert (run / "speakers.pth").is_file() == bool(speakers)
    # Elsewhere and without its corpus the run speaks with every voice of it.
    shutil.move(run, tmp_path / "moved")
    shutil.rmtree(tmp_path / "mended")
    synthesizer = Synthesizer.load(tmp_path / "moved", None, None, "cpu")
    for speaker in speakers or [None]:
        chunks = list(synthesizer.speak("ሰላም", speaker=speaker))
        assert sum(len(chunk.samples) for chunk in chunks) > 0
