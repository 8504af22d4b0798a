"""Backends that do not let go, that end the program, or that are not what they should be."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import pytest

import coqui_amharic_ext as am
from coqui_amharic_ext.availability import Availability
from coqui_amharic_ext.g2p import readers
from coqui_amharic_ext.g2p.backend import Backend
from tests.cli.command import environment
from tests.g2p.backends import Registrar

RULES = am.Settings(g2p_backends=("rules",))
# Words that nothing knows, so that the backends are asked.
SENTENCE = "ዶላፖ ኪሮቢ፣ ቴሎ ሩቢና ዞባ ሶፋሊ።"
TIMEOUT = 0.3


class Plain(Backend):
    """A backend that reads as the rules do."""

    def availability(self) -> Availability:
        return Availability(True)

    def version(self) -> str:
        return "1"

    def _transcribe(self, words: Sequence[str]) -> list[str]:
        return [am.phonemize(word, settings=RULES) for word in words]


def _exit(*args: object) -> NoReturn:
    sys.exit("no licence was found")


def _made(name: str, **members: Any) -> type[Backend]:
    return type(name, (Plain,), members)


def _settings(name: str, **others: Any) -> am.Settings:
    return am.Settings(g2p_backends=(name, "rules"), **{"backend_timeout": TIMEOUT, **others})


class Forgetful(Plain):
    def __init__(self, settings: am.Settings) -> None:  # calls no other __init__
        self.words = 0

    def _transcribe(self, words: Sequence[str]) -> list[str]:
        self.words += len(words)
        return super()._transcribe(words)


class Duck:
    """Looks like a backend and is none."""

    may_hang = True

    def availability(self) -> Availability:
        return Availability(True)

    def transcribe(self, words: Sequence[str]) -> list[str]:
        raise ValueError("quack")


WRONG: dict[str, tuple[Callable[[am.Settings], Any], str]] = {
    "nothing": (lambda settings: None, "its factory gave NoneType, expected Backend"),
    "duck": (lambda settings: Duck(), "its factory gave Duck, expected Backend"),
    "unavailable": (
        _made("Silent", availability=lambda self: None),
        "its availability() gave NoneType, expected Availability",
    ),
    "agreeable": (_made("Agreeable", availability=lambda self: True), "gave bool, expected"),
    "licensed": (_made("Licensed", __init__=_exit), "no licence was found"),
    "asked": (_made("Asked", availability=_exit), "no licence was found"),
    "loading": (_made("Loading", _load=_exit), "no licence was found"),
    "unwatched": (_made("Unwatched", _transcribe=_exit, may_hang=False), "no licence was found"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_backend_costs_no_word_and_is_named(register: Registrar, name: str) -> None:
    factory, says = WRONG[name]
    register(name, str, factory=factory)
    found = am.transcribe(SENTENCE, settings=_settings(name))
    assert found.ipa == am.phonemize(SENTENCE, settings=RULES)
    assert says in found.words[0].rejected[0].reason
    assert am.phonemize_many([SENTENCE], settings=_settings(name))


def test_the_status_of_those_is_told_and_ends_nothing(register: Registrar) -> None:
    for name, (factory, _) in WRONG.items():
        register(name, str, factory=factory)
    states = {state.name: state for state in am.status().backends if state.kind == "g2p"}
    for name in ("nothing", "duck", "unavailable", "agreeable", "licensed", "asked"):
        assert not states[name].available
        assert WRONG[name][1] in states[name].reason
    assert states["rules"].available


def test_a_status_does_not_wait_for_ever_and_not_twice(register: Registrar) -> None:
    release = threading.Event()
    register("hanging", str, factory=_made("Hanging", availability=lambda self: release.wait(30)))
    am.activate(am.Settings(backend_timeout=TIMEOUT))
    try:
        am.status()  # the first one imports what it asks about
        started = time.perf_counter()
        states = {state.name: state for state in am.status().backends}
        assert time.perf_counter() - started < 5
    finally:
        am.deactivate()
        release.set()
    assert "no answer within" in states["hanging"].reason


def test_an_init_that_calls_no_other_is_enough(register: Registrar) -> None:
    register("forgetful", str, factory=Forgetful, gives="surface")
    found = am.transcribe(SENTENCE, settings=_settings("forgetful"))
    assert found.backends == ("forgetful",)


@pytest.fixture
def in_c() -> Iterator[type[Backend]]:
    """A backend that hangs in a function of C, where nothing of Python can end it."""
    reading, writing = os.pipe()
    library = ctypes.CDLL(None)

    def hang(self: Backend, words: Sequence[str]) -> list[str]:
        library.read(reading, ctypes.create_string_buffer(1), 1)
        return list(words)

    yield _made("InC", _transcribe=hang)
    os.close(writing)  # now the threads come to their end


POSIX = pytest.mark.skipif(sys.platform == "win32", reason="C's read() is called by its POSIX name")


@POSIX
def test_one_that_hangs_in_c_is_waited_for_once_and_leaves_one_thread(
    register: Registrar, in_c: type[Backend], caplog: pytest.LogCaptureFixture
) -> None:
    register("in_c", str, factory=in_c)
    expected = am.phonemize(SENTENCE, settings=RULES)
    before = threading.active_count()
    started = time.perf_counter()
    for number in range(30):  # each with words of its own
        am.phonemize(f"{SENTENCE} {number}", settings=_settings("in_c"))
    assert am.phonemize(SENTENCE, settings=_settings("in_c")) == expected
    assert time.perf_counter() - started < 10 * TIMEOUT
    assert threading.active_count() - before == 1
    said = [r.message for r in caplog.records if r.levelname == "WARNING"]
    assert said == [f"G2P backend in_c is put aside: no answer within {TIMEOUT:g} s"]


@POSIX
def test_chains_made_anew_do_not_wait_again(register: Registrar, in_c: type[Backend]) -> None:
    """Only so many readers are kept; one that was dropped must not pay for the hang again."""
    register("in_c", str, factory=in_c)
    am.phonemize("ዶላፖ", settings=_settings("in_c"))
    before = threading.active_count()
    for number in range(readers.KEPT + 1):
        am.phonemize("ዶላፖ", settings=RULES.replace(backend_timeout=10.0 + number))
    assert (_settings("in_c"), None) not in {key[:2] for key in readers._readers}
    started = time.perf_counter()
    found = am.transcribe("ቴሎ", settings=_settings("in_c"))
    assert time.perf_counter() - started < TIMEOUT
    assert "no answer" in found.words[0].rejected[0].reason
    assert threading.active_count() == before


@POSIX
def test_chosen_by_name_it_raises_every_time(register: Registrar, in_c: type[Backend]) -> None:
    register("in_c", str, factory=in_c)
    for text in ("ዶላፖ", "ዶላፖ", "ቴሎ"):
        with pytest.raises(am.UnavailableError, match=r"in_c.*no answer within"):
            am.phonemize(text, backend="in_c", settings=_settings("in_c"))


@POSIX
def test_eight_threads_wait_together_and_not_one_after_the_other(
    register: Registrar, in_c: type[Backend]
) -> None:
    register("in_c", str, factory=in_c)
    chosen = _settings("in_c", backend_timeout=1.0)
    before = threading.active_count()
    texts = [f"ዶላፖ {number} ዞባ" for number in range(64)]
    started = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: am.phonemize(text, settings=chosen), texts))
    assert time.perf_counter() - started < 5
    assert found == [am.phonemize(text, settings=RULES) for text in texts]
    assert threading.active_count() - before <= 8


def test_one_that_is_well_leaves_no_thread_and_no_memory(register: Registrar) -> None:
    register("well", str, factory=Plain, gives="surface")
    chosen = _settings("well", backend_timeout=60.0)
    texts = [f"ዶላፖ {number} ዞባ" for number in range(200)]
    am.phonemize(texts[0], settings=chosen)
    before = threading.active_count()
    for text in texts:
        am.phonemize(text, settings=chosen)
    gc.collect()
    assert threading.active_count() == before


def test_an_answer_that_comes_too_late_changes_nothing(register: Registrar) -> None:
    answered = threading.Event()

    def late(self: Backend, words: Sequence[str]) -> list[str]:
        time.sleep(3 * TIMEOUT)
        answered.set()
        return ["salam"] * len(words)

    register("late", str, factory=_made("Late", _transcribe=late), gives="surface")
    expected = am.phonemize("ዶላፖ", settings=RULES)
    assert am.phonemize("ዶላፖ", settings=_settings("late")) == expected
    assert answered.wait(10)
    assert am.transcribe("ዶላፖ", settings=_settings("late")).ipa == expected
    assert am.phonemize("ዶላፖ ዶላፖ", settings=_settings("late")) == f"{expected} {expected}"


@pytest.mark.parametrize("seconds", [float("inf"), 1e12])
def test_a_time_out_longer_than_the_system_knows_is_for_ever(
    register: Registrar, seconds: float
) -> None:
    register("well", str, factory=Plain, gives="surface")
    chosen = _settings("well", backend_timeout=seconds)
    assert am.transcribe("ዶላፖ", settings=chosen).backends == ("well",)


STUBBORN = """
import sys, time
import coqui_amharic_ext as am
from coqui_amharic_ext import hookimpl, plugins
from coqui_amharic_ext.g2p.backend import Backend, BackendSpec
from coqui_amharic_ext.availability import Availability

class Stubborn(Backend):
    def availability(self):
        return Availability(True)
    def version(self):
        return ""
    def _transcribe(self, words):
        print("hanging", flush=True)
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass

class Plugin:
    @staticmethod
    @hookimpl
    def g2p_backends():
        return [BackendSpec("stubborn", "", "segments", Stubborn)]

plugins.register(Plugin, "stubborn")
chosen = am.Settings(g2p_backends=("stubborn", "rules"), backend_timeout=float(sys.argv[1]))
print(am.phonemize("ዶላፖ", settings=chosen), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a signal")
def test_ctrl_c_ends_a_program_whose_backend_swallows_every_exception() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", STUBBORN, "60"], env=environment(PYTHONUTF8="1"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "hanging\n"
    started = time.monotonic()
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert child.returncode != 0
    assert "KeyboardInterrupt" in said


def test_a_program_ends_though_its_backend_does_not() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUBBORN, "0.5"], env=environment(PYTHONUTF8="1"),
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "hanging\ndolapo\n"), done.stderr
