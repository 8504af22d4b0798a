"""The epitran backend: epitran's own readings, its faults mended, loaded only in its turn."""

from __future__ import annotations

import importlib.util
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coqui_amharic_ext as am
from coqui_amharic_ext.g2p.backends.epitran import EpitranBackend, repairs
from coqui_amharic_ext.g2p.phonology.folding import fold
from coqui_amharic_ext.g2p.phonology.letters import fidel
from coqui_amharic_ext.g2p.quality import ETHIOPIC
from coqui_amharic_ext.settings import Settings
from tests.conftest import RunPython

pytestmark = pytest.mark.usefixtures("epitran_installed")


@pytest.fixture(scope="module")
def backend() -> EpitranBackend:
    found = EpitranBackend(Settings())
    found.transcribe(["ቤት"])
    return found


@pytest.fixture(scope="module")
def read() -> object:
    from epitran.simple import SimpleEpitran

    return SimpleEpitran("amh-Ethi").transliterate


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        # letters that epitran passes through
        ("ቇ", "kʼo"),
        ("ቊ", "kʼʷi"),
        ("ቌ", "kʼʷe"),
        ("ኲ", "kʷi"),
        ("ኴ", "kʷe"),
        ("ጔ", "ɡʷe"),
        ("ዏ", "wo"),
        # letters that it misreads
        ("ቈ", "kʼʷə"),
        ("ኰ", "kʷə"),
        ("ጐበዝ", "ɡʷəbəz"),
        ("ኧረ", "ʔərə"),
        ("አበበ", "ʔabəbə"),
        ("ሐሰት", "hasət"),
        # and what it reads well
        ("ትምህርት", "tɨmɨhɨrɨt"),
        ("ቪዛ", "viza"),
    ],
)
def test_faults_are_mended(backend: EpitranBackend, word: str, expected: str) -> None:
    (found,) = backend.transcribe([word])
    assert fold(found.removesuffix("ɨ")) == fold(expected.removesuffix("ɨ"))


@pytest.mark.parametrize("word", ["ኸረ", "ቪዛ", "በረከት"])
def test_symbols_that_amharic_does_not_have_do_not_reach_the_output(word: str) -> None:
    found = am.transcribe(word, backend="epitran")
    assert found.backends == ("epitran",)
    assert not {"x", "β"} & set(found.ipa)


def test_every_letter_of_the_table_comes_out_as_the_table_says(backend: EpitranBackend) -> None:
    """So that words read by epitran and by rules are one transcription system."""
    different = {}
    for letter in fidel().values():
        (raw,) = backend.transcribe([letter.written + "ባ"])
        own = (*letter.consonants, letter.vowel, "b", "a")
        said = fold(raw)
        if said != own and ("ʔ", *said) != own:
            different[letter.written] = raw
    assert different == {}


_PLAIN = [c for c in fidel() if c not in repairs()]


@given(st.lists(st.sampled_from(_PLAIN), min_size=1, max_size=8))
def test_letters_put_together_are_what_epitran_gives_for_the_word(
    backend: EpitranBackend, read: object, letters: list[str]
) -> None:
    word = "".join(letters)
    expected = read(word)  # type: ignore[operator]
    if ETHIOPIC.search(expected) is None:  # epitran passes letters through that it does not have
        assert backend.transcribe([word]) == [expected]


def test_an_epitran_that_reads_letters_in_context_is_asked_for_whole_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from epitran.simple import SimpleEpitran

    original = SimpleEpitran.transliterate

    def contextual(self: SimpleEpitran, text: str, *args: object) -> str:
        return str(original(self, text)).replace("tɨmɨh", "tɨmh")

    monkeypatch.setattr(SimpleEpitran, "transliterate", contextual)
    found = EpitranBackend(Settings())
    assert found.transcribe(["ትምህርት", "አትምህር"]) == ["tɨmhɨrɨt", "ʔatɨmhɨrɨ"]


def test_a_broken_epitran_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    from epitran.simple import SimpleEpitran

    monkeypatch.setattr(SimpleEpitran, "transliterate", lambda self, text: "bababa")
    found = am.transcribe("ዶላፖ", settings=Settings(g2p_backends=("epitran", "rules"), narrow=True))
    assert found.backends == ("rules",)
    assert found.words[0].rejected[0].backend == "epitran"


def test_loading_leaves_the_applications_logging_alone(run_python: RunPython) -> None:
    done = run_python(
        """
        import logging
        from coqui_amharic_ext.g2p.backends.epitran import EpitranBackend
        from coqui_amharic_ext.settings import Settings
        EpitranBackend(Settings()).transcribe(["ቤት"])
        print(logging.getLogger().level, logging.getLogger().handlers)
        """
    )
    assert done.stdout.strip() == f"{logging.WARNING} []"


def test_availability_and_version_need_no_import(run_python: RunPython) -> None:
    done = run_python(
        """
        import sys
        from coqui_amharic_ext.g2p.backends.epitran import EpitranBackend
        from coqui_amharic_ext.settings import Settings
        backend = EpitranBackend(Settings())
        print(bool(backend.availability()), bool(backend.version()), "epitran" in sys.modules)
        """
    )
    assert done.stdout.split() == ["True", "True", "False"]


def test_without_epitran_the_reason_and_the_fix_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("coqui_amharic_ext.g2p.backends.epitran.find_spec", lambda name: None)
    found = EpitranBackend(Settings()).availability()
    assert (found.ok, found.reason, found.fix) == (
        False,
        "epitran is not installed",
        "pip install epitran",
    )
