"""Which samples an epoch visits and how they share batches; pure functions of plain numbers.

Everything follows from the seed and the epoch alone, so that every rank computes the same plan and
takes its part, and a resumed run continues the epoch that it was in.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

POOL_BATCHES: Final = 32
"""Size of the pools in which samples are sorted by length, in batches per rank.

A larger pool pads less and mixes less; with 32, at most one batch in 32 is left half full.
"""
JITTER: Final = 0.05
"""Largest relative change of a length before sorting.

Without it a small corpus, which is one pool, would have the same batches in every epoch.
"""


def language_quotas(counts: Mapping[str, int], weights: Mapping[str, float]) -> dict[str, int]:
    """Divide the draws of an epoch, as many as there are samples, among languages by weight.

    Parameters
    ----------
    counts : mapping
        Samples of each language.
    weights : mapping
        Weight of each language; empty gives every language the same.

    Returns
    -------
    dict
        Draws of each language; they sum to the number of samples.

    Raises
    ------
    ValueError
        ``weights`` names a language that the data lack, or lacks one of theirs.
    """
    weights = weights or dict.fromkeys(counts, 1.0)
    unknown = sorted(set(weights) - set(counts))
    missing = sorted(set(counts) - set(weights))
    if unknown:
        raise ValueError(
            f"language_weights names {', '.join(unknown)}, but the data have {', '.join(counts)}"
        )
    if missing:
        raise ValueError(
            f"language_weights has no weight for {', '.join(missing)}, which the data have; "
            "a weight of 0 leaves a language out"
        )
    total = sum(counts.values())
    whole = sum(weights.values())
    if whole <= 0:
        raise ValueError(f"no weight in {dict(weights)!r} is above 0")
    exact = {language: total * weights[language] / whole for language in counts}
    quotas = {language: int(share) for language, share in exact.items()}
    # Rounding down leaves draws over; the largest remainders get them.
    by_remainder = sorted(counts, key=lambda language: quotas[language] - exact[language])
    for language in by_remainder[: total - sum(quotas.values())]:
        quotas[language] += 1
    return quotas


def epoch_order(
    languages: Sequence[str], weights: Mapping[str, float] | None, seed: int, epoch: int
) -> list[int]:
    """Return the sample indices of one epoch in the order in which they are visited.

    Parameters
    ----------
    languages : sequence of str
        Language of each sample.
    weights : mapping, optional
        ``None`` visits each sample once. Otherwise each language gets its share of as many draws,
        and no sample of a language is drawn twice before all are drawn once.
    seed, epoch : int
        They determine the order.
    """
    generator = random.Random(f"order-{seed}-{epoch}")  # noqa: S311 - an order, no secret
    if weights is None:
        order = list(range(len(languages)))
    else:
        groups: dict[str, list[int]] = {}
        for index, language in enumerate(languages):
            groups.setdefault(language, []).append(index)
        quotas = language_quotas({k: len(v) for k, v in groups.items()}, weights)
        order = []
        for language, members in groups.items():
            rounds, rest = divmod(quotas[language], len(members))
            order += members * rounds + generator.sample(members, rest)
    generator.shuffle(order)
    return order


def fixed_batches(order: Sequence[int], size: int, rank: int, world: int) -> list[list[int]]:
    """Cut one rank's share of an order into batches of ``size`` samples, the last one smaller.

    All ranks get the same number of samples; the last ones are repeated to make this possible.
    """
    padded = _filled_up(list(order), world)
    mine = padded[rank::world]
    return [mine[start : start + size] for start in range(0, len(mine), size)]


def token_batches(
    order: Sequence[int], sizes: Sequence[int], budget: int, generator: random.Random, world: int
) -> list[list[list[int]]]:
    """Fill batches of similar lengths up to a token budget.

    Parameters
    ----------
    order : sequence of int
        Sample indices in the order of the epoch.
    sizes : sequence of int
        Tokens of each sample.
    budget : int
        Most tokens in a batch.
    generator : random.Random
        Jitters the lengths and shuffles the steps.
    world : int
        Number of ranks. Each step has one batch for each, of similar lengths so that none waits
        long.

    Returns
    -------
    list of list of list of int
        Steps, each with ``world`` batches of sample indices.

    Raises
    ------
    ValueError
        A sample alone has more tokens than the budget.
    """
    for index in order:
        if sizes[index] > budget:
            raise ValueError(f"sample {index} has {sizes[index]} tokens, the budget is {budget}")
    steps: list[list[list[int]]] = []
    for pool in _pools(order, sizes, budget * POOL_BATCHES * world):
        jittered = {i: sizes[i] * (1 + generator.uniform(-JITTER, JITTER)) for i in pool}
        batches = _fill(sorted(pool, key=jittered.__getitem__), sizes, budget)
        batches = _filled_up(batches, world)
        steps += [batches[start : start + world] for start in range(0, len(batches), world)]
    generator.shuffle(steps)
    return steps


def _pools(order: Sequence[int], sizes: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Cut an order into runs of about ``tokens`` tokens; a short last run joins its neighbour."""
    total = sum(sizes[index] for index in order)
    count = max(1, total // tokens)
    share = total / count
    pool: list[int] = []
    done = 0
    made = 0
    for index in order:
        pool.append(index)
        done += sizes[index]
        if done >= share * (made + 1) and made < count - 1:
            yield pool
            pool = []
            made += 1
    if pool:
        yield pool


def _fill(ordered: Sequence[int], sizes: Sequence[int], budget: int) -> list[list[int]]:
    batches: list[list[int]] = []
    room = 0
    for index in ordered:
        if sizes[index] > room:
            batches.append([])
            room = budget
        batches[-1].append(index)
        room -= sizes[index]
    return batches


def _filled_up(items: list[T], multiple: int) -> list[T]:
    """Repeat items from the last one backwards until their number is a multiple."""
    short = -len(items) % multiple
    return items + (items[::-1] * short)[:short]


class EpochBatches:
    """A batch sampler: the batches of one rank for one epoch, in order.

    Parameters
    ----------
    languages : sequence of str
        Language of each sample.
    weights : mapping, optional
        As in ``epoch_order``.
    seed : int
        With the epoch it determines the whole plan.
    rank, world : int
        Which part of the plan this rank takes.
    batch_size : int
        Samples in a batch; not used with a budget.
    budget : int
        Tokens in a batch; 0 makes batches of ``batch_size`` samples.
    sizes : sequence of int
        Tokens of each sample; needed with a budget.
    """

    def __init__(
        self,
        languages: Sequence[str],
        weights: Mapping[str, float] | None,
        seed: int,
        *,
        rank: int = 0,
        world: int = 1,
        batch_size: int = 1,
        budget: int = 0,
        sizes: Sequence[int] = (),
    ) -> None:
        if not 0 <= rank < world:
            raise ValueError(f"rank={rank} is outside 0..{world - 1}")
        if budget and len(sizes) != len(languages):
            raise ValueError(f"{len(languages)} samples but {len(sizes)} sizes")
        self._languages = tuple(languages)
        self._weights = None if weights is None else dict(weights)
        self._seed = seed
        self._rank = rank
        self._world = world
        self._batch_size = batch_size
        self._budget = budget
        self._sizes = tuple(sizes)
        self._planned: tuple[int, list[list[int]]] | None = None
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration visits."""
        self.epoch = epoch

    def _plan(self) -> list[list[int]]:
        if self._planned is None or self._planned[0] != self.epoch:
            self._planned = (self.epoch, self._make())
        return self._planned[1]

    def _make(self) -> list[list[int]]:
        order = epoch_order(self._languages, self._weights, self._seed, self.epoch)
        if not self._budget:
            return fixed_batches(order, self._batch_size, self._rank, self._world)
        generator = random.Random(f"steps-{self._seed}-{self.epoch}")  # noqa: S311 - an order, no secret
        steps = token_batches(order, self._sizes, self._budget, generator, self._world)
        return [step[self._rank] for step in steps]

    def __iter__(self) -> Iterator[list[int]]:
        return iter(list(self._plan()))

    def __len__(self) -> int:
        return len(self._plan())
