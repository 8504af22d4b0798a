"""Errors in words: a person at the page reads what is wrong and what to do, never a stack trace."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Final

import gradio as gr

from coqui_amharic_ext.errors import CoquiAmharicError

MOST: Final = 2000
SECONDS: Final = 20.0
"""How long a message is shown; a person can close it before."""

logger = logging.getLogger(__name__)


def said(doing: str, error: Exception) -> str:
    """Return what a person reads of an error; what nobody expected goes to the log in full."""
    if isinstance(error, (CoquiAmharicError, OSError)):
        return str(error)[:MOST]
    logger.error("while %s", doing, exc_info=error)
    return (
        f"{type(error).__name__}: {str(error)[:MOST]}. Nobody foresaw this one: the terminal in "
        "which the page was started has the details."
    )


@contextmanager
def in_words(doing: str) -> Iterator[None]:
    """Turn any error into a message on the page; for events that go through gradio's queue.

    Parameters
    ----------
    doing : str
        What was being done, as the message's title.
    """
    try:
        yield
    except gr.Error:
        raise
    except Exception as error:
        raise gr.Error(
            escape(said(doing, error)),
            duration=SECONDS,
            title=f"Failed while {doing}",
            print_exception=False,
        ) from error
