"""A failed run says its error, whatever is written after it."""

from __future__ import annotations

import pytest

from coqui_amharic_ext.webui.failure import reason_of

REFUSED = """\
 > Setting up Audio Processor...
usage: train_vits.py [-h] [--data DATA] [--output OUTPUT]
train_vits.py: error: the data in /home/me/corpus cannot be used: No samples left; what to do:
coqui-amharic data check --model vits --metadata /home/me/corpus/metadata.csv
"""
RAISED = """\
ValueError: an earlier one, which was caught
 > TRAINING (2026-11-30 03:00:00)
Traceback (most recent call last):
  File "trainer.py", line 1, in fit
    raise TrainingError(
coqui_amharic_ext.errors.TrainingError: the loss is NaN at step 12
the last good checkpoint is checkpoint_10.pth; go on from it with a smaller lr

 > Experiment folder is kept
"""
CHAINED = """\
Traceback (most recent call last):
  File "a.py", line 1, in <module>
KeyError: 'inner'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 1, in <module>
    outer()
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.
"""


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (
            REFUSED,
            "the data in /home/me/corpus cannot be used: No samples left; what to do:\n"
            "coqui-amharic data check --model vits --metadata /home/me/corpus/metadata.csv",
        ),
        (
            RAISED,
            "the loss is NaN at step 12\n"
            "the last good checkpoint is checkpoint_10.pth; go on from it with a smaller lr",
        ),
        (CHAINED, "CUDA out of memory. Tried to allocate 2 GiB."),
        ("Traceback (most recent call last):\n  x\nAssertionError\n", "AssertionError"),
        ("Traceback (most recent call last):\n  x\nKeyError: 'speaker'\n", "KeyError: 'speaker'"),
        ("Traceback (most recent call last):\n  x\nStopIteration\nbye\n", "StopIteration"),
        ("x: error: no such file\n > saved\n", "no such file"),
        ("something\n\n", "something"),
        ("", "it wrote nothing and ended with exit code 1"),
    ],
)
def test_the_error_is_said_whole(log: str, said: str) -> None:
    assert reason_of(log, 1) == said


@pytest.mark.parametrize("code", [-9, 137])
def test_a_kill_is_not_explained_by_the_log(code: int) -> None:
    assert "memory ran out" in reason_of(RAISED, code)


def test_other_signals_are_named() -> None:
    assert reason_of("", -15) == "it was ended by SIGTERM"
    assert "200" in reason_of("", -200)
