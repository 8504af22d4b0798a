"""What makes a reading less likely, and by how much: ``data/costs.tsv``."""

from __future__ import annotations

from functools import lru_cache

from coqui_amharic_ext.io.tables import rows


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, str], float]:
    table = rows("g2p/data/costs.tsv", "kind", "case", "cost")
    return {(kind, case): float(cost) for kind, case, cost in table}


def cost(kind: str, case: str = "") -> float:
    """Return the cost of a case, or that of its kind if the case is not listed.

    Raises
    ------
    KeyError
        Neither is listed.
    """
    table = _table()
    found = table.get((kind, case))
    return table[kind, ""] if found is None else found
