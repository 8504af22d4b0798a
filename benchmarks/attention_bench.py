"""Attention alone: kernels × dtypes × lengths × padding, speed, peak memory and parity.

    python benchmarks/attention_bench.py                 # the device there is
    python benchmarks/attention_bench.py --lengths 512,1024 --kernels sdpa,varlen

Stock is what XTTS runs today: SDPA on the padded rectangle with a (batch, 1, T, T) mask. Eager is
the formula on the same rectangle. The kernels run on packed sequences. Each case checks parity, in
the same run: output and gradients may be off a float64 reference at most twice as far as stock SDPA
is in that dtype. A row that is not is marked, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import rows

from coqui_amharic_ext.demo.memory import Peak

if TYPE_CHECKING:
    from torch import Tensor

STOCK, EAGER = "stock sdpa", "stock eager"
FACTOR = 2.0
Attend = Callable[["Tensor", "Tensor", "Tensor"], "Tensor"]


@dataclass(frozen=True)
class Case:
    """One shape: sequence lengths, heads, channels of a head, dtype."""

    lengths: tuple[int, ...]
    heads: int
    head_dim: int
    dtype: str

    @property
    def padding(self) -> float:
        """Share of the padded rectangle that is padding."""
        return 1 - sum(self.lengths) / (max(self.lengths) * len(self.lengths))


def even(longest: int, batch: int, padding: float) -> tuple[int, ...]:
    """Return lengths spread evenly up to ``longest`` with a share ``padding`` of padding."""
    share = max(1 - 2 * padding, 1 / longest)
    steps = max(1, batch - 1)
    return tuple(max(1, round(longest * (share + (1 - share) * i / steps))) for i in range(batch))


def systems(case: Case, device: str, names: list[str]) -> Iterator[tuple[str, Attend | str]]:
    """Yield each system by name with its function on packed tensors, or why it cannot serve."""
    import torch
    import torch.nn.functional as F

    from coqui_amharic_ext import plugins
    from coqui_amharic_ext.attention.layout import PackedLayout
    from coqui_amharic_ext.attention.trial import capability, trial
    from coqui_amharic_ext.availability import Demand

    layout = PackedLayout.of(case.lengths, device)
    longest, batch = max(case.lengths), len(case.lengths)
    position = torch.arange(longest, device=device)
    valid = position < torch.tensor(case.lengths, device=device).unsqueeze(1)
    causal = position.unsqueeze(0) <= position.unsqueeze(1)
    mask = (causal & valid.unsqueeze(1)).unsqueeze(1)
    scale = case.head_dim**-0.5

    def padded(x: Tensor) -> Tensor:
        full = x.new_zeros(batch * longest, *x.shape[1:]).index_copy(0, layout.slots, x)
        return full.view(batch, longest, *x.shape[1:]).transpose(1, 2)

    def packed(x: Tensor) -> Tensor:
        return x.transpose(1, 2).flatten(0, 1).index_select(0, layout.slots)

    def stock(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        out = F.scaled_dot_product_attention(
            padded(q), padded(k), padded(v), attn_mask=mask, scale=scale
        )
        return packed(out)

    def eager(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        scores = padded(q) @ padded(k).transpose(2, 3) * scale
        weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1)
        return packed(weights @ padded(v))

    yield STOCK, stock
    yield EAGER, eager
    for name, spec in plugins.attention_backends().items():
        if names and name not in names:
            continue
        demand = Demand(device, case.dtype, case.head_dim, False, capability(device))
        reason = spec.refusal(demand) or trial(spec, demand)
        if reason:
            yield name, reason
            continue
        attend = spec.load()
        yield name, lambda q, k, v, run=attend: run(q, k, v, layout, dropout=0.0, scale=scale)


def reference(case: Case, inputs: list[Tensor], weight: Tensor) -> list[Tensor]:
    """Return output and gradients by the formula in float64, sequence by sequence, on the CPU."""
    import torch

    q, k, v = (x.detach().cpu().double().requires_grad_() for x in inputs)
    parts = []
    pieces = zip(*(x.split(case.lengths) for x in (q, k, v)), strict=True)
    for one in pieces:
        a, b, c = (x.transpose(0, 1) for x in one)
        scores = a @ b.transpose(1, 2) * case.head_dim**-0.5
        later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        parts.append((scores.masked_fill(later, float("-inf")).softmax(-1) @ c).transpose(0, 1))
    out = torch.cat(parts)
    return [out.detach(), *torch.autograd.grad(out, (q, k, v), weight.cpu().double())]


def error(found: list[Tensor], expected: list[Tensor]) -> float:
    """Return the largest difference, each part by its largest value."""
    return max(
        float((f.cpu().double() - e).abs().max() / e.abs().max())
        for f, e in zip(found, expected, strict=True)
    )


def measure(attend: Attend, inputs: list[Tensor], weight: Tensor, options: Any) -> dict[str, Any]:
    """Time forward, and forward with backward; take the peak memory of the latter."""
    import torch

    cuda = options.device == "cuda"
    clock = time.perf_counter if cuda else time.process_time

    def both() -> list[Tensor]:
        out = attend(*inputs)
        return [out.detach(), *torch.autograd.grad(out, inputs, weight)]

    def forward() -> None:
        with torch.no_grad():
            attend(*inputs)

    found = both()
    with Peak(options.device) as peak:
        both()
    timed: dict[str, list[float]] = {"forward": [], "forward_backward": []}
    for _ in range(options.repeats):
        for name, function in (("forward", forward), ("forward_backward", both)):
            if cuda:
                torch.cuda.synchronize()
            started = clock()
            function()
            if cuda:
                torch.cuda.synchronize()
            timed[name].append(clock() - started)
    best = {k: (rows.quantiles(v)[1] if cuda else min(v)) for k, v in timed.items()}
    return {"found": found, "mib": peak.mib, **best}


def bench(case: Case, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure every system on one case."""
    import torch

    generator = torch.Generator().manual_seed(0)
    shape = (4, sum(case.lengths), case.heads, case.head_dim)
    numbers = torch.randn(shape, generator=generator).to(options.device, getattr(torch, case.dtype))
    inputs = [x.clone().requires_grad_() for x in numbers[:3]]
    expected = reference(case, inputs, numbers[3])
    table: list[dict[str, Any]] = []
    allowed = 0.0
    for name, attend in systems(case, options.device, options.kernels):
        row: dict[str, Any] = {
            "kernel": name,
            "dtype": case.dtype,
            "batch": len(case.lengths),
            "length": max(case.lengths),
            "padding": f"{case.padding:.2f}",
            "heads": case.heads,
            "head_dim": case.head_dim,
            "forward_ms": "",
            "forward_backward_ms": "",
            "peak_mib": "",
            "time_vs_stock": "",
            "memory_vs_stock": "",
            "error": "",
            "allowed": "",
            "parity": "",
            "note": attend if isinstance(attend, str) else "",
        }
        table.append(row)
        if isinstance(attend, str):
            continue
        got = measure(attend, inputs, numbers[3], options)
        off = error(got["found"], expected)
        if name == STOCK:
            base, allowed = got, FACTOR * off
        # Eager rounds its probabilities to the dtype and is what the others improve on.
        fine = off <= allowed or name in (STOCK, EAGER, "eager")
        row |= {
            "forward_ms": f"{got['forward'] * 1e3:.3f}",
            "forward_backward_ms": f"{got['forward_backward'] * 1e3:.3f}",
            "peak_mib": f"{got['mib']:.1f}",
            "time_vs_stock": f"{got['forward_backward'] / base['forward_backward']:.3f}",
            "memory_vs_stock": f"{got['mib'] / base['mib']:.3f}",
            "error": f"{off:.2e}",
            "allowed": f"{allowed:.2e}",
            "parity": "ok" if fine else "FAILED",
        }
    return table


def _list(kind: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    return lambda text: [kind(part) for part in text.split(",") if part]


def main() -> int:
    """Run the cases, print and append the rows; exit 1 if a parity check failed."""
    import torch

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=("cpu", "cuda"))
    parser.add_argument("--kernels", type=_list(str), default=[], help="(default: all)")
    parser.add_argument("--dtypes", type=_list(str), help="(default: by device)")
    parser.add_argument("--lengths", type=_list(int), help="longest sequence (default: by device)")
    parser.add_argument("--padding", type=_list(float), default=[0.0, 0.25, 0.44])
    parser.add_argument("--batch", type=int, help="sequences (default: 8 on CUDA, 4 on the CPU)")
    parser.add_argument("--heads", type=int, default=16)
    parser.add_argument("--head-dim", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--csv", type=Path, help="append the rows to this file")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    options = parser.parse_args()
    options.device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    cuda = options.device == "cuda"
    dtypes = options.dtypes or (["float32", "bfloat16", "float16"] if cuda else ["float32"])
    longest = options.lengths or ([256, 512, 1024, 2048] if cuda else [128, 256, 512])
    batch = options.batch or (8 if cuda else 4)
    unknown = set(options.kernels) - _known()
    if unknown:
        parser.error(f"unknown kernels {sorted(unknown)}; known: {', '.join(sorted(_known()))}")
    machine = rows.machine(options.device)
    table: list[dict[str, Any]] = []
    for dtype in dtypes:
        for length in longest:
            for padding in options.padding:
                case = Case(even(length, batch, padding), options.heads, options.head_dim, dtype)
                found = [row | machine for row in bench(case, options)]
                table += found
                for row in found if not options.json else ():
                    _print(row)
    if options.csv:
        rows.append(options.csv, table)
    if options.json:
        print(json.dumps(table, indent=1))
    failed = [row for row in table if row["parity"] == "FAILED"]
    print(f"{len(table)} rows, parity failed in {len(failed)}", file=sys.stderr)
    return int(bool(failed))


def _known() -> set[str]:
    from coqui_amharic_ext import plugins

    return set(plugins.attention_backends())


def _print(row: dict[str, Any]) -> None:
    where = f"{row['dtype']:<9} T={row['length']:<5} pad {row['padding']}  {row['kernel']:<13}"
    if row["note"]:
        print(f"{where} not here: {row['note']}", flush=True)
        return
    print(
        f"{where} fwd {row['forward_ms']:>9} ms  fwd+bwd {row['forward_backward_ms']:>9} ms "
        f"(x{row['time_vs_stock']})  {row['peak_mib']:>7} MiB (x{row['memory_vs_stock']})  "
        f"error {row['error']} {row['parity']}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
