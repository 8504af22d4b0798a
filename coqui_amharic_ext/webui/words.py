"""Errors in words: a person at the page reads what is wrong and what to do, never a stack trace."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import gradio as gr

from coqui_amharic_ext.errors import CoquiAmharicError

logger = logging.getLogger(__name__)


@contextmanager
def in_words(doing: str) -> Iterator[None]:
    """Turn any error into a message on the page; what nobody expected goes to the log in full.

    Parameters
    ----------
    doing : str
        What was being done, as the message's title.
    """
    try:
        yield
    except gr.Error:
        raise
    except (CoquiAmharicError, OSError) as error:
        raise _message(doing, str(error)) from error
    except Exception as error:
        logger.exception("while %s", doing)
        raise _message(
            doing,
            f"{type(error).__name__}: {error}. Nobody foresaw this one: the terminal in which the "
            "page was started has the details.",
        ) from error


def _message(doing: str, text: str) -> gr.Error:
    return gr.Error(
        escape(text[:2000]), duration=None, title=f"Failed while {doing}", print_exception=False
    )
