"""``phonemize``, ``phonemize_many``, ``transcribe``: defined results for whatever comes in."""

from __future__ import annotations

import multiprocessing
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coqui_amharic_ext as am
from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.g2p.phonology.inventory import inventory, split
from coqui_amharic_ext.g2p.quality import ETHIOPIC
from coqui_amharic_ext.g2p.readers import reader
from coqui_amharic_ext.g2p.sentence import Reader
from tests.conftest import RunPython
from tests.g2p.backends import Registrar

RULES = am.Settings(g2p_backends=("rules",))
_ALLOWED = {*inventory(), *" .,;:?!"}


def read(text: str) -> str:
    return am.phonemize(text, settings=RULES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("   \n\t ", ""),
        ("ቤት", "bet"),
        ("ቤት  ልጅ", "bet lɨd͡ʒ"),
        ("ቤት፣ ልጅ።", "bet, lɨd͡ʒ."),
        ("ቤት ።", "bet."),
        ("ቤት፡ልጅ፡፡", "bet lɨd͡ʒ."),
        ("ቤት፤ ልጅ፥ ቤት፦ ልጅ፧", "bet; lɨd͡ʒ: bet: lɨd͡ʒ?"),
        ("ቤት! ልጅ?", "bet! lɨd͡ʒ?"),
        ("ቤት፣ልጅ", "bet, lɨd͡ʒ"),
        ("«ቤት»", "bet"),
        ("።ቤት", "bet"),
        ("።", ""),
        ("ቤት\nልጅ", "bet lɨd͡ʒ"),
        ("ቤት 😀 ልጅ", "bet lɨd͡ʒ"),
        ("ቤት😀", "bet"),
        ("\ue000\uf8ff", ""),
        ("\u135f", ""),
        ("\u0301\u0301", ""),
        ("ቤት\u200b", "bet"),
        ("中文 ቤት", "bet"),
        ("\ud800ቤት", "bet"),
        ("\x00ቤት\x07", "bet"),
    ],
)
def test_words_are_one_space_apart_and_marks_join_the_word_before(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("given_", "named"),
    [(None, "NoneType"), (b"abc", "bytes.*decode"), (bytearray(b"x"), "bytearray"), (3, "int: 3")],
)
@pytest.mark.parametrize("function", [am.phonemize, am.transcribe])
def test_what_is_no_text_is_a_type_error_that_names_it(
    function: Callable[[object], object], given_: object, named: str
) -> None:
    with pytest.raises(TypeError, match=named):
        function(given_)


@settings(max_examples=150)
@given(st.text(max_size=60))
def test_any_text_gives_phones_spaces_and_marks_alone(text: str) -> None:
    found = read(text)
    assert set(split(found)) <= _ALLOWED
    assert not found.startswith((" ", ".", ",")) and not found.endswith(" ")
    assert "  " not in found


@settings(max_examples=150)
@given(
    st.text(
        st.characters(min_codepoint=0x1200, max_codepoint=0x139F)
        | st.characters(min_codepoint=0x2D80, max_codepoint=0x2DDF)
        | st.characters(min_codepoint=0xAB00, max_codepoint=0xAB2F)
        | st.characters(min_codepoint=0x1E7E0, max_codepoint=0x1E7FF)
        | st.sampled_from(" ።፣.,?!-/0123456789abcXYZ()«»…—"),
        max_size=40,
    )
)
def test_no_ethiopic_character_is_ever_left(text: str) -> None:
    found = am.transcribe(text, settings=RULES)
    assert ETHIOPIC.search(found.ipa) is None
    assert set(split(found.ipa)) <= _ALLOWED
    assert found.ipa == read(text)


@settings(max_examples=40)
@given(st.text("ሰላምትአእጵዎቋ\u135f።፣ ?(«1", max_size=30))
def test_what_was_read_before_makes_no_difference(text: str) -> None:
    assert Reader(RULES).phonemize(text) == read(text) == read(text)


def test_a_megabyte_of_text_takes_seconds() -> None:
    text = "ሰላም ለሁላችሁ ዛሬ እንነጋገራለን። " * 20_000
    start = time.perf_counter()
    found = read(text)
    assert time.perf_counter() - start < 10
    assert found.count(".") == 20_000


def test_a_megabyte_without_a_space_takes_seconds() -> None:
    start = time.perf_counter()
    assert read("ላ" * 350_000).startswith("lala")
    assert time.perf_counter() - start < 30


def test_latin_words_are_read_and_kept_only_where_the_policy_says_so() -> None:
    assert set(split(read("USB እና WiFi አለ"))) <= _ALLOWED
    assert len(read("USB አለ").split()) > 1
    kept = am.Settings(g2p_backends=("rules",), text="latin=keep")
    found = am.transcribe("USB ቤት", settings=kept)
    assert found.ipa == "USB bet"
    assert found.words[0].backend == "kept"


def test_the_transcription_says_what_was_read() -> None:
    found = am.transcribe("3 ልጆች፣ ቤት።")
    assert found.text == "3 ልጆች፣ ቤት።"
    assert found.normalised.startswith("ሦስት")
    assert [word.written for word in found.words] == ["ሦስት", "ልጆች", "ቤት"]
    assert found.ipa == am.phonemize("3 ልጆች፣ ቤት።")
    assert found.backends == ("lexicon",)


def test_many_texts_are_read_lazily_and_in_order() -> None:
    taken = []

    def texts() -> Iterator[str]:
        for text in ["ቤት", "ልጅ"] * 500:
            taken.append(text)
            yield text

    found = am.phonemize_many(texts(), settings=RULES)
    assert [next(found) for _ in range(3)] == ["bet", "lɨd͡ʒ", "bet"]
    assert len(taken) == 3


def test_workers_keep_the_order_and_bound_what_is_held() -> None:
    taken = []
    numbers = [f"ቤት {i} ልጅ" for i in range(2000)]

    def texts() -> Iterator[str]:
        for text in numbers:
            taken.append(text)
            yield text

    found = am.phonemize_many(texts(), workers=2, settings=RULES)
    first = [next(found) for _ in range(10)]
    assert len(taken) < 1000
    assert [*first, *found] == [read(text) for text in numbers]


def test_workers_left_early_are_ended() -> None:
    before = set(multiprocessing.active_children())
    found = am.phonemize_many(["ቤት"] * 500, workers=2, settings=RULES)
    next(found)
    found.close()  # type: ignore[attr-defined]
    assert set(multiprocessing.active_children()) == before


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bad_item_is_named_when_its_turn_comes(workers: int) -> None:
    found = am.phonemize_many(["ቤት", None], workers=workers, settings=RULES)  # type: ignore[list-item]
    assert next(found) == "bet"
    with pytest.raises(TypeError, match="NoneType"):
        next(found)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"texts": "ቤት"}, TypeError, r"got one str.*use phonemize\(\)"),
        ({"texts": b"x"}, TypeError, "got one bytes"),
        ({"texts": ["ቤት"], "workers": 0}, ValueError, "workers=0"),
        ({"texts": ["ቤት"], "workers": "2"}, TypeError, "workers.*str"),
        ({"texts": ["ቤት"], "workers": True}, TypeError, "workers.*bool"),
        ({"texts": ["ቤት"], "backend": "nosuch"}, SettingsError, "rules"),
        ({"texts": ["ቤት"], "backend": "nosuch", "workers": 2}, SettingsError, "rules"),
    ],
)
def test_a_wrong_argument_is_an_error_at_once(
    arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        am.phonemize_many(**arguments)  # type: ignore[arg-type]


def test_threads_read_what_one_thread_reads(register: Registrar) -> None:
    register("slowish", lambda word: time.sleep(0.001) or "")  # type: ignore[func-returns-value]
    chosen = am.Settings(g2p_backends=("slowish", "rules"))
    texts = [f"{a} {b}" for a in ("ቤት", "ልጅ", "ሰማይ", "ምድር") for b in ("ላም", "በግ", "ፍየል")]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: am.phonemize(text, settings=chosen), texts * 5))
    assert found == [read(text) for text in texts * 5]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_process_forked_while_a_backend_loads_can_still_read(register: Registrar) -> None:
    loading, release = threading.Event(), threading.Event()

    def load() -> None:
        if threading.current_thread() is not threading.main_thread():
            loading.set()
            release.wait(30)

    register("loading", lambda word: "zoba", load=load)
    chosen = am.Settings(g2p_backends=("loading", "rules"), backend_timeout=10.0)
    thread = threading.Thread(target=am.phonemize, args=("ዞባ",), kwargs={"settings": chosen})
    thread.start()
    assert loading.wait(10)
    queue = multiprocessing.get_context("fork").SimpleQueue()

    def child() -> None:
        release.set()  # the child's own copy
        queue.put(am.phonemize("ዞባ", settings=chosen))

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(15)
    release.set()
    thread.join(15)
    assert process.exitcode == 0
    assert queue.get() == "zoba"


def test_the_memory_for_words_is_bounded() -> None:
    found = reader(am.Settings(g2p_backends=("rules",), narrow=True))
    letters = [chr(c) for c in range(0x1208, 0x1238) if chr(c) not in "ሇ"]
    for first in letters:
        found.phonemize(" ".join(first + a + b for a in letters for b in letters))
    assert len(letters) ** 3 > len(found._tokens)
    assert len(found._tokens) <= 2 * (1 << 15)


def test_import_and_first_sentence_load_nothing_heavy(run_python: RunPython) -> None:
    done = run_python(
        """
        import sys
        import coqui_amharic_ext as am
        am.phonemize("ሰላም ለዓለም")
        heavy = {"torch", "TTS", "epitran", "panphon", "transphone", "numpy", "pandas"}
        print(sorted(heavy & set(sys.modules)))
        """
    )
    assert done.stdout.strip() == "[]"


def test_a_sentence_in_the_default_chain_needs_no_torch(
    run_python: RunPython, epitran_installed: None
) -> None:
    done = run_python(
        """
        import logging, sys
        import coqui_amharic_ext as am
        print(am.transcribe("ዶላፖ").backends, "torch" in sys.modules, logging.getLogger().level)
        print(logging.getLogger().handlers)
        """
    )
    assert done.stdout.split("\n")[0] == f"('epitran',) False {30}"
    assert done.stdout.split("\n")[1] == "[]"
    assert not re.search("WARNING|not available", done.stderr)
