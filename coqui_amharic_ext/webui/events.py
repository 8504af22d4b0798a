"""Events of the page: inputs are checked, errors are shown in words, old results go first."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, Final, NoReturn

import gradio as gr
import safehttpx
from gradio import processing_utils
from markupsafe import escape
from pydantic import ValidationError, validate_call

from coqui_amharic_ext.errors import CoquiAmharicError

MOST_CHARACTERS: Final = 2000
SECONDS: Final = 20.0
"""How long an error is shown; the user can close it earlier."""

logger = logging.getLogger(__name__)


class FetchError(CoquiAmharicError, RuntimeError):
    """gradio is asked to fetch an address, which the page never does."""


def on(
    event: Any,
    run: Callable[..., Any],
    inputs: Any = None,
    outputs: Any = None,
    *,
    doing: str,
    fresh: bool = False,
    quiet: bool = False,
    **options: Any,
) -> None:
    """Run a function on an event.

    Parameters
    ----------
    event : gradio event
        Such as ``button.click``.
    run : callable
        Its annotations are the types that a browser may send.
    inputs, outputs : components
        As gradio takes them.
    doing : str
        What it does, for the title of an error.
    fresh : bool
        Whether to clear the outputs first, so that no old result stays beside an error.
    quiet : bool
        Whether to hide gradio's progress display.
    **options
        Passed on to gradio.
    """
    checked = validate_call(config={"arbitrary_types_allowed": True})(run)

    @functools.wraps(run)
    def shown(*values: Any) -> Any:
        try:
            return checked(*values)
        except gr.Error:
            raise
        except Exception as error:
            raise gr.Error(
                escape(explained(doing, error)),
                duration=SECONDS,
                title=f"Failed while {doing}",
                print_exception=False,
            ) from error

    options["api_visibility"] = "private"
    if quiet:
        options["show_progress"] = "hidden"
    if fresh:
        several = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        first = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        event = event(lambda: _blank(several), None, several, **first).then
    event(shown, inputs, outputs, **options)


def _blank(outputs: list[Any]) -> Any:
    blank = [
        gr.update(choices=[], value=None)
        if isinstance(one, gr.Dropdown)
        else ""
        if isinstance(one, gr.HTML)
        else gr.update(value=None, visible=False)
        for one in outputs
    ]
    return blank if len(blank) > 1 else blank[0]


def explained(doing: str, error: Exception) -> str:
    """Return what the page says about an error; an unexpected one is logged with its traceback."""
    if isinstance(error, ValidationError):
        problems = "; ".join(f"{one['msg']}, not {one['input']!r}" for one in error.errors())
        return f"The browser sent a value of the wrong type: {problems}"[:MOST_CHARACTERS]
    if isinstance(error, (CoquiAmharicError, OSError)):
        return str(error)[:MOST_CHARACTERS]
    logger.error("while %s", doing, exc_info=error)
    return (
        f"{type(error).__name__}: {str(error)[:MOST_CHARACTERS]}. An unexpected error: see the "
        "terminal in which the page was started."
    )


def fetch_nothing() -> None:
    """Keep gradio from fetching an address that a browser sends in place of a file.

    gradio would ask a public resolver for the host, which tells it private names.
    """

    async def get(url: object, *arguments: Any, **options: Any) -> NoReturn:
        raise FetchError("the page takes files, and fetches nothing from addresses")

    safehttpx.get = get
    processing_utils.sync_client.close()
