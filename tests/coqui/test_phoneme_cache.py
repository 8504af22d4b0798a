"""Cached tokens of Amharic are those of the text and the G2P, not of a clip's name."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from TTS.tts.configs.vits_config import VitsConfig
from TTS.tts.datasets.dataset import PhonemeDataset, string2filename
from TTS.tts.utils.text import cleaners
from TTS.tts.utils.text.characters import Graphemes
from TTS.tts.utils.text.tokenizer import TTSTokenizer

import coqui_amharic_ext as am
from coqui_amharic_ext.g2p import readers

TEXTS = ("ሰላም ለዓለም", "የእኔ ቤት", "በ3:30 ሰዓት", "ልብ", "ዮሐንስ USA")
RULES = am.Settings(g2p_backends=("rules",))


def _samples(
    folder: Path, texts: Any = TEXTS, *, workers: int = 0, language: str = "am", **config: Any
) -> PhonemeDataset:
    chosen = VitsConfig(use_phonemes=True, phoneme_language="am", **config)
    tokenizer, _ = TTSTokenizer.init_from_config(chosen)
    samples = [
        {"audio_unique_name": f"ljspeech#wavs/clip{n}", "text": text, "language": language}
        for n, text in enumerate(texts)
    ]
    return PhonemeDataset(samples, tokenizer, str(folder / "cache"), workers)


def _ids(samples: PhonemeDataset) -> list[list[int]]:
    return [list(map(int, samples[n]["token_ids"])) for n in range(len(samples))]


def _read(samples: PhonemeDataset) -> list[list[int]]:
    return [samples.tokenizer.text_to_ids(s["text"], language="am") for s in samples.samples]


@pytest.fixture(autouse=True)
def _rules() -> None:
    am.activate(RULES)


def test_two_corpora_with_the_same_names_have_their_own_phones(tmp_path: Path) -> None:
    for texts in (TEXTS, TEXTS[::-1], ("ሌላ",)):
        found = _samples(tmp_path, texts)
        assert _ids(found) == _read(found)


def test_what_was_read_once_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = _ids(_samples(tmp_path))
    again = _samples(tmp_path, TEXTS[::-1])
    monkeypatch.setattr(again.tokenizer, "text_to_ids", None)
    assert _ids(again) == ids[::-1]


@pytest.mark.parametrize(
    "changes",
    [
        {"narrow": True},
        {"elision": True},
        {"text": "latin=spell"},
        {"text": "hours24=on"},
        {"g2p_backends": ("epitran", "rules")},
    ],
    ids=str,
)
def test_a_changed_setting_is_seen(changes: dict[str, Any], tmp_path: Path) -> None:
    _ids(_samples(tmp_path))
    files = set((tmp_path / "cache").iterdir())
    am.activate(RULES.replace(**changes))
    found = _samples(tmp_path)
    assert _ids(found) == _read(found)
    new = set((tmp_path / "cache").iterdir()) - files
    assert len(new) == len(TEXTS)


def test_a_changed_lexicon_is_seen_and_one_that_is_the_same_elsewhere_is_not(
    tmp_path: Path,
) -> None:
    lexicon = tmp_path / "words.tsv"
    lexicon.write_text("ልብ\tlib\n", encoding="utf-8")
    am.activate(RULES.replace(lexicon=str(lexicon)))
    before = _ids(_samples(tmp_path))
    files = set((tmp_path / "cache").iterdir())
    lexicon.write_text("ልብ\tlab\n", encoding="utf-8")
    readers.forget()  # as in another run
    found = _samples(tmp_path)
    after = _ids(found)
    assert after == _read(found)
    assert (after != before, after[3] != before[3]) == (True, True)
    moved = tmp_path / "moved.tsv"
    moved.write_text("# the same words\nልብ\tlib\n", encoding="utf-8")
    am.activate(RULES.replace(lexicon=str(moved)))
    all_files = set((tmp_path / "cache").iterdir())
    assert _ids(_samples(tmp_path)) == before
    assert set((tmp_path / "cache").iterdir()) == all_files > files


def test_a_backend_that_is_put_aside_takes_its_readings_with_it(tmp_path: Path) -> None:
    """What rules read in its place is not found where it serves again."""
    am.activate(am.Settings(g2p_backends=("epitran", "rules")))
    (member, _) = readers.reader().chain.members
    if not member.available:
        pytest.skip("epitran cannot serve here")
    first = _samples(tmp_path)
    _ids(first)
    files = set((tmp_path / "cache").iterdir())
    served = member.available
    member.available = type(served)(False, "a test")
    try:
        _ids(_samples(tmp_path))
        assert len(set((tmp_path / "cache").iterdir()) - files) == len(TEXTS)
    finally:
        member.available = served


def _own(text: str, lang: str | None = None) -> str:
    return text.replace("ሰላም", "ሠላም ነው")


@pytest.mark.parametrize("config", [{"add_blank": False}, {"text_cleaner": "own_cleaners"}])
def test_a_changed_config_is_seen(
    config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaners, "own_cleaners", _own, raising=False)
    before = _ids(_samples(tmp_path))
    found = _samples(tmp_path, **config)
    assert _ids(found) == _read(found) != before


def test_files_of_upstreams_are_left_alone_and_not_read(tmp_path: Path) -> None:
    old = tmp_path / "cache" / f"{string2filename('ljspeech#wavs/clip0')}_phoneme.npy"
    old.parent.mkdir()
    old.write_bytes(b"stale")
    found = _samples(tmp_path)
    assert _ids(found) == _read(found)
    assert old.read_bytes() == b"stale"
    names = {path.name for path in old.parent.iterdir()} - {old.name}
    assert all(re.fullmatch("am-[0-9a-f]{40}_phoneme.npy", name) for name in names)


def test_several_processes_fill_one_cache(tmp_path: Path) -> None:
    texts = [*TEXTS * 4, *(f"{n} ሰዎች" for n in range(12))]
    found = _samples(tmp_path, texts, workers=2)
    files = sorted(path.name for path in (tmp_path / "cache").iterdir())
    assert len(files) == len(set(texts))
    assert _ids(found) == _read(found)
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == files


def test_other_languages_are_cached_as_upstream_does(tmp_path: Path) -> None:
    phonemizer = SimpleNamespace(phonemize=lambda text, separator, language: text)
    tokenizer = TTSTokenizer(use_phonemes=True, characters=Graphemes(), phonemizer=phonemizer)
    samples = [{"audio_unique_name": "a", "text": "hello", "language": "en"}]
    assert _ids(PhonemeDataset(samples, tokenizer, str(tmp_path / "cache")))
    (path,) = (tmp_path / "cache").iterdir()
    assert path.name == f"{string2filename('a')}_phoneme.npy"
