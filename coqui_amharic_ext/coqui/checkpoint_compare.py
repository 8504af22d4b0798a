"""Comparison of a written checkpoint with its source, both read in another way than written."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from coqui_amharic_ext.coqui.checkpoint_file import Place, kept_of, leaves, load_document

_CHUNK: Final = 1 << 24


class _Bits(NamedTuple):
    """A tensor's type and layout, and a hash of the memory that it is a view of."""

    facts: tuple[Any, ...]
    memory: str


def read_values(path: Path, kept: Collection[int] = ()) -> dict[Place, Any]:
    """Return each value of a checkpoint that extending keeps, with tensors replaced by hashes.

    The file is read as stock code reads it, part by part and not mapped; each part is freed once it
    is hashed, so that this takes the memory of the largest one.

    Parameters
    ----------
    path : Path
        A checkpoint.
    kept : collection of int
        Sizes in bytes of the tensors to return unhashed.

    Raises
    ------
    CheckpointError
        The file cannot be read.
    """
    import torch

    hashes: dict[int, str] = {}
    held: list[Any] = []

    def note(storage: Any, location: str) -> Any:
        if storage.nbytes() in kept:
            return storage
        empty = torch.UntypedStorage(storage.nbytes(), device="meta")
        held.append(empty)
        hashes[empty._cdata] = _hash(storage)
        return empty

    def value_of(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            # repr, since == takes one NaN for another number.
            return repr(value)
        storage = value.untyped_storage()
        known = storage._cdata in hashes
        if not known and storage.nbytes() in kept:
            return value
        return _Bits(_facts(value), hashes[storage._cdata] if known else _hash(storage))

    document = load_document(
        path, lambda file: torch.load(file, map_location=note, weights_only=True)
    )
    return {place: value_of(value) for place, value in leaves(kept_of(document), path)}


def differing(
    old: Mapping[Place, Any], new: Mapping[Place, Any], added: Mapping[Place, Any]
) -> list[Place]:
    """Return the places where a new file is not the old one with rows added to some tensors.

    Parameters
    ----------
    old, new : mapping
        From ``read_values``; the tensors that grow are unhashed.
    added : mapping
        The rows of each tensor that grows, by its place.
    """
    import torch

    wrong = list(old.keys() ^ new.keys())
    for place in old.keys() & new.keys():
        before, after = old[place], new[place]
        if place in added:
            after, before = _bits(after), _bits(torch.cat([_plain(before), _plain(added[place])]))
        elif isinstance(before, torch.Tensor) or isinstance(after, torch.Tensor):
            before, after = _bits(before), _bits(after)
        if before != after:
            wrong.append(place)
    return sorted(wrong, key=str)


def _facts(tensor: Any) -> tuple[Any, ...]:
    return (
        *(type(tensor).__name__, tensor.dtype, tuple(tensor.shape), tensor.stride()),
        *(tensor.storage_offset(), tensor.requires_grad, tensor.is_conj(), tensor.is_neg()),
    )


def _plain(tensor: Any) -> Any:
    return tensor.detach().contiguous()


def _bits(value: Any) -> Any:
    """Return the hashed form of a value, also of an unhashed tensor."""
    import torch

    if not isinstance(value, torch.Tensor):
        return value
    return _Bits(_facts(value), _hash(value.untyped_storage()))


def _hash(storage: Any) -> str:
    import torch

    found = hashlib.blake2b(digest_size=20)
    flat = torch.empty(0, dtype=torch.uint8).set_(storage)
    for start in range(0, flat.numel(), _CHUNK):
        found.update(flat[start : start + _CHUNK].numpy())
    return found.hexdigest()
