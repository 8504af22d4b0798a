"""XTTS checkpoints as files: opened without reading them into memory, recognised, compared."""

from __future__ import annotations

import hashlib
import pickle
import re
import struct
import zipfile
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.errors import CoquiAmharicError

EMBEDDING: Final = "text_embedding.weight"
HEAD_WEIGHT: Final = "text_head.weight"
HEAD_BIAS: Final = "text_head.bias"
GROWING: Final = (EMBEDDING, HEAD_WEIGHT, HEAD_BIAS)
"""What has a row for each text token."""

LAYOUTS: Final = {"gpt.": "XTTS", "xtts.gpt.": "trainer", "": "GPT"}
"""What stands before the GPT's keys in a model's file, the trainer's and a bare state dict."""

DROPPED: Final = ("optimizer", "scaler", "scheduler")
"""Training state whose shapes are those of the old rows."""

_CONFIGS: Final = {
    "XttsConfig": ("TTS.tts.configs.xtts_config",),
    # The published XTTS v2 was saved when these two were somewhere else.
    "XttsArgs": ("TTS.tts.configs.xtts_config", "TTS.tts.models.xtts"),
    "XttsAudioConfig": ("TTS.tts.configs.xtts_config", "TTS.tts.models.xtts"),
    "BaseDatasetConfig": ("TTS.tts.configs.shared_configs", "TTS.config.shared_configs"),
}

_CHUNK: Final = 1 << 24
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
        What was saved.
    prefix : str
        What stands before the GPT's keys in ``state``, a key of ``LAYOUTS``.
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
        """Return one of the GPT's tensors by its name in the GPT."""
        return self.state[self.prefix + name]

    @property
    def rows(self) -> int:
        """Text tokens that the model has rows for."""
        return int(self.tensor(EMBEDDING).shape[0])


BROKEN: Final = (
    *(RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError, AssertionError),
    struct.error,
)
"""What torch raises for a stream of pickles that ends, or goes wrong, in the middle."""


def open_checkpoint(path: Path) -> Checkpoint:
    """Open an XTTS checkpoint; nothing in it is run, and no weights are read yet.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    CheckpointError
        It is cut off, is no checkpoint, holds Python code, or is not XTTS's.
    """
    document = _load(path)
    if not isinstance(document, dict) or not isinstance(_state_of(document), Mapping):
        raise CheckpointError(
            f"{path} holds a {type(document).__name__}, not a state dict; give an XTTS model.pth, "
            "a trainer's checkpoint or a GPT's state dict"
        )
    state = _state_of(document)
    found = [prefix for prefix in LAYOUTS if prefix + EMBEDDING in state]
    if len(found) != 1:
        some = ", ".join(map(str, list(state)[:3]))
        raise CheckpointError(
            f"{path} is not an XTTS checkpoint: it has "
            + (f"no {EMBEDDING}" if not found else f"{EMBEDDING} twice")
            + f" (its first keys are {some or 'none'})"
        )
    checkpoint = Checkpoint(path, document, found[0])
    _check_shapes(checkpoint)
    return checkpoint


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


def _load(path: Path) -> Any:
    import torch

    if path.is_dir():
        raise CheckpointError(f"{path} is a folder; give the model.pth in it")
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except FileNotFoundError:
        raise FileNotFoundError(f"the checkpoint {path} does not exist") from None
    if start == b"PK\x03\x04" and not zipfile.is_zipfile(path):
        raise CheckpointError(
            f"{path} is cut off: it begins as a PyTorch checkpoint, but its end is missing; copy "
            "or download it again"
        )
    try:
        if not zipfile.is_zipfile(path):
            # Saved before PyTorch 1.6, as one stream: such a file cannot be opened in place.
            return torch.load(path, map_location="cpu", weights_only=True)
        with _allowed_configs(path):
            return _with_plain_config(
                torch.load(path, map_location="cpu", weights_only=True, mmap=True)
            )
    except pickle.UnpicklingError as error:
        found = _GLOBAL.search(str(error))
        if found is None:
            raise _no_checkpoint(path, error) from error
        raise _code(path, [found[1]]) from error
    except BROKEN as error:
        raise _no_checkpoint(path, error) from error


def _no_checkpoint(path: Path, error: Exception) -> CheckpointError:
    reason = str(error).partition("\n")[0][:200]
    return CheckpointError(
        f"{path} is cut off or no PyTorch checkpoint ({reason or type(error).__name__}); copy or "
        "download it again"
    )


def _code(path: Path, names: list[str]) -> CheckpointError:
    return CheckpointError(
        f"{path} holds Python code or objects ({', '.join(names)}), which loading would run; "
        "nothing was run. Take a checkpoint from a source that you trust, or have its owner save "
        "the state dict alone: torch.save(model.state_dict(), path)"
    )


@contextmanager
def _allowed_configs(path: Path) -> Iterator[None]:
    """Let upstream's own config classes through, which the published XTTS v2 has in its file."""
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
    """Write a config object as a dict, as upstream does when it first loads such a file.

    Upstream does so in place and not atomically; a file that has a dict stays as it is.
    """
    if isinstance(document, dict) and hasattr(document.get("config"), "to_dict"):
        # Its default is a list of upstream's that the file need not have.
        document["config"].speakers = []
        document["config"] = document["config"].to_dict()
    return document


def digest(tensor: Any) -> str:
    """Return a hash of a tensor's type, shape and bits, read in parts."""
    import torch

    if not tensor.is_contiguous():
        tensor = tensor.contiguous()
    found = hashlib.blake2b(f"{tensor.dtype} {tuple(tensor.shape)}".encode(), digest_size=20)
    flat = tensor.detach().reshape(-1).view(torch.uint8) if tensor.numel() else None
    for start in range(0, 0 if flat is None else flat.numel(), _CHUNK):
        found.update(flat[start : start + _CHUNK].numpy())  # type: ignore[index]
    return found.hexdigest()
