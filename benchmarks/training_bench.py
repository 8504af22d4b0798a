"""Whole training steps of XTTS's GPT: stock coqui-tts beside the extension, one change at a time.

    python benchmarks/training_bench.py                      # XTTS v2's shape; wants a GPU
    python benchmarks/training_bench.py --layers 4 --batch 6 --padding 0.44   # fine on two cores

Each variant runs in a process of its own, in rounds that go forwards, then backwards through the
variants, so that a machine that slows down favours none. The first variant is stock as the recipe
ships it and the base of every ratio. ``--set full`` adds the changes cumulatively. Time on the CPU
is CPU time, the least of the steps, since wall time on a shared machine measures the neighbours;
on CUDA it is wall time, the median.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import lengths
import rows

OFF = {"ATTENTION": "off", "CONDITIONING_SDPA": "0"}
PLAIN = {"PACKING": "0", "FUSED_GELU": "0", "NEEDED_LOGITS": "0", "CONDITIONING_SDPA": "0"}
PEAK_TFLOPS = {"H100": 989.0, "H200": 989.0, "A100": 312.0, "L40": 181.0, "4090": 165.0}
"""Dense bf16 peak by a part of the device's name, from the makers' data sheets."""
SIZES = {"layers": 30, "width": 1024, "heads": 16, "batch": 8}


@dataclass(frozen=True)
class Variant:
    """One way to run a step: variables of the extension, precision, and what else differs."""

    name: str
    variables: dict[str, str] = field(default_factory=dict)
    precision: str = "fp32"
    eager: bool = False
    fused_adamw: bool = False
    token_budget: bool = False


def variants(chosen: str, precision: str) -> list[Variant]:
    """Return the variants of a set, stock first."""
    stock = Variant("stock fp32", OFF)
    base = [stock]
    if precision != "fp32":
        base.append(Variant(f"stock {precision}", OFF, precision))
    eager = Variant(f"eager {precision}", OFF, precision, eager=True)
    ours = Variant("extension", {}, precision)
    checkpointing = Variant("extension +checkpointing", {"CHECKPOINTING": "1"}, precision)
    if chosen == "quick":
        return [*base, ours, checkpointing]
    steps: list[tuple[str, dict[str, str], dict[str, Any]]] = [
        ("+kernel", {}, {}),
        ("+packing", {"PACKING": "1"}, {}),
        ("+fused GELU", {"FUSED_GELU": "1"}, {}),
        ("+needed logits", {"NEEDED_LOGITS": "1"}, {}),
        ("+conditioning SDPA", {"CONDITIONING_SDPA": "1"}, {}),
        ("+fused AdamW", {}, {"fused_adamw": True}),
        ("+compile", {"COMPILE": "1"}, {}),
        ("+checkpointing", {"COMPILE": "0", "CHECKPOINTING": "1"}, {}),
        ("+token-budget batches", {"CHECKPOINTING": "0"}, {"token_budget": True}),
    ]
    found = [*base, eager]
    variables, options = dict(PLAIN), {}
    for name, change, option in steps:
        variables, options = variables | change, options | option
        found.append(Variant(name, dict(variables), precision, **options))
    return found


def build(options: argparse.Namespace, variant: Variant) -> tuple[Any, Any]:
    """Return a seeded GPT with XTTS v2's vocabulary sizes, and its optimizer."""
    import torch
    from TTS.tts.layers.xtts.gpt import GPT

    torch.manual_seed(options.seed)
    model = GPT(
        layers=options.layers,
        model_dim=options.width,
        heads=options.heads,
        max_text_tokens=402,
        max_mel_tokens=605,
        max_prompt_tokens=70,
        number_text_tokens=6681,
        num_audio_tokens=1026,
        start_audio_token=1024,
        stop_audio_token=1025,
        use_perceiver_resampler=True,
        code_stride_len=1024,
    )
    if variant.eager:
        model.gpt.config._attn_implementation = "eager"
    model = model.to(options.device).train()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=5e-6, betas=(0.9, 0.96), weight_decay=1e-2, fused=variant.fused_adamw
    )
    return model, optimizer


def clips_of(options: argparse.Namespace, variant: Variant) -> list[lengths.Clip]:
    """Return the clips of the batch that every variant sees."""
    if options.padding is not None:
        batch = lengths.spread(options.padding, options.batch)
    else:
        batch = lengths.draw(options.distribution, options.batch, options.seed)
    if not variant.token_budget:
        return batch
    many = lengths.draw(options.distribution, 64 * options.batch, options.seed + 1)
    return lengths.token_batch(many, sum(clip.tokens for clip in batch))


def child(options: argparse.Namespace, variant: Variant) -> dict[str, Any]:
    """Run the steps of one variant in this process and return what was measured."""
    import torch

    from coqui_amharic_ext.demo.memory import Peak

    model, optimizer = build(options, variant)
    clips = clips_of(options, variant)
    batch = lengths.tensors(clips, options.seed, options.device)
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(variant.precision)
    cuda = options.device == "cuda"

    def losses() -> Any:
        with torch.autocast(options.device, dtype=dtype, enabled=dtype is not None):
            text, mel, _ = model(**batch)
            return 0.01 * text + mel

    def step() -> float:
        loss = losses()
        loss.backward()
        optimizer.step()
        # Gradients stay allocated, so that the peak of the next step is what it needs on top.
        optimizer.zero_grad(set_to_none=False)
        return float(loss.detach())

    first = step()
    for _ in range(options.warmup):
        step()
    with Peak(options.device) as peak:
        losses().backward()
    optimizer.zero_grad(set_to_none=False)
    syncs = _synchronisations(step) if cuda else None
    clock = time.perf_counter if cuda else time.process_time
    times = []
    for _ in range(options.steps):
        if cuda:
            torch.cuda.synchronize()
        started = clock()
        step()
        if cuda:
            torch.cuda.synchronize()
        times.append(clock() - started)
    return {
        "times": times,
        "activation_mib": peak.mib,
        "tokens": sum(clip.tokens for clip in clips),
        "rows": len(clips),
        "padding": lengths.padding_of(clips),
        "flops": flops(model, clips),
        "loss": first,
        "syncs": syncs,
        "kernel": _kernel(),
        "machine": rows.machine(options.device),
    }


def _synchronisations(step: Any) -> int:
    """Count the operations of one step at which the host waits for the device."""
    import torch

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            step()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum("synchroniz" in str(w.message) for w in caught) - 1  # the loss that step() returns


def _kernel() -> str:
    if os.environ["COQUI_AMHARIC_AUTOLOAD"] == "0":
        return ""
    import coqui_amharic_ext as am

    return ", ".join(choice.kernel or "upstream's" for choice in am.status().chosen.kernels)


def flops(model: Any, clips: list[lengths.Clip]) -> float:
    """Return the floating-point operations that the real tokens of a step need.

    Six per weight and token for the transformer and the heads, and causal attention's
    6 · T² · width per layer (forward and backward); the conditioning encoder is left out.
    """
    weights = sum(p.numel() for p in model.gpt.parameters())
    width, layers = model.model_dim, model.layers
    total = 0.0
    for clip in clips:
        mel = clip.tokens - lengths.PROMPT - clip.text - 1
        total += 6 * weights * clip.tokens + 6 * clip.tokens**2 * width * layers
        total += 6 * width * ((clip.text + 1) * model.text_head.out_features)
        total += 6 * width * (mel * model.mel_head.out_features)
    return total


def run(options: argparse.Namespace, variant: Variant) -> dict[str, Any]:
    """Run one variant in a child process."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    stock = variant.variables is OFF
    environment["COQUI_AMHARIC_AUTOLOAD"] = "0" if stock else "1"
    if not stock:
        environment |= {f"COQUI_AMHARIC_{k}": v for k, v in variant.variables.items()}
        environment["COQUI_AMHARIC_ATTENTION"] = options.attention
    command = [sys.executable, __file__, *sys.argv[1:], "--child", variant.name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        return {"error": last[0]}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def summarise(
    options: argparse.Namespace, variant: Variant, results: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return one CSV row of a variant's rounds."""
    good = [result for result in results if "error" not in result]
    row: dict[str, Any] = {"variant": variant.name}
    row |= {key: getattr(options, key) for key in ("layers", "width", "heads")}
    row["attention"] = "" if variant.variables is OFF else options.attention
    row["lengths"] = (
        f"padding {options.padding}" if options.padding is not None else options.distribution
    )
    if not good:
        return row | {"error": results[0]["error"]}
    times = [t for result in good for t in result["times"]]
    low, median, high = rows.quantiles(times)
    best = min(times) if options.device == "cpu" else median
    one = good[0]
    row |= {key: one[key] for key in ("rows", "tokens", "kernel", "loss")}
    row["padding"] = f"{one['padding']:.3f}"
    row["clock"] = "CPU, least" if options.device == "cpu" else "wall, median"
    row |= {"seconds": f"{best:.4f}", "low": f"{low:.4f}", "median": f"{median:.4f}"}
    row |= {"high": f"{high:.4f}", "tokens_per_second": f"{one['tokens'] / best:.0f}"}
    row["activation_mib"] = f"{max(result['activation_mib'] for result in good):.1f}"
    peak = next((v for k, v in PEAK_TFLOPS.items() if k in one["machine"]["device"]), None)
    row["model_flops_utilisation"] = (
        f"{one['flops'] / best / peak / 1e12:.3f}" if peak and options.device == "cuda" else ""
    )
    row["syncs"] = "" if one["syncs"] is None else one["syncs"]
    return row | {"error": "", **one["machine"]}


def compare(table: list[dict[str, Any]]) -> None:
    """Add time per real token and memory as shares of stock, as shipped and in this precision."""
    for row in table:
        for name, base in (("stock", table[0]), ("stock_same_precision", table[1])):
            row[f"time_vs_{name}"] = row[f"memory_vs_{name}"] = ""
            if row["error"] or base["error"] or not base["variant"].startswith("stock"):
                continue
            time_share = float(row["seconds"]) / row["tokens"]
            time_share /= float(base["seconds"]) / base["tokens"]
            row[f"time_vs_{name}"] = f"{time_share:.3f}"
            memory_share = float(row["activation_mib"]) / float(base["activation_mib"])
            row[f"memory_vs_{name}"] = f"{memory_share:.3f}"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, value in SIZES.items():
        parser.add_argument(f"--{name}", type=int, default=value, help=f"(default: {value})")
    parser.add_argument("--set", choices=("quick", "full"), default="full", dest="chosen")
    parser.add_argument("--attention", default="auto", help="kernel (default: auto)")
    parser.add_argument("--device", default=None, help="cuda or cpu (default: what there is)")
    parser.add_argument("--precision", choices=("fp32", "bf16", "fp16"), default=None)
    parser.add_argument("--distribution", choices=tuple(lengths.DISTRIBUTIONS), default="ljspeech")
    parser.add_argument("--padding", type=float, help="evenly spread lengths with this share")
    parser.add_argument("--steps", type=int, default=5, help="timed steps a round (default: 5)")
    parser.add_argument("--warmup", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2, help="(default: 2)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--csv", type=Path, help="append the rows to this file")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.device is None:
        import torch

        options.device = "cuda" if torch.cuda.is_available() else "cpu"
    if options.precision is None:
        options.precision = "bf16" if options.device == "cuda" else "fp32"
    return options


def main() -> int:
    """Run the rounds, print the table, append the rows; exit 1 if a variant failed."""
    options = parse()
    chosen = variants(options.chosen, options.precision)
    if options.child:
        variant = next(v for v in chosen if v.name == options.child)
        print(json.dumps(child(options, variant)))
        return 0
    results: dict[str, list[dict[str, Any]]] = {variant.name: [] for variant in chosen}
    for number in range(options.rounds):
        for variant in chosen if number % 2 == 0 else reversed(chosen):
            print(f"round {number + 1}: {variant.name}", file=sys.stderr, flush=True)
            results[variant.name].append(run(options, variant))
    table = [summarise(options, variant, results[variant.name]) for variant in chosen]
    compare(table)
    if options.csv:
        complete = [dict.fromkeys(max(table, key=len), "") | row for row in table]
        rows.append(options.csv, complete)
    if options.json:
        print(json.dumps(table, indent=1))
    else:
        _print(table)
    return int(any(row["error"] for row in table))


def _print(table: list[dict[str, Any]]) -> None:
    print(
        f"{'variant':<26}{'seconds':>9}{'time':>7}{'MiB':>9}{'memory':>8}{'tokens/s':>10}  kernel"
    )
    for row in table:
        if row["error"]:
            print(f"{row['variant']:<26}  {row['error']}")
            continue
        print(
            f"{row['variant']:<26}{row['seconds']:>9}{row['time_vs_stock']:>7}"
            f"{row['activation_mib']:>9}{row['memory_vs_stock']:>8}"
            f"{row['tokens_per_second']:>10}  {row['kernel']}"
        )


if __name__ == "__main__":
    sys.exit(main())
