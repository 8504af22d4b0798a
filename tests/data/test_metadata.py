from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.data.metadata import language_code, read_metadata

CASES = {
    "ljspeech": ("metadata.csv", "a|2|ሁለት\n", "ljspeech", ("wavs/a.wav", "ሁለት", "", "")),
    "coqui": (
        "meta.csv",
        "audio_file|text|speaker_name\nclips/a.wav|ሁለት|አበበ\n",
        "coqui",
        ("clips/a.wav", "ሁለት", "አበበ", ""),
    ),
    "coqui, quoted": (
        "meta.csv",
        'audio_file|text\nclips/a.wav|"""እሺ"" አለ"\n',
        "coqui",
        ("clips/a.wav", '"እሺ" አለ', "", ""),
    ),
    "common voice": (
        "train.tsv",
        'client_id\tpath\tsentence\tlocale\nc1\ta.mp3\tሁለት "እሺ\tam\n',
        "common_voice",
        ("clips/a.mp3", 'ሁለት "እሺ', "c1", "am"),
    ),
    "common voice since 2024": (
        "train.tsv",
        "client_id\tpath\tsentence_id\tsentence\tlocale\nc1\ta.mp3\tx9\tሁለት\tam\n",
        "common_voice",
        ("clips/a.mp3", "ሁለት", "c1", "am"),
    ),
    "audiofolder": (
        "metadata.csv",
        'file_name,transcription,speaker_id\na.flac,"ሁለት, ሦስት",7\n',
        "audiofolder",
        ("a.flac", "ሁለት, ሦስት", "7", ""),
    ),
    "JSON lines": (
        "metadata.jsonl",
        '{"file_name": "a.flac", "text": "ሁለት", "language": "Amharic", "speaker": 7}\n',
        "audiofolder",
        ("a.flac", "ሁለት", "7", "am"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_layout_is_told_and_read(case: str, tmp_path: Path) -> None:
    name, content, layout, expected = CASES[case]
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    read = read_metadata(path)
    (row,) = read.rows
    assert read.layout == layout
    found = (row.audio.relative_to(tmp_path).as_posix(), row.text, row.speaker, row.language)
    assert found == expected


def test_upstreams_formatter_and_we_read_the_same(tmp_path: Path) -> None:
    pytest.importorskip("TTS")
    from TTS.tts.datasets.formatters import coqui, ljspeech

    (tmp_path / "wavs").mkdir()
    (tmp_path / "wavs" / "a.wav").touch()
    (tmp_path / "metadata.csv").write_text("a|2|ሁለት\n", encoding="utf-8")
    (tmp_path / "coqui.csv").write_text(
        'audio_file|text|speaker_name\nwavs/a.wav|"እሺ" አለ|አበበ\n', encoding="utf-8"
    )
    for formatter, name in ((ljspeech, "metadata.csv"), (coqui, "coqui.csv")):
        (theirs,) = formatter(tmp_path, name, ignored_speakers=None)
        (ours,) = read_metadata(tmp_path / name).rows
        assert Path(theirs["audio_file"]) == ours.audio
        assert theirs["text"].strip() == ours.text
        assert theirs["speaker_name"] == ours.speaker or not ours.speaker


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"a|x|\xe1\x88\xb0\nb|y|\xff\xfe\n",
            r"csv:2: not UTF-8 \(byte 0xff at position 5",
        ),
        ("a|x|ሰ\n".encode("utf-16")[:-1], r"metadata\.csv: not whole UTF-16"),
        ("ሰላም\n".encode(), r"metadata\.csv: the layout cannot be told from its first line"),
        (b"", r"metadata\.csv is empty"),
        (b"audio_file|text|x\na.wav|ok\n", None),
        (b'audio_file|text\na.wav|"' + b"x" * 200_000 + b'"\n', r"metadata\.csv:2: field larger"),
        (
            b"file_name,words\na.wav,ok\n",
            r"csv:1: no column for the text; it has file_name",
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    content: bytes, message: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "metadata.csv"
    path.write_bytes(content)
    if message is None:
        (found,) = read_metadata(path).findings
        assert (found.kind, found.line) == ("columns", 2)
        return
    with pytest.raises(DataError, match=message):
        read_metadata(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv does not exist"):
        read_metadata(tmp_path / "none.csv")
    with pytest.raises(DataError, match="is a folder"):
        read_metadata(tmp_path)
    with pytest.raises(DataError, match="layout='tabs' is not known; valid values: auto, ljspeech"):
        read_metadata(tmp_path, "tabs")


@pytest.mark.parametrize(
    ("content", "findings"),
    [
        ("\ufeffa|x|ሰ\n", [("bom", 1)]),
        ("a|ሰ\nb|ላ\n", [("no-third-column", 0)]),
        ("a|x|ሰ\n\nb|x|ሰ|ላ\nc|x\n", [("layout", 0), ("columns", 3), ("columns", 4)]),
        ("client_id\tpath\tsentence_id\tsentence\nc\ta.mp3\tx\tሰ\n", [("layout", 1)]),
        ('audio_file|text\na.wav|"ሰ\nb.wav|ላ\nc.wav|ም"\n', [("columns", 2)]),
        (
            '{"file_name": "a.wav", "text": "ሰ"}\n{"file_name"\n[]\n',
            [("columns", 2), ("columns", 3)],
        ),
    ],
)
def test_what_upstream_would_misread_is_found(
    content: str, findings: list[tuple[str, int]], tmp_path: Path
) -> None:
    path = tmp_path / ("metadata.jsonl" if content.startswith("{") else "metadata.csv")
    path.write_text(content, encoding="utf-8")
    assert [(f.kind, f.line) for f in read_metadata(path).findings] == findings


@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "metadata.csv"
    path.write_bytes(data)
    try:
        read = read_metadata(path)
    except DataError as error:
        assert "metadata.csv" in str(error)
    else:
        assert read.rows or read.findings


@pytest.mark.parametrize(
    ("given_name", "code"),
    [
        *[("am", "am"), ("am-ET", "am"), ("amh", "am"), ("Amharic", "am"), ("EN", "en"), ("", "")],
        *[("en-US", "en"), ("pt_br", "pt"), ("English", "en"), ("zh-CN", "zh-cn"), ("ti", "ti")],
    ],
)
def test_language_codes(given_name: str, code: str) -> None:
    assert language_code(given_name) == code
