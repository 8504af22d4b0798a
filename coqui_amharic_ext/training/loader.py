"""The training loader of a stock ``GPTTrainer``, made index-true, weighted and length-aware."""

from __future__ import annotations

import functools
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from torch.utils.data import DataLoader

from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.options import parse_language_weights
from coqui_amharic_ext.settings import Settings, get_settings
from coqui_amharic_ext.training import samples as usability
from coqui_amharic_ext.training.batching import (
    EpochBatches,
    language_quotas,
)
from coqui_amharic_ext.training.dataset import IndexTrueDataset
from coqui_amharic_ext.training.patches import visits_by_index
from coqui_amharic_ext.training.runlog import run_log

logger = logging.getLogger(__name__)

PERCEIVER_LATENTS: Final = 32
STYLE_HOP: Final = 1024
"""Hop of upstream's style mel where there is no perceiver: one prompt position for each frame."""

LOSSLESS: Final = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "FLAC"})
"""libsndfile's names of formats whose header gives the exact length."""


@dataclass(frozen=True, slots=True)
class TokenCounter:
    """Counts the positions that a sample takes in the GPT's sequence.

    Parameters
    ----------
    stride : int
        Audio samples per code, ``gpt_code_stride_len``.
    prompt : int
        Positions of the conditioning prompt, the same for every sample.
    """

    stride: int
    prompt: int

    @classmethod
    def of(cls, model_args: Any) -> TokenCounter:
        """Read the model's shape from upstream's ``GPTArgs``."""
        prompt = PERCEIVER_LATENTS
        if not model_args.gpt_use_perceiver_resampler:
            prompt = 1 + model_args.max_conditioning_length // STYLE_HOP
        return cls(stride=model_args.gpt_code_stride_len, prompt=prompt)

    def __call__(self, text: int, wav: int) -> int:
        """Return the sum of prompt, text with start, and codes with start and upstream's three."""
        return self.prompt + (text + 1) + (math.ceil(wav / self.stride) + 3 + 1)


def audio_length(path: str, sample_rate: int) -> int:
    """Return a clip's length at ``sample_rate``, from its header where that is exact."""
    import soundfile
    from TTS.tts.models.xtts import load_audio

    try:
        info = soundfile.info(path)
    except RuntimeError:  # a format that libsndfile does not know, or no audio
        info = None
    # Decoders of lossy formats disagree on where a clip ends.
    if info is None or info.format not in LOSSLESS:
        return int(load_audio(path, sample_rate).shape[-1])
    return math.ceil(info.frames * sample_rate / info.samplerate)


def _measure(dataset: Any, rows: Sequence[Any], settings: Settings) -> tuple[list[Any], list[int]]:
    """Count every sample's tokens; unusable samples are found now rather than hours later."""
    counter = TokenCounter.of(dataset.config.model_args)
    limits = usability.Limits.of(dataset)
    sizes: dict[int, int] = {}

    def examine(sample: Any) -> None:
        usability.check_text(sample)
        try:
            text = int(dataset.get_text(str(sample["text"]), sample["language"]).shape[0])
            wav = audio_length(sample["audio_file"], dataset.sample_rate)
        except usability.NOT_THE_SAMPLES:
            raise
        except Exception as error:
            raise usability.explain(dataset, sample, error) from error
        reason = limits.refuse(wav, text)
        if reason:
            raise usability.unusable(sample, reason, "length")
        sizes[id(sample)] = counter(text, wav)

    start = time.monotonic()
    run_log.info(" > Counting the tokens of %d training samples ...", len(rows))
    usable = usability.sift(
        list(rows), examine, skip=settings.on_bad_sample == "skip", what="training samples"
    )
    run_log.info(
        " > %d samples have %d tokens (counted in %.1f s)",
        len(usable),
        sum(sizes.values()),
        time.monotonic() - start,
    )
    return usable, [sizes[id(sample)] for sample in usable]


def _rank_and_world() -> tuple[int, int]:
    from torch import distributed

    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def index_true_loader(stock: DataLoader[Any], config: Any, settings: Settings) -> DataLoader[Any]:
    """Build the loader that the settings ask for from upstream's.

    Parameters
    ----------
    stock : DataLoader
        Upstream's training loader over its ``XTTSDataset``.
    config : GPTTrainerConfig
        Gives ``batch_size`` and ``training_seed``.
    settings : Settings
        ``index_true_dataset``, ``language_weights``, ``batch_tokens``, ``on_bad_sample``.

    Returns
    -------
    DataLoader
        Over the same samples, with upstream's collation and number of workers.

    Raises
    ------
    SettingsError
        ``language_weights`` does not fit the data, or ``batch_tokens`` is less than one sample.
    UnusableSampleError
        ``batch_tokens`` is set and samples have a defect, or none can be used.
    """
    inner: Any = stock.dataset
    rows = [sample for members in inner.samples.values() for sample in members]
    sizes: list[int] = []
    if settings.batch_tokens:
        rows, sizes = _measure(inner, rows, settings)
        _check_budget(rows, sizes, settings.batch_tokens)
    languages = [sample["language"] for sample in rows]
    rank, world = _rank_and_world()
    dataset = IndexTrueDataset(
        inner, rows, config.training_seed, skip=settings.on_bad_sample == "skip"
    )
    batches = EpochBatches(
        languages,
        _weights(settings, languages),
        config.training_seed,
        rank=rank,
        world=world,
        batch_size=config.batch_size,
        budget=settings.batch_tokens,
        sizes=sizes,
    )
    _log_batches(batches, config, settings, sizes, world)
    workers: dict[str, Any] = {}
    if stock.num_workers:
        workers = {
            "prefetch_factor": stock.prefetch_factor,
            "multiprocessing_context": stock.multiprocessing_context,
        }
    return DataLoader(
        dataset,
        batch_sampler=batches,  # type: ignore[arg-type]
        collate_fn=stock.collate_fn,
        num_workers=stock.num_workers,
        pin_memory=stock.pin_memory,
        timeout=stock.timeout,
        worker_init_fn=stock.worker_init_fn,
        **workers,
    )


def _weights(settings: Settings, languages: Sequence[str]) -> Mapping[str, float] | None:
    if not settings.language_weights:
        return None
    try:
        weights = parse_language_weights(settings.language_weights)
        language_quotas({language: languages.count(language) for language in languages}, weights)
    except ValueError as error:
        raise SettingsError(
            f"language_weights={settings.language_weights!r} cannot be used: {error}"
        ) from error
    return weights


def _check_budget(rows: Sequence[Any], sizes: Sequence[int], budget: int) -> None:
    largest = max(range(len(sizes)), key=sizes.__getitem__)
    if sizes[largest] > budget:
        raise SettingsError(
            f"batch_tokens={budget} is less than the longest sample has: {sizes[largest]} tokens, "
            f"{usability.describe(rows[largest])}. Give at least that many, or lower the recipe's "
            "max_wav_length or max_text_length so that the sample is left out."
        )


def _log_batches(
    batches: EpochBatches, config: Any, settings: Settings, sizes: Sequence[int], world: int
) -> None:
    parts = [f"each sample by its index, seed {config.training_seed}"]
    if settings.language_weights:
        parts.append(f"languages weighted {settings.language_weights}")
    if settings.batch_tokens:
        parts.append(
            f"up to {settings.batch_tokens} tokens in a batch instead of batch_size="
            f"{config.batch_size} samples, {sum(sizes) / max(1, len(sizes)):.0f} tokens a sample"
        )
    if world > 1:
        parts.append(f"{world} processes share the samples")
    run_log.info(" > Training batches: %s; %d in the first epoch", "; ".join(parts), len(batches))


def with_index_true_loader(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``GPTTrainer.get_data_loader``; the eval loader stays upstream's."""

    @functools.wraps(original)
    def get_data_loader(self: Any, config: Any, *args: Any, **kwargs: Any) -> Any:
        loader = original(self, config, *args, **kwargs)
        settings = get_settings()
        if kwargs.get("is_eval") or not visits_by_index(settings):
            return loader
        return index_true_loader(loader, config, settings)

    return get_data_loader


def with_epoch(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``GPTTrainer.on_train_epoch_start``: upstream does not pass the epoch to samplers.

    It is the trainer's count, which a resumed run takes from its checkpoint.
    """

    @functools.wraps(original)
    def on_train_epoch_start(self: Any, trainer: Any) -> None:
        original(self, trainer)
        loader = trainer.train_loader
        for part in (getattr(loader, "batch_sampler", None), getattr(loader, "dataset", None)):
            if isinstance(part, (EpochBatches, IndexTrueDataset)):
                part.set_epoch(trainer.epochs_done)

    return on_train_epoch_start
