"""Probes that run in a child process: each imports and tries one thing.

The file is passed to ``python -c`` as text. So it imports nothing from this package except what it
probes, and is ASCII, since the locale may support nothing else. Each probe writes two lines of JSON
to the original standard output: its name before, its result after. A probe that hangs writes where,
and ends the process.
"""

from __future__ import annotations

import faulthandler
import importlib
import importlib.util
import json
import locale
import os
import sys
import time
from typing import Any


def _probe_encoding() -> dict[str, Any]:
    """Return the default encodings of files, arguments and output."""
    return {
        "files": locale.getpreferredencoding(False),
        "arguments": sys.getfilesystemencoding(),
        "printed": sys.__stdout__.encoding if sys.__stdout__ is not None else "",
    }


def _probe_torch() -> dict[str, Any]:
    import torch

    cuda = torch.cuda.is_available()
    devices = []
    for index in range(torch.cuda.device_count() if cuda else 0):
        properties = torch.cuda.get_device_properties(index)
        capability = "{}.{}".format(*torch.cuda.get_device_capability(index))
        memory = properties.total_memory
        devices.append({"name": properties.name, "capability": capability, "memory": memory})
    return {
        "version": torch.__version__,
        "cuda": torch.version.cuda,
        "hip": getattr(torch.version, "hip", None),
        "cuda_available": cuda,
        "devices": devices,
        "architectures": torch.cuda.get_arch_list() if cuda else [],
    }


def _probe_ffmpeg() -> dict[str, Any]:
    """Look for libavutil as torchcodec's libraries do; FFmpeg 4 has 56, FFmpeg 9 has 61."""
    import ctypes

    names = {"win32": "avutil-{}.dll", "darwin": "libavutil.{}.dylib"}
    found = []
    for number in range(56, 62):
        try:
            ctypes.CDLL(names.get(sys.platform, "libavutil.so.{}").format(number))
        except OSError:
            continue
        found.append(number - 52)
    return {"majors": found}


def _probe_torchcodec() -> dict[str, Any]:
    """Decode a short sound: the import alone succeeds without FFmpeg."""
    import io
    import wave

    sound = io.BytesIO()
    with wave.open(sound, "wb") as stream:
        stream.setparams((1, 2, 8000, 0, "NONE", ""))
        stream.writeframes(bytes(1600))
    decoders = importlib.import_module("torchcodec.decoders")
    samples = decoders.AudioDecoder(sound.getvalue()).get_all_samples()
    return {"samples": int(samples.data.shape[-1])}


def _probe_coqui() -> dict[str, Any]:
    importlib.import_module("TTS")
    importlib.import_module("trainer")
    return {}


def _probe_epitran() -> dict[str, Any]:
    epitran = importlib.import_module("epitran")
    return {"ipa": epitran.Epitran("amh-Ethi").transliterate("\u1230\u120b\u121d")}


def _probe_flash_attn_package() -> dict[str, Any]:
    """Tell a package ``flash_attn`` from a folder of that name."""
    spec = importlib.util.find_spec("flash_attn")
    if spec is None:
        return {"found": False}
    folders = [str(folder) for folder in spec.submodule_search_locations or ()]
    return {"found": True, "namespace": spec.origin is None, "folders": folders}


def _probe_flash_attn() -> dict[str, Any]:
    return {"function": bool(importlib.import_module("flash_attn").flash_attn_varlen_func)}


def _probe_flash_attn_4() -> dict[str, Any]:
    return {"function": bool(importlib.import_module("flash_attn.cute").flash_attn_varlen_func)}


def _probe_xformers() -> dict[str, Any]:
    spec = importlib.util.find_spec("xformers")
    built: dict[str, Any] = {}
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        try:
            with open(os.path.join(folder, "cpp_lib.json"), encoding="utf-8") as stream:
                built = json.load(stream)["version"]
        except (OSError, ValueError, KeyError):
            built = {}
    return {"built": built, "ops_error": _import_error("xformers.ops")}


def _probe_extension() -> dict[str, Any]:
    """Import what is patched, then return the state of everything."""
    importlib.import_module("torch")
    extension = importlib.import_module("coqui_amharic_ext")
    active = extension.status().active
    plugins = importlib.import_module("coqui_amharic_ext.plugins")
    modules = sorted({patch.module for patch in plugins.patches().values()})
    errors = {module: error for module in modules if (error := _import_error(module))}
    report = extension.status().to_dict()
    return {"active": active, "import_errors": errors, "report": report}


def _import_error(module: str) -> str:
    try:
        importlib.import_module(module)
    except Exception as error:
        return _described(error)
    return ""


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:4000]


def _run(name: str) -> dict[str, Any]:
    """Run a probe; one without a function is the import of the module of that name."""
    probe = globals().get(f"_probe_{name}")
    if probe is None:
        importlib.import_module(name)
        return {}
    found: dict[str, Any] = probe()
    return found


def _main(timeout: float, names: list[str]) -> None:
    # Without the working directory: programs would not import a torch.py in it.
    sys.path[:] = [entry for entry in sys.path if entry]
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # keeps what libraries print out of the results
    for name in names:
        print(json.dumps({"begin": name}), file=results, flush=True)
        faulthandler.dump_traceback_later(timeout, file=results, exit=True)
        started = time.monotonic()
        result: dict[str, Any] = {"name": name, "error": "", "missing": "", "facts": {}}
        try:
            result["facts"] = _run(name)
        except BaseException as error:
            result["error"] = _described(error)
            result["missing"] = getattr(error, "name", "") or ""
        faulthandler.cancel_dump_traceback_later()
        result["seconds"] = round(time.monotonic() - started, 3)
        print(json.dumps(result, default=str), file=results, flush=True)


if __name__ == "__main__":
    _main(float(sys.argv[1]), sys.argv[2:])
