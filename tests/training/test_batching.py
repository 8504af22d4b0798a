"""The plan of an epoch: every rank's part of it follows from seed and epoch alone."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqui_amharic_ext.options import parse_language_weights
from coqui_amharic_ext.training.batching import (
    EpochBatches,
    epoch_order,
    fixed_batches,
    language_quotas,
    token_batches,
)

WORLDS = st.integers(1, 5)
SIZES = st.lists(st.integers(1, 400), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("am=3,en=1", {"am": 3.0, "en": 1.0}),
        (" am = 0.5 , en=0 ", {"am": 0.5, "en": 0.0}),
        ("uniform", {}),
        ("", {}),
    ],
)
def test_language_weights_are_read(text: str, weights: dict[str, float]) -> None:
    assert parse_language_weights(text) == weights


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("am", "not language=weight"),
        ("am=", "not language=weight"),
        ("=1", "not language=weight"),
        ("am=-1", "not language=weight"),
        ("am=nan", "not language=weight"),
        ("am=inf", "not language=weight"),
        ("am=1,,en=1", "not language=weight"),
        ("am=1,am=2", "'am' is given twice"),
        ("am=0", "no language has a weight above 0"),
    ],
)
def test_language_weights_that_make_no_sense_are_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_language_weights(text)


@given(st.text(max_size=30))
def test_any_text_for_language_weights_is_read_or_refused(text: str) -> None:
    try:
        weights = parse_language_weights(text)
    except ValueError:
        return
    assert all(0 <= weight < float("inf") for weight in weights.values())


def test_quotas_follow_the_weights() -> None:
    assert language_quotas({"am": 30, "en": 70}, {"am": 3, "en": 1}) == {"am": 75, "en": 25}
    assert language_quotas({"am": 1, "en": 99}, {}) == {"am": 50, "en": 50}


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ({"am": 1.0, "en": 1.0, "fr": 1.0}, "names fr, but the data have am, en"),
        ({"am": 1.0}, "no weight for en, which the data have"),
    ],
)
def test_quotas_that_do_not_fit_the_data_are_refused(
    weights: dict[str, float], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        language_quotas({"am": 5, "en": 5}, weights)


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 300), min_size=1),
    st.randoms(use_true_random=False),
)
def test_quotas_sum_to_the_epoch(counts: dict[str, int], generator: random.Random) -> None:
    weights = {language: generator.uniform(0.01, 5) for language in counts}
    quotas = language_quotas(counts, weights)
    assert sum(quotas.values()) == sum(counts.values())
    for language in counts:
        share = sum(counts.values()) * weights[language] / sum(weights.values())
        assert abs(quotas[language] - share) < 1


@given(st.integers(1, 300), st.integers(), st.integers(0, 50))
def test_without_weights_each_sample_comes_once(count: int, seed: int, epoch: int) -> None:
    assert sorted(epoch_order(["am"] * count, None, seed, epoch)) == list(range(count))


def test_the_order_follows_from_seed_and_epoch() -> None:
    languages = ["am"] * 50
    order = epoch_order(languages, None, 7, 3)
    assert order == epoch_order(languages, None, 7, 3)
    assert order != epoch_order(languages, None, 7, 4)
    assert order != epoch_order(languages, None, 8, 3)


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0.1, 9), st.integers(0, 9))
def test_no_sample_comes_again_before_all_of_its_language_came(
    amharic: int, english: int, weight: float, epoch: int
) -> None:
    languages = ["am"] * amharic + ["en"] * english
    order = epoch_order(languages, {"am": weight, "en": 1.0}, 1, epoch)
    assert len(order) == len(languages)
    drawn = Counter(order)
    for first, last in ((0, amharic), (amharic, amharic + english)):
        times = [drawn[index] for index in range(first, last)]
        assert max(times) - min(times) <= 1


@given(st.integers(1, 100), st.integers(1, 7), WORLDS)
def test_ranks_share_the_samples_evenly(count: int, size: int, world: int) -> None:
    order = epoch_order(["am"] * count, None, 1, 0)
    parts = [fixed_batches(order, size, rank, world) for rank in range(world)]
    assert len({tuple(map(len, part)) for part in parts}) == 1
    assert all(0 < len(batch) <= size for part in parts for batch in part)
    drawn = Counter(chain.from_iterable(chain.from_iterable(parts)))
    assert set(drawn) == set(range(count))
    # Only what makes the number of samples a multiple of the ranks comes again.
    assert sum(drawn.values()) - count == -count % world


@given(SIZES, st.integers(400, 2000), WORLDS, st.integers())
def test_token_batches_keep_the_budget_and_lose_no_sample(
    sizes: list[int], budget: int, world: int, seed: int
) -> None:
    order = epoch_order(["am"] * len(sizes), None, 1, 0)
    steps = token_batches(order, sizes, budget, random.Random(seed), world)
    batches = list(chain.from_iterable(steps))
    assert all(len(step) == world for step in steps)
    assert all(batch for batch in batches)
    assert all(sum(sizes[index] for index in batch) <= budget for batch in batches)
    drawn = Counter(chain.from_iterable(batches))
    assert set(drawn) == set(range(len(sizes)))
    if world == 1:
        assert set(drawn.values()) == {1}


def test_a_sample_larger_than_the_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="sample 1 has 11 tokens, the budget is 10"):
        token_batches([0, 1], [5, 11], 10, random.Random(0), 1)


def _padding(batches: list[list[int]], sizes: list[int]) -> float:
    """Share of positions that are padding when each batch is as long as its longest sample."""
    rows = [[sizes[index] for index in batch] for batch in batches]
    return 1 - sum(map(sum, rows)) / sum(max(row) * len(row) for row in rows)


@pytest.mark.parametrize("count", [200, 20_000])
def test_token_batches_are_full_and_hardly_padded(count: int) -> None:
    generator = random.Random(4)
    sizes = [generator.randint(60, 400) for _ in range(count)]
    order = epoch_order(["am"] * count, None, 1, 0)
    batches = [b for (b,) in token_batches(order, sizes, 4000, generator, 1)]
    by_rows = fixed_batches(order, 16, 0, 1)
    assert _padding(by_rows, sizes) > 0.3
    assert _padding(batches, sizes) < 0.1
    assert len(batches) <= math.ceil(1.07 * sum(sizes) / 4000)


def test_a_small_corpus_has_other_batches_in_every_epoch() -> None:
    sizes = list(range(60, 160))
    plan = EpochBatches(["am"] * 100, None, 1, budget=1000, sizes=sizes)
    epochs = []
    for epoch in range(3):
        plan.set_epoch(epoch)
        epochs.append({tuple(sorted(batch)) for batch in plan})
    assert len(epochs[0] & epochs[1]) < len(epochs[0]) / 2
    assert len(epochs[1] & epochs[2]) < len(epochs[0]) / 2


@given(SIZES, WORLDS, st.integers(0, 5), st.sampled_from([0, 400, 1500]))
def test_all_ranks_make_equally_many_steps_of_like_length(
    sizes: list[int], world: int, epoch: int, budget: int
) -> None:
    plans = [
        EpochBatches(
            ["am"] * len(sizes),
            None,
            5,
            rank=rank,
            world=world,
            batch_size=4,
            budget=budget,
            sizes=sizes if budget else (),
        )
        for rank in range(world)
    ]
    for plan in plans:
        plan.set_epoch(epoch)
    assert len({len(plan) for plan in plans}) == 1
    assert all(list(plan) == list(plan) and len(list(plan)) == len(plan) for plan in plans)
    if world > 1 and len(plans[0]) > 1 and not budget and len(sizes) >= 2 * world * 4:
        assert list(plans[0]) != list(plans[1])


def test_a_resumed_epoch_has_the_order_of_that_epoch() -> None:
    def plan() -> EpochBatches:
        return EpochBatches(["am", "en"] * 30, {"am": 2.0, "en": 1.0}, 9, batch_size=4)

    run, resumed = plan(), plan()
    for epoch in range(4):
        run.set_epoch(epoch)
        batches = list(run)
    resumed.set_epoch(3)
    assert list(resumed) == batches


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"rank": 2, "world": 2}, r"rank=2 is outside 0\.\.1"),
        ({"budget": 10, "sizes": [1]}, "2 samples but 1 sizes"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(arguments: dict[str, int], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        EpochBatches(["am", "am"], None, 1, **arguments)  # type: ignore[arg-type]
