"""Draw speed, memory and padding curves from the CSV files of the other benchmarks.

``python benchmarks/plot.py FILE.csv [--out FOLDER]``; what is drawn follows from the columns.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

Row = dict[str, str]


def attention(table: list[Row], out: Path, name: str) -> list[Path]:
    """Draw time and memory against length, and time against padding, by kernel."""
    written = []
    for dtype in dict.fromkeys(row["dtype"] for row in table):
        some = [row for row in table if row["dtype"] == dtype and row["forward_backward_ms"]]
        most = max(row["padding"] for row in some)
        longest = max((row["length"] for row in some), key=int)
        at_most = [row for row in some if row["padding"] == most]
        at_longest = [row for row in some if row["length"] == longest]
        panels = [
            (at_most, "length", "forward_backward_ms", f"padding {most}", "longest sequence"),
            (at_most, "length", "peak_mib", f"padding {most}", "longest sequence"),
            (at_longest, "padding", "forward_backward_ms", f"T = {longest}", "share of padding"),
        ]
        units = {"forward_backward_ms": "forward + backward, ms", "peak_mib": "peak memory, MiB"}
        figure, axes = _figure(len(panels))
        for axis, (part, x, y, title, label) in zip(axes, panels, strict=True):
            for kernel in dict.fromkeys(row["kernel"] for row in part):
                line = sorted((float(r[x]), float(r[y])) for r in part if r["kernel"] == kernel)
                style = "--" if kernel.startswith("stock") else "-"
                axis.plot(*zip(*line, strict=True), style, marker="o", label=kernel)
            axis.set(title=title, xlabel=label, ylabel=units[y], ylim=(0, None))
        axes[0].legend()
        figure.suptitle(f"{some[0]['device']}, {dtype}")
        written.append(_save(figure, out / f"{name}-{dtype}.png"))
    return written


def training(table: list[Row], out: Path, name: str) -> list[Path]:
    """Draw time per real token and activation memory of each variant as shares of stock's."""
    some = [row for row in table if not row["error"]]
    figure, axes = _figure(2)
    labels = [row["variant"] for row in some]
    for axis, key, title in (
        (axes[0], "time_vs_stock", "time per real token, stock = 1"),
        (axes[1], "memory_vs_stock", "activation memory, stock = 1"),
    ):
        bars = axis.barh(labels, [float(row[key]) for row in some])
        axis.bar_label(bars, fmt="%.2f", padding=2)
        axis.margins(x=0.15)
        axis.axvline(1.0, color="grey", linewidth=1)
        axis.invert_yaxis()
        axis.set(title=title)
    axes[1].set_yticklabels([])
    one = some[0]
    figure.suptitle(
        f"{one['device']}: {one['layers']} layers, width {one['width']}, batch of {one['rows']}, "
        f"padding {one['padding']}"
    )
    return [_save(figure, out / f"{name}.png")]


def _figure(columns: int):  # type: ignore[no-untyped-def]
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot.subplots(1, columns, figsize=(5 * columns, 4.2), layout="constrained")


def _save(figure, path: Path) -> Path:  # type: ignore[no-untyped-def]
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    return path


def main() -> int:
    """Draw one CSV file's plots beside it, or in ``--out``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--out", type=Path, help="folder (default: the file's)")
    options = parser.parse_args()
    with options.file.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    if not table:
        parser.error(f"{options.file} has no rows")
    draw = {"kernel": attention, "variant": training}.get(next(iter(table[0])))
    if draw is None:
        parser.error(f"{options.file} is of neither attention_bench.py nor training_bench.py")
    for path in draw(table, options.out or options.file.parent, options.file.stem):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
