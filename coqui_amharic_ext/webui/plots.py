"""Plots as SVG that takes its colours from the page, so that they fit light and dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from coqui_amharic_ext.webui.markup import Markup

WIDTH: Final = 640
HEIGHT: Final = 260
LEFT, RIGHT, TOP, BOTTOM = 66, 12, 12, 34
MOST_POINTS: Final = 400

Points = Sequence[tuple[float, float]]


def line_plot(series: Mapping[str, Points], *, x: str, y: str) -> Markup:
    """Draw one line per series.

    Parameters
    ----------
    series : mapping of str to points
        ``(x, y)`` by name; points that are not finite are left out.
    x, y : str
        What the axes are.
    """
    drawn = {name: thinned(finite(points)) for name, points in series.items()}
    drawn = {name: points for name, points in drawn.items() if points}
    if not drawn:
        return Markup('<p class="am-message am-plain">no points yet</p>')
    every = [point for points in drawn.values() for point in points]
    across = _Scale([p[0] for p in every], LEFT, WIDTH - RIGHT)
    up = _Scale([p[1] for p in every], HEIGHT - BOTTOM, TOP)
    parts = [_axes(across, up, x, y)]
    for number, points in enumerate(drawn.values()):
        path = " ".join(f"{across(a):.1f},{up(b):.1f}" for a, b in points)
        parts.append(f'<polyline class="am-line am-line-{number % 6}" points="{path}"/>')
        a, b = points[-1]
        parts.append(
            f'<circle class="am-dot am-line-{number % 6}" cx="{across(a):.1f}" cy="{up(b):.1f}" '
            'r="3"/>'
        )
    said = "; ".join(
        f"{name} from {points[0][1]:.4g} to {points[-1][1]:.4g}" for name, points in drawn.items()
    )
    return Markup(_svg(f"{y} over {x}: {said}", "".join(parts)) + _legend(drawn))


def bar_plot(title: str, bars: Mapping[str, float], unit: str) -> Markup:
    """Draw one horizontal bar per name, from zero, with its number beside it."""
    most = max(bars.values(), default=0.0) or 1.0
    parts = []
    for number, (name, value) in enumerate(bars.items()):
        top = 14 + 44 * number
        width = max(1.0, value / most * (WIDTH - 250))
        parts.append(
            f'<text x="0" y="{top + 19}">{escape(name)}</text>'
            f'<rect class="am-bar am-line-{number % 6}" x="110" y="{top}" width="{width:.1f}" '
            f'height="28" rx="3"/>'
            f'<text x="{118 + width:.1f}" y="{top + 19}">{value:.4g} {escape(unit)}</text>'
        )
    said = ", ".join(f"{name} {value:.4g} {unit}" for name, value in bars.items())
    height = 14 + 44 * len(bars)
    return Markup(
        f"<h4>{escape(title)}</h4>" + _svg(f"{title}: {said}", "".join(parts), height=height)
    )


def waveform(peaks: Sequence[tuple[float, float]], seconds: float, name: str) -> Markup:
    """Draw a clip from the lowest and highest sample of each of its columns, within ±1."""
    height = 90
    middle = height / 2
    columns = len(peaks) or 1
    parts = [f'<line class="am-axis" x1="0" x2="{WIDTH}" y1="{middle}" y2="{middle}"/>']
    for number, (low, high) in enumerate(peaks):
        x = (number + 0.5) * WIDTH / columns
        top, bottom = middle - high * (middle - 2), middle - low * (middle - 2)
        parts.append(
            f'<line class="am-wave" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" '
            f'y2="{max(bottom, top + 0.5):.1f}"/>'
        )
    return Markup(_svg(f"waveform of {name}, {seconds:.2f} s", "".join(parts), height=height))


def finite(points: Points) -> list[tuple[float, float]]:
    """Leave out points that cannot be drawn."""
    return [p for p in points if math.isfinite(p[0]) and math.isfinite(p[1])]


def thinned(points: Points, most: int = MOST_POINTS) -> list[tuple[float, float]]:
    """Return at most ``most`` points, evenly taken, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(number * step)] for number in range(most)]


class _Scale:
    """Maps values to places, with a little air where there is one value only."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.low, self.high = min(values), max(values)
        if self.high - self.low < 1e-12 * max(1.0, abs(self.high)):
            air = abs(self.high) * 0.05 or 0.5
            self.low, self.high = self.low - air, self.high + air
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        return [self.low + (self.high - self.low) * part / 4 for part in range(5)]


def _axes(across: _Scale, up: _Scale, x: str, y: str) -> str:
    parts = []
    for value in up.ticks():
        place = up(value)
        parts.append(
            f'<line class="am-axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place:.1f}" '
            f'y2="{place:.1f}"/><text x="{LEFT - 6}" y="{place + 4:.1f}" text-anchor="end">'
            f"{value:.3g}</text>"
        )
    for number, value in enumerate(across.ticks()):
        anchor = ("start", "middle", "middle", "middle", "end")[number]
        parts.append(
            f'<text x="{across(value):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="{anchor}">'
            f"{value:.4g}</text>"
        )
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 3}" text-anchor="end">{escape(x)}</text>')
    parts.append(f'<text x="4" y="{HEIGHT - 3}">{escape(y)}</text>')
    return "".join(parts)


def _legend(series: Mapping[str, Points]) -> str:
    entries = "".join(
        f'<li><span class="am-swatch am-line-{number % 6}"></span>{escape(name)}: '
        f"{points[-1][1]:.4g}</li>"
        for number, (name, points) in enumerate(series.items())
    )
    return f'<ul class="am-legend">{entries}</ul>'


def _svg(label: str, body: str, *, height: int = HEIGHT) -> str:
    return (
        f'<svg class="am-plot" role="img" aria-label="{escape(label)}" '
        f'viewBox="0 0 {WIDTH} {height}" preserveAspectRatio="xMidYMid meet">{body}</svg>'
    )
