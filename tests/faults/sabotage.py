"""Makes one function of ours raise, then imports torch's backends and Coqui; a process for each.

Run as ``python -m tests.faults.sabotage OUTPUT``. What does not depend on the fault is imported
once; each fault gets a forked child. The output is JSON: for each fault what went wrong, or "".
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

MODULES = ("autoload", "finder", "activation", "patching", "plugins", "settings")
OUTERMOST = {
    # Whoever replaces these replaces the guard itself.
    "finder.PostImportFinder.find_spec",
    "finder.PostImportFinder.run",
    "finder.PostImportFinder._guarded",
    "finder._Watched.__getattr__",
    "finder._Watched.exec_module",
}


class Fault(RuntimeError):
    """What every sabotaged function raises."""


def _explode(*args: Any, **kwargs: Any) -> Any:
    raise Fault("sabotaged")


def functions() -> Iterator[tuple[str, Any]]:
    """Yield name and code of every function and method that activation may run."""
    for name in MODULES:
        module = importlib.import_module(f"coqui_amharic_ext.{name}")
        for key, value in vars(module).items():
            if getattr(value, "__module__", None) != module.__name__:
                continue
            members = vars(value).items() if inspect.isclass(value) else [("", value)]
            for method, found in members:
                code = _code(found)
                if code is not None:
                    yield ".".join(filter(None, (name, key, method))), code


def _code(found: Any) -> Any:
    plain = inspect.unwrap(getattr(found, "__func__", getattr(found, "fget", found)))
    code = getattr(plain, "__code__", None)
    # Methods that dataclasses write have no file.
    return None if code is None or code.co_filename == "<string>" else code


def _break(name: str) -> None:
    module_name, *path, last = name.split(".")
    owner: Any = importlib.import_module(f"coqui_amharic_ext.{module_name}")
    for part in path:
        owner = getattr(owner, part)
    found = vars(owner)[last]
    kind = type(found) if isinstance(found, (property, classmethod, staticmethod)) else None
    setattr(owner, last, kind(_explode) if kind else _explode)


def _check() -> None:
    import torch

    torch._import_device_backends()  # what `import torch` ends with
    import trainer.io
    import TTS.tts.layers.xtts.gpt
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
    from TTS.tts.utils.text.phonemizers import get_default_phonemizer
    from TTS.tts.utils.text.tokenizer import TTSTokenizer

    assert get_default_phonemizer("be") == "be_phonemizer"
    assert VoiceBpeTokenizer().preprocess_text("Three  CATS", "en") == "three cats"
    assert TTS.tts.layers.xtts.gpt.GPT and trainer.io.save_fsspec and TTSTokenizer


def _forget() -> None:
    """Drop Coqui from the process, so that each child imports it anew."""
    for name in list(sys.modules):
        if name.partition(".")[0] in {"TTS", "trainer"}:
            del sys.modules[name]


def _prepare() -> None:
    import logging

    import torch

    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    _check()
    _forget()
    # Upstream lists every installed file at each import; once will do.
    from importlib import metadata

    known = metadata.packages_distributions()
    metadata.packages_distributions = lambda: known


def _in_child(task: Callable[[], str]) -> str:
    """Return what a function returns in a forked child; an exception's traceback if it raises."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            said = task()
        except BaseException:
            said = traceback.format_exc()[-3000:]
        with os.fdopen(writing, "wb") as stream:
            stream.write(said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode("utf-8", "replace")
    os.waitpid(child, 0)
    return said


def _run_functions() -> str:
    """Return the names of our functions that an import of Coqui runs."""
    codes = {id(code): name for name, code in functions()}
    seen: set[str] = set()

    def watch(frame: Any, event: str, argument: Any) -> None:
        if event == "call" and id(frame.f_code) in codes:
            seen.add(codes[id(frame.f_code)])

    sys.setprofile(watch)
    _check()
    sys.setprofile(None)
    return " ".join(sorted(seen - OUTERMOST))


def _applied() -> str:
    """Without a fault, the same way of importing does activate."""
    import coqui_amharic_ext as am

    _check()
    report = am.status()
    assert report.active and not report.settings_error, str(report)
    assert sum(patch.state == "applied" for patch in report.patches) > 8, str(report)
    return ""


def _sabotaged(name: str) -> str:
    _break(name)
    _check()
    return ""


def main(output: Path) -> None:
    os.environ["COQUI_AMHARIC_AUTOLOAD"] = "0"
    _prepare()
    list(functions())  # so that the children need not import us
    os.environ["COQUI_AMHARIC_AUTOLOAD"] = "1"
    found = {"": _in_child(_applied)}
    for name in _in_child(_run_functions).split():
        found[name] = _in_child(partial(_sabotaged, name))
    output.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
