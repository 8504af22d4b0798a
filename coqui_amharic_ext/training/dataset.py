"""Upstream's ``XTTSDataset``, reporting unusable samples, and an index-true view of it."""

from __future__ import annotations

import copy
import functools
import logging
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import torch.utils.data

from coqui_amharic_ext.settings import get_settings
from coqui_amharic_ext.training import samples as usability
from coqui_amharic_ext.training.samples import Tally, UnusableSampleError

logger = logging.getLogger(__name__)

_TALLY: Final = "_coqui_amharic_tally"


def _tally(dataset: Any) -> Tally:
    tally: Tally = dataset.__dict__.setdefault(_TALLY, Tally())
    return tally


def _leave_out(tally: Tally, error: UnusableSampleError) -> None:
    """Count a sample that is left out, or raise its error if the settings ask for that."""
    if error.kind == "defect" and get_settings().on_bad_sample == "raise":
        raise error
    tally.add(error)


def _finish(
    original: Callable[[Any, int], Any], dataset: Any, sample: Any, item: tuple[Any, ...]
) -> Any:
    """Let upstream's ``__getitem__`` build its dictionary from a loaded sample.

    It gets a view of the dataset in which that sample is the only one, so that upstream alone
    decides what the dictionary holds.
    """
    view = copy.copy(dataset)
    view.is_eval = True
    view.samples = [sample]
    view.failed_samples = set()
    view.load_item = lambda _: item
    try:
        return original(view, 0)
    except IndexError as error:  # it requested another sample
        raise usability.unusable(sample, "upstream's own checks refuse it") from error


def telling_getitem(original: Callable[[Any, int], Any]) -> Callable[[Any, int], Any]:
    """Wrap ``XTTSDataset.__getitem__``: an unusable sample is counted and its reason is given.

    Where all samples are usable, it draws the same samples with the same random numbers as
    upstream.
    """

    @functools.wraps(original)
    def __getitem__(self: Any, index: int) -> Any:
        if self.is_eval:
            return _eval_item(original, self, index)
        return _random_item(original, self)

    return __getitem__


def _random_item(original: Callable[[Any, int], Any], dataset: Any) -> Any:
    tally = _tally(dataset)
    total = len(dataset)
    while len(dataset.failed_samples) < total:
        # Upstream's own draw, from the generator that it seeds.
        language = random.choice(list(dataset.samples))  # noqa: S311
        number = random.randint(0, len(dataset.samples[language]) - 1)  # noqa: S311
        identity = f"{language}_{number}"
        if identity in dataset.failed_samples:
            continue
        sample = dataset.samples[language][number]
        try:
            item = usability.load(dataset, sample)
        except UnusableSampleError as error:
            _leave_out(tally, error)
            dataset.failed_samples.add(identity)
            continue
        return _finish(original, dataset, sample, item)
    raise usability.none_usable(tally, total, "training samples")


def _eval_item(original: Callable[[Any, int], Any], dataset: Any, index: int) -> Any:
    """Return a sample that was checked before; only a file changed since then can fail."""
    tally = _tally(dataset)
    total = len(dataset.samples)
    dataset.samples[index]  # raises IndexError where a sequence would
    for step in range(total):
        sample = dataset.samples[(index + step) % total]
        try:
            item = usability.load(dataset, sample)
        except UnusableSampleError as error:
            _leave_out(tally, error)
            continue
        return _finish(original, dataset, sample, item)
    raise usability.none_usable(tally, total, "eval samples")


def telling_check(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """Replace ``XTTSDataset.check_eval_samples``: one error or one counted warning."""

    @functools.wraps(original)
    def check_eval_samples(self: Any) -> None:
        logger.info("Filtering invalid eval samples!!")
        self.samples = usability.sift(
            self.samples,
            lambda sample: usability.load(self, sample),
            skip=get_settings().on_bad_sample == "skip",
            what="eval samples",
        )
        logger.info("Total eval samples after filtering: %d", len(self.samples))

    return check_eval_samples


class IndexTrueDataset(torch.utils.data.Dataset[Any]):
    """The samples of an ``XTTSDataset`` by their index, the same for the same seed and epoch.

    Upstream's ``__getitem__`` ignores its index, so that no sampler can work. This class is defined
    at module level and stores its settings, so that spawned workers need only the package.

    Parameters
    ----------
    inner : XTTSDataset
        Upstream's training dataset, which loads the samples.
    samples : sequence of mapping
        The rows, in the order of their indices.
    seed : int
        With the epoch and the index it determines where the conditioning slice is cut.
    skip : bool
        Whether a sample with a defect is replaced by the next one, or raises an error.
    """

    def __init__(self, inner: Any, samples: Sequence[Any], seed: int, *, skip: bool) -> None:
        self.inner = inner
        self.rows = list(samples)
        self.seed = seed
        self.epoch = 0
        self.skip = skip
        self.failed: set[int] = set()
        self.tally = Tally()

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; workers see it when they start, at the next ``iter(loader)``."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Any:
        """Return the sample at ``index``, or the next usable one where that one is left out."""
        total = len(self.rows)
        if not 0 <= index < total:
            raise IndexError(f"index {index} is outside 0..{total - 1}")
        for step in range(total):
            number = (index + step) % total
            if number in self.failed:
                continue
            sample = self.rows[number]
            try:
                with _seeded(self.seed, self.epoch, number):
                    item = usability.load(self.inner, sample)
            except UnusableSampleError as error:
                if error.kind == "defect" and not self.skip:
                    raise
                self.tally.add(error)
                self.failed.add(number)
                continue
            return _finish(_upstream_getitem(type(self.inner)), self.inner, sample, item)
        raise usability.none_usable(self.tally, total, "training samples")


def _upstream_getitem(kind: Any) -> Callable[[Any, int], Any]:
    """Return upstream's ``__getitem__`` of a class, without our wrapper."""
    method: Callable[[Any, int], Any] = kind.__getitem__
    return getattr(method, "__wrapped__", method)


@contextmanager
def _seeded(*parts: int) -> Iterator[None]:
    """Seed Python's random numbers, by which upstream cuts slices, for one block."""
    before = random.getstate()
    # A string's seed is the same in every process; a tuple is not accepted.
    random.seed("-".join(map(str, parts)))
    try:
        yield
    finally:
        random.setstate(before)
