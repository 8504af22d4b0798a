"""XTTS checkpoint files: opened without reading them into memory, and recognised."""

from __future__ import annotations

import pickle
import re
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.coqui.mapped_load import NotMappedError, load_mapped
from coqui_amharic_ext.errors import CoquiAmharicError

EMBEDDING: Final = "text_embedding.weight"
HEAD_WEIGHT: Final = "text_head.weight"
HEAD_BIAS: Final = "text_head.bias"
GROWING: Final = (EMBEDDING, HEAD_WEIGHT, HEAD_BIAS)
"""Tensors with a row for each text token."""

LAYOUTS: Final = {"gpt.": "XTTS", "xtts.gpt.": "trainer", "": "GPT"}
"""The prefix of the GPT's keys in a model's file, a trainer's checkpoint and a bare state dict."""

DROPPED: Final = ("optimizer", "scaler", "scheduler")
"""Training state with the shapes of the old rows."""

_CONFIGS: Final = {
    "XttsConfig": ("TTS.tts.configs.xtts_config",),
    # The published XTTS v2 was saved when these two were somewhere else.
    "XttsArgs": ("TTS.tts.configs.xtts_config", "TTS.tts.models.xtts"),
    "XttsAudioConfig": ("TTS.tts.configs.xtts_config", "TTS.tts.models.xtts"),
    "BaseDatasetConfig": ("TTS.tts.configs.shared_configs", "TTS.config.shared_configs"),
}

Place = tuple[Any, ...]
"""The path of keys to a value in a document."""

DEPTH: Final = 64
VALUES: Final = 1_000_000
"""Limits above any real checkpoint; pickle fails on deeper nesting."""

_GLOBAL: Final = re.compile(r"GLOBAL ([\w.]+)")


class CheckpointError(CoquiAmharicError, ValueError):
    """A checkpoint cannot be used or extended as asked; the message says why."""


@dataclass
class Checkpoint:
    """An opened checkpoint; its tensors are parts of the file, read when they are used.

    Attributes
    ----------
    path : Path
        The file.
    document : dict
        The saved object.
    prefix : str
        The prefix of the GPT's keys in ``state``, a key of ``LAYOUTS``.
    """

    path: Path
    document: dict[str, Any]
    prefix: str

    @property
    def layout(self) -> str:
        """``XTTS``, ``trainer`` or ``GPT``."""
        return LAYOUTS[self.prefix]

    @property
    def state(self) -> MutableMapping[str, Any]:
        """The state dict."""
        return _state_of(self.document)

    def tensor(self, name: str) -> Any:
        """Return a tensor of the GPT by its name there."""
        return self.state[self.prefix + name]

    @property
    def rows(self) -> int:
        """The number of text tokens that the model has rows for."""
        return int(self.tensor(EMBEDDING).shape[0])


BROKEN: Final = (
    *(RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError, AssertionError),
    *(struct.error, zipfile.BadZipFile),
)
"""Errors that torch raises for a truncated or corrupt stream of pickles."""


def open_checkpoint(path: Path) -> Checkpoint:
    """Open an XTTS checkpoint without running its code or reading its weights.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    CheckpointError
        It is truncated, is no checkpoint, holds Python code, is not XTTS's, or holds values that
        cannot be copied bit for bit.
    """
    document = load_document(path, _mapped)
    if not isinstance(document, dict) or not isinstance(_state_of(document), Mapping):
        raise CheckpointError(
            f"{path} holds a {type(document).__name__}, not a state dict; give an XTTS model.pth, "
            "a trainer's checkpoint or a GPT's state dict"
        )
    state = _state_of(document)
    found = [prefix for prefix in LAYOUTS if prefix + EMBEDDING in state]
    if len(found) != 1:
        some = ", ".join(map(str, list(state)[:3]))
        wrapped = next((key for key in state if str(key).endswith(f".{EMBEDDING}")), None)
        if not found and wrapped is not None:
            raise _wrapped(path, wrapped)
        raise CheckpointError(
            f"{path} is not an XTTS checkpoint: it has "
            + (f"no {EMBEDDING}" if not found else f"{EMBEDDING} twice")
            + f" (its first keys are {some or 'none'})"
        )
    checkpoint = Checkpoint(path, document, found[0])
    _check_shapes(checkpoint)
    _check_values(checkpoint)
    return checkpoint


def _wrapped(path: Path, key: str) -> CheckpointError:
    before = key.removesuffix(EMBEDDING)
    for prefix in sorted(LAYOUTS, key=len, reverse=True):
        if before.endswith(f".{prefix}"):
            before = before.removesuffix(prefix)
            break
    return CheckpointError(
        f"{path}: its keys begin with {before!r}, which XTTS does not load; "
        "DistributedDataParallel and torch.compile put such a word before them. Save the model "
        f"that is inside, or take it off: {{k.removeprefix({before!r}): v for k, v in "
        "state.items()}"
    )


def kept_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document without the training state of the old rows."""
    if "model" not in document:
        return document
    return {key: value for key, value in document.items() if key not in DROPPED}


def _state_of(document: dict[str, Any]) -> Any:
    return document["model"] if "model" in document else document


def _check_shapes(checkpoint: Checkpoint) -> None:
    missing = [name for name in GROWING if checkpoint.prefix + name not in checkpoint.state]
    if missing:
        raise CheckpointError(
            f"{checkpoint.path} is not an XTTS checkpoint: it has {EMBEDDING} but no "
            + ", no ".join(missing)
        )
    shapes = [tuple(checkpoint.tensor(name).shape) for name in GROWING]
    rows, *width = shapes[0]
    if len(width) != 1 or shapes[1] != shapes[0] or shapes[2] != (rows,):
        told = ", ".join(f"{n} {s}" for n, s in zip(GROWING, shapes, strict=True))
        raise CheckpointError(f"{checkpoint.path}: these shapes are not XTTS's: {told}")
    for name in GROWING:
        dtype = checkpoint.tensor(name).dtype
        # The types that hold two numbers in a byte have no values that can be averaged.
        if not dtype.is_floating_point or str(dtype).endswith("_x2"):
            raise CheckpointError(
                f"{checkpoint.path}: {name} is of type {dtype}, in which no new rows can be made; "
                "give the checkpoint from before it was converted"
            )


def _check_values(checkpoint: Checkpoint) -> None:
    """Refuse all but plain tensors, before anything reads their memory."""
    import torch

    for place, value in leaves(kept_of(checkpoint.document), checkpoint.path):
        reason = _unlike_others(value) if isinstance(value, torch.Tensor) else ""
        if isinstance(value, (torch.TypedStorage, torch.UntypedStorage)):
            reason = "a storage; save the tensor instead"
        if reason:
            raise CheckpointError(
                f"{checkpoint.path}: {shown(place)} is {reason}. Only plain tensors can be copied "
                "bit for bit"
            )


def _unlike_others(tensor: Any) -> str:
    import torch

    if type(tensor) not in (torch.Tensor, torch.nn.Parameter):
        return f"a {type(tensor).__name__}; save it as a plain tensor"
    if tensor.is_nested:
        return "a nested tensor; save its parts"
    if tensor.layout != torch.strided:
        return f"sparse ({tensor.layout}); save it by to_dense()"
    if tensor.is_quantized:
        return f"quantised ({tensor.dtype}); give the checkpoint from before quantisation"
    if tensor.device.type != "cpu":
        return f"on the device {tensor.device}, without values in the file"
    return ""


def leaves(document: Any, path: Path) -> Iterator[tuple[Place, Any]]:
    """Yield each value in a document with its place.

    Raises
    ------
    CheckpointError
        It is nested too deeply, or holds too many values, to be copied.
    """
    waiting: list[tuple[Place, Any]] = [((), document)]
    count = 0
    while waiting:
        place, value = waiting.pop()
        count += 1
        inner = _inside(value)
        if len(place) > DEPTH or count > VALUES:
            raise CheckpointError(
                f"{path}: {shown(place[:2])} is nested more than {DEPTH} deep or holds more than "
                f"{VALUES} values, which no checkpoint of XTTS does; save the state dict alone: "
                "torch.save(model.state_dict(), path)"
            )
        if inner:
            waiting += [((*place, key), item) for key, item in inner]
        else:
            yield place, value


def _inside(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, (set, frozenset)):
        return list(enumerate(sorted(value, key=repr)))
    return list(enumerate(value)) if isinstance(value, (list, tuple)) else []


def shown(place: Place) -> str:
    """Return the name of a place for messages."""
    return " / ".join(map(str, place[1:] if place[:1] == ("model",) else place)) or "the file"


def load_document(path: Path, read: Callable[[Path], Any]) -> Any:
    """Load a checkpoint's file without running its code.

    Parameters
    ----------
    path : Path
        The file.
    read : callable
        Loads PyTorch's zip. Files from before PyTorch 1.6 are always read as a whole.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    CheckpointError
        It is truncated, is no checkpoint or holds Python code.
    """
    import torch

    if path.is_dir():
        raise CheckpointError(f"{path} is a folder; give the model.pth in it")
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except FileNotFoundError:
        raise FileNotFoundError(f"the checkpoint {path} does not exist") from None
    if start[8:] == b"{":
        raise CheckpointError(
            f"{path} is a safetensors file, which XTTS does not load; save it as PyTorch's: "
            "torch.save({'model': safetensors.torch.load_file(path)}, 'model.pth')"
        )
    if start[:4] == b"PK\x03\x04" and not zipfile.is_zipfile(path):
        raise CheckpointError(
            f"{path} is cut off: it begins as a PyTorch checkpoint, but its end is missing; copy "
            "or download it again"
        )
    try:
        if not zipfile.is_zipfile(path):
            # Saved before PyTorch 1.6, as one stream: such a file cannot be opened in place.
            return torch.load(path, map_location="cpu", weights_only=True)
        _check_packing(path)
        with _allowed_configs(path):
            return _with_plain_config(read(path))
    except pickle.UnpicklingError as error:
        found = _GLOBAL.search(str(error))
        if found is None:
            raise _no_checkpoint(path, error) from error
        raise _code(path, [found[1]]) from error
    except CheckpointError:
        raise
    except BROKEN as error:
        raise _no_checkpoint(path, error) from error


def _mapped(path: Path) -> Any:
    import torch

    try:
        return load_mapped(path)
    except NotMappedError:
        return torch.load(path, map_location="cpu", weights_only=True)


def _check_packing(path: Path) -> None:
    """Refuse compression that PyTorch cannot read; it would only report an internal error."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    known = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    for part in parts:
        if part.compress_type not in known or part.flag_bits & 1:
            packed = "encrypted in a way" if part.flag_bits & 1 else "compressed in a way"
            raise CheckpointError(
                f"{path}: {part.filename} is {packed} that PyTorch does not read, by another "
                "program than PyTorch; take the file as it was before, or unpack it and pack it "
                "again without compression (zip -0)"
            )


def _no_checkpoint(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(not_read(path, error))


def not_read(path: Path, error: Exception) -> str:
    """Return what is wrong with a file that PyTorch cannot read, and the advice.

    Where the file is none of PyTorch's, its reader names no more than an opcode that it does not
    know (``101``), or says how to load it all the same.
    """
    reason = str(error).partition("\n")[0][:200] or type(error).__name__
    if isinstance(error, EOFError):
        reason = "it ends too early"
    elif not zipfile.is_zipfile(path) or isinstance(error, pickle.UnpicklingError):
        reason = "its content is not what torch.save writes"
    return f"{path} is cut off or no PyTorch file ({reason}); copy or download it again"


def _code(path: Path, names: list[str]) -> CheckpointError:
    return CheckpointError(
        f"{path} holds Python code or objects ({', '.join(names)}), which loading would run; "
        "nothing was run. Take a checkpoint from a source that you trust, or have its owner save "
        "the state dict alone: torch.save(model.state_dict(), path)"
    )


@contextmanager
def _allowed_configs(path: Path) -> Iterator[None]:
    """Allow upstream's config classes, of which the published XTTS v2 holds objects."""
    import torch

    known = {f"{module}.{name}": name for name, modules in _CONFIGS.items() for module in modules}
    foreign = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    unsafe = sorted(set(foreign) - known.keys())
    if unsafe:
        raise _code(path, unsafe)
    with ExitStack() as stack:
        if foreign:
            classes = _config_classes()
            allowed = [(classes[known[name]], name) for name in foreign]
            stack.enter_context(torch.serialization.safe_globals(allowed))
        yield


def _config_classes() -> dict[str, Any]:
    from TTS.tts.configs.shared_configs import BaseDatasetConfig
    from TTS.tts.configs.xtts_config import XttsArgs, XttsAudioConfig, XttsConfig

    classes = (XttsConfig, XttsArgs, XttsAudioConfig, BaseDatasetConfig)
    return {found.__name__: found for found in classes}


def _with_plain_config(document: Any) -> Any:
    """Replace a config object by a dict, as upstream does when it first loads such a file.

    Upstream does so in place and not atomically, and leaves a file with a dict unchanged.
    """
    if isinstance(document, dict) and hasattr(document.get("config"), "to_dict"):
        # Its default is a list of upstream's that the file need not have.
        document["config"].speakers = []
        document["config"] = document["config"].to_dict()
    return document
