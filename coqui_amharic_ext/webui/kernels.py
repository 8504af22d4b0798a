"""The state of kernels, backends and the recipes' configs, from a separate process.

Trying a kernel loads torch and may take graphics memory or end the process, which the page must
not. The process is ``python -m coqui_amharic_ext.webui.kernels``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from importlib import import_module
from typing import Any

import coqui_amharic_ext as am
from coqui_amharic_ext import plugins
from coqui_amharic_ext.availability import Availability
from coqui_amharic_ext.demo.run import PATCHED
from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.settings import Settings

_lock = threading.Lock()
_known: dict[str, Any] | None = None


class ProbeError(CoquiAmharicError, RuntimeError):
    """The process that tries the kernels failed."""


def status(*, refresh: bool = False) -> dict[str, Any]:
    """Return ``status()`` of a fresh process as plain data; it is kept until a refresh."""
    global _known
    with _lock:
        if _known is None or refresh:
            _known = _ask()
        return _known


def config_numbers(recipe: str) -> list[str]:
    """Return the names of the numbers and switches in a recipe's config."""
    found: list[str] = status()["config_numbers"][recipe]
    return found


def _ask() -> dict[str, Any]:
    try:
        done = subprocess.run(  # noqa: S603 - this module
            [sys.executable, "-m", __name__],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=180,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
    except subprocess.TimeoutExpired:
        raise ProbeError("trying the attention kernels took more than 180 s") from None
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ProbeError(
            f"trying the attention kernels ended with exit code {done.returncode}: {last}"
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def g2p_states(settings: Settings) -> dict[str, Availability]:
    """Return the availability of every G2P backend."""
    found: dict[str, Availability] = {}
    for name, backend in plugins.g2p_backends().items():
        try:
            found[name] = backend.availability(settings)
        except Exception as error:
            found[name] = Availability(False, f"{type(error).__name__}: {error}")
    return found


def main() -> None:
    """Print the status as one line of JSON."""
    for module in PATCHED:
        import_module(module)
    found = am.activate().to_dict() | {"config_numbers": _config_numbers()}
    print(json.dumps(found, ensure_ascii=False, default=str))


def _config_numbers() -> dict[str, list[str]]:
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTTrainerConfig

    # The types of the recipes' options; coqpit parses switches with a function.
    return {
        recipe: [
            option.removeprefix("--")
            for action in config().init_argparse(arg_prefix="", relaxed_parser=True)._actions
            for option in action.option_strings
            if action.type in (int, float) or getattr(action.type, "__name__", "") == "parse_bool"
        ]
        for recipe, config in (("vits", VitsConfig), ("xtts", GPTTrainerConfig))
    }


if __name__ == "__main__":
    main()
