"""Texts through several processes, in order, a bounded number of them at a time."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

CHUNK: Final = 64
"""Texts sent to a worker process at a time."""


def in_processes(
    texts: Iterator[str], workers: int, settings: Settings, backend: str | None
) -> Iterator[str]:
    """Transcribe texts in worker processes, at most two chunks per worker under way.

    What reading ``texts`` raises is raised after the texts before it are done.
    """
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context())
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
                    pending.append(pool.submit(_chunk, chunk, settings, backend))
            if not pending:
                break
            yield from pending.popleft().result()
        if error is not None:
            raise error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _chunk(texts: list[str], settings: Settings, backend: str | None) -> list[str]:
    from coqui_amharic_ext.g2p.api import reader

    found = reader(settings, backend)
    return [found.phonemize(text) for text in texts]
