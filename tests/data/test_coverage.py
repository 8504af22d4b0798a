"""Coverage of a corpus: unknown pieces, tokens a second, what is never used."""

from __future__ import annotations

from pathlib import Path

import pytest

from coqui_amharic_ext.coqui.vocabulary import extend_vocabulary
from coqui_amharic_ext.coqui.vocabulary_file import XttsVocabulary
from coqui_amharic_ext.data.coverage import coverage
from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.data.texts import Sample, read_corpus, seconds
from coqui_amharic_ext.demo.tiny import write_corpus
from tests.coqui.vocabularies import xtts_like


@pytest.fixture(scope="module")
def original() -> XttsVocabulary:
    return XttsVocabulary(xtts_like(), "vocab.json")


@pytest.fixture(scope="module")
def phones(original: XttsVocabulary) -> XttsVocabulary:
    return extend_vocabulary(original, "ipa")[0]


def _samples(*texts: str) -> list[Sample]:
    return [Sample(text, None, f"list.txt:{n}") for n, text in enumerate(texts, 1)]


def test_what_is_lacking_is_counted_and_named(original: XttsVocabulary) -> None:
    found = coverage(original, _samples("ጥ", "ሰላም ጥጥ"))
    assert (found.texts, found.known_texts, found.share) == (2, 0, 0.0)
    pieces = dict(found.unknown)
    assert pieces["[am]"] == 2
    assert pieces["ƭ"] == 3
    assert found.unknown_tokens == sum(pieces.values())


def test_an_extended_vocabulary_lacks_nothing(phones: XttsVocabulary) -> None:
    found = coverage(phones, _samples("ሰላም", "ጠላ"))
    assert (found.known_texts, found.unknown, found.share) == (2, (), 1.0)
    # [am] s ə l a m; [am] ƭ ə l a and perhaps a length mark.
    assert found.longest == 6 and found.longest_where == "list.txt:1"
    assert 11 <= found.tokens <= 12
    assert found.seconds is None and found.tokens_per_second is None
    assert {"kʷ", "ʒ"} <= set(found.unused)
    assert not {"s", "ə", "ƭ", "[am]", "[am-ipa]"} & set(found.unused)


def test_tokens_a_second_are_those_of_the_clips(phones: XttsVocabulary, tmp_path: Path) -> None:
    metadata = write_corpus(tmp_path, ["ሰላም", "ሰላም ሰላም"], [1.0, 1.5])
    found = coverage(phones, read_corpus([metadata]))
    assert found.tokens == 6 + 12
    assert found.seconds == pytest.approx(2.5, abs=1e-3)
    assert found.tokens_per_second == pytest.approx(18 / 2.5, rel=1e-3)
    assert coverage(phones, read_corpus([metadata]), clips=False).seconds is None


def test_a_clip_that_is_missing_or_broken_is_named_with_its_line(
    phones: XttsVocabulary, tmp_path: Path
) -> None:
    metadata = write_corpus(tmp_path, ["ሰላም", "ሰላም"], [1.0, 1.0])
    clip = tmp_path / "wavs" / "clip001.wav"
    clip.write_bytes(b"RIFF")
    with pytest.raises(DataError, match=r"metadata\.csv:2: .*clip001\.wav cannot be read"):
        coverage(phones, read_corpus([metadata]))
    clip.unlink()
    with pytest.raises(DataError, match=r"metadata\.csv:2: .*clip001\.wav does not exist"):
        coverage(phones, read_corpus([metadata]))
    with pytest.raises(DataError, match="has no clip"):
        seconds(_samples("ሰላም")[0])


def test_a_corpus_whose_clips_are_elsewhere_has_no_rate(
    phones: XttsVocabulary, tmp_path: Path
) -> None:
    metadata = tmp_path / "metadata.csv"
    metadata.write_text("a|ሰላም|ሰላም\n", encoding="utf-8")
    assert coverage(phones, read_corpus([metadata])).tokens_per_second is None


def test_only_amharic_rows_are_read(tmp_path: Path) -> None:
    mixed = tmp_path / "mixed.csv"
    mixed.write_text(
        "audio_file|text|language\na.wav|ሰላም|am\nb.wav|hello|en\nc.wav|ቡና|amh\n", encoding="utf-8"
    )
    plain = tmp_path / "more.txt"
    plain.write_text("\ufeffውሃ\n\n ሻይ \n", encoding="utf-8")
    assert [s.text for s in read_corpus([mixed, plain])] == ["ሰላም", "ቡና", "ውሃ", "ሻይ"]
    assert [s.where.rpartition("/")[2] for s in read_corpus([mixed, plain])] == [
        "mixed.csv:2",
        "mixed.csv:4",
        "more.txt:1",
        "more.txt:3",
    ]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("metadata.csv", "a|ሰላም|ሰላም\n".encode() + b"b|\xff|\xff\n", r"metadata\.csv:2: not UTF-8"),
        ("texts.txt", "ሰላም\n".encode() + b"\xe1\x88\n", r"texts\.txt:2: not UTF-8"),
        ("metadata.csv", "a|ሰላም|ሰላም\nb\n".encode(), r"metadata\.csv:2: 1 columns"),
        ("texts.txt", b"\n \n", r"texts\.txt holds no Amharic text"),
        ("coqui.csv", b"audio_file|text|language\na.wav|hello|en\n", "holds no Amharic text"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    name: str, content: bytes, says: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        list(read_corpus([path]))
    with pytest.raises(DataError, match=r"nothing\.txt does not exist"):
        list(read_corpus([tmp_path / "nothing.txt"]))


def test_the_mode_is_the_vocabularys(original: XttsVocabulary, phones: XttsVocabulary) -> None:
    with pytest.raises(ValueError, match=r"mode='fidel', but vocab\.json was extended for 'ipa'"):
        coverage(phones, _samples("ሰላም"), "fidel")
    assert coverage(original, _samples("ሰላም"), "fidel").mode == "fidel"
    with pytest.raises(ValueError, match="no text"):
        coverage(phones, [])


def test_a_folder_stands_for_the_amharic_in_it(tmp_path: Path) -> None:
    for name, text in (("am", "ሰላም"), ("en", "hello")):
        (tmp_path / f"metadata_{name}.csv").write_text(f"a|{text}|{text}\n", encoding="utf-8")
    assert [s.text for s in read_corpus([tmp_path])] == ["ሰላም"]
    with pytest.raises(DataError, match="no Amharic text"):
        list(read_corpus([tmp_path / "metadata_en.csv"]))
