"""The kind of a model's file, by names and shapes alone, before anything heavy is loaded."""

from __future__ import annotations

import json
import pickle
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.coqui.checkpoint_file import BROKEN, EMBEDDING, not_read
from coqui_amharic_ext.errors import CoquiAmharicError

XTTS: Final = "an XTTS model"
XTTS_TRAINER: Final = "a training checkpoint of XTTS"
GPT: Final = "an XTTS GPT alone"
VITS: Final = "a VITS model"
DVAE: Final = "a DVAE"
MEL_STATS: Final = "mel statistics"
SPEAKERS: Final = "speakers of XTTS"

MEL_CHANNELS: Final = 80
CODEBOOK: Final = "codebook.embed"
DVAE_INPUT: Final = "encoder.0.0.weight"
_VITS_TEXT: Final = "text_encoder.emb.weight"
_BLOCK: Final = re.compile(r"gpt\.h\.(\d+)\.")
_BY_KEY: Final = (
    (f"xtts.gpt.{EMBEDDING}", XTTS_TRAINER),
    (f"gpt.{EMBEDDING}", XTTS),
    (EMBEDDING, GPT),
    (_VITS_TEXT, VITS),
    (CODEBOOK, DVAE),
)
"""A name that only one kind of state dict has; a trainer's checkpoint also holds a DVAE."""

_CONFIG_CLASSES: Final = re.compile(r"TTS\.[\w.]+\.(Xtts\w+|BaseDatasetConfig)")
"""Upstream's config classes, of which the published XTTS v2 has objects in its file."""
_GLOBAL: Final = re.compile(r"GLOBAL ([\w.]+)")
_COMMENT: Final = re.compile(r'("(?:[^"\\]|\\.)*")|/\*.*?\*/|//[^\n]*', re.DOTALL)
_SHOWN: Final = 160


class ModelFileError(CoquiAmharicError, ValueError):
    """A file is of another kind than expected; the message says which."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a file.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        Its kind, in words for a sentence: ``XTTS``, ``DVAE``, ... of this module, or others.
    shapes : mapping of str to tuple of int
        Shape of each tensor of a state dict, by name.
    names : tuple of str
        The names of the speakers in a file of ``SPEAKERS``.
    """

    path: Path
    kind: str
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @property
    def is_xtts(self) -> bool:
        """Whether XTTS can be loaded from it."""
        return self.kind in (XTTS, XTTS_TRAINER)

    def gpt_shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of one of the GPT's tensors, by its name in the GPT; ``()`` if none."""
        prefix = {XTTS: "gpt.", XTTS_TRAINER: "xtts.gpt."}.get(self.kind, "")
        return self.shapes.get(prefix + name, ())

    @property
    def gpt_layers(self) -> int:
        """Blocks of the GPT."""
        prefix = {XTTS: "gpt.", XTTS_TRAINER: "xtts.gpt."}.get(self.kind, "")
        found = (_BLOCK.match(name, len(prefix)) for name in self.shapes if name.startswith(prefix))
        return len({block[1] for block in found if block})


def look_into(path: Path) -> Contents:
    """Return the contents of a PyTorch file without reading its weights or running its code.

    Raises
    ------
    ModelFileError
        There is no such file, it is no PyTorch file, it is truncated, or it holds Python code.
    """
    if path.is_dir():
        raise ModelFileError(f"{path} is a folder; give the file in it")
    if not path.is_file():
        raise ModelFileError(f"{path} does not exist")
    with path.open("rb") as file:
        start = file.read(64)
    found = _other_format(start)
    if found is not None:
        raise ModelFileError(f"{path} {found}")
    is_zip = zipfile.is_zipfile(path)
    if start[:4] == b"PK\x03\x04" and not is_zip:
        raise ModelFileError(f"{path} is cut off: its end is missing; copy or download it again")
    return _described(path, _document(path, in_place=is_zip))


def _other_format(start: bytes) -> str | None:
    """Return the format of a file that is not PyTorch's, by its first bytes."""
    if not start:
        return "is empty; copy or download it again"
    if start[:7] == b"version" and b"git-lfs" in start:
        return "is a pointer of Git LFS, not the file itself; run git lfs pull"
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 1 << 32:
        return "is a safetensors file, which upstream does not load; save it as .pth by torch.save"
    text = start.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html")):
        return "is a web page, not a model; download the file itself"
    if text.startswith((b"{", b"[")):
        return "is a JSON file, not a model's weights"
    if text.startswith((b"riff", b"flac", b"oggs", b"id3")):
        return "is a recording, not a model's weights"
    return None


def _document(path: Path, *, in_place: bool) -> Any:
    import torch

    try:
        with _configs_as_objects(path, is_zip=in_place):
            return torch.load(path, map_location="meta", weights_only=True, mmap=in_place)
    except pickle.UnpicklingError as error:
        found = _GLOBAL.search(str(error))
        if found is None:
            raise _unreadable(path, error) from error
        raise ModelFileError(
            f"{path} holds Python code or objects ({found[1]}), which loading would run; nothing "
            "was run. Take it from a source that you trust, or have its owner save the state dict "
            "alone: torch.save(model.state_dict(), path)"
        ) from error
    except BROKEN as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ModelFileError:
    if isinstance(error, NotImplementedError):
        return ModelFileError(
            f"{path} holds quantised or sparse tensors, which upstream's models do not take"
        )
    return ModelFileError(not_read(path, error))


class _Object:
    """A stand-in for objects of upstream's classes, which are not imported for this."""

    def __init__(self, *arguments: object) -> None: ...


@contextmanager
def _configs_as_objects(path: Path, *, is_zip: bool) -> Iterator[None]:
    import torch

    with ExitStack() as stack:
        if is_zip:
            names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
            known = [(_Object, name) for name in names if _CONFIG_CLASSES.fullmatch(name)]
            stack.enter_context(torch.serialization.safe_globals(known))
        yield


def _described(path: Path, document: Any) -> Contents:
    import torch

    if isinstance(document, torch.Tensor):
        shape = tuple(document.shape)
        if shape == (MEL_CHANNELS,):
            return Contents(path, MEL_STATS)
        return Contents(path, f"a tensor of shape {shape}")
    state = document.get("model", document) if isinstance(document, Mapping) else document
    if not isinstance(state, Mapping):
        return Contents(path, f"a {type(state).__name__}")
    if state and all(_is_voice(value) for value in state.values()):
        return Contents(path, SPEAKERS, names=tuple(map(str, state)))
    shapes = {
        str(name): tuple(value.shape)
        for name, value in state.items()
        if isinstance(value, torch.Tensor)
    }
    for name, kind in _BY_KEY:
        if name in shapes:
            return Contents(path, kind, shapes)
    some = ", ".join(map(repr, list(state)[:3]))
    return Contents(path, f"something else (it begins with {some})" if some else "nothing", shapes)


def _is_voice(value: object) -> bool:
    import torch

    if not isinstance(value, Mapping):
        return False
    # Upstream reads the values by position: the latent and the embedding.
    parts = list(value.values())
    return len(parts) == 2 and all(isinstance(part, torch.Tensor) for part in parts)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The size and languages of an XTTS vocabulary.

    Parameters
    ----------
    path : Path
        The file.
    tokens : int
        Rows of a model with this vocabulary.
    languages : tuple of str
        Codes that have a token, such as ``[am]``.
    """

    path: Path
    tokens: int
    languages: tuple[str, ...]


_LANGUAGE_TOKEN: Final = re.compile(r"\[([a-z]{2,3}(?:-[a-z]{2})?)\]")


def read_vocabulary(path: Path) -> Vocabulary:
    """Read a vocabulary's size and languages.

    Raises
    ------
    ModelFileError
        There is no such file, or it is no vocabulary.
    """
    from tokenizers import Tokenizer

    if not path.is_file():
        raise ModelFileError(f"{path} " + ("is a folder" if path.is_dir() else "does not exist"))
    try:
        tokens = Tokenizer.from_file(str(path)).get_vocab()
    except Exception as error:  # tokenizers raises bare Exception
        reason = str(error).partition("\n")[0][:_SHOWN]
        raise ModelFileError(f"{path} is not a vocabulary of XTTS: {reason}") from error
    if not tokens:
        raise ModelFileError(f"{path} is not a vocabulary of XTTS: it holds no tokens")
    found = (_LANGUAGE_TOKEN.fullmatch(token) for token in sorted(tokens))
    return Vocabulary(path, max(tokens.values()) + 1, tuple(m[1] for m in found if m))


def read_config(path: Path) -> dict[str, Any]:
    """Read a model's ``config.json``.

    Raises
    ------
    ModelFileError
        There is no such file, or it is no config of a model.
    """
    import yaml  # type: ignore[import-untyped]

    if not path.is_file():
        raise ModelFileError(f"{path} does not exist; give the model's config.json")
    try:
        text = path.read_text(encoding="utf-8")
        config = yaml.safe_load(text) if path.suffix in (".yml", ".yaml") else _json(text)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ModelFileError(f"{path} cannot be read as a Coqui config: {error}") from error
    if not isinstance(config, dict) or not isinstance(config.get("model"), str):
        raise ModelFileError(
            f"{path} cannot be read as a Coqui config: it does not say which model it is of"
        )
    return config


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        # Upstream accepts comments, which are not JSON, in old files.
        return json.loads(_COMMENT.sub(lambda match: match[1] or "", text))
