"""Events whose old results go before the new ones come, also when none come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr


def afresh(event: Any, run: Callable[..., Any], inputs: Any, outputs: Any, **options: Any) -> None:
    """On an event, take away what stands in the outputs, then run: old results are none of these.

    A dropdown loses its choices, too.
    """
    several = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]

    def empty() -> Any:
        blank = [
            gr.update(choices=[], value=None) if isinstance(one, gr.Dropdown) else ""
            for one in several
        ]
        return blank if len(blank) > 1 else blank[0]

    plain = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    event(empty, None, several, **plain).then(
        run, inputs, several, api_visibility="private", **options
    )
