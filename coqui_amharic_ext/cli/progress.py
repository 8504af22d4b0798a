"""Progress on standard error, where that is a terminal; nothing elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

_EVERY: Final = 0.2
"""Seconds between two updates of a meter; its steps may be many thousands a second."""
_SLOW: Final = 10
"""Items per second below which the rate has decimals."""

Tell = Callable[[int, "int | None"], None]
"""Called with what is done and the total, if known."""


@contextmanager
def steps(title: str) -> Iterator[Tell]:
    """Show how many of a number of items are done."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with _bar(columns) as update:
        yield lambda done, total: update(completed=done, total=total or None)


@contextmanager
def transfer() -> Iterator[Tell]:
    """Show how many bytes have been transferred."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with _bar(columns) as update:
        yield lambda done, total: update(completed=done, total=total)


@contextmanager
def activity(title: str) -> Iterator[Callable[[str], None]]:
    """Show what is being done."""
    if not sys.stderr.isatty():
        yield lambda what: None
        return
    from rich.console import Console

    with Console(stderr=True).status(title) as status:
        yield lambda what: status.update(f"{title} {what}")


@contextmanager
def meter(
    unit: str,
    size: int | None,
    position: Callable[[], int] | None = None,
    *,
    shown: bool = True,
) -> Iterator[Callable[[], None]]:
    """Show how many items are done and how fast; yield what counts one item.

    Parameters
    ----------
    unit : str
        Name of the items, in the plural.
    size : int or None
        Bytes of input, or number of items, if known.
    position : callable, optional
        Returns the bytes read so far; without it ``size`` is a number of items.
    shown : bool
        Whether a bar is wanted.
    """
    if not (shown and sys.stderr.isatty()):
        yield lambda: None
        return
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

    count = TextColumn("{task.fields[count]:,} " + unit)
    columns = (count, BarColumn(), TextColumn("{task.fields[rate]}/s"), TimeRemainingColumn())
    done, following, started = 0, 0.0, time.monotonic()
    with _bar(columns, total=size, count=0, rate=0, auto_refresh=False) as update:

        def step() -> None:
            nonlocal done, following
            done += 1
            now = time.monotonic()
            if now >= following:
                following = now + _EVERY
                rate = done / max(1e-6, now - started)
                text = f"{rate:,.0f}" if rate >= _SLOW else f"{rate:.2f}"
                completed = done if position is None else position()
                update(completed=completed, count=done, rate=text, refresh=True)

        yield step


@contextmanager
def _bar(
    columns: tuple[ProgressColumn, ...],
    *,
    total: int | None = None,
    auto_refresh: bool = True,
    **fields: Any,
) -> Iterator[Callable[..., None]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(
        *columns,
        console=Console(stderr=True),
        auto_refresh=auto_refresh,
        redirect_stdout=False,  # results go where they went before
        redirect_stderr=False,
        transient=True,
    ) as progress:
        task = progress.add_task("", total=total, **fields)
        yield lambda **changes: progress.update(task, **changes)
