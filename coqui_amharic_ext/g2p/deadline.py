"""Calls that may hang: run them aside and stop waiting after a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class NoAnswer(TimeoutError):
    """A call did not come back in time."""


def call(function: Callable[[], T], seconds: float, name: str) -> T:
    """Return ``function()``, or stop waiting for it after ``seconds``.

    A Python thread cannot be ended from outside: one that hangs stays behind as a daemon, which
    does not keep the process from ending. Whoever calls must not call the same thing again.

    Raises
    ------
    NoAnswer
        There was no answer in time.
    Exception
        Whatever ``function`` raises.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:  # handed on to the waiting thread below
            errors.append(error)

    thread = threading.Thread(target=run, name=f"coqui-amharic {name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise NoAnswer(f"no answer within {seconds:g} s")
    return results[0]
