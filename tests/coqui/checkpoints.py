"""Tiny XTTS weights in the layouts that users have, with the vocabularies that belong to them."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
from TTS.tts.layers.xtts.gpt import GPT
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
from TTS.tts.models.xtts import Xtts

from coqui_amharic_ext.coqui.vocabulary import extend_file
from coqui_amharic_ext.demo.files import sentences
from coqui_amharic_ext.demo.tiny import gpt_args_overrides
from tests.coqui.vocabularies import HOLES, write_xtts_like


@dataclass(frozen=True)
class Files:
    """A checkpoint, its vocabulary and the extended ones."""

    folder: Path
    old: Path
    ipa: Path
    fidel: Path
    gpt: Path
    """A bare state dict of ``GPT``."""
    model: Path
    """The GPT's part of a ``model.pth``."""
    trained: Path
    """The GPT's part of what the trainer saves."""


def tiny_gpt(vocab: Path, seed: int = 0) -> GPT:
    """Return stock's GPT, two layers wide 64, whose untrained rows would show in any mean."""
    torch.manual_seed(seed)
    gpt = GPT(
        layers=2,
        model_dim=64,
        heads=2,
        max_text_tokens=60,
        max_mel_tokens=80,
        number_text_tokens=VoiceBpeTokenizer(vocab).get_number_tokens(),
        num_audio_tokens=34,
        start_audio_token=32,
        stop_audio_token=33,
        use_perceiver_resampler=True,
    ).eval()
    with torch.no_grad():
        for name in ("text_embedding.weight", "text_head.weight"):
            gpt.get_parameter(name)[list(HOLES)] = 1e6
    return gpt


def write_files(folder: Path) -> Files:
    """Write all of them."""
    old = write_xtts_like(folder / "vocab.json")
    files = Files(
        folder=folder,
        old=old,
        ipa=folder / "ipa.json",
        fidel=folder / "fidel.json",
        gpt=folder / "gpt.pth",
        model=folder / "model.pth",
        trained=folder / "checkpoint_20.pth",
    )
    extend_file(old, files.ipa, "ipa")
    extend_file(old, files.fidel, "fidel", sentences())
    state = tiny_gpt(old).state_dict()
    torch.save(state, files.gpt)
    torch.save({"model": {f"gpt.{k}": v for k, v in state.items()}}, files.model)
    trained: dict[str, Any] = {
        "config": {"model": "xtts", "lr": 5e-6},
        "model": {f"xtts.gpt.{k}": v for k, v in state.items()}
        | {"xtts.mel_stats": torch.ones(80), "dvae.odd": torch.tensor([float("nan"), -0.0])},
        "optimizer": {"state": {0: {"exp_avg": torch.zeros_like(state["text_head.weight"])}}},
        "scaler": None,
        "step": 20,
        "epoch": 1,
        "model_loss": {"train_loss": 1.5},
    }
    torch.save(trained, files.trained)
    return files


def write_xtts(path: Path, vocab: Path) -> XttsConfig:
    """Write a whole tiny XTTS as upstream publishes its own, and return its config."""
    torch.manual_seed(0)
    fields = {k: v for k, v in gpt_args_overrides().items() if k in XttsArgs.__dataclass_fields__}
    config = XttsConfig(model_args=XttsArgs(**fields, gpt_max_audio_tokens=40))
    model = Xtts(config)
    model.tokenizer = VoiceBpeTokenizer(vocab)
    model.init_models()
    torch.save({"config": config.to_dict(), "model": model.state_dict()}, path)
    return config


def packed(source: Path, path: Path, packing: int) -> Path:
    """Write a checkpoint as a zip program would that unpacked it and packed it again."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", packing) as new:
        for part in old.infolist():
            new.writestr(part.filename, old.read(part))
    return path
