"""Locks that a fork does not leave locked for ever.

A fork copies one thread and every lock: what another thread holds at that moment is never released
in the child, and what it was doing is half done there (a module that is being imported can then
never be imported in the child). So a fork waits until these locks are free, all of them in one
order; where that takes too long, the child gets new ones.
"""

from __future__ import annotations

import logging as logging  # first: its own hook, which holds its lock, is to run after ours
import os
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PATIENCE: Final = 5.0
"""Seconds that a fork waits, in all."""

_locks: weakref.WeakValueDictionary[int, ForkSafeLock] = weakref.WeakValueDictionary()


class _Held(threading.local):
    """Locks that a thread has taken for its fork; several threads may fork at once."""

    def __init__(self) -> None:
        self.locks: list[ForkSafeLock] = []
        self.importing = False


_held = _Held()
_IMPORT: Final = -1
_gate = threading.RLock()
"""Held by a fork: nobody begins then what a fork has to wait for."""


class ForkSafeLock:
    """A re-entrant lock for ``with``.

    Parameters
    ----------
    rank : int
        A thread that holds a lock may take those of higher rank; the fork takes them so, too.
    """

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self._lock = threading.RLock()
        _locks[id(self)] = self

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *raised: object) -> None:
        self._lock.release()

    def acquire(self, timeout: float) -> bool:
        """Take the lock if it is free in time."""
        return self._lock.acquire(timeout=timeout)

    def release(self) -> None:
        """Give it back."""
        self._lock.release()

    @contextmanager
    def patiently(self, seconds: float) -> Iterator[None]:
        """Hold the lock if it is free in time, and go on without it otherwise.

        For work that imports, which may not wait for another thread: that one may be waiting for
        a module whose import this thread is in. The lock keeps forks off; what such work changes
        is made so that two threads may be at it.
        """
        held = self.acquire(seconds)
        try:
            yield
        finally:
            if held:
                self.release()

    def renew(self) -> None:
        """Forget who holds it."""
        self._lock = threading.RLock()


@contextmanager
def kept_from_forks() -> Iterator[None]:
    """Let forks wait until this is done, for an import.

    Each has a lock of its own: a thread that waited for another's import could be in one that the
    other waits for.
    """
    if _held.importing:
        yield
        return
    with _gate:
        lock = ForkSafeLock(rank=_IMPORT)
        lock.acquire(-1)
    _held.importing = True
    try:
        yield
    finally:
        _held.importing = False
        lock.release()


def _all() -> list[ForkSafeLock]:
    # One step: another thread may be making a lock.
    return [lock for found in _locks.valuerefs() if (lock := found()) is not None]


def _before() -> None:
    until = time.monotonic() + PATIENCE
    while True:
        for lock in sorted(_all(), key=lambda lock: lock.rank):
            _take(lock, until)
        _gate.acquire()
        begun = [lock for lock in _all() if lock.rank == _IMPORT and lock not in _held.locks]
        if all([_take(lock, 0) for lock in begun]) or time.monotonic() > until:
            return
        # Another thread has begun an import meanwhile, which may need what this one has taken.
        _gate.release()
        _let_go()


def _take(lock: ForkSafeLock, until: float) -> bool:
    taken = lock.acquire(max(0.0, until - time.monotonic()))
    if taken:
        _held.locks.append(lock)
    return taken


def _let_go() -> None:
    while _held.locks:
        _held.locks.pop().release()


def _after_in_parent() -> None:
    _let_go()
    _gate.release()


def _after_in_child() -> None:
    for lock in _all():
        if lock not in _held.locks:  # another thread has it, which is not here
            lock.renew()
    _after_in_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
