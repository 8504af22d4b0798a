"""The quality check: what is believed and what is not."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqui_amharic_ext.g2p.chain import Chain
from coqui_amharic_ext.g2p.evaluation import read_gold
from coqui_amharic_ext.g2p.phonology.folding import fold
from coqui_amharic_ext.g2p.phonology.letters import fidel
from coqui_amharic_ext.g2p.quality import BOUNDS, measure
from coqui_amharic_ext.g2p.same_as_letters import same_as_letters
from coqui_amharic_ext.io.tables import mapping
from coqui_amharic_ext.settings import Settings
from tests.g2p.backends import Registrar
from tests.g2p.corruptions import corrupted


@pytest.fixture(scope="module")
def lexicon() -> dict[str, str]:
    """Return our own words and verbs, written in the phones that linguists gave them."""
    words = mapping("g2p/data/words.tsv", "word", "ipa")
    found = list((words | mapping("g2p/data/roots.tsv", "citation", "ipa")).items())
    return dict(random.Random(0).sample(found, min(1000, len(found))))


@pytest.mark.parametrize("seed", [1, 2])
def test_of_the_corrupted_words_at_most_one_in_a_hundred_is_believed(
    lexicon: dict[str, str], seed: int
) -> None:
    seen: Counter[str] = Counter()
    believed: Counter[str] = Counter()
    for kind, written, wrong in corrupted(lexicon, seed):
        seen[kind] += 1
        believed[kind] += measure(written, fold(wrong), raw=wrong).ok
    assert seen.total() > 10_000
    assert believed.total() <= 0.01 * seen.total()
    for kind, count in seen.items():
        assert believed[kind] <= 0.03 * count, kind


def test_of_the_right_words_at_most_one_in_a_hundred_is_rejected(lexicon: dict[str, str]) -> None:
    spellings = {
        "as they are": lambda ipa: ipa,
        "without length": lambda ipa: ipa.replace("ː", ""),
        "without ʔ": lambda ipa: ipa.replace("ʔ", ""),
        "in other symbols": lambda ipa: (
            ipa.replace("ɾ", "r").replace("t͡ʃ", "ʧ").replace("sʼ", "t͡sʼ")
        ),
    }
    for name, spell in spellings.items():
        for gives in ("segments", "surface"):
            rejected = [
                word
                for word, ipa in lexicon.items()
                if not measure(word, fold(spell(ipa)), raw=ipa, gives=gives).ok
            ]
            assert len(rejected) <= 0.01 * len(lexicon), (name, gives, rejected)


def test_right_words_of_the_development_list_are_believed(dev_data: Path) -> None:
    gold = read_gold(dev_data / "g2p" / "wikipron_amh_dev.tsv")
    pairs = {(word, ipa) for word, found in gold.items() for ipa in found}
    rejected = [pair for pair in pairs if not measure(pair[0], fold(pair[1]), raw=pair[1]).ok]
    assert len(rejected) <= 0.01 * len(pairs), rejected


def test_corrupted_words_of_the_development_list_are_not(dev_data: Path) -> None:
    gold = read_gold(dev_data / "g2p" / "wikipron_amh_dev.tsv")
    words = {word: "".join(fold(found[0])) for word, found in gold.items()}
    results = [measure(word, fold(wrong), raw=wrong).ok for _, word, wrong in corrupted(words, 3)]
    assert sum(results) <= 0.01 * len(results)


@pytest.mark.parametrize(
    ("word", "raw", "failed"),
    [
        ("ሰላም", "ሰላም", {"ethiopic", "inventory"}),
        ("ሰላም", "sälømy", {"inventory"}),
        ("ሰላም", "slm", {"vowel_ratio"}),
        ("ሰላም", "səəaaə", {"vowel_ratio"}),
        ("ሰላም", "s", {"phones_per_letter"}),
        ("ሰላም", "səlaməsəlam", {"phones_per_letter"}),
        ("አሳ", "ʔaaaaaasa", {"repetition"}),
        ("ቀላል", "kəlal", {"ejectives", "consonants"}),
        ("ሰላም", "dənab", {"consonants", "skeleton"}),
        ("ሰላም", "silum", {"vowels", "skeleton"}),
        ("ትምህርት", "ɨtɨmhɨɾ", {"skeleton"}),  # ɨ where no letter stands
        ("ሰላም", "", {"inventory", "phones_per_letter", "skeleton"}),
    ],
)
def test_the_measure_that_fails_is_named(word: str, raw: str, failed: set[str]) -> None:
    found = measure(word, fold(raw), raw=raw)
    assert failed <= set(found.failed)
    assert not found.ok
    assert set(found.measures) <= set(BOUNDS)


@pytest.mark.parametrize(
    ("word", "raw"),
    [
        ("ትምህርት", "tɨmhɨrt"),
        ("ትምህርት", "tɨmɨhɨrɨt"),
        ("አበበ", "abəbə"),
        ("አበበ", "əbəbə"),  # the first order's vowel, as tables give it
        ("ኢትዮጵያ", "itiopʼia"),
        ("ጐበዝ", "ɡobəz"),
        ("ጐበዝ", "gʷəbəz"),
        ("ቍጥር", "kʼutʼɨr"),
        ("ሳምንት", "samːɨnt"),
        ("ይሄ", "ihe"),
        ("ሰዓት", "səat"),
        ("ን", "n"),
        ("ቤተሰብ", "bitəsəb"),
    ],
)
def test_places_where_right_transcriptions_differ_are_tolerated(word: str, raw: str) -> None:
    assert measure(word, fold(raw), raw=raw).failed == ()


def test_a_surface_form_that_nobody_can_say_is_not_believed() -> None:
    phones = fold("səndrktalat")
    assert measure("ሰንድርክታላት", phones, gives="segments").failed == ()
    assert measure("ሰንድርክታላት", phones, gives="surface").failed == ("cluster",)


_LETTERS = sorted(letter.written for letter in fidel().values())


@given(
    letters=st.lists(st.sampled_from(_LETTERS), min_size=1, max_size=8),
    final=st.booleans(),
    stops=st.booleans(),
)
def test_the_fast_path_believes_only_what_the_check_believes(
    letters: list[str], final: bool, stops: bool
) -> None:
    word = "".join(letters)
    read = ["".join(fidel()[x].consonants) + fidel()[x].vowel for x in letters]
    raw = "".join(read)
    raw = raw if stops else raw.replace("ʔ", "")
    raw = raw[:-1] if final and len(raw) > 1 and raw.endswith("ɨ") else raw
    if same_as_letters(word, raw):
        assert measure(word, fold(raw), raw=raw).failed == ()


@given(word=st.text("ሰላምትአእጵ", min_size=1, max_size=6), raw=st.text("səlamtʼɨʔpː", max_size=12))
def test_the_fast_path_never_believes_more_than_the_check(word: str, raw: str) -> None:
    if same_as_letters(word, raw):
        assert measure(word, fold(raw), raw=raw).ok


def test_the_fast_path_takes_the_usual_word() -> None:
    assert same_as_letters("ትምህርት", "tɨmɨhɨrɨt")
    assert same_as_letters("አበበ", "ʔabəbə")
    assert same_as_letters("ጸጉር", "t͡sʼəgur")
    assert not same_as_letters("ሰላም", "salam")
    assert not same_as_letters("ሰላም", "")


@given(st.text(max_size=20), st.text(max_size=40))
def test_any_text_is_measured_without_an_error(word: str, raw: str) -> None:
    found = measure(word, fold(raw), raw=raw)
    assert all(name in BOUNDS for name in found.failed)


def test_through_the_chain_corrupted_words_fall_to_the_next_backend_and_right_ones_do_not(
    lexicon: dict[str, str], register: Registrar
) -> None:
    random_ = random.Random(4)
    wrong: dict[str, list[str]] = {}
    for _, written, output in corrupted(lexicon, 4):
        wrong.setdefault(written, []).append(output)
    garbled = {written: random_.choice(outputs) for written, outputs in wrong.items()}
    register("garbling", garbled.__getitem__)
    register("truthful", lambda word: lexicon[word].replace("ː", ""))
    names = ("garbling", "truthful", "rules")
    found = Chain(Settings(g2p_backends=names)).answers(garbled)
    answered = Counter(answer.backend for answer in found.values())
    assert answered["garbling"] <= 0.01 * len(found)
    assert answered["rules"] <= 0.01 * len(found)
