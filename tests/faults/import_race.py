"""Threads that import a small Coqui and switch the extension on and off, all at once.

Run as ``python -m tests.faults.import_race TRIES``. A thread that hangs ends the process with every
thread's traceback; a patch that is not there when its module's import returns raises.
"""

from __future__ import annotations

import faulthandler
import importlib
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from pathlib import Path
from typing import Any

import coqui_amharic_ext as am
from coqui_amharic_ext import hookimpl, plugins
from coqui_amharic_ext.patching import Patch

# Modules import each other in circles and are also imported by what a patch puts in their place.
# From there no way leads to a module that imports the patched one: Python itself lets one of two
# threads fail that import in such a circle.
SMALL_COQUI = {
    "TTS/__init__.py": "",
    "TTS/api.py": "import TTS.deep\nimport TTS.helper\ndef speak():\n    return 'stock'\n",
    "TTS/deep.py": "import TTS.helper\nclass Deep:\n    def say(self):\n        return 'stock'\n",
    "TTS/helper.py": "import TTS\n",
    "TTS/extra.py": "import TTS.helper\nfrom TTS.deep import Deep\n",
    "trainer/__init__.py": "import trainer.steps\n",
    "trainer/steps.py": "import TTS.helper\ndef step():\n    return 'stock'\n",
    "beside_us.py": "import TTS.deep\nfrom TTS.extra import Deep\n",
}
PARTS = ("TTS", "trainer", "beside_us")


def ours(imports: str) -> Callable[[Any], Any]:
    """Return a ``replace`` that imports a module, as those of the package do."""

    def replace(original: Any) -> Any:
        importlib.import_module(imports)

        @wraps(original)
        def patched(*args: Any) -> str:
            return "ours"

        return patched

    return replace


def patch(name: str, imports: str) -> Patch:
    module, _, qualname = name.partition(":")
    return Patch(
        name=name,
        module=module,
        qualname=qualname,
        summary="",
        replace=ours(imports),
        probe=lambda original: None,
    )


class Plugin:
    @staticmethod
    @hookimpl
    def patches() -> Iterator[Patch]:
        yield patch("TTS.api:speak", "TTS.extra")
        yield patch("TTS.deep:Deep.say", "beside_us")
        yield patch("trainer.steps:step", "TTS.helper")


def found(name: str) -> str:
    """Import a module of the small Coqui and say whose function it has."""
    module = importlib.import_module(name)
    if name == "trainer":
        return str(module.steps.step())
    return str(module.speak() if name == "TTS.api" else module.Deep().say())


def forget() -> None:
    am.deactivate()
    for name in [name for name in sys.modules if name.partition(".")[0] in PARTS]:
        del sys.modules[name]


def at_once(pool: ThreadPoolExecutor, *tasks: Callable[[], object]) -> list[Any]:
    barrier = threading.Barrier(len(tasks))

    def begin(task: Callable[[], object]) -> object:
        barrier.wait()
        return task()

    return [future.result() for future in [pool.submit(begin, task) for task in tasks]]


def imports_alone(pool: ThreadPoolExecutor) -> None:
    """With autoload: who has imported a module has it patched.

    Where a patch imports what waits for the module itself, Python lets one of two threads go on
    without: that one's patch is put in place by the other, a moment later.
    """
    from coqui_amharic_ext.autoload import finder

    finder.install()
    modules = ("TTS.api", "TTS.deep", "trainer", "TTS.api")
    said = at_once(pool, *(lambda name=name: found(name) for name in modules))
    assert said[2] == "ours", said
    assert_patched()


def assert_patched() -> None:
    said = [found(name) for name in ("TTS.api", "TTS.deep", "trainer")]
    assert said == ["ours"] * 3, (said, am.status().patches[-3:])


def with_activation(pool: ThreadPoolExecutor) -> None:
    at_once(
        pool,
        lambda: found("TTS.api"),
        am.activate,
        lambda: found("trainer"),
        lambda: am.activate(am.Settings(packing=False)),
    )
    settings = am.status().settings["packing"], os.environ.get("COQUI_AMHARIC_PACKING")
    assert settings in ((True, None), (False, "0"), (True, "0"), (False, None)), settings
    assert_patched()


def with_deactivation(pool: ThreadPoolExecutor) -> None:
    at_once(pool, lambda: found("TTS.api"), am.activate, am.deactivate, am.status, in_fork)
    am.deactivate()
    said = [found(name) for name in ("TTS.api", "TTS.deep", "trainer")]
    assert said == ["stock"] * 3, said


def in_fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def main(tries: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, body in SMALL_COQUI.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(body)
        sys.path.insert(0, folder)
        import torch  # noqa: F401  # not within the tries: status() asks kernels with it

        logging.disable()  # our own patches find nothing of what they are for
        plugins.register(Plugin, "small-coqui")
        am.activate()
        sys.setswitchinterval(1e-6)
        with ThreadPoolExecutor(8) as pool:
            for number in range(tries):
                faulthandler.dump_traceback_later(60, exit=True)
                forget()
                task = {6: with_activation, 7: with_deactivation}.get(number % 8, imports_alone)
                task(pool)
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main(int(sys.argv[1]))
