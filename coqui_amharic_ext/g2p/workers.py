"""Transcribe texts in several processes, in order, a bounded number at a time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext.g2p.readers import reader

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

CHUNK: Final = 64
"""Texts sent to a worker process at a time."""


def ipa(texts: list[str], settings: Settings, backend: str | None) -> list[str]:
    """Return the IPA of some texts."""
    found = reader(settings, backend)
    return [found.phonemize(text) for text in texts]


def in_processes(
    texts: Iterator[str],
    workers: int,
    settings: Settings,
    backend: str | None,
    task: Callable[[list[str], Settings, str | None], list[str]] = ipa,
) -> Iterator[str]:
    """Transcribe texts in worker processes, at most two chunks per worker under way.

    ``task`` is a module-level function that gives one result per text. What reading ``texts``
    raises is raised after the texts before it are done.
    """
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context(), initializer=_begin
    )
    pending: deque[Future[list[str]]] = deque()
    error: Exception | None = None
    ended = False
    try:
        while True:
            while not ended and len(pending) < 2 * workers:
                chunk: list[str] = []
                try:
                    for text in islice(texts, CHUNK):
                        chunk.append(text)
                except Exception as fault:
                    error = fault
                ended = error is not None or len(chunk) < CHUNK
                if chunk:
                    pending.append(pool.submit(task, chunk, settings, backend))
            if not pending:
                break
            yield from pending.popleft().result()
        if error is not None:
            raise error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """Leave Ctrl-C, which reaches the whole group, to the parent; end when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not what the parent does when it is ended
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()
