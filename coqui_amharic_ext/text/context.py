"""Words near a number that decide how it is read."""

from __future__ import annotations

from functools import cache

from coqui_amharic_ext.io.tables import rows


@cache
def stems(context: str) -> tuple[str, ...]:
    """Stems of ``data/context_words.tsv`` for one context: sport, counted, copied or begun."""
    return tuple(
        stem for stem, of in rows("text/data/context_words.tsv", "stem", "context") if of == context
    )
