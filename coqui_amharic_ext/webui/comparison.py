"""The comparison with stock, drawn."""

from __future__ import annotations

from typing import Any

from coqui_amharic_ext.demo.measure import GRADIENT_TOLERANCE, LOSS_TOLERANCE
from coqui_amharic_ext.webui.markup import Markup, badge, cell
from coqui_amharic_ext.webui.plots import bar_plot


def shown(result: dict[str, Any]) -> Markup:
    """Return the parity badge and the plots of what ``demo.measure.measure`` found."""
    stock, ours, found = result["stock"], result["extension"], result["difference"]
    verdict = badge("equal to stock", "good") if result["equal"] else badge("not equal", "bad")
    said = (
        f"losses differ by {found['loss']:.1e} (tolerance {LOSS_TOLERANCE:.0e}), gradients of "
        f"{found['parameters']} parameters by at most {found['gradient']:.1e} of their largest "
        f"value (tolerance {GRADIENT_TOLERANCE:.0e})"
    )
    clock = "wall time" if result["device"] == "cuda" else "CPU time"
    plots = [
        _bars(f"One training step, {clock} ({result['device']})", stock, ours, "seconds", "s"),
        _bars("Peak memory of the step", stock, ours, "peak_mib", "MiB"),
    ]
    return Markup(f'<p id="parity">{verdict} {cell(said)}</p>{"".join(plots)}')


def _bars(title: str, stock: dict[str, float], ours: dict[str, float], key: str, unit: str) -> str:
    ratio = ours[key] / stock[key] if stock[key] else float("nan")
    return bar_plot(
        f"{title}: {ratio:.2f} of stock", {"stock": stock[key], "extension": ours[key]}, unit
    )
