"""Losses are read from the log as the trainer prints it."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from coqui_amharic_ext.webui.losses import LossReader

# As coqui-tts-trainer's console logger prints it.
LOG = """
\x1b[4m\x1b[1m > EPOCH: 2/19\x1b[0m
 --> /runs/xtts

\x1b[1m > TRAINING (2026-01-01 10:00:00) \x1b[0m
\x1b[1m   --> TIME: 2026-01-01 10:00:01 -- STEP: 0/5 -- GLOBAL_STEP: 10\x1b[0m
     | > current_lr: 0.001  (0.001)
     | > loss_text_ce: 0.5  (0.5)
     | > loss: 5.5  (5.5)
     | > grad_norm: tensor(1.5)  (tensor(1.5))
\x1b[1m   --> TIME: 2026-01-01 10:00:02 -- STEP: 1/5 -- GLOBAL_STEP: 11\x1b[0m
     | > loss_text_ce: 0.4  (0.45)
     | > loss: 5.25  (5.375)
     | > amp_scaler: 1024.0  (1024.0)
\x1b[1m > EVALUATION \x1b[0m
\x1b[1m   --> STEP: 0\x1b[0m
     | > loss: 99.0  (99.0)
  \x1b[1m--> EVAL PERFORMANCE\x1b[0m
     | > avg_loss: 99.0 (+0)
"""


def test_training_losses_are_read_and_evaluation_is_not() -> None:
    reader = LossReader()
    reader.feed(LOG)
    assert reader.losses == {
        "loss_text_ce": [(10, 0.5), (11, 0.4)],
        "loss": [(10, 5.5), (11, 5.25)],
    }
    assert (reader.epoch, reader.epochs, reader.step) == (2, 19, 11)


def test_a_line_counts_when_it_is_whole() -> None:
    reader = LossReader()
    reader.feed("--> TIME: x -- STEP: 0/5 -- GLOBAL_STEP: 1\n     | > loss: 5.")
    assert reader.step is None
    reader.feed("75  (5)\n")
    assert reader.losses == {"loss": [(1, 5.75)]}


@given(st.integers(0, 2**32))
def test_where_the_log_is_cut_does_not_matter(seed: int) -> None:
    whole, pieces = LossReader(), LossReader()
    whole.feed(LOG)
    rng, place = random.Random(seed), 0
    while place < len(LOG):
        length = rng.randint(1, 40)
        pieces.feed(LOG[place : place + length])
        place += length
    assert pieces.losses == whole.losses


def test_a_loss_of_a_name_of_its_own_is_shown_where_no_usual_one_is() -> None:
    reader = LossReader()
    reader.feed("--> TIME: x -- STEP: 0/5 -- GLOBAL_STEP: 1\n | > loss_odd: 2.0 (2)\n")
    assert reader.shown() == {"loss_odd": [(1, 2.0)]}
