"""JSON that others wrote, read so that whatever is wrong with it is one kind of error."""

from __future__ import annotations

import json
from typing import Any


def parsed(text: str | bytes) -> Any:
    """Parse a JSON document.

    Raises
    ------
    json.JSONDecodeError
        It is none, or nested more deeply than Python's parser goes, which raises
        ``RecursionError`` for that.
    UnicodeDecodeError
        Bytes that are not UTF-8.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise json.JSONDecodeError("it is nested too deeply", "", 0) from None
