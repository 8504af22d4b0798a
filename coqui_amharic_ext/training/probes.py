"""Behaviour probes: whether upstream's training code, where its source is new, still fits."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any


def _expect(true: bool, what: str) -> None:
    if not true:
        raise RuntimeError(f"it no longer {what}")


def _dataset(**attributes: Any) -> Any:
    """Return an upstream data set that was not built: what it calls of itself is there."""
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
    _expect(torch.equal(made["text"], item[0]), "gives the tokens under 'text'")
    _expect(torch.equal(made["wav"], item[2]), "gives the waveform under 'wav'")


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
    _expect(loaded == samples, "loads every eval sample")
    _expect(dataset.samples == samples[:1], "leaves out the eval samples that are too long")


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
    _expect(loader.dataset.samples == {"am": samples}, "groups training samples by language")
    _expect(callable(loader.collate_fn), "collates with a function")


def train_epoch_start(original: Callable[..., None]) -> None:
    """Check that it takes the trainer and puts the GPT alone into training mode."""
    modes: list[str] = []
    gpt = SimpleNamespace(train=lambda: modes.append("train"))
    model = SimpleNamespace(eval=lambda: modes.append("eval"), xtts=SimpleNamespace(gpt=gpt))
    original(SimpleNamespace(), SimpleNamespace(model=model))
    _expect(modes == ["eval", "train"], "switches modes through trainer.model")


def training_environment(original: Any) -> None:
    """Check that it is a static method of arguments, config and GPU."""
    import inspect

    inspect.signature(original.__func__).bind(args=None, config=None, gpu=None)


def loggers(original: Any) -> None:
    """Check that it is a static method that is told the run's folder."""
    import inspect

    bound = inspect.signature(original.__func__).bind(None, "run", None, None)
    _expect(bound.arguments.get("output_path") == "run", "is told the run's folder second")


def optimizer(original: Callable[[Any], list[Any]]) -> None:
    """Check that it returns a list with the model's own optimizer."""
    import torch

    own = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    trainer = SimpleNamespace(model=SimpleNamespace(get_optimizer=lambda: own))
    _expect(original(trainer) == [own], "returns the model's optimizer in a list")


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
    _expect(plain == ["backward", "callback", "step"], "calls the clipping callback before a step")
    _expect(scaled == ["backward", "clipping", "step"], "calls _grad_clipping before a scaled step")
