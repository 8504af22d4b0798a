"""The demonstration, step by step."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import coqui_amharic_ext as am
from coqui_amharic_ext.demo import needs, tiny
from coqui_amharic_ext.demo.files import sentences, unpack_corpus
from coqui_amharic_ext.demo.measure import GRADIENT_TOLERANCE, LOSS_TOLERANCE, measure
from coqui_amharic_ext.demo.process import StepFailedError, python, run_logged

if TYPE_CHECKING:
    from rich.console import Console

SHOWN: Final = (2, 3, 11)
"""The transcribed sentences: a number, labialised letters, a date."""

PATCHED: Final = (
    "TTS.tts.models.xtts",
    "TTS.tts.layers.xtts.trainer.gpt_trainer",
    "TTS.utils.synthesizer",
)
"""Modules to import so that every patch has a state."""

BUSY: Final = 1.25
"""Ratio of two measurements of one step above which the times are not reliable."""

LOSSES: Final = {"train_vits": "loss_mel", "train_xtts_gpt": "loss"}
"""The shown loss: VITS trains two networks against each other and prints nine losses."""

LOADERS: Final = {"num_loader_workers": "0", "num_eval_loader_workers": "0"}
TINY_VITS: Final = {
    # Three steps: upstream's discriminators have a fixed size, and take seconds each on a CPU.
    "batch_size": "6",
    "eval_batch_size": "2",
    "epochs": "1",
    "mixed_precision": "false",
    "print_step": "1",
    "save_step": "1000",
    "eval_split_size": "0.1",
    "model_args.spec_segment_size": "8",
    "model_args.hidden_channels": "32",
    "model_args.hidden_channels_ffn_text_encoder": "64",
    "model_args.num_layers_text_encoder": "2",
    "model_args.num_layers_flow": "1",
    "model_args.num_layers_posterior_encoder": "2",
    "model_args.upsample_initial_channel_decoder": "64",
    **LOADERS,
}
TINY_XTTS: Final = {
    "batch_size": "3",
    "eval_batch_size": "2",
    "epochs": "1",
    "print_step": "1",
    "save_step": "1000",
    "eval_split_size": "0.1",
    "lr": "0.001",
    **LOADERS,
}


def run(output: Path, *, quiet: bool = False) -> dict[str, Any]:
    """Run every step in a new folder below ``output`` and return the results.

    Raises
    ------
    NotReadyError
        A requirement is missing.
    StepFailedError
        A step ended with an error, or the parity check found a difference.
    """
    needs.require(output)
    from rich.console import Console

    console = Console(stderr=quiet, highlight=False, soft_wrap=True)
    folder = _new_folder(output)
    started = time.perf_counter()
    results: dict[str, Any] = {"folder": str(folder.resolve())}

    results["status"] = _show_status(console)
    results["transcriptions"] = _show_transcriptions(console)
    corpus = unpack_corpus(folder / "corpus")
    with _progress(console, "training VITS, tiny, one epoch") as tell:
        results["vits"] = _train("train_vits.py", folder, corpus, _vits_options(), tell)
    _show_training(console, "VITS", results["vits"])
    with _progress(console, "training the XTTS GPT, tiny, one epoch") as tell:
        results["xtts"] = _train("train_xtts_gpt.py", folder, corpus, _xtts_options(folder), tell)
    _show_training(console, "XTTS GPT", results["xtts"])
    with _progress(console, "synthesising with the stock tts command") as tell:
        results["wav"] = _synthesise(Path(results["vits"]["run"]), folder, tell)
    console.print(
        f"[green]✓[/] stock `tts` spoke {results['wav']['seconds']:.1f} s from the VITS checkpoint"
    )
    results["attention"] = measure(folder, lambda title: _progress(console, title))
    _show_comparison(console, results["attention"])

    results["seconds"] = time.perf_counter() - started
    (folder / "results.json").write_text(
        json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    _show_files(console, results)
    if not results["attention"]["equal"]:
        raise StepFailedError("attention parity: the difference to stock is above its tolerance")
    return results


def _new_folder(output: Path) -> Path:
    """Create a folder for this run, with another name if two start in the same second."""
    output.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now().strftime("run-%Y%m%d-%H%M%S")
    for ending in ("", *(f"-{n}" for n in range(2, 100))):
        with contextlib.suppress(FileExistsError):
            (output / f"{stamp}{ending}").mkdir()
            return output / f"{stamp}{ending}"
    raise FileExistsError(f"{output} has too many folders named {stamp}")


class _progress:
    """A spinner with the latest line of a log; plain lines without a terminal."""

    def __init__(self, console: Console, title: str) -> None:
        self._console, self._title = console, title
        self._status = console.status(title)

    def __enter__(self) -> Callable[[str], None]:
        if not self._console.is_terminal:
            self._console.print(f"… {self._title}")
        self._status.start()

        def tell(line: str) -> None:
            self._status.update(f"{self._title}  [dim]{_plain(line)[:100]}[/]")

        return tell

    def __exit__(self, *raised: object) -> None:
        self._status.stop()


def _plain(line: str) -> str:
    from rich.markup import escape

    return escape(_uncoloured(line))


def _show_status(console: Console) -> dict[str, Any]:
    try:
        for module in PATCHED:
            import_module(module)
    except Exception as error:  # whatever a broken installation raises
        first = str(error).strip().split("\n", 1)[0]
        raise needs.NotReadyError(
            f"{module} cannot be imported ({type(error).__name__}: {first}); coqui-amharic doctor "
            "names what is wrong and the command that fixes it"
        ) from error
    report = am.activate()
    console.print("[bold]What is active[/]")
    for patch in report.patches:
        mark = "[green]✓[/]" if patch.state == "applied" else "[yellow]–[/]"
        state = ""
        if patch.state != "applied":
            why = ": ".join(filter(None, (patch.state, patch.reason)))
            state = f" [{why}]".replace("[", "\\[")
        console.print(f"  {mark} {patch.name}: {patch.summary}{state}")
    for backend in report.backends:
        mark = "[green]✓[/]" if backend.available else "[yellow]–[/]"
        reason = "" if backend.available else f" ({_plain(backend.reason)})"
        console.print(f"  {mark} {backend.kind} {backend.name}{reason}")
    return report.to_dict()


def _show_transcriptions(console: Console) -> list[dict[str, Any]]:
    console.print("[bold]Three sentences, by each available backend and by the chain[/]")
    available = [b.name for b in am.status().backends if b.kind == "g2p" and b.available]
    corpus = sentences()
    rows = []
    for index in SHOWN:
        text = corpus[index]
        console.print(f"  {text}  →  {am.normalize(text)}")
        for backend in (*available, None):
            done = am.transcribe(text, backend=backend)
            who = backend or f"chain ({', '.join(done.backends)})"
            console.print(f"    {who}: {done.ipa}", markup=False)
            rows.append({"text": text, "backend": who, "ipa": done.ipa})
    return rows


def _vits_options() -> dict[str, str]:
    return {f"--coqpit.{key}": value for key, value in TINY_VITS.items()}


def _xtts_options(folder: Path) -> dict[str, str]:
    assets = folder / "xtts-assets"
    # The clips are up to 4.3 s; longer conditioning would be padding.
    changes = {f"model_args.{k}": _spelled(v) for k, v in tiny.gpt_args_overrides().items()}
    return {
        "--vocab": str(tiny.write_vocab(assets / "vocab.json")),
        "--dvae": str(tiny.write_dvae(assets / "dvae.pth")),
        "--mel-stats": str(tiny.write_mel_norms(assets / "mel_stats.pth")),
        **{f"--coqpit.{key}": value for key, value in {**TINY_XTTS, **changes}.items()},
    }


def _spelled(value: object) -> str:
    """Format a value for upstream's config parser."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _train(
    recipe: str, folder: Path, corpus: Path, options: dict[str, str], tell: Callable[[str], None]
) -> dict[str, Any]:
    name = Path(recipe).stem
    script = files("coqui_amharic_ext.recipes").joinpath(recipe)
    command = python(str(script), "--data", str(corpus), "--output", str(folder / name))
    command += [part for pair in options.items() for part in pair]
    seconds = run_logged(command, folder / f"{name}.log", tell=tell)
    run_folder = next((folder / name).glob("*/config.json")).parent
    losses = _losses(folder / f"{name}.log", LOSSES[name])
    if len(losses) < 2:
        raise StepFailedError(f"{recipe} took no training steps; see {folder / f'{name}.log'}")
    checkpoint = run_folder / "best_model.pth"
    if not checkpoint.is_file():
        raise StepFailedError(f"{recipe} left no checkpoint in {run_folder}")
    return {
        "run": str(run_folder),
        "seconds": seconds,
        "loss": LOSSES[name],
        "losses": losses,
        "checkpoint": str(checkpoint),
        "log": str(folder / f"{name}.log"),
    }


def _losses(log: Path, name: str) -> list[float]:
    """Read one loss per training step from the trainer's console log."""
    printed = _uncoloured(log.read_text(encoding="utf-8", errors="replace"))
    # Evaluation prints losses with the same names; there is one epoch.
    training = printed.partition("> EVALUATION")[0]
    return [float(value) for value in re.findall(rf"\| > {re.escape(name)}: (\S+)", training)]


def _uncoloured(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _show_training(console: Console, name: str, result: dict[str, Any]) -> None:
    losses = result["losses"]
    console.print(
        f"[green]✓[/] {name}: {len(losses)} training steps, {result['loss']} {losses[0]:.3f} in "
        f"the first, {losses[-1]:.3f} in the last ({result['seconds']:.0f} s)"
    )


def _synthesise(run_folder: Path, folder: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    import soundfile

    wav = folder / "vits.wav"
    # `python -m` runs the `tts` command, even if scripts are not on the PATH.
    command = python("-m", "TTS.bin.synthesize", "--text", "ሰላም፣ በ2015 ዓ.ም አዲስ ድልድይ ተሠራ።")
    command += ["--model_path", str(run_folder / "best_model.pth")]
    command += ["--config_path", str(run_folder / "config.json"), "--out_path", str(wav)]
    run_logged(command, folder / "tts.log", tell=tell)
    info = soundfile.info(wav)
    if not info.duration > 0:
        raise StepFailedError(f"the tts command wrote an empty {wav}")
    return {"path": str(wav), "seconds": info.duration, "sample_rate": info.samplerate}


def _show_comparison(console: Console, result: dict[str, Any]) -> None:
    from rich.table import Table

    stock, ours = result["stock"], result["extension"]
    clock = "wall time" if result["device"] == "cuda" else "CPU time"
    table = Table("", "stock", "extension", "ratio", title="One training step of the XTTS GPT")
    for label, key in ((f"step, {clock} (s)", "seconds"), ("peak memory (MiB)", "peak_mib")):
        ratio = ours[key] / stock[key]
        table.add_row(label, f"{stock[key]:.2f}", f"{ours[key]:.2f}", f"{ratio:.2f}")
    console.print(table)
    spread = max(side["slowest"] / side["seconds"] for side in (stock, ours))
    if spread > BUSY:
        console.print(
            f"[yellow]![/] the machine was busy: one step, measured twice, took up to {spread:.1f} "
            "times as long; the ratio of times says little, the others are not affected"
        )
    found = result["difference"]
    mark = "[green]✓ equal[/]" if result["equal"] else "[red]✗ not equal[/]"
    console.print(
        f"{mark}: losses differ by {found['loss']:.1e} (tolerance {LOSS_TOLERANCE:.0e}), gradients "
        f"of {found['parameters']} parameters by at most {found['gradient']:.1e} of their largest "
        f"value (tolerance {GRADIENT_TOLERANCE:.0e})"
    )


def _show_files(console: Console, results: dict[str, Any]) -> None:
    console.print(f"[bold]Everything was written to[/] {results['folder']}")
    console.print(f"  VITS checkpoint   {results['vits']['checkpoint']}")
    console.print(f"  XTTS checkpoint   {results['xtts']['checkpoint']}")
    console.print(f"  spoken sentence   {results['wav']['path']}")
    console.print(f"  results and logs  {results['folder']}/results.json, *.log")
    console.print(f"in {results['seconds']:.0f} s")
