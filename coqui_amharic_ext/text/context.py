"""Words near a number that decide how it is read."""

from __future__ import annotations

from functools import cache

from coqui_amharic_ext.text.tables import rows


@cache
def stems(context: str) -> tuple[str, ...]:
    """Stems of ``data/context_words.tsv`` for one context: sport, counted, copied or begun."""
    return tuple(row["stem"] for row in rows("context_words") if row["context"] == context)
