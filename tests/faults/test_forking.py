"""Processes that start while other threads are at work: they read the same and hang nowhere."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import coqui_amharic_ext as am
from coqui_amharic_ext.io import forking
from tests.conftest import RunPython
from tests.faults.loading import RULES, TEXTS, Spoken, read

FORKS = hasattr(os, "fork")
forks = pytest.mark.skipif(not FORKS, reason="no fork on this system")
METHODS = multiprocessing.get_all_start_methods()

# A child that hangs is ended and counted as such.
CHILD = """
import os, signal, sys, threading, time

def in_child(task, seconds=20):
    child = os.fork()
    if child == 0:
        signal.alarm(seconds)
        try:
            task()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""
WAIT = "while not os.path.exists('TRACE'): time.sleep(0.005)\n"
SLOW_PLUGIN = """
import time
open(TRACE, "w").close()
time.sleep(1.5)
from coqui_amharic_ext import hookimpl
@hookimpl
def g2p_backends():
    return []
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """An installed plugin that takes its time; it makes a file once it is being imported."""
    trace = tmp_path / "begun"
    (tmp_path / "plugin_slow.py").write_text(f"TRACE = {str(trace)!r}\n{SLOW_PLUGIN}")
    info = tmp_path / "slow-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[coqui_amharic_ext]\nslow = plugin_slow\n")
    return trace


@forks
@pytest.mark.parametrize("patience", [5.0, 0.1])
def test_a_fork_while_plugins_are_being_loaded(
    run_python: RunPython, plugin: Path, patience: float
) -> None:
    """With patience the child has every plugin; without, it still has ours."""
    run_python(
        CHILD
        + f"""
import coqui_amharic_ext as am
from coqui_amharic_ext import plugins
from coqui_amharic_ext.io import forking
forking.PATIENCE = {patience}
def task():
    assert am.phonemize("ሰላም", backend="rules") == "səlam"
    named = {{info.name for info in plugins.plugin_infos() if not info.error}}
    assert "g2p" in named, named
    if {patience} > 1:
        assert "slow" in named, named
thread = threading.Thread(target=am.phonemize, args=("ሰላም",))
thread.start()
"""
        + WAIT.replace("TRACE", str(plugin))
        + """
assert in_child(task) == 0
thread.join()
assert am.phonemize("ሰላም") == "səlam"
""",
        PYTHONPATH=str(plugin.parent),
        COQUI_AMHARIC_G2P="rules",
    )


@forks
def test_a_fork_while_a_backend_loads_what_the_child_must_import_too(
    run_python: RunPython, tmp_path: Path
) -> None:
    trace = tmp_path / "begun"
    (tmp_path / "heavy_library.py").write_text(
        f"import time\nopen({str(trace)!r}, 'w').close()\ntime.sleep(1.5)\n"
    )
    run_python(
        CHILD
        + """
import coqui_amharic_ext as am
from coqui_amharic_ext import hookimpl, plugins
from coqui_amharic_ext.g2p.backend import Backend, BackendSpec
from coqui_amharic_ext.availability import Availability
rules = am.Settings(g2p_backends=("rules",))

class Heavy(Backend):
    may_hang = False
    def availability(self):
        return Availability(True)
    def version(self):
        return ""
    def _load(self):
        import heavy_library
    def _transcribe(self, words):
        return [am.phonemize(word, settings=rules) for word in words]

class Plugin:
    @staticmethod
    @hookimpl
    def g2p_backends():
        return [BackendSpec("heavy", "", "surface", Heavy)]

plugins.register(Plugin, "heavy")
chosen = am.Settings(g2p_backends=("heavy", "rules"))
def task():
    assert am.transcribe("ዶላፖ", settings=chosen).backends == ("heavy",)
thread = threading.Thread(target=am.phonemize, args=("ዶላፖ",), kwargs={"settings": chosen})
thread.start()
"""
        + WAIT.replace("TRACE", str(trace))
        + """
assert in_child(task) == 0
thread.join()
""",
        PYTHONPATH=str(tmp_path),
    )


@forks
def test_a_fork_while_patches_are_being_applied(run_python: RunPython, tmp_path: Path) -> None:
    (tmp_path / "upstream_module.py").write_text("def function():\n    return 1\n")
    run_python(
        CHILD
        + """
import coqui_amharic_ext as am
import upstream_module
from coqui_amharic_ext import hookimpl, plugins
from coqui_amharic_ext.patching import Patch
begun = threading.Event()

def replace(original):
    begun.set()
    time.sleep(1.5)
    return lambda: 2

class Plugin:
    @staticmethod
    @hookimpl
    def patches():
        return [Patch(name="slow", module="upstream_module", qualname="function", summary="",
                      replace=replace, probe=lambda original: None)]

plugins.register(Plugin, "slow")
def task():
    assert upstream_module.function() == 2
    am.deactivate()
    assert upstream_module.function() == 1
threading.Thread(target=am.activate).start()
begun.wait()
assert in_child(task) == 0
assert upstream_module.function() == 2
os._exit(0)  # not waiting for the report, for which torch is imported
""",
        PYTHONPATH=str(tmp_path),
        COQUI_AMHARIC_AUTOLOAD="0",
    )


@pytest.fixture
def busy() -> Iterator[None]:
    """Two threads that phonemize all the time, each word anew."""
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            am.phonemize(f"ሰላም {number} ቤት", settings=RULES.replace(narrow=bool(number % 2)))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join(10)


@pytest.fixture(scope="module")
def serial() -> list[str]:
    return [am.phonemize(text, settings=RULES) for text in TEXTS]


@pytest.mark.parametrize("method", METHODS)
def test_workers_of_every_start_method_read_the_same(
    busy: None, serial: list[str], method: str
) -> None:
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map_async(read, TEXTS, chunksize=5).get(timeout=120)
    assert found == serial


@forks
def test_data_loader_workers_forked_from_busy_threads_read_the_same(
    busy: None, serial: list[str]
) -> None:
    torch = pytest.importorskip("torch")
    loader = torch.utils.data.DataLoader(
        Spoken(), batch_size=5, num_workers=2, collate_fn=list, timeout=120
    )
    assert [ipa for batch in loader for ipa in batch] == serial


def _fork() -> int:
    """Fork; filelock, which torch imports, refuses to while another thread is at it."""
    while True:
        try:
            return os.fork()
        except RuntimeError as error:
            if "filelock" not in str(error):
                raise
            time.sleep(0.001)


@forks
def test_two_threads_that_fork_at_once_give_every_lock_back() -> None:
    codes: list[int] = []

    def fork() -> None:
        for _ in range(15):
            child = _fork()
            if child == 0:
                os._exit(0 if am.phonemize("ሰላም", settings=RULES) == "səlam" else 1)
            codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    threads = [threading.Thread(target=fork) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert codes == [0] * 45
    for lock in forking._all():
        free = threading.Event()

        def take(lock: forking.ForkSafeLock = lock, free: threading.Event = free) -> None:
            if lock.acquire(timeout=5):
                free.set()
                lock.release()

        taker = threading.Thread(target=take)
        taker.start()
        taker.join()
        assert free.is_set()


COLD = """
import sys, threading
import coqui_amharic_ext as am
from concurrent.futures import ThreadPoolExecutor
barrier = threading.Barrier(8)
def read(number):
    barrier.wait()
    return am.phonemize("ሰላም ለዓለም፣ 3 ቤት BBC", settings=am.Settings(g2p_backends=BACKENDS))
with ThreadPoolExecutor(8) as pool:
    found = set(pool.map(read, range(8)))
print(*found, sep="\\n")
"""


@pytest.mark.parametrize("backends", [("rules",), ("epitran", "rules")])
def test_eight_threads_that_are_the_first_to_read_read_the_same(
    run_python: RunPython, backends: tuple[str, ...]
) -> None:
    """Nothing is loaded yet, so that all of them load it at once."""
    if "epitran" in backends:
        pytest.importorskip("epitran")
    done = run_python(COLD.replace("BACKENDS", repr(backends)))
    expected = am.phonemize("ሰላም ለዓለም፣ 3 ቤት BBC", settings=am.Settings(g2p_backends=backends))
    assert done.stdout == f"{expected}\n"


@forks
@pytest.mark.parametrize("name", ["phonemize", "activate", "normalize", "Settings"])
def test_a_fork_during_the_first_import_of_the_package(run_python: RunPython, name: str) -> None:
    """At any moment of it; what is half imported in the child can never be imported there."""
    for wait in (0, 0.001, 0.004, 0.015):
        run_python(
            CHILD
            + f"""
sys.setswitchinterval(1e-6)
import coqui_amharic_ext as am
def task():
    assert am.phonemize("ሰላም", backend="rules") == "səlam"
thread = threading.Thread(target=getattr, args=(am, {name!r}))
thread.start()
time.sleep({wait})
assert in_child(task) == 0
thread.join()
""",
            COQUI_AMHARIC_G2P="rules",
        )
