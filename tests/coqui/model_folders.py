"""Folders of models with the names and shapes of real ones, and no weights in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from coqui_amharic_ext.demo import tiny


def write_xtts(
    folder: Path, *, layers: int = 2, width: int = 64, tokens: int | None = None, prefix: str = ""
) -> Path:
    """Write an XTTS's files; with ``prefix="xtts."`` as the trainer saves it.

    Of any size at no cost: where the weights would be the file is sparse.
    """
    vocab = tiny.write_vocab(folder / "vocab.json")
    document = json.loads(vocab.read_text(encoding="utf-8"))
    known = document["model"]["vocab"]
    for number in range(len(known), tokens or 0):
        known[f"piece{number}"] = number
    vocab.write_text(json.dumps(document), encoding="utf-8")
    shapes: dict[str, tuple[int, ...]] = {
        "mel_stats": (80,),
        "gpt.text_embedding.weight": (len(known), width),
        "gpt.mel_embedding.weight": (1026, width),
    }
    for number in range(layers):
        block = f"gpt.gpt.h.{number}"
        shapes[f"{block}.attn.c_attn.weight"] = (width, 3 * width)
        shapes[f"{block}.attn.c_proj.weight"] = (width, width)
        shapes[f"{block}.mlp.c_fc.weight"] = (width, 4 * width)
        shapes[f"{block}.mlp.c_proj.weight"] = (4 * width, width)
    save({prefix + name: shape for name, shape in shapes.items()}, folder / "model.pth")
    arguments = {
        "gpt_layers": layers,
        "gpt_n_model_channels": width,
        "gpt_num_audio_tokens": 1026,
        "tokenizer_file": "moved/vocab.json",
    }
    write_config(folder, model="xtts", model_args=arguments, max_ref_len=30)
    return folder


def write_vits(folder: Path, rows: int = 0, **config: Any) -> Path:
    """Write a VITS's files."""
    shapes: dict[str, tuple[int, ...]] = {"text_encoder.emb.weight": (164, 16)}
    if rows:  # one for each speaker
        shapes["emb_g.weight"] = (rows, 256)
    save(shapes, folder / "model.pth")
    write_config(folder, model="vits", **config)
    return folder


def write_config(folder: Path, **config: Any) -> None:
    """Write a ``config.json``."""
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def write_speakers(folder: Path, *names: str) -> None:
    """Write an XTTS's own speakers."""
    voice = {"gpt_cond_latent": torch.zeros(1, 32, 64), "speaker_embedding": torch.zeros(1, 512, 1)}
    torch.save(dict.fromkeys(names, voice), folder / "speakers_xtts.pth")


def save(shapes: dict[str, tuple[int, ...]], path: Path) -> None:
    """Save a state dict of these shapes, as a trainer does."""
    state = {name: torch.empty(shape) for name, shape in shapes.items()}
    with torch.serialization.skip_data():
        torch.save({"model": state, "step": 3}, path)
