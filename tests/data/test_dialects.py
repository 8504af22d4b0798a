"""Metadata as people have them: read as they are meant, imported into upstream's layouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from coqui_amharic_ext.data.check import check
from coqui_amharic_ext.data.importing import import_corpus
from coqui_amharic_ext.data.metadata import read_metadata

TEXTS = ("ሰላም፣ እንዴት ነህ?", "በ25 ብር ገዛሁት።", "ደህና ነኝ።", "ቡና ይወዳል።")
NAMES = ("c1", "c2", "c3", "c4")


def _lines(form: str, **more: tuple[str, ...]) -> str:
    rows = zip(NAMES, TEXTS, strict=True)
    return "".join(
        form.format(n=n, t=t, **{key: values[i] for key, values in more.items()}) + "\n"
        for i, (n, t) in enumerate(rows)
    )


SPEAKERS = ("almaz", "bekele", "almaz", "bekele")
GENDERS = ("F", "M", "F", "M")
CASES: dict[str, tuple[str | bytes, str, tuple[str, ...]]] = {
    # content, where the clips lie, speakers
    "names with their ending": (_lines("{n}.wav|{t}"), "wavs", ()),
    "ending, both texts": (_lines("{n}.wav|{t}|{t}"), "wavs", ()),
    "folders": (_lines("wavs/{n}.wav|{t}"), "wavs", ()),
    "dots": (_lines("./wavs/{n}.wav|{t}|{t}"), "wavs", ()),
    "backslashes": (_lines("wavs\\{n}.wav|{t}"), "wavs", ()),
    "backslashes, no ending": (_lines("wavs\\{n}|{t}|{t}"), "wavs", ()),
    "Windows": (_lines("C:\\Users\\Abebe\\corpus\\wavs\\{n}.wav|{t}"), "wavs", ()),
    "a share": (_lines("\\\\server\\share\\{n}.wav|{t}"), "clips", ()),
    "another machine": (_lines("/home/abebe/corpus/wavs/{n}.wav|{t}|{t}"), "wavs", ()),
    "from the folder above": (_lines("corpus/audio/{n}.wav|{t}"), "audio", ()),
    "clips beside the metadata": (_lines("{n}|{t}|{t}"), "", ()),
    "speaker in the middle": (_lines("{n}.wav|{s}|{t}", s=SPEAKERS), "wavs", SPEAKERS),
    "speaker at the end": (_lines("{n}|{t}|{s}", s=SPEAKERS), "wavs", SPEAKERS),
    "one speaker in the middle": (_lines("{n}.wav|almaz|{t}"), "wavs", ()),
    "one speaker at the end": (_lines("{n}|{t}|almaz"), "wavs", ()),
    "numbers for speakers": (
        _lines("{n}|{s}|{t}", s=("0", "1", "0", "1")),
        "wavs",
        ("0", "1", "0", "1"),
    ),
    "speaker and gender": (
        _lines("{n}|{t}|{t}|{s}|{g}", s=SPEAKERS, g=GENDERS),
        "wavs",
        SPEAKERS,
    ),
    "lengths": (_lines("{n}|{t}|{t}|{d}", d=("1.25", "0.9", "2", "1.25")), "wavs", ()),
    "quoted": (_lines('"{n}"|"{t}"|"{t}"'), "wavs", ()),
    "byte order mark and CRLF": (
        b"\xef\xbb\xbf" + _lines("{n}.wav|{t}").replace("\n", "\r\n").encode(),
        "wavs",
        (),
    ),
    "UTF-16": (_lines("{n}|{t}|{t}").replace("\n", "\r\n").encode("utf-16"), "wavs", ()),
    "UTF-16, no mark": (_lines("{n}|{t}|{t}").encode("utf-16-le"), "wavs", ()),
    "UTF-16, the other way": (_lines("{n}|{t}|{t}").encode("utf-16-be"), "wavs", ()),
    "tabs": (_lines("{n}.wav\t{t}"), "wavs", ()),
    "tabs, names without ending": (_lines("{n}\t{t}"), "", ()),
    "tabs, text first": (_lines("{t}\t{n}.wav"), "wavs", ()),
    "commas": (_lines('{n}.wav,"{t}"'), "wavs", ()),
    "semicolons under a header": ("wav;text;speaker\n" + _lines("{n}.wav;{t};x"), "", ("x",) * 4),
    "a header of others": (
        "ID|Transcript|Speaker\n" + _lines("{n}|{t}|{s}", s=SPEAKERS),
        "wavs",
        SPEAKERS,
    ),
    "CML-TTS": (
        "wav_filename|transcript|client_id\n" + _lines("a/b/{n}.wav|{t}|{s}", s=SPEAKERS),
        "a/b",
        SPEAKERS,
    ),
    "Coqui's from Windows": (
        "audio_file|text|speaker_name\n" + _lines("D:\\c\\wavs\\{n}.wav|{t}|{s}", s=SPEAKERS),
        "wavs",
        SPEAKERS,
    ),
    "another case": (_lines("{n}.WAV|{t}"), "wavs", ()),
    "another case, in folders": (_lines("WAVS/{n}.Wav|{t}|{t}"), "wavs", ()),
    "empty lines": (_lines("\n{n}|{t}|{t}\n \n"), "wavs", ()),
    "empty lines under a header": ("\nwav;text\n\n" + _lines("{n}.wav;{t}\n "), "", ()),
    "a separator at the end": (_lines("{n}.wav|{t}|"), "wavs", ()),
    "separators at the end": (_lines("{n}.wav|{t}|||"), "wavs", ()),
    "FLEURS": (
        _lines("7\t{n}.wav\t{t}\t{p}\tሰ ላ ም |\t40000\tMALE", p=("x",) * 4),
        "metadata",
        (),
    ),
    "FLEURS, the other transcription": (
        _lines("7\t{n}.wav\t{p}\t{t}\tሰ ላ ም |\t40000\tMALE", p=("x",) * 4),
        "audio/metadata",
        (),
    ),
}


def _corpus(case: str, folder: Path) -> Path:
    from tests.data.conftest import noise

    content, clips, _ = CASES[case]
    for number, name in enumerate(NAMES):
        noise(folder / clips / f"{name}.wav", number)
    path = folder / "metadata.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("case", CASES)
def test_it_is_read_as_it_is_meant(case: str, tmp_path: Path) -> None:
    path = _corpus(case, tmp_path / "corpus")
    _, clips, speakers = CASES[case]
    read = read_metadata(path)
    assert [row.audio for row in read.rows] == [path.parent / clips / f"{n}.wav" for n in NAMES]
    assert tuple(row.text for row in read.rows) == TEXTS
    assert tuple(row.speaker for row in read.rows) == (speakers or ("",) * 4)
    assert not [f for f in read.findings if f.kind == "columns"]


@pytest.mark.parametrize("case", CASES)
def test_what_upstream_would_misread_is_said_and_an_import_is_not_misread(
    case: str, tmp_path: Path
) -> None:
    path = _corpus(case, tmp_path / "corpus")
    report = check([path])
    # What follows the third column is all that upstream drops of "lengths", and rightly so.
    if report.metadata[0].layout in ("ljspeech", "coqui") and case != "lengths":
        assert {f.kind for f in report.findings} & {"layout", "no-third-column", "encoding"}
    done = import_corpus(path.parent, tmp_path / "out")
    assert (done.clips, done.left_out) == (4, ())
    again = check([tmp_path / "out"])
    assert again.errors == 0, again.findings
    assert [row.row.speaker for row in again.rows] == (
        list(CASES[case][2]) if len(set(CASES[case][2])) > 1 else [""] * 4
    )


@pytest.mark.parametrize(
    "content",
    [
        # Numbers said again and again are texts, and few texts said by many are no speakers.
        "".join(f"t{n}|{n % 3}|{'አንድ ሁለት ሦስት'.split()[n % 3]}\n" for n in range(12)),
        "".join(f"t{n}|ሰላም {n % 3}|ሰላም {n % 3}\n" for n in range(12)),
        "a|x|ሰላም\n",
    ],
)
def test_what_is_said_often_is_no_speaker(content: str, tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text(content, encoding="utf-8")
    read = read_metadata(tmp_path / "metadata.csv")
    assert {row.speaker for row in read.rows} == {""}
    assert read.rows[0].text.endswith(content.splitlines()[0].split("|")[2])


def test_a_line_of_another_width_is_the_defect_not_all_the_others(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("a|ሰ\nb|ላ\nc|ም|ን\n", encoding="utf-8")
    read = read_metadata(tmp_path / "metadata.csv")
    assert [(f.kind, f.line) for f in read.findings] == [("no-third-column", 0), ("columns", 3)]
    assert [row.text for row in read.rows] == ["ሰ", "ላ"]


def test_a_clip_that_is_not_there_is_expected_where_the_layout_has_it(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("../../x|ሰ|ሰ\nb.wav|ላ|ላ\n/c.wav|ላ|ላ\n", "utf-8")
    audio = [row.audio for row in read_metadata(tmp_path / "metadata.csv").rows]
    assert audio[1] == tmp_path / "wavs" / "b.wav"


@pytest.mark.parametrize("odd", ["\\ud800", "\\u0000"])
def test_what_is_no_text_is_a_defect_of_its_row(odd: str, tmp_path: Path) -> None:
    for column in ("file_name", "text", "speaker"):
        row = {"file_name": "a.wav", "text": "ሰላም", "speaker": "x"} | {column: "ODD"}
        line = str(row).replace("'", '"').replace("ODD", f"x{odd}")
        (tmp_path / "metadata.jsonl").write_text(line + "\n", encoding="utf-8")
        read = read_metadata(tmp_path / "metadata.jsonl")
        assert [(f.kind, f.line) for f in read.findings] == [("columns", 1)]


def test_a_row_without_its_normalised_text_has_the_other(tmp_path: Path) -> None:
    path = _corpus("one speaker at the end", tmp_path / "corpus")
    path.write_text(_lines("{n}|{t}|{x}", x=("", TEXTS[1], TEXTS[2], TEXTS[3])), "utf-8")
    import_corpus(path, tmp_path / "out")
    assert tuple(row.text for row in read_metadata(tmp_path / "out/metadata.csv").rows) == TEXTS


def test_a_clip_of_the_same_case_comes_first(tmp_path: Path) -> None:
    from tests.data.conftest import noise

    for number, name in enumerate(("a.wav", "A.wav")):
        noise(tmp_path / "wavs" / name, number)
    (tmp_path / "metadata.csv").write_text("a.wav|ሰ\nA.wav|ላ\n", "utf-8")
    found = [row.audio.name for row in read_metadata(tmp_path / "metadata.csv").rows]
    assert found == ["a.wav", "A.wav"]


def test_folders_of_others_are_found(tmp_path: Path) -> None:
    from tests.data.conftest import noise

    for split, number in (("train", 1), ("dev", 2), ("test", 3)):
        noise(tmp_path / "fleurs" / split / f"{number}.wav", number)
        line = f"{number}\t{number}.wav\tሰላም, {number}!\tሰላም\tሰ ላ |\t4\tMALE\n"
        (tmp_path / "fleurs" / f"{split}.tsv").write_text(line, encoding="utf-8")
    assert import_corpus(tmp_path / "fleurs", tmp_path / "all").clips == 3
    assert import_corpus(tmp_path / "fleurs", tmp_path / "dev", split="dev").clips == 1
    noise(tmp_path / "openslr" / "a1.wav", 4)
    (tmp_path / "openslr" / "line_index.tsv").write_text("a1\tሰላም\n", encoding="utf-8")
    assert import_corpus(tmp_path / "openslr", tmp_path / "slr").clips == 1
