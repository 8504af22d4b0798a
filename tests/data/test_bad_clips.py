"""Clips that are broken on purpose: each is named or left out, none ends an import or a check."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from coqui_amharic_ext.data.audio import MOST_LOADED, AudioError, load_mono, measure, to_mono
from coqui_amharic_ext.data.check import check
from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.data.fix import fix
from coqui_amharic_ext.data.importing import import_corpus
from coqui_amharic_ext.data.limits import VITS
from coqui_amharic_ext.data.metadata import read_metadata
from tests.data.conftest import RATE, noise, tone


def _wav(path: Path, rate: int = RATE, channels: int = 1, data: bytes = bytes(20_000)) -> None:
    block = 2 * channels
    header = struct.pack("<HHIIHH", 1, channels, rate, (rate * block) % 2**32, block % 2**16, 16)
    chunks = b"fmt " + struct.pack("<I", 16) + header + b"data" + struct.pack("<I", len(data))
    path.write_bytes(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVE" + chunks + data)


def _flac_of_days(path: Path) -> None:
    """Say in a FLAC's header that it has 2**36 - 1 samples."""
    soundfile.write(path, tone(1.0), RATE, format="FLAC")
    raw = bytearray(path.read_bytes())
    raw[21] |= 0x0F
    raw[22:26] = b"\xff" * 4
    path.write_bytes(bytes(raw))


def _floats(value: float) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        audio = tone(1.0)
        audio[100] = value
        soundfile.write(path, audio, RATE, subtype="FLOAT", format="WAV")

    return write


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


BAD: dict[str, Callable[[Path], Any]] = {
    "absurd rate": lambda path: _wav(path, rate=99_999_989),
    "rate of 1 Hz": lambda path: _wav(path, rate=1),
    "no channels": lambda path: _wav(path, channels=0),
    "a thousand channels": lambda path: _wav(path, channels=1000),
    "no samples": lambda path: _wav(path, data=b""),
    "a FLAC of days": _flac_of_days,
    "not a number": _floats(float("nan")),
    "infinite": _floats(float("inf")),
    "a folder": lambda path: path.mkdir(),
    "a link to itself": _loop,
    "a link to nowhere": lambda path: path.symlink_to("nowhere.wav"),
    "empty": lambda path: path.touch(),
    "text": lambda path: path.write_text("RIFF or not"),
    "a pipe": os.mkfifo if hasattr(os, "mkfifo") else lambda path: path.touch(),
}


def _corpus(folder: Path, names: list[str]) -> Path:
    noise(folder / "wavs" / "good.wav", 1)
    rows = [f"{name}|ሰላም ልጆች|ሰላም ልጆች" for name in ["good", *names]]
    path = folder / "metadata.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_every_bad_clip_is_named_at_once_or_left_out(tmp_path: Path) -> None:
    names = [name.replace(" ", "_") for name in BAD]
    path = _corpus(tmp_path / "in", names)
    for name, make in BAD.items():
        make(tmp_path / "in" / "wavs" / f"{name.replace(' ', '_')}.wav")
    with pytest.raises(DataError, match=f"{len(BAD)} clips cannot be used") as caught:
        import_corpus(path.parent, tmp_path / "out")
    said = str(caught.value).splitlines()
    assert [line.partition(": ")[0] for line in said[1:-1]] == [
        f"{path}:{line}" for line in range(2, len(BAD) + 2)
    ]
    assert "--skip-bad" in said[-1]
    assert [p.name for p in tmp_path.iterdir()] == ["in"]
    done = import_corpus(path.parent, tmp_path / "out", skip_bad=True)
    assert (done.clips, len(done.left_out)) == (1, len(BAD))
    report = check([path], limits=VITS)
    unusable = [row.row.line for row in report.rows if not row.usable]
    assert unusable == list(range(2, len(BAD) + 2))
    assert fix(report, tmp_path / "fixed", limits=VITS).kept == 1


def test_defects_of_lines_and_of_clips_are_told_together(tmp_path: Path) -> None:
    path = _corpus(tmp_path / "in", ["none", "good|x|y"])
    with pytest.raises(DataError, match=r"2 clips cannot be used") as caught:
        import_corpus(path, tmp_path / "out")
    assert ":2: " in str(caught.value) and ":3: " in str(caught.value)


def test_a_long_list_is_cut(tmp_path: Path) -> None:
    path = _corpus(tmp_path / "in", [f"none{n}" for n in range(250)])
    with pytest.raises(DataError, match="250 clips cannot be used") as caught:
        import_corpus(path, tmp_path / "out")
    assert str(caught.value).splitlines()[-2] == "and 150 more"


def test_names_that_no_file_system_takes_are_cut(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    short = noise(tmp_path / "in" / "a.wav", 1)
    rows = [{"file_name": "a.wav", "text": "ሰላም"}]
    for n, folder in enumerate(("ሰ" * 70, "ሰ" * 71)):
        name = f"{folder}/{'ላ' * 80}.wav"
        target = tmp_path / "in" / name
        target.parent.mkdir()
        target.write_bytes(short.read_bytes() + bytes(n))
        rows.append({"file_name": name, "text": "ሰላም"})
    rows.append({"file_name": "x" * 5000 + ".wav", "text": "ሰላም"})
    path = tmp_path / "in" / "metadata.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    done = import_corpus(path, tmp_path / "out", skip_bad=True)
    assert (done.clips, len(done.left_out)) == (3, 1)
    assert check([tmp_path / "out"], limits=VITS).rows[2].clip is not None


@pytest.mark.parametrize("language", ["am/et", "../x", "a b", "x" * 300, "ኣማርኛ"])
def test_a_language_that_is_no_code_is_a_bad_clip_and_no_path(
    language: str, tmp_path: Path
) -> None:
    noise(tmp_path / "in" / "a.wav", 1)
    noise(tmp_path / "in" / "b.wav", 2)
    rows = [
        {"file_name": "a.wav", "text": "ሰላም", "language": "am"},
        {"file_name": "b.wav", "text": "ሰላም ነው", "language": language},
    ]
    path = tmp_path / "in" / "metadata.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    done = import_corpus(path, tmp_path / "out", skip_bad=True)
    assert ([p.name for p in done.metadata], len(done.left_out)) == (["metadata.csv"], 1)
    report = check([path], limits=VITS)
    assert [row.usable for row in report.rows] == [True, False]
    fixed = fix(report, tmp_path / "fixed", limits=VITS)
    assert [p.name for p in fixed.metadata] == ["metadata.csv"]
    with pytest.raises(DataError, match="no language's code"):
        import_corpus(path, tmp_path / "other", language=language)


def test_many_clips_of_one_name_are_numbered_in_linear_time(tmp_path: Path) -> None:
    from coqui_amharic_ext.data.corpus import CorpusWriter

    (tmp_path / "out").mkdir()
    writer = CorpusWriter(tmp_path / "out", RATE)
    names = [writer._unique("audio") for _ in range(30_000)]
    assert (len(set(names)), names[:3]) == (30_000, ["audio", "audio_2", "audio_3"])
    assert writer._unique("AUDIO_2") == "AUDIO_2_2"


def test_lengths_that_no_memory_holds_are_refused_before_it_is_taken(tmp_path: Path) -> None:
    _flac_of_days(tmp_path / "days.flac")
    _wav(tmp_path / "rate.wav", rate=99_999_989)
    for read in (measure, lambda path: load_mono(path, RATE)):
        with pytest.raises(AudioError, match="which is no clip; cut it first"):
            read(tmp_path / "days.flac")
        with pytest.raises(AudioError, match="its sample rate is 99999989 Hz"):
            read(tmp_path / "rate.wav")
    silent = np.lib.stride_tricks.as_strided(np.zeros(1), (MOST_LOADED + 1, 1), (0, 0))
    with pytest.raises(AudioError, match="which is no clip"):
        to_mono(silent, RATE, RATE)


def _parquet(folder: Path, audio: list[Any], **columns: list[Any]) -> Path:
    pytest.importorskip("datasets")
    import pyarrow
    from pyarrow import parquet

    folder.mkdir()
    parquet.write_table(pyarrow.table({"audio": audio, **columns}), folder / "train.parquet")
    return folder


def _bytes(tmp_path: Path, seed: int = 1) -> bytes:
    return noise(tmp_path / f"{seed}.wav", seed).read_bytes()


def test_text_kept_as_bytes_is_decoded_or_refused(tmp_path: Path) -> None:
    audio = [{"bytes": _bytes(tmp_path, n), "path": f"{n}.wav"} for n in range(3)]
    texts = ["ሰላም".encode(), b"\xff\xfe", "እሺ".encode()]
    speakers = [name.encode() for name in "aba"]
    source = _parquet(tmp_path / "in", audio, text=texts, speaker=speakers)
    with pytest.raises(DataError, match=r"row 2: its text is bytes that are not UTF-8"):
        import_corpus(source, tmp_path / "out")
    done = import_corpus(source, tmp_path / "out", skip_bad=True)
    rows = read_metadata(done.metadata[0]).rows
    assert [(row.text, row.speaker) for row in rows] == [("ሰላም", ""), ("እሺ", "")]


@pytest.mark.parametrize("values", [[1, 2], [1.5, None], [["ሰላም"], ["እሺ"]], [None, None]])
def test_what_is_no_text_is_refused_by_row(values: list[Any], tmp_path: Path) -> None:
    audio = [{"bytes": _bytes(tmp_path, n), "path": None} for n in range(2)]
    source = _parquet(tmp_path / "in", audio, text=values)
    with pytest.raises(DataError, match=r"row 1: it(s text is no text| has no text)") as caught:
        import_corpus(source, tmp_path / "out")
    assert "row 2: " in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_texts_with_broken_bytes_are_refused_by_row(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    import pyarrow
    from pyarrow import ipc, parquet

    raw = pyarrow.array([b"\xff\xff", "ሰላም".encode()]).cast(pyarrow.binary())
    text = pyarrow.Array.from_buffers(pyarrow.string(), 2, raw.buffers())
    audio = pyarrow.array([{"bytes": _bytes(tmp_path, n), "path": None} for n in range(2)])
    table = pyarrow.table({"audio": audio, "text": text})
    parquet.write_table(table, tmp_path / "data.parquet")
    done = import_corpus(tmp_path / "data.parquet", tmp_path / "out", skip_bad=True)
    assert (done.clips, len(done.left_out)) == (1, 1)
    assert "row 1: a text of it is not UTF-8" in done.left_out[0]
    # datasets refuses such a file in its other format, which it cannot have written, as a whole.
    with ipc.new_stream(str(tmp_path / "data.arrow"), table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(DataError, match=r"data\.arrow: cannot be read"):
        import_corpus(tmp_path / "data.arrow", tmp_path / "other", skip_bad=True)


ARRAYS: dict[str, tuple[Any, float | None]] = {
    # the array, and the peak of what is written; None: refused
    "one channel": (tone(0.5).tolist(), 0.5),
    "channels of samples": (np.stack([tone(0.5)] * 2).tolist(), 0.5),
    "samples of channels": (np.stack([tone(0.5)] * 2, axis=1).tolist(), 0.5),
    "ragged": ([[0.1, 0.2], [0.3]], None),
    "deep": ([[[0.1]]], None),
    "PCM of 16 bits": ((tone(0.5) * 32767).astype(int).tolist(), 0.5),
    "PCM of 32 bits": ((tone(0.5).astype(float) * (2**31 - 1)).astype(int).tolist(), 0.5),
    "PCM as floats": ((tone(0.5) * 32767).tolist(), None),
    "not a number": ([0.1, float("nan")], None),
    "empty": ([], None),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_audio_as_numbers(case: str, tmp_path: Path) -> None:
    array, peak = ARRAYS[case]
    audio = [{"array": array, "sampling_rate": RATE, "path": "x"}]
    source = _parquet(tmp_path / "in", audio, text=["ሰላም"])
    if peak is None:
        with pytest.raises(DataError, match=r"row 1: it"):
            import_corpus(source, tmp_path / "out")
        return
    done = import_corpus(source, tmp_path / "out")
    written, _ = soundfile.read(tmp_path / "out" / "wavs" / "x.wav")
    assert done.seconds == pytest.approx(0.5, abs=0.001)
    assert np.abs(written).max() == pytest.approx(peak, abs=0.01)


@pytest.mark.parametrize(
    "audio",
    [
        {"array": [0.1, 0.2], "sampling_rate": 0, "path": "x"},
        {"array": [0.1, 0.2], "sampling_rate": 99_999_989, "path": "x"},
        {"bytes": None, "path": "x\0y.wav"},
        {"bytes": None, "path": "x" * 5000},
        {"bytes": b"", "path": None},
    ],
)
def test_structs_that_hold_no_clip(audio: dict[str, Any], tmp_path: Path) -> None:
    source = _parquet(tmp_path / "in", [audio], text=["ሰላም"])
    with pytest.raises(DataError, match=r"row 1: "):
        import_corpus(source, tmp_path / "out")


def test_folders_that_lead_into_each_other_come_to_an_end(tmp_path: Path) -> None:
    path = _corpus(tmp_path / "in", [])
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in", target_is_directory=True)
    assert import_corpus(path.parent, tmp_path / "out").clips == 1


def test_of_two_transcriptions_in_a_table_the_one_with_punctuation_is_taken(
    tmp_path: Path,
) -> None:
    audio = [{"bytes": _bytes(tmp_path), "path": None}]
    columns = {"transcription": ["ሰላም ልጆች"], "raw_transcription": ["ሰላም፣ ልጆች!"]}
    done = import_corpus(_parquet(tmp_path / "in", audio, **columns), tmp_path / "out")
    assert read_metadata(done.metadata[0]).rows[0].text == "ሰላም፣ ልጆች!"
