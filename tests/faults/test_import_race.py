"""Threads that import Coqui while others switch the extension on: nobody hangs, nothing is lost."""

from __future__ import annotations

import os

import pytest

from tests.conftest import RunPython
from tests.running import run_module


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_thousands_of_tries_on_a_small_coqui() -> None:
    run_module("tests.faults.import_race", "2000")


REAL = """
import faulthandler, sys, threading
faulthandler.dump_traceback_later(240, exit=True)
import coqui_amharic_ext as am
sys.setswitchinterval(1e-5)
barrier = threading.Barrier(3)
faults = []

def switch_on():
    am.activate()

def import_it():
    import TTS.api

def ask():
    for _ in range(20):
        am.status()

def begin(task):
    barrier.wait()
    try:
        task()
    except BaseException as error:
        faults.append(error)

threads = [threading.Thread(target=begin, args=(task,)) for task in (switch_on, import_it, ask)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not faults, faults
import TTS.tts.layers.xtts.trainer.gpt_trainer
report = am.status()
wrong = [patch for patch in report.patches if patch.state in ("skipped", "pending", "changed")]
assert not wrong and not report.settings_error, (wrong, report.settings_error)
"""


@pytest.mark.parametrize("autoload", ["0", "1"])
def test_real_coqui_is_imported_while_it_is_switched_on(
    run_python: RunPython, autoload: str
) -> None:
    pytest.importorskip("TTS")
    done = run_python(REAL, COQUI_AMHARIC_AUTOLOAD=autoload)
    assert "could not be activated" not in done.stderr
