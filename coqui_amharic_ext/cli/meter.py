"""A progress bar on standard error, where that is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

_EVERY: Final = 0.2
_SLOW: Final = 10


class Meter:
    """Shows how many items are done, how fast, and where the size is known how long it will take.

    Parameters
    ----------
    unit : str
        What an item is called, in the plural.
    size : int or None
        Bytes of input, or of items, if known.
    position : callable, optional
        How many bytes have been read; by default the size is of items.
    shown : bool
        Whether a bar is wanted; without a terminal there is none in any case.
    """

    def __init__(
        self,
        unit: str,
        size: int | None,
        position: Callable[[], int] | None = None,
        *,
        shown: bool = True,
    ) -> None:
        self._unit, self._size = unit, size
        self._count = 0
        self._position = position or (lambda: self._count)
        self._shown = shown and sys.stderr.isatty()
        self._next = 0.0

    def __enter__(self) -> Meter:
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._started = time.monotonic()
            self._progress = Progress(
                TextColumn("{task.fields[count]:,} " + self._unit),
                BarColumn(),
                TextColumn("{task.fields[rate]}/s"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                auto_refresh=False,
                redirect_stdout=False,  # results go where they were going
                redirect_stderr=False,
                transient=True,
            )
            self._task = self._progress.add_task("", total=self._size, count=0, rate=0)
            self._progress.start()
        return self

    def step(self) -> None:
        """Count one item."""
        if self._shown:
            self._count += 1
            if time.monotonic() >= self._next:
                self._update()

    def _update(self) -> None:
        now = time.monotonic()
        self._next = now + _EVERY
        rate = self._count / max(1e-6, now - self._started)
        shown = f"{rate:,.0f}" if rate >= _SLOW else f"{rate:.2f}"
        self._progress.update(
            self._task, completed=self._position(), count=self._count, rate=shown, refresh=True
        )

    def __exit__(self, *raised: object) -> None:
        if self._shown:
            self._progress.stop()
