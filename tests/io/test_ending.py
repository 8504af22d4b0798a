"""SIGTERM and SIGHUP raise what Ctrl-C raises, once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from coqui_amharic_ext.io import ending
from coqui_amharic_ext.io.ending import ENDINGS, Ended, Ending, like_ctrl_c

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDINGS}
    for number in ENDINGS:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDINGS)
def test_the_first_is_raised_and_no_other(number: int) -> None:
    seen: list[Ending] = []
    with pytest.raises(KeyboardInterrupt) as caught, like_ctrl_c(seen.append) as found:
        try:
            os.kill(os.getpid(), number)
        finally:
            for again in ENDINGS:  # what is put in order is not broken into
                os.kill(os.getpid(), again)
    assert isinstance(caught.value, Ended)
    os.kill(os.getpid(), number)
    assert seen == [found]
    assert found.code(130) == 128 + number
    assert [found.code(code) for code in (0, 1, 2)] == [0, 1, 2]


def test_where_none_comes_all_is_as_it_was() -> None:
    with like_ctrl_c() as found:
        assert callable(signal.getsignal(signal.SIGTERM))
    assert found.number is None
    assert [signal.getsignal(number) for number in ENDINGS] == [signal.SIG_DFL] * len(ENDINGS)


def test_what_is_ignored_or_handled_stays_so() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    handled: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: handled.append(number))
    with like_ctrl_c() as found:
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
    assert handled == [signal.SIGTERM]
    assert found.number is None


class Dropping:
    """Python drops what is raised while it is deleted."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        os.getpid()  # where the handler runs, at the latest


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_python_drops_can_be_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Ended), like_ctrl_c() as found:
        Dropping()
        assert found.number == signal.SIGTERM
        os.kill(os.getpid(), signal.SIGTERM)  # at once, it counts as a copy
        monkeypatch.setattr(ending, "AGAIN", 0.0)
        os.kill(os.getpid(), signal.SIGTERM)
        pytest.fail("it was not heeded")


def test_other_threads_are_left_alone() -> None:
    found: list[object] = []

    def run() -> None:
        with like_ctrl_c():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [signal.SIG_DFL]
