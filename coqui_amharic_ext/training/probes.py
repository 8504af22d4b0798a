"""Behaviour probes: whether unknown training code of upstream still behaves as a patch needs.

Each takes the original attribute and raises ``ProbeError`` if it does not.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from coqui_amharic_ext.io.jsontext import parsed
from coqui_amharic_ext.patching import calls, expect, takes


def _dataset(**attributes: Any) -> Any:
    """Return an upstream dataset with these attributes, without calling its ``__init__``."""
    from TTS.tts.layers.xtts.trainer.dataset import XTTSDataset

    dataset = object.__new__(XTTSDataset)
    vars(dataset).update(attributes)
    return dataset


def getitem(original: Callable[[Any, int], Any]) -> None:
    """Check that an eval item is made from what ``load_item`` gives, whatever loaded it."""
    import torch

    sample = {"text": "a", "audio_file": "a.wav", "language": "am"}
    item = (torch.tensor([5, 6]), "a.wav", torch.ones(1, 30), torch.ones(1, 8), torch.nan, [0, 8])
    dataset = _dataset(
        is_eval=True,
        samples=[sample],
        failed_samples=set(),
        debug_failures=False,
        max_wav_len=40,
        max_text_len=4,
        load_item=lambda _: item,
    )
    made = original(dataset, 0)
    expect(torch.equal(made["text"], item[0]), "gives the tokens under 'text'")
    expect(torch.equal(made["wav"], item[2]), "gives the waveform under 'wav'")


def check_eval_samples(original: Callable[[Any], None]) -> None:
    """Check that eval samples outside the limits are taken out of ``samples``."""
    import torch

    loaded: list[Any] = []

    def load_item(sample: Any) -> tuple[Any, ...]:
        loaded.append(sample)
        wav = torch.ones(1, 30 if sample["text"] == "short" else 50)
        return torch.tensor([5]), "a.wav", wav, wav, torch.nan, [0, 8]

    samples = [{"text": text, "audio_file": "a.wav"} for text in ("short", "long")]
    dataset = _dataset(samples=list(samples), max_wav_len=40, max_text_len=4, load_item=load_item)
    original(dataset)
    expect(loaded == samples, "loads every eval sample")
    expect(dataset.samples == samples[:1], "leaves out the eval samples that are too long")


def data_loader(original: Callable[..., Any]) -> None:
    """Check that the training loader's dataset groups its samples by language."""
    model_args = SimpleNamespace(
        debug_loading_failures=False,
        max_conditioning_length=8,
        min_conditioning_length=4,
        max_wav_length=40,
        max_text_length=4,
        gpt_use_masking_gt_prompt_approach=True,
    )
    config = SimpleNamespace(
        model_args=model_args,
        audio=SimpleNamespace(sample_rate=10),
        training_seed=1,
        batch_size=1,
        eval_batch_size=1,
        num_loader_workers=0,
        num_eval_loader_workers=0,
    )
    model = SimpleNamespace(
        config=config,
        xtts=SimpleNamespace(tokenizer=None),
        get_sampler=lambda *_: None,
    )
    samples = [{"text": "a", "audio_file": "a.wav", "language": "am"}]
    loader = original(model, config, is_eval=False, samples=list(samples), verbose=False)
    expect(loader.dataset.samples == {"am": samples}, "groups training samples by language")
    expect(callable(loader.collate_fn), "collates with a function")


def train_epoch_start(original: Callable[..., None]) -> None:
    """Check that it takes the trainer and puts the GPT alone into training mode."""
    modes: list[str] = []
    gpt = SimpleNamespace(train=lambda: modes.append("train"))
    model = SimpleNamespace(eval=lambda: modes.append("eval"), xtts=SimpleNamespace(gpt=gpt))
    original(SimpleNamespace(), SimpleNamespace(model=model))
    expect(modes == ["eval", "train"], "switches modes through trainer.model")


def training_environment(original: Any) -> None:
    """Check that it is a static method of arguments, config and GPU."""
    inspect.signature(original.__func__).bind(args=None, config=None, gpu=None)


def loggers(original: Any) -> None:
    """Check that it is a static method that takes the run's folder second."""
    bound = inspect.signature(original.__func__).bind(None, "run", None, None)
    expect(bound.arguments.get("output_path") == "run", "takes the run's folder second")


def optimizer(original: Callable[[Any], list[Any]]) -> None:
    """Check that it returns a list with the model's own optimizer."""
    import torch

    own = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    trainer = SimpleNamespace(model=SimpleNamespace(get_optimizer=lambda: own))
    expect(original(trainer) == [own], "returns the model's optimizer in a list")


def _step(use_scaler: bool) -> list[str]:
    """Run one optimizer step of a toy through ``Trainer.optimize`` and note what it calls."""
    import torch
    from trainer.trainer import Trainer

    events: list[str] = []
    weight = torch.ones(1, requires_grad=True)
    weight.register_hook(lambda _: events.append("backward"))
    sgd = torch.optim.SGD([weight], lr=0.1)
    sgd.register_step_pre_hook(lambda *_: events.append("step"))
    scaler = SimpleNamespace(
        scale=lambda loss: loss,
        unscale_=lambda _: events.append("unscale"),
        step=lambda chosen: chosen.step(),
        update=lambda: None,
        get_scale=lambda: 1.0,
    )

    class Toy(Trainer):  # type: ignore[misc]
        def __init__(self) -> None:
            self.config: dict[str, Any] = {}
            self.grad_accum_steps = 1
            self.use_amp_scaler = use_scaler
            self.args = SimpleNamespace(use_accelerate=False)
            self.callbacks = SimpleNamespace(
                before_backward_pass=lambda *_: None,
                before_gradient_clipping=lambda _: events.append("callback"),
            )
            self._stepped_optimizers: set[Any] = set()

        def _compute_loss(self, **_: Any) -> Any:
            return {}, {"loss": (2 * weight).sum()}

        def _grad_clipping(self, *, grad_clip: float, optimizer: Any, scaler: Any) -> Any:
            events.append("clipping")
            return 0.0

    Trainer.optimize(Toy(), {}, sgd, scaler if use_scaler else None, None, None)
    return events


def gradient_steps(_: Any) -> None:
    """Check that gradients are complete and untouched where the trainer calls what we wrap."""
    plain, scaled = _step(use_scaler=False), _step(use_scaler=True)
    expect(plain == ["backward", "callback", "step"], "calls the clipping callback before a step")
    expect(scaled == ["backward", "clipping", "step"], "calls _grad_clipping before a scaled step")


def train_step_start(original: Callable[[Any, Any], None]) -> None:
    """Check that model and callbacks are notified of a step."""
    told: list[Any] = []
    model = SimpleNamespace(on_train_step_start=told.append)
    trainer = SimpleNamespace(
        _get_model=lambda: model, model=model, criterion=[], optimizer=[], total_steps_done=0
    )
    original(SimpleNamespace(callbacks_on_train_step_start=[told.append]), trainer)
    expect(told == [trainer, trainer], "tells model and callbacks that a step starts")


def gradient_norm(original: Callable[[Any, Any], Any]) -> None:
    """Check that the 2-norm of all gradients comes back."""
    import torch

    parameter = torch.zeros(2, requires_grad=True)
    parameter.grad = torch.tensor([3.0, 4.0])
    optimizer = SimpleNamespace(param_groups=[{"params": [parameter]}])
    trainer = SimpleNamespace(master_params=lambda o: iter(o.param_groups[0]["params"]))
    expect(float(original(trainer, optimizer)) == 5.0, "returns the 2-norm of all gradients")


def fit(_: Any) -> None:
    """Check that ``Trainer.fit``, which saves at an interrupt, calls ``_fit``."""
    from trainer.trainer import Trainer

    expect(calls("_fit")(Trainer.fit), "runs inside fit()")


def detached_losses(original: Callable[..., Any]) -> None:
    """Check that detached losses come back as numbers under ``loss``."""
    takes("self", "loss_dict")(original)
    found = original(SimpleNamespace(_detach_loss_dict=dict), {"loss": 0.5}, step_optimizer=True)
    expect(found.get("loss") == 0.5, "returns the detached losses")


def logged_losses(original: Callable[..., Any]) -> None:
    """Check that losses and the gradient norm come back in one dictionary."""
    trainer = SimpleNamespace(_detach_loss_dict=dict)
    found = original(trainer, {"loss": 1.0}, step_optimizer=True, grad_norm=2.0)
    expect(found == {"loss": 1.0, "grad_norm": 2.0}, "returns the losses and the gradient norm")


def git_question(original: Any) -> None:
    """Check that a function without parameters runs ``subprocess.check_output``."""
    code = getattr(original, "__code__", None)
    asks = code is not None and not code.co_argcount and "check_output" in code.co_names
    expect(asks, "asks git by subprocess.check_output")


def save_fsspec(original: Callable[..., None]) -> None:
    """Check that a state is saved to a path."""
    import torch

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.pth"
        original({"one": torch.ones(1)}, path)
        saved = torch.load(path, weights_only=True)["one"].item()
    expect(saved == 1, "saves a state to a path")


def copy_model_files(original: Callable[..., None]) -> None:
    """Check that the config is written into the given folder."""
    with tempfile.TemporaryDirectory() as folder:
        original(SimpleNamespace(to_dict=lambda: {"a": 1}), folder, {"b": 2})
        written = Path(folder, "config.json").read_text(encoding="utf-8")
    expect(parsed(written) == {"a": 1, "b": 2}, "writes config and new fields to config.json")


def remove_experiment_folder(original: Callable[[Any], None]) -> None:
    """Check that a run is removed if it holds no checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, "run")
        run.mkdir()
        (run / "a.pth").touch()
        original(run)
        expect(run.exists(), "keeps a run with a checkpoint")
        (run / "a.pth").unlink()
        original(run)
        expect(not run.exists(), "removes a run without a checkpoint")
