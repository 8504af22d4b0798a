"""Checkpoints appear under their name only when they are whole.

The trainer writes straight to ``checkpoint_N.pth`` and copies straight to ``best_model.pth``: a
kill or a full disk in between leaves a broken file that resuming then picks as the newest.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coqui_amharic_ext.files import replacing
from coqui_amharic_ext.patching import Known, Patch, calls


def _local(path: Any) -> Path | None:
    from fsspec.core import url_to_fs
    from fsspec.implementations.local import LocalFileSystem

    filesystem, stripped = url_to_fs(str(path))
    return Path(stripped) if isinstance(filesystem, LocalFileSystem) else None


def _save_whole(original: Callable[..., None]) -> Callable[..., None]:
    def save_fsspec(state: Any, path: Any, **kwargs: Any) -> None:
        local = _local(path)
        if local is None:
            original(state, path, **kwargs)
            return
        with replacing(local) as partial:
            original(state, partial, **kwargs)

    return save_fsspec


def _probe_save(original: Callable[..., None]) -> None:
    import tempfile

    import torch

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.pth"
        original({"one": torch.ones(1)}, path)
        if torch.load(path, weights_only=True)["one"].item() != 1:
            raise RuntimeError("save_fsspec(state, path) does not save the state")


def _shortcut_whole(original: Callable[..., Any]) -> Callable[..., Any]:
    def save_best_model(*args: Any, **kwargs: Any) -> Any:
        import fsspec

        out_path = kwargs["out_path"] if "out_path" in kwargs else args[4]
        if _local(out_path) is None:
            return original(*args, **kwargs)
        # fsspec hands the same instance to the trainer, which copies with it.
        filesystem = fsspec.get_mapper(str(out_path)).fs

        def copy(source: str, target: str) -> None:
            with replacing(Path(target)) as partial:
                shutil.copyfile(source, partial)

        filesystem.copy = copy
        try:
            return original(*args, **kwargs)
        finally:
            del filesystem.copy

    return save_best_model


PATCHES = (
    Patch(
        name="whole-checkpoints",
        module="trainer.io",
        qualname="save_fsspec",
        summary="a checkpoint appears under its name only when it is whole",
        distribution="coqui-tts-trainer",
        known=(Known("coqui-tts-trainer 0.4.0", "bca4beccaea07f54", "(state, path, **kwargs)"),),
        probe=_probe_save,
        upstream_has=calls("_appearing_whole"),
        replace=_save_whole,
    ),
    Patch(
        name="whole-best-model",
        module="trainer.trainer",
        qualname="save_best_model",
        summary="best_model.pth appears only when it is a whole copy",
        distribution="coqui-tts-trainer",
        known=(
            Known(
                "coqui-tts-trainer 0.4.0",
                "843bc0ca1c6c132d",
                "(current_loss, best_loss, config, model, out_path, current_step, epoch, "
                "optimizer, scheduler, scaler, keep_all_best, keep_after, **kwargs)",
            ),
        ),
        upstream_has=calls("_appearing_whole"),
        replace=_shortcut_whole,
    ),
)
