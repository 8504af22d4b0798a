"""A chain of which every member but the last is at fault in its own way: the sentence comes out."""

from __future__ import annotations

import errno
import multiprocessing
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coqui_amharic_ext as am
from coqui_amharic_ext.g2p.phonology.inventory import inventory, split
from coqui_amharic_ext.g2p.quality import ETHIOPIC
from tests.conftest import RunPython
from tests.g2p.backends import Registrar

RULES = am.Settings(g2p_backends=("rules",))
# Words that nothing knows, so that the backends are asked.
SENTENCE = "ዶላፖ ኪሮቢ፣ ቴሎ ሩቢና ዞባ ሶፋሊ።"
TIMEOUT = 0.4
_ALLOWED = {*inventory(), *" .,;:?!"}


def _raises(error: BaseException) -> Callable[[str], str]:
    def read(word: str) -> str:
        raise error

    return read


def _exits(word: str) -> str:
    sys.exit("usage: exits FILE")


def _late(word: str) -> str:
    time.sleep(3 * TIMEOUT)
    return "dolapo"


FULL = OSError(errno.ENOSPC, "No space left on device")
READ_ONLY = OSError(errno.EROFS, "Read-only file system")
FAULTY: dict[str, tuple[Callable[[str], Any], str]] = {
    "raising": (_raises(RuntimeError("broken pipe")), "broken pipe"),
    "full": (_raises(FULL), "No space left"),
    "readonly": (_raises(READ_ONLY), "Read-only"),
    "deep": (_raises(RecursionError("too deep")), "too deep"),
    "greedy": (_raises(MemoryError()), "MemoryError"),
    "endless": (_raises(ValueError("x" * 1_000_000)), "xxx…"),
    "stopping": (_raises(StopIteration()), "StopIteration"),
    "exiting": (_exits, "SystemExit usage: exits FILE"),
    "interrupting": (_raises(KeyboardInterrupt()), "KeyboardInterrupt"),
    "closing": (_raises(GeneratorExit()), "GeneratorExit"),
    "noise": (lambda word: "\x00\ufffd\ud800" * 3, "quality check"),
    "greek": (lambda word: "σαλαμ", "quality check"),
    "arabic": (lambda word: "سلام", "quality check"),
    "echo": (lambda word: word, "quality check"),
    "bytes": (lambda word: b"salam", "bytes"),
    "flood": (lambda word: "sa" * 100_000, "characters"),
    "late": (_late, f"no answer within {TIMEOUT:g} s"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_the_next_backend_answers_in_time_and_the_reason_is_told(
    register: Registrar, name: str
) -> None:
    read, reason = FAULTY[name]
    register(name, read)
    chosen = am.Settings(g2p_backends=(name, "rules"), backend_timeout=TIMEOUT)
    started = time.perf_counter()
    found = am.transcribe(SENTENCE, settings=chosen)
    assert time.perf_counter() - started < 20 * TIMEOUT
    assert found.ipa == am.phonemize(SENTENCE, settings=RULES)
    assert len(found.words) == 6
    for word in found.words:
        (rejection,) = word.rejected
        assert rejection.backend == name
        assert reason in rejection.reason


def test_all_of_them_in_one_chain_cost_no_word(register: Registrar) -> None:
    for name, (read, _) in FAULTY.items():
        register(name, read)
    chosen = am.Settings(g2p_backends=(*FAULTY, "rules"), backend_timeout=TIMEOUT)
    found = am.transcribe(SENTENCE, settings=chosen)
    assert found.ipa == am.phonemize(SENTENCE, settings=RULES)
    assert [r.backend for r in found.words[0].rejected] == list(FAULTY)
    states = {state.name: state for state in am.status().backends if state.kind == "g2p"}
    assert not {"rules"} - set(states)


def test_one_bad_word_costs_only_itself(register: Registrar) -> None:
    def read(word: str) -> str:
        if word == "ቴሎ":
            raise ValueError("this one")
        return am.phonemize(word, settings=RULES)

    register("picky", read, gives="surface")
    found = am.transcribe(SENTENCE, settings=am.Settings(g2p_backends=("picky", "rules")))
    assert {w.written: w.backend for w in found.words if w.backend != "picky"} == {"ቴሎ": "rules"}
    assert found.ipa == am.phonemize(SENTENCE, settings=RULES)


@pytest.fixture
def silent_server() -> Iterator[tuple[str, int]]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:  # the test is over
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()
    for connection in held:
        connection.close()


def test_a_network_that_accepts_and_never_answers_is_not_waited_for(
    register: Registrar, silent_server: tuple[str, int]
) -> None:
    def ask() -> None:
        with socket.create_connection(silent_server, timeout=None) as connection:
            connection.recv(1)  # no time-out of its own

    register("remote", lambda word: word, load=ask)
    chosen = am.Settings(g2p_backends=("remote", "rules"), backend_timeout=TIMEOUT)
    started = time.perf_counter()
    found = am.transcribe(SENTENCE, settings=chosen)
    assert time.perf_counter() - started < 20 * TIMEOUT
    assert found.ipa == am.phonemize(SENTENCE, settings=RULES)
    assert "no answer" in found.words[0].rejected[0].reason


TEXTS = [
    f"{a} {n} {b}፣ {n % 12}:30 ላይ።" for n in range(40) for a, b in (("ልጆች", "ዞባ"), ("ላሞች", "ወንዝ"))
]


@pytest.mark.parametrize("chain", [("rules",), ("epitran", "rules")])
def test_eight_threads_and_forked_processes_read_what_one_thread_reads(
    chain: tuple[str, ...],
) -> None:
    if "epitran" in chain:
        pytest.importorskip("epitran")
    chosen = am.Settings(g2p_backends=chain)
    serial = [am.phonemize(text, settings=chosen) for text in TEXTS]
    with ThreadPoolExecutor(8) as pool:
        threads = list(pool.map(lambda text: am.phonemize(text, settings=chosen), TEXTS * 4))
    assert threads == serial * 4
    assert list(am.phonemize_many(TEXTS, settings=chosen, workers=2)) == serial


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_processes_forked_while_threads_read_read_the_same() -> None:
    serial = [am.phonemize(text, settings=RULES) for text in TEXTS]
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            for text in TEXTS:
                am.phonemize(text + text, settings=RULES)

    threads = [threading.Thread(target=busy, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    children = [
        context.Process(target=lambda: queue.put([am.phonemize(t, settings=RULES) for t in TEXTS]))
        for _ in range(4)
    ]
    for child in children:
        child.start()
    found = [queue.get() for _ in children]
    for child in children:
        child.join(30)
    stop.set()
    assert [child.exitcode for child in children] == [0] * 4
    assert found == [serial] * 4


ANY = st.text(st.characters(), max_size=60)  # lone surrogates and unassigned code points, too


@settings(max_examples=200)
@given(ANY)
def test_any_string_is_normalised_and_read(text: str) -> None:
    once = am.normalize(text)
    assert am.normalize(once) == once
    ipa = am.phonemize(text, settings=RULES)
    assert ETHIOPIC.search(ipa) is None
    assert set(split(ipa)) <= _ALLOWED


def test_any_line_goes_through_the_command_line_and_gives_one_line(run_python: RunPython) -> None:
    """One process reads what hypothesis draws, through the application that the shell starts."""
    run_python(
        """
        import io, sys
        from hypothesis import given, settings, strategies as st
        from typer.testing import CliRunner
        from coqui_amharic_ext.cli.app import app
        from coqui_amharic_ext.g2p.quality import ETHIOPIC

        line = st.text(st.characters(codec="utf-8", exclude_characters="\\n\\r\\x00"), max_size=40)
        runner = CliRunner()

        @settings(max_examples=60, deadline=None, derandomize=True)
        @given(line.filter(lambda text: not text.startswith("-")))
        def read(text):
            for verb in ("normalize", "phonemize"):
                done = runner.invoke(app, [verb, text])
                silent = verb == "phonemize" and text.strip() and not done.stdout.strip()
                assert done.exit_code == bool(silent), (verb, text, done.output)
                if verb == "phonemize":
                    assert done.stdout.count("\\n") == 1
                    assert not ETHIOPIC.search(done.stdout)

        read()
        """,
        COQUI_AMHARIC_G2P="rules",
    )
