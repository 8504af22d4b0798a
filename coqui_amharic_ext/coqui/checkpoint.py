"""Rows for new text tokens in an XTTS checkpoint; everything else stays bit for bit.

Stock code cannot do this: with ``xtts_checkpoint`` PyTorch refuses the sizes, and with
``gpt_checkpoint`` the new rows are random with deviation 1 and the last is a copy of the old last.
"""

from __future__ import annotations

import copy
import errno
import gc
import os
import shutil
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coqui_amharic_ext.coqui.checkpoint_compare import differing, read_values
from coqui_amharic_ext.coqui.checkpoint_file import (
    EMBEDDING,
    GROWING,
    HEAD_BIAS,
    HEAD_WEIGHT,
    Checkpoint,
    CheckpointError,
    Place,
    kept_of,
    leaves,
    open_checkpoint,
    shown,
)
from coqui_amharic_ext.coqui.checkpoint_rows import INITS, NewRows, new_rows
from coqui_amharic_ext.coqui.stock_load import load_in_child
from coqui_amharic_ext.coqui.vocabulary_file import XttsVocabulary
from coqui_amharic_ext.io.files import only_writer, replacing, require_folder

HEADROOM = 1 << 20
"""An upper bound of the bytes in a checkpoint's file besides its tensors."""

ENDINGS = (".pth", ".pt")
"""Names that say what is written; the trainer finds only the first."""


@dataclass(frozen=True, slots=True)
class CheckpointExtension:
    """The report of an extended checkpoint.

    Attributes
    ----------
    layout : str
        ``XTTS`` (a model.pth), ``trainer`` (saved by the trainer) or ``GPT`` (a bare state dict).
        The new file has the same; it is given to stock training as ``xtts_checkpoint``, a bare one
        as ``gpt_checkpoint``.
    before, after : int
        Rows of the text embedding.
    init : str
        Where the new rows come from.
    from_pieces : int
        New tokens initialised from their old pieces or romanisation.
    tensors : int
        Tensors that are equal bit for bit to those of the source on the disk.
    dropped : tuple of str
        Parts of a trainer's file that were left out: the optimizer's state has the old shapes.
    verified : str
        ``equal``; ``equal, stock GPT shapes`` for a bare state dict; ``equal, stock load`` where
        that was asked for.
    """

    layout: str
    before: int
    after: int
    init: str
    from_pieces: int
    tensors: int
    dropped: tuple[str, ...]
    verified: str


@dataclass(frozen=True, slots=True)
class _Written:
    """The added rows, by the place of their tensor, and the size of the file."""

    layout: str
    added: dict[Place, Any]
    old_sizes: frozenset[int]
    new_sizes: frozenset[int]
    from_pieces: int
    tensors: int
    dropped: tuple[str, ...]


def extend_checkpoint(
    checkpoint: str | Path,
    old_vocab: str | Path,
    new_vocab: str | Path,
    out: str | Path,
    *,
    init: str = "pieces",
    seed: int = 0,
    verify: bool = False,
) -> CheckpointExtension:
    """Write a checkpoint with rows for the tokens by which a vocabulary was extended.

    The file is mapped and never whole in memory, unless it is compressed or was saved before
    PyTorch 1.6. Before the new file gets its name, both are read again, in another way, and
    compared.

    Parameters
    ----------
    checkpoint : path
        An XTTS ``model.pth``, a checkpoint of the trainer, or a state dict of ``GPT``.
    old_vocab : path
        The vocabulary that the checkpoint was trained with.
    new_vocab : path
        The result of ``vocab extend``.
    out : path
        The file to write, with a name that ends in ``.pth`` or ``.pt``.
    init : {"pieces", "mean", "normal"}
        Where new embedding rows come from; see ``checkpoint_rows.new_rows``.
    seed : int
        Of ``init="normal"``.
    verify : bool
        Also load the result with stock code in a child process, which takes about twice the file's
        size in memory. A bare state dict is always compared with an empty stock ``GPT``.

    Raises
    ------
    FileNotFoundError
        A file or the folder of ``out`` does not exist.
    VocabularyError
        A vocabulary is not XTTS's.
    CheckpointError
        The checkpoint is broken, holds code, is not XTTS's or does not belong to ``old_vocab``;
        ``new_vocab`` does not extend that; ``out`` is the checkpoint, or has the extension of
        another format; the disk is full; or the result differs. ``out`` is left as it was.
    """
    checkpoint, out = Path(checkpoint), Path(out)
    if init not in INITS:
        raise ValueError(f"init={init!r} is not known; valid values: {', '.join(INITS)}")
    old, new = XttsVocabulary.read(old_vocab), XttsVocabulary.read(new_vocab)
    _check_vocabularies(old, new)
    _check_ending(out)
    require_folder(out)
    if out.exists() and checkpoint.exists() and out.samefile(checkpoint):
        raise CheckpointError(f"{out} is the checkpoint itself; choose another name")
    with only_writer(out), _naming_a_full_disk(out), replacing(out) as partial:
        written = _write(checkpoint, old, new, partial, out, init, seed)
        # The source's pages would otherwise stay in memory while the result is read back.
        gc.collect()
        _compare(checkpoint, partial, written)
        verified = "equal"
        if verify:
            load_in_child(partial, Path(new_vocab))
            verified = "equal, stock load"
        elif written.layout == "GPT":
            load_in_child(partial, Path(new_vocab), shapes_only=True)
            verified = "equal, stock GPT shapes"
    return CheckpointExtension(
        layout=written.layout,
        before=old.number_tokens,
        after=new.number_tokens,
        init=init,
        from_pieces=written.from_pieces,
        tensors=written.tensors,
        dropped=written.dropped,
        verified=verified,
    )


def _check_ending(out: Path) -> None:
    if out.suffix not in ENDINGS:
        raise CheckpointError(
            f"{out}: what is written is PyTorch's format, the only one that XTTS loads, and not "
            f"{out.suffix or 'a file without an ending'}; give a name that ends in .pth"
        )


def _check_vocabularies(old: XttsVocabulary, new: XttsVocabulary) -> None:
    reason = new.extends(old)
    if reason:
        swapped = not old.extends(new)
        raise CheckpointError(
            f"{new.name} does not extend {old.name}: {reason}"
            + ("; they are given the wrong way round" if swapped else "")
        )
    if new.number_tokens == old.number_tokens:
        raise CheckpointError(
            f"{new.name} has no token that {old.name} lacks, so there is nothing to extend; make "
            "the new one with coqui-amharic vocab extend"
        )


def _check_pair(checkpoint: Checkpoint, old: XttsVocabulary, new: XttsVocabulary) -> None:
    rows = checkpoint.rows
    if rows == old.number_tokens:
        return
    told = f"{checkpoint.path} has rows for {rows} text tokens, {old.name} has {old.number_tokens}"
    if rows == new.number_tokens:
        raise CheckpointError(
            f"{told} and {new.name} has {rows}: the checkpoint is extended already"
        )
    raise CheckpointError(f"{told}: they do not belong together; give the model's own vocab.json")


def _write(
    source: Path,
    old: XttsVocabulary,
    new: XttsVocabulary,
    partial: Path,
    out: Path,
    init: str,
    seed: int,
) -> _Written:
    import torch

    checkpoint = open_checkpoint(source)
    _check_pair(checkpoint, old, new)
    dropped = tuple(key for key in checkpoint.document if key not in kept_of(checkpoint.document))
    rows = _rows(checkpoint, old, new, init, seed)
    within = ("model",) if "model" in checkpoint.document else ()
    added: dict[Place, Any] = {
        (*within, checkpoint.prefix + name): tensor
        for name, tensor in zip(
            GROWING, (rows.embedding, rows.head_weight, rows.head_bias), strict=True
        )
    }
    document = _grown(checkpoint, added, dropped)
    grown = [_tensor_at(document, place).untyped_storage() for place in added]
    _check_space(out, _memory(document) + HEADROOM)
    torch.save(document, partial)
    return _Written(
        layout=checkpoint.layout,
        added=added,
        old_sizes=frozenset(checkpoint.tensor(n).untyped_storage().nbytes() for n in GROWING),
        new_sizes=frozenset(storage.nbytes() for storage in grown),
        from_pieces=len(rows.from_pieces),
        tensors=sum(isinstance(value, torch.Tensor) for value in checkpoint.state.values()),
        dropped=dropped,
    )


def _tensor_at(document: Any, place: Place) -> Any:
    for key in place:
        document = document[key]
    return document


def _memory(document: Any) -> int:
    """Return the bytes of all tensors, shared memory counted once."""
    import torch

    tensors = (v for _, v in leaves(document, Path()) if isinstance(v, torch.Tensor))
    storages = {s.data_ptr(): s.nbytes() for s in (t.untyped_storage() for t in tensors)}
    return sum(storages.values())


def _rows(
    checkpoint: Checkpoint, old: XttsVocabulary, new: XttsVocabulary, init: str, seed: int
) -> NewRows:
    tensors = (checkpoint.tensor(name) for name in (EMBEDDING, HEAD_WEIGHT, HEAD_BIAS))
    rows = new_rows(old, new, *tensors, init=init, seed=seed)
    for tensor in (rows.embedding, rows.head_weight, rows.head_bias):
        # Types of one byte have no isfinite.
        if not tensor.float().isfinite().all():
            raise CheckpointError(
                f"{checkpoint.path}: the text embedding or head holds NaN or infinite values, from "
                "which no new rows can be made; training had failed before it was saved"
            )
    return rows


def _grown(checkpoint: Checkpoint, added: Mapping[Place, Any], dropped: tuple[str, ...]) -> Any:
    """Return the document with the new rows; shared objects stay shared."""
    import torch

    # A copy keeps the type and its metadata, which loading may read.
    state = copy.copy(checkpoint.state)
    for (*_, key), tensor in added.items():
        state[key] = torch.cat([state[key].detach(), tensor])
    if "model" not in checkpoint.document:
        return state
    document = copy.copy(checkpoint.document)
    for key in dropped:
        del document[key]
    document["model"] = state
    return document


def _check_space(out: Path, needed: int) -> None:
    free = shutil.disk_usage(out.parent).free
    if free < needed:
        raise CheckpointError(
            f"{out} needs {_size(needed)}, and {out.parent} has {_size(free)} left; make room or "
            "choose another folder"
        )


@contextmanager
def _naming_a_full_disk(out: Path) -> Iterator[None]:
    """Report a full disk where PyTorch's writer only says that writing failed."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise _full(out, error) from error
        raise
    except RuntimeError as error:
        if "PytorchStreamWriter" in str(error) or "inline_container" in str(error):
            raise _full(out, error) from error
        raise


def _release_frames(error: BaseException | None) -> None:
    """Release the frames of an error, and with them PyTorch's writer, which keeps the file open.

    While it is open, a deleted file still takes space on the full disk.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__


def _full(out: Path, error: Exception) -> CheckpointError:
    _release_frames(error)
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else ""
    return CheckpointError(
        f"{out} could not be written whole ({reason or 'the disk is full or failing'}) and was not "
        f"kept; {out.parent} had {_size(shutil.disk_usage(out.parent).free)} left afterwards"
    )


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e8 else f"{count / 1e6:.2f} MB"


def _compare(source: Path, partial: Path, written: _Written) -> None:
    """Raise if the file on the disk is not the source with the new rows."""
    old = read_values(source, written.old_sizes)
    wrong = differing(old, read_values(partial, written.new_sizes), written.added)
    if wrong:
        raise CheckpointError(
            f"what was written differs from the source in {', '.join(map(shown, wrong[:5]))} and "
            "was not kept; the disk or memory may be failing, or the source was changed meanwhile"
        )
