"""The chain: who is asked, who is believed, and that no word is ever lost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import coqui_amharic_ext as am
from coqui_amharic_ext import plugins
from coqui_amharic_ext.availability import Availability
from coqui_amharic_ext.errors import SettingsError, UnavailableError
from coqui_amharic_ext.g2p.backend import Backend, BackendSpec
from coqui_amharic_ext.g2p.chain import LONGEST_WORD, Chain
from coqui_amharic_ext.settings import Settings
from tests.g2p.backends import Registrar

# Words that nothing knows, so that the backends are asked.
RIGHT = {"ዶላፖ": "dolapo", "ቴሎ": "telo", "ዞባ": "zoba"}


def _right(word: str) -> str:
    return RIGHT[word]


def _settings(*names: str, **others: object) -> Settings:
    return Settings(g2p_backends=names, **others)  # type: ignore[arg-type]


def _reasons(word: am.Transcription) -> dict[str, str]:
    return {r.backend: r.reason for w in word.words for r in w.rejected}


def test_the_first_backend_that_is_believed_answers(register: Registrar) -> None:
    register("first", _right)
    register("second", _right)
    found = am.transcribe("ዶላፖ", settings=_settings("first", "second"))
    assert found.ipa == "dolapo"
    assert found.backends == ("first",)
    assert register.calls["second"] == []


def test_what_is_known_asks_no_backend_and_is_attributed(register: Registrar) -> None:
    register("first", _right)
    found = am.transcribe("ልጆች ሰበሩ ዞባ", settings=_settings("first", "rules"))
    assert [(word.backend, word.layer) for word in found.words] == [
        ("lexicon", "lexicon"),
        ("paradigm", "paradigm"),
        ("first", "segments"),
    ]
    assert all(word.rejected == () for word in found.words)
    assert [word for call in register.calls["first"] for word in call] == ["ዞባ"]


def test_a_backend_that_is_chosen_by_name_is_asked_for_every_word(register: Registrar) -> None:
    register("first", lambda word: {"ልጅ": "lɨd͡ʒ", "ዞባ": "zoba"}[word])
    found = am.transcribe("ልጅ ዞባ", backend="first")
    assert found.backends == ("first",)
    assert [word for call in register.calls["first"] for word in call] == ["ልጅ", "ዞባ"]


def test_a_listed_word_is_not_held_against_letters_that_mislead() -> None:
    (word,) = am.transcribe("ኘሮግራም").words
    assert (word.ipa, word.backend) == ("pɾoɡɾam", "lexicon")
    assert word.quality.ok
    assert "inventory" in word.quality.measures


def test_each_word_falls_through_by_itself(register: Registrar) -> None:
    register("half", lambda word: "dolapo" if word == "ዶላፖ" else "zzz")
    found = am.transcribe("ዶላፖ ቴሎ", settings=_settings("half", "rules"))
    assert [word.backend for word in found.words] == ["half", "rules"]
    assert found.ipa == "dolapo telo"
    (rejection,) = found.words[1].rejected
    assert (rejection.backend, rejection.output) == ("half", "zzz")
    assert "skeleton" in rejection.reason


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (lambda word: word, "ethiopic"),
        (lambda word: "", "nothing"),
        (lambda word: "aaaa", "failed the quality check"),
        (lambda word: "dolapo" * 10_000, "characters"),
        (lambda word: 1 / 0, "ZeroDivisionError"),
        (lambda word: None, "NoneType"),
    ],
)
def test_what_is_not_believed_is_recorded(
    register: Registrar, read: Callable[[str], str], reason: str
) -> None:
    register("odd", read)
    found = am.transcribe("ዶላፖ", settings=_settings("odd", "rules"))
    assert found.ipa == "dolapo"
    assert reason in _reasons(found)["odd"]


def test_a_word_that_a_backend_fails_on_does_not_cost_the_others(register: Registrar) -> None:
    register("picky", _right)  # KeyError on any other word
    found = am.transcribe("ዶላፖ ሶፋሊ ዞባ", settings=_settings("picky", "rules"))
    assert [word.backend for word in found.words] == ["picky", "rules", "picky"]
    assert "KeyError" in _reasons(found)["picky"]


def test_rules_are_the_floor_even_where_they_are_not_configured(register: Registrar) -> None:
    register("mute", lambda word: "")
    found = am.transcribe("ዶላፖ", settings=_settings("mute"))
    assert (found.ipa, found.backends) == ("dolapo", ("rules",))


def test_a_backend_that_is_not_available_is_recorded_and_not_asked(register: Registrar) -> None:
    register("away", _right, availability=Availability(False, "it is out", "call it back"))
    found = am.transcribe("ዶላፖ", settings=_settings("away", "rules"))
    assert _reasons(found) == {"away": "not available: it is out"}
    assert register.calls["away"] == []


def test_choosing_a_backend_that_is_not_available_raises_with_the_fix(register: Registrar) -> None:
    register("away", _right, availability=Availability(False, "it is out", "call it back"))
    with pytest.raises(UnavailableError, match=r"away.*it is out.*call it back"):
        am.phonemize("ዶላፖ", backend="away")


def test_configured_backends_of_which_none_is_available_raise(register: Registrar) -> None:
    register("away", _right, availability=Availability(False, "it is out", "call it back"))
    register("gone", _right, availability=Availability(False, "it left", "wait"))
    with pytest.raises(UnavailableError, match=r"(?s)it is out.*it left"):
        am.phonemize("ዶላፖ", settings=_settings("away", "gone"))


def test_an_unknown_backend_raises_with_the_valid_names() -> None:
    with pytest.raises(SettingsError, match=r"nosuch.*transphone, epitran, rules"):
        am.phonemize("ዶላፖ", backend="nosuch")


def test_a_backend_that_hangs_is_left_behind_and_not_asked_again(
    register: Registrar, caplog: pytest.LogCaptureFixture
) -> None:
    release = threading.Event()

    def hang(word: str) -> str:
        release.wait(30)
        return RIGHT[word]

    register("slow", hang)
    settings = _settings("slow", "rules", backend_timeout=0.5)
    with caplog.at_level(logging.WARNING, "coqui_amharic_ext"):
        start = time.perf_counter()
        first = am.transcribe("ዶላፖ", settings=settings)
        waited = time.perf_counter() - start
        second = am.transcribe("ቴሎ", settings=settings)
        elapsed = time.perf_counter() - start
    release.set()
    assert first.backends == second.backends == ("rules",)
    assert "no answer within 0.5 s" in _reasons(first)["slow"]
    assert 0.5 <= waited < 20
    assert elapsed - waited < 0.5
    assert len(register.calls["slow"]) == 1
    assert [r.message for r in caplog.records if "slow" in r.message] == [
        "G2P backend slow is put aside: no answer within 0.5 s"
    ]
    state = plugins.g2p_backends()["slow"].availability(settings)
    assert not state
    assert "no answer" in state.reason


def test_a_chosen_backend_that_hangs_raises(register: Registrar) -> None:
    release = threading.Event()

    def hang(word: str) -> str:
        release.wait(30)
        return ""

    register("slow", hang)
    with pytest.raises(UnavailableError, match=r"slow.*no answer within"):
        am.phonemize("ዶላፖ", backend="slow", settings=_settings("rules", backend_timeout=0.5))
    release.set()


def test_a_backend_whose_loading_fails_is_reported_once(
    register: Registrar, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise OSError("the model is broken")

    register("broken", _right, load=fail)
    settings = _settings("broken", "rules")
    with caplog.at_level(logging.WARNING, "coqui_amharic_ext"):
        for text in ("ዶላፖ", "ቴሎ", "ዞባ"):
            assert am.transcribe(text, settings=settings).backends == ("rules",)
    assert len([r for r in caplog.records if "the model is broken" in r.message]) == 1
    assert "the model is broken" in plugins.g2p_backends()["broken"].availability(settings).reason
    with pytest.raises(UnavailableError, match="the model is broken"):
        am.phonemize("ዶላፖ", backend="broken")


def test_a_factory_that_raises_or_hangs_only_puts_its_backend_aside(register: Registrar) -> None:
    release = threading.Event()

    def explode(settings: Settings) -> Backend:
        raise ImportError("no such module")

    def hang(settings: Settings) -> Backend:
        release.wait(30)
        raise AssertionError("nobody waits for this")

    register("exploding", _right, factory=explode)
    register("hanging", _right, factory=hang)
    settings = _settings("exploding", "hanging", "rules", backend_timeout=0.5)
    reasons = _reasons(am.transcribe("ዶላፖ", settings=settings))
    release.set()
    assert "no such module" in reasons["exploding"]
    assert "no answer" in reasons["hanging"]


def test_a_backend_that_gives_too_few_transcriptions_is_not_trusted(register: Registrar) -> None:
    class Short(Backend):
        def availability(self) -> Availability:
            return Availability(True)

        def version(self) -> str:
            return ""

        def _transcribe(self, words: object) -> list[str]:
            return []

    register("short", _right, factory=Short)
    found = am.transcribe("ዶላፖ", settings=_settings("short", "rules"))
    assert "0 transcriptions for 1 words" in _reasons(found)["short"]


def test_segments_take_length_and_vowels_of_the_word_and_surface_forms_do_not(
    register: Registrar,
) -> None:
    register("bare", lambda word: "tɨmɨhɨrɨt", gives="segments")
    register("spoken", lambda word: "tɨmhɨrːɨt", gives="surface")
    bare = am.transcribe("ትምህርት", backend="bare")
    spoken = am.transcribe("ትምህርት", backend="spoken")
    assert (bare.ipa, bare.words[0].layer) == (am.phonemize("ትምህርት", backend="rules"), "segments")
    assert (spoken.ipa, spoken.words[0].layer) == ("tɨmhɨɾːɨt", "surface")


def test_accepted_segments_come_out_in_one_system(register: Registrar) -> None:
    register("other", lambda word: {"ጸሐይ": "t͡sʼəhəj", "አበበ": "əbəbə", "ይሄ": "ihe"}[word])
    found = am.transcribe("ጸሐይ አበበ ይሄ", backend="other")
    assert found.backends == ("other",)
    assert found.ipa == am.phonemize("ጸሐይ አበበ ይሄ", backend="rules")


def test_quality_and_alternatives_are_there_for_every_word(register: Registrar) -> None:
    register("first", _right)
    (word,) = am.transcribe("ዶላፖ", settings=_settings("first")).words
    assert word.quality.ok
    assert {"inventory", "vowel_ratio", "skeleton"} <= set(word.quality.measures)
    assert isinstance(word.alternatives, tuple)


def test_a_word_is_asked_for_once(register: Registrar) -> None:
    register("first", _right)
    settings = _settings("first")
    for _ in range(3):
        am.phonemize("ዶላፖ ዶላፖ። ዶላፖ!", settings=settings)
    asked = [word for call in register.calls["first"] for word in call]
    assert set(asked) == {"ዶላፖ"}
    assert len(asked) <= 3  # once for each punctuation it stands with


def test_an_endless_word_is_read_in_linear_time() -> None:
    chain = Chain(Settings(g2p_backends=("rules",)))
    word = "ሰላ" * 20_000
    start = time.perf_counter()
    (answer,) = chain.answers([word]).values()
    assert time.perf_counter() - start < 10
    assert answer.ipa.replace("ː", "").startswith("səlasəla")
    assert len(word) > LONGEST_WORD


def test_a_mark_is_never_cut_from_its_letter() -> None:
    chain = Chain(Settings(g2p_backends=("rules",)))
    word = "ላ" * (LONGEST_WORD - 1) + "በ\u135f" * 3
    (answer,) = chain.answers([word]).values()
    assert answer.ipa.count("b") == 3


def test_what_each_backend_did_shows_in_the_status(register: Registrar) -> None:
    register("counted", _right)
    am.phonemize("ዶላፖ", settings=_settings("counted"))
    assert am.status().chosen.g2p["counted"] == 1


@pytest.mark.parametrize("name", ["", "two words", "a-b"])
def test_a_backend_name_that_cannot_be_configured_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="identifier"):
        BackendSpec(name, "", "surface", lambda settings: NotImplemented)


def test_a_backend_that_gives_neither_is_refused() -> None:
    with pytest.raises(ValueError, match="segments, surface"):
        BackendSpec("x", "", "phones", lambda settings: NotImplemented)  # type: ignore[arg-type]


def test_the_users_lexicon_wins_over_every_backend(register: Registrar, tmp_path: Path) -> None:
    register("first", _right)
    path = tmp_path / "words.tsv"
    path.write_text("word\tipa\nዶላፖ\ts ə l l a m\nፀሐይ\tt͡sʼəhaj\n", encoding="utf-8")
    settings = _settings("first", "rules", lexicon=str(path))
    found = am.transcribe("ዶላፖ ጸሃይ ቴሎ", settings=settings)
    assert found.ipa == "səlːam sʼəhaj telo"
    assert [word.layer for word in found.words[:2]] == ["lexicon", "lexicon"]
    assert found.backends == ("lexicon", "first")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("ዶላፖ dolapo\n", "line 1.*tab"),
        ("ዶላፖ\tdolapo\nዶላፖ\tsəlːam\n", "line 2.*already there"),
        ("ዶላፖ\tsølam\n", "line 1.*'ø'"),
        ("hello\tdolapo\n", "line 1.*'h'"),
    ],
)
def test_a_lexicon_row_that_is_not_valid_is_named(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "words.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        am.phonemize("ዶላፖ", settings=_settings("rules", lexicon=str(path)))


def test_a_lexicon_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere.tsv.*cannot be read"):
        am.phonemize("ዶላፖ", settings=_settings("rules", lexicon=str(tmp_path / "nowhere.tsv")))
