"""What runs in a child process: imports one thing after another and tells how it went.

It is given to ``python -c`` as text, so it uses nothing of ours but what it probes, and is ASCII
alone, since the locale may have nothing else. A thing that
crashes, hangs or prints does so in the child. Each probe writes two lines of JSON to what was
standard output: its name before, its result after; one that hangs, where it hangs.
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
    """Tell what text is in where nobody says so: files, and what a program prints."""
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
        major, minor = torch.cuda.get_device_capability(index)
        devices.append(
            {
                "name": properties.name,
                "capability": f"{major}.{minor}",
                "memory": properties.total_memory,
            }
        )
    return {
        "version": torch.__version__,
        "cuda": torch.version.cuda,
        "hip": getattr(torch.version, "hip", None),
        "cuda_available": cuda,
        "devices": devices,
        "architectures": torch.cuda.get_arch_list() if cuda else [],
    }


def _probe_torchaudio() -> dict[str, Any]:
    importlib.import_module("torchaudio")
    return {}


def _probe_ffmpeg() -> dict[str, Any]:
    """Look for libavutil as torchcodec's libraries do; FFmpeg 4 has 56, FFmpeg 9 has 61."""
    import ctypes

    pattern = {"win32": "avutil-{}.dll", "darwin": "libavutil.{}.dylib"}.get(
        sys.platform, "libavutil.so.{}"
    )
    found = []
    for number in range(56, 62):
        try:
            ctypes.CDLL(pattern.format(number))
        except OSError:
            continue
        found.append(number - 52)
    return {"majors": found}


def _probe_torchcodec() -> dict[str, Any]:
    """Decode a short sound: importing alone succeeds without FFmpeg."""
    import io
    import wave

    sound = io.BytesIO()
    with wave.open(sound, "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(8000)
        stream.writeframes(bytes(1600))
    decoders = importlib.import_module("torchcodec.decoders")
    samples = decoders.AudioDecoder(sound.getvalue()).get_all_samples()
    return {"samples": int(samples.data.shape[-1])}


def _probe_six() -> dict[str, Any]:
    importlib.import_module("six")
    return {}


def _probe_coqui() -> dict[str, Any]:
    importlib.import_module("TTS")
    importlib.import_module("trainer")
    return {}


def _probe_transformers() -> dict[str, Any]:
    importlib.import_module("transformers")
    return {}


def _probe_epitran() -> dict[str, Any]:
    epitran = importlib.import_module("epitran")
    return {"ipa": epitran.Epitran("amh-Ethi").transliterate("\u1230\u120b\u121d")}


def _probe_flash_attn_package() -> dict[str, Any]:
    """Tell whether ``flash_attn`` is a package, or a folder that only looks like one."""
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
    sys.stderr.flush()
    error = ""
    try:
        importlib.import_module("xformers.ops")
    except Exception as problem:
        error = _described(problem)
    return {"built": built, "ops_error": error}


def _probe_extension() -> dict[str, Any]:
    """Import what we patch, then ask for the state of everything."""
    importlib.import_module("torch")
    extension = importlib.import_module("coqui_amharic_ext")
    active = extension.status().active
    plugins = importlib.import_module("coqui_amharic_ext.plugins")
    errors = {}
    for module in sorted({patch.module for patch in plugins.patches().values()}):
        try:
            importlib.import_module(module)
        except Exception as problem:
            errors[module] = _described(problem)
    report = extension.status().to_dict()
    return {"active": active, "import_errors": errors, "report": report}


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:4000]


def _main(patience: float, names: list[str]) -> None:
    # Not the working directory: a file torch.py in it is not what a program would import.
    sys.path[:] = [entry for entry in sys.path if entry]
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print does not get between the lines
    for name in names:
        told.write(json.dumps({"begin": name}) + "\n")
        told.flush()
        faulthandler.dump_traceback_later(patience, file=told)  # where it hangs
        started = time.monotonic()
        result: dict[str, Any] = {"name": name, "error": "", "missing": "", "facts": {}}
        try:
            result["facts"] = globals()[f"_probe_{name}"]()
        except BaseException as error:
            result["error"] = _described(error)
            result["missing"] = getattr(error, "name", "") or ""
        faulthandler.cancel_dump_traceback_later()
        result["seconds"] = round(time.monotonic() - started, 3)
        told.write(json.dumps(result, default=str) + "\n")
        told.flush()


if __name__ == "__main__":
    _main(float(sys.argv[1]), sys.argv[2:])
