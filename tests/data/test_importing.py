from __future__ import annotations

import hashlib
import io
import json
import sys
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from coqui_amharic_ext.data.corpus import short_names
from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.data.importing import Imported, import_corpus
from coqui_amharic_ext.data.metadata import read_metadata
from coqui_amharic_ext.errors import UnavailableError
from tests.data.conftest import RATE, Corpus, tone, tree

TEXTS = ("ሰላም", "እንዴት ነህ?", "ደህና | ነኝ")


def _rows(done: Imported) -> list[tuple[str, str, str]]:
    (path,) = done.metadata
    return [(row.audio.stem, row.text, row.speaker) for row in read_metadata(path).rows]


def _seconds(folder: Path) -> list[float]:
    return [soundfile.info(p).duration for p in sorted((folder / "wavs").iterdir())]


def test_ljspeech_keeps_both_forms_of_the_text(corpus: Corpus, tmp_path: Path) -> None:
    path = corpus({"a": tone(1.0)}, lines=["a|በ2|በሁለት"])
    before = tree(path.parent)
    done = import_corpus(path.parent, tmp_path / "out")
    assert (done.layout, done.clips) == ("ljspeech", 1)
    assert done.metadata[0].read_text(encoding="utf-8") == "a|በ2|በሁለት\n"
    assert tree(path.parent) == before


def _common_voice(folder: Path, format: str = "mp3") -> Path:
    (folder / "clips").mkdir(parents=True)
    lines = ["client_id\tpath\tsentence_id\tsentence\tlocale"]
    for number, text in enumerate(TEXTS):
        name = f"common_voice_am_{number}.{format}"
        soundfile.write(folder / "clips" / name, tone(1.0 + number, 300, 48000), 48000)
        lines.append(f"speaker{number % 2}\t{name}\tabc\t{text}\tam")
    (folder / "validated.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "train.tsv").write_text("\n".join(lines[:2]) + "\n", encoding="utf-8")
    return folder


def test_common_voice(tmp_path: Path) -> None:
    if "MP3" not in soundfile.available_formats():
        pytest.skip("this libsndfile knows no MP3")
    source = _common_voice(tmp_path / "cv")
    done = import_corpus(source, tmp_path / "out")
    assert (done.layout, done.clips) == ("coqui", 3)
    assert _rows(done) == [
        ("common_voice_am_0", "ሰላም", "speaker0"),
        ("common_voice_am_1", "እንዴት ነህ?", "speaker1"),
        ("common_voice_am_2", "ደህና ነኝ", "speaker0"),
    ]
    # An MP3 is padded to whole frames of 1152 samples, twice at most.
    assert _seconds(tmp_path / "out") == pytest.approx([1.0, 2.0, 3.0], abs=2 * 1152 / 48000 + 0.01)
    assert import_corpus(source, tmp_path / "train", split="train").clips == 1
    with pytest.raises(DataError, match="of the split 'dev'"):
        import_corpus(source, tmp_path / "dev", split="dev")


def test_speakers_that_are_digests_get_short_names_that_stay_apart() -> None:
    long = ["ab" * 64, "ab" * 6 + "cd" * 58, "ef" * 64]
    assert short_names(long[::2]) == {long[0]: "ab" * 6, long[2]: "ef" * 6}
    # The first 12 digits of two of them are the same, and a name may be what another would get.
    assert [len(name) for name in short_names(long).values()] == [13] * 3
    assert len(set(short_names([*long, "ef" * 6 + "e"]).values())) == 4
    kept = ["ሰላም", "speaker0", "abc123", "g" * 128, ""]
    assert short_names(kept) == {name: name for name in kept}


def test_common_voices_speakers_are_named_by_the_beginnings_of_their_ids(tmp_path: Path) -> None:
    source = _common_voice(tmp_path / "cv", "wav")
    ids = {f"speaker{n}": hashlib.sha512(bytes([n])).hexdigest() for n in range(2)}
    table = source / "validated.tsv"
    said = table.read_text(encoding="utf-8")
    for name, digest in ids.items():
        said = said.replace(name, digest)
    table.write_text(said, encoding="utf-8")
    done = import_corpus(source, tmp_path / "out")
    first, second = (ids[f"speaker{n}"][:12] for n in range(2))
    assert [speaker for _, _, speaker in _rows(done)] == [first, second, first]
    manifest = json.loads((tmp_path / "out" / "corpus.json").read_text(encoding="utf-8"))
    assert manifest["speakers"] == sorted([first, second])


@pytest.mark.parametrize("lines", [True, False])
@pytest.mark.parametrize(
    "names", [["manifest.json"], ["train_manifest.json", "val_manifest.json"], ["manifest.jsonl"]]
)
def test_nemos_manifests_are_found_in_a_folder(
    tmp_path: Path, names: list[str], lines: bool
) -> None:
    (tmp_path / "in" / "audio").mkdir(parents=True)
    for number, name in enumerate(names):
        soundfile.write(tmp_path / "in" / "audio" / f"c{number}.wav", tone(1.0), RATE)
        said = {"audio_filepath": f"/old/audio/c{number}.wav", "duration": 1.0, "text": "ሰላም"}
        text = json.dumps(said if lines else [said], ensure_ascii=False)
        (tmp_path / "in" / name).write_text(f"{text}\n", encoding="utf-8")
    done = import_corpus(tmp_path / "in", tmp_path / "out")
    assert _rows(done) == [(f"c{number}", "ሰላም", "") for number in range(len(names))]


@pytest.mark.parametrize(("named", "there"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_are_found_in_either_form_of_unicode_and_written_composed(
    corpus: Corpus, tmp_path: Path, named: str, there: str
) -> None:
    path = corpus({"a": tone(1.0)}, lines=[f"{unicodedata.normalize(named, 'café')}|ሰላም|ሰላም"])  # type: ignore[arg-type]
    wavs = path.parent / "wavs"
    (wavs / "a.wav").rename(wavs / f"{unicodedata.normalize(there, 'café')}.wav")  # type: ignore[arg-type]
    done = import_corpus(path, tmp_path / "out")
    assert _rows(done) == [("café", "ሰላም", "")]
    (found,) = [f for f in read_metadata(path).findings if f.kind == "layout"]
    assert "has other code points for its letters" in found.message


def test_a_file_with_several_names_is_imported_once(corpus: Corpus, tmp_path: Path) -> None:
    rows = [f"{name}|ሰላም|ሰላም" for name in ("x", "../x", "wavs/x", "./x.wav", "X")]
    path = corpus({"x": tone(1.0), "y": tone(2.0)}, lines=[*rows, "y|ሰላም|ሰላም", "x|ደህና|ደህና"])
    done = import_corpus(path, tmp_path / "out")
    assert _rows(done) == [("x", "ሰላም", ""), ("y", "ሰላም", ""), ("x_2", "ደህና", "")]
    assert [line.split(": ")[1] for line in done.left_out] == [
        f"the same file and text as {path}:1"
    ] * 4
    assert (tmp_path / "out" / "left_out.tsv").is_file()


def test_audiofolder_with_splits(tmp_path: Path) -> None:
    for split in ("train", "test"):
        (tmp_path / "in" / split).mkdir(parents=True)
        soundfile.write(tmp_path / "in" / split / "a.flac", tone(1.0), RATE)
        line = json.dumps({"file_name": "a.flac", "transcription": split})
        (tmp_path / "in" / split / "metadata.jsonl").write_text(f"{line}\n")
    assert _rows(import_corpus(tmp_path / "in", tmp_path / "all")) == [
        ("a", "test", ""),
        ("a_2", "train", ""),
    ]
    done = import_corpus(tmp_path / "in", tmp_path / "one", split="train")
    assert _rows(done) == [("a", "train", "")]


def test_missing_audio_names_file_and_line_and_writes_nothing(
    corpus: Corpus, tmp_path: Path
) -> None:
    path = corpus({"a": tone(1.0), "b": None})
    with pytest.raises(DataError, match=r"metadata\.csv:2: .*b\.wav: it does not exist"):
        import_corpus(path, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["corpus"]
    done = import_corpus(path, tmp_path / "out", skip_bad=True)
    assert (done.clips, len(done.left_out)) == (1, 1)
    listed = (tmp_path / "out" / "left_out.tsv").read_text(encoding="utf-8")
    assert f"{path}:2: " in listed


@pytest.mark.parametrize(
    ("line", "message"),
    [("b|x", "2 columns instead of 3"), ("a||", "it has no text")],
)
def test_rows_that_are_no_clips_are_named(
    line: str, message: str, corpus: Corpus, tmp_path: Path
) -> None:
    path = corpus({"a": tone(1.0)}, lines=["a|x|ሰላም", line])
    with pytest.raises(DataError, match=rf"metadata\.csv:2: {message}"):
        import_corpus(path, tmp_path / "out")
    assert import_corpus(path, tmp_path / "out", skip_bad=True).clips == 1


def test_lines_of_name_and_text_get_their_third_column(corpus: Corpus, tmp_path: Path) -> None:
    path = corpus({"a": tone(1.0), "b": tone(1.2)}, lines=["a|ሰላም", "b|ቤት"])
    import_corpus(path, tmp_path / "out")
    written = (tmp_path / "out" / "metadata.csv").read_text(encoding="utf-8")
    assert written.splitlines() == ["a|ሰላም|ሰላም", "b|ቤት|ቤት"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": "none"}, "none does not exist"),
        ({"rate": 0}, "rate=0 is not a sample rate"),
        ({"text_column": "x"}, "for Hugging Face data sets"),
        ({"layout": "tabs"}, "valid values: auto"),
    ],
)
def test_wrong_arguments_are_refused(
    change: dict[str, Any], message: str, corpus: Corpus, tmp_path: Path
) -> None:
    source = corpus().parent
    source = source.with_name(change.pop("source", source.name))
    with pytest.raises(DataError, match=message):
        import_corpus(source, tmp_path / "out", **change)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_nothing_says_what_it_looked_for(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(DataError, match=r"neither metadata\.csv.*nor \.parquet"):
        import_corpus(tmp_path / "in", tmp_path / "out")


def _bytes(seconds: float, rate: int = 16000) -> bytes:
    target = io.BytesIO()
    soundfile.write(target, tone(seconds, rate=rate), rate, format="FLAC")
    return target.getvalue()


def _data_set(pyarrow: Any, **changes: Any) -> Any:
    """Make a table as ``datasets`` makes it: audio as a struct, features in the metadata."""
    audio = [
        {"bytes": _bytes(1.0), "path": "a.flac"},
        {"bytes": _bytes(2.0), "path": None},
        {"bytes": _bytes(3.0), "path": "c.flac"},
    ]
    columns = {"audio": audio, "sentence": list(TEXTS), "speaker_id": [4, 5, 4], **changes}
    columns = {name: values for name, values in columns.items() if values is not None}
    features = {"audio": {"sampling_rate": 16000, "_type": "Audio"}}
    table = pyarrow.table(columns)
    return table.replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )


def _save(table: Any, folder: Path, form: str) -> Path:
    pytest.importorskip("datasets")
    import pyarrow
    from pyarrow import parquet

    if form == "parquet":
        (folder / "data").mkdir(parents=True)
        parquet.write_table(table.slice(0, 2), folder / "data" / "train-00000-of-00002.parquet")
        parquet.write_table(table.slice(2), folder / "data" / "train-00001-of-00002.parquet")
        return folder
    (folder / "train").mkdir(parents=True)
    path = folder / "train" / "data-00000-of-00001.arrow"
    make = pyarrow.ipc.new_stream if form == "stream" else pyarrow.ipc.new_file
    with make(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    (folder / "dataset_dict.json").write_text('{"splits": ["train"]}')
    (folder / "train" / "state.json").write_text("{}")
    return folder


@pytest.mark.parametrize("form", ["parquet", "stream", "file"])
def test_hugging_face_data_sets(form: str, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    source = _save(_data_set(pyarrow), tmp_path / "in", form)
    done = import_corpus(source, tmp_path / "out")
    assert (done.clips, done.layout) == (3, "coqui")
    rows = _rows(done)
    assert [row[1:] for row in rows] == [("ሰላም", "4"), ("እንዴት ነህ?", "5"), ("ደህና ነኝ", "4")]
    assert [row[0] for row in rows] == ["a", "train_000002", "c"]
    assert sorted(_seconds(tmp_path / "out")) == pytest.approx([1.0, 2.0, 3.0], abs=0.001)
    assert {soundfile.info(p).samplerate for p in (tmp_path / "out" / "wavs").iterdir()} == {RATE}
    assert import_corpus(source, tmp_path / "train", split="train").clips == 3
    with pytest.raises(DataError, match="no split 'dev'; it has train"):
        import_corpus(source, tmp_path / "dev", split="dev")


def test_what_datasets_itself_saves_is_read(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    saved = datasets.Dataset.from_dict(
        {"text": ["ሰላም"], "audio": [{"bytes": _bytes(1.0), "path": None}]}
    )
    saved.save_to_disk(tmp_path / "in")
    assert import_corpus(tmp_path / "in", tmp_path / "out").clips == 1


def test_odd_names_of_files_and_folders_are_no_patterns(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    source = _save(_data_set(pyarrow), tmp_path / "a [b] *?", "parquet")
    assert import_corpus(source, tmp_path / "out").clips == 3


def test_class_labels_and_languages_become_their_names(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = _data_set(pyarrow, language=[0, 1, 0])
    info = json.loads(table.schema.metadata[b"huggingface"])
    info["info"]["features"]["language"] = {"names": ["Amharic", "en"], "_type": "ClassLabel"}
    table = table.replace_schema_metadata({"huggingface": json.dumps(info)})
    done = import_corpus(_save(table, tmp_path / "in", "parquet"), tmp_path / "out")
    assert [p.name for p in done.metadata] == ["metadata_am.csv", "metadata_en.csv"]


def test_audio_as_numbers_and_as_file_names(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    soundfile.write(tmp_path / "named.wav", tone(2.0), RATE)
    arrays = [{"array": tone(1.0, rate=8000).tolist(), "sampling_rate": 8000, "path": "x"}]
    for name, audio in (("arrays", arrays), ("names", ["../named.wav"])):
        table = pyarrow.table({"audio": audio, "text": ["ሰላም"]})
        done = import_corpus(_save(table, tmp_path / name, "stream"), tmp_path / f"out-{name}")
        assert done.clips == 1
    assert _seconds(tmp_path / "out-arrays") == pytest.approx([1.0], abs=0.001)
    assert _seconds(tmp_path / "out-names") == pytest.approx([2.0], abs=0.001)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        (
            {"sentence": None},
            {},
            "the column with the text cannot be told; it has audio, speaker_id",
        ),
        ({}, {"text_column": "words"}, "no column 'words'; it has audio, sentence"),
        ({"sentence": ["ሰላም", "", "እሺ"]}, {}, r"train-00000.*\.parquet: row 2: it has no text"),
        (
            {"audio": [{"bytes": b"junk", "path": None}] * 3},
            {},
            r"\.parquet: row 1: its bytes cannot be read as audio",
        ),
        (
            {"audio": [{"bytes": b"", "path": "gone.wav"}] * 3},
            {},
            r"row 1: .*gone\.wav: it does not exist",
        ),
    ],
)
def test_defects_of_a_data_set_name_file_and_row(
    changes: dict[str, Any], options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    source = _save(_data_set(pyarrow, **changes), tmp_path / "in", "parquet")
    with pytest.raises(DataError, match=message):
        import_corpus(source, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_another_column_can_be_named(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = _data_set(pyarrow, sentence=None, words=list(TEXTS))
    source = _save(table, tmp_path / "in", "parquet")
    assert import_corpus(source, tmp_path / "out", text_column="words").clips == 3


@pytest.mark.parametrize("name", ["train.parquet", "data.arrow"])
def test_a_truncated_table_is_named(name: str, tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    (tmp_path / name).write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match=f"{name} cannot be read"):
        import_corpus(tmp_path / name, tmp_path / "out")


def test_without_datasets_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UnavailableError, match=r"pip install .*\[datasets\]"):
        import_corpus(tmp_path / "train.parquet", tmp_path / "out")


def test_what_is_imported_can_be_checked_and_mended(tmp_path: Path) -> None:
    from coqui_amharic_ext.data.check import check

    (tmp_path / "in").mkdir()
    lines = ["file_name,text"]
    for number in range(3):
        noise = np.random.default_rng(number).normal(0, 0.1, RATE)
        soundfile.write(tmp_path / "in" / f"{number}.wav", noise, RATE)
        lines.append(f"{number}.wav,ሰላም {'ና' * number}")
    (tmp_path / "in" / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = import_corpus(tmp_path / "in", tmp_path / "out")
    assert check(done.metadata).errors == 0
