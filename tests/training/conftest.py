"""Tiny assets, and a stock recipe over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import coqui_amharic_ext as am
from coqui_amharic_ext.demo import tiny

SENTENCES = (
    "hello there",
    "a rather longer sentence than the others, with a tail",
    "one two three",
    "short",
    "the quick brown fox jumps over the lazy dog",
    "yes",
    "and now something of a middling length",
    "good morning to you all",
)
SECONDS = (0.8, 2.6, 1.2, 0.7, 2.2, 0.6, 1.9, 1.4)


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> tiny.TinyAssets:
    return tiny.write_assets(tmp_path_factory.mktemp("tiny"), SENTENCES, SECONDS)


@pytest.fixture
def rows(assets: tiny.TinyAssets) -> list[dict[str, Any]]:
    """Samples as ``load_tts_samples`` gives them; half of them say they are Amharic."""
    return [
        {
            "text": text,
            "audio_file": str(assets.folder / "wavs" / f"clip{number:03d}.wav"),
            "language": "en",
            "speaker_name": "tiny",
            "root_path": str(assets.folder),
            "audio_unique_name": f"tiny#clip{number:03d}",
        }
        for number, text in enumerate(SENTENCES)
    ]


@pytest.fixture
def activate(inactive: None) -> Iterator[Callable[..., Any]]:
    """Activate with some settings; inactive before and after."""

    def on(**settings: Any) -> Any:
        return am.activate(am.Settings(**settings))

    yield on


@pytest.fixture
def config(assets: tiny.TinyAssets, tmp_path: Path) -> Callable[..., Any]:
    """Make upstream's config; keyword arguments win over the tiny recipe's."""

    def make(**changes: Any) -> Any:
        from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTArgs, GPTTrainerConfig

        arguments = {**assets.gpt_args(), **changes.pop("model_args", {})}
        return GPTTrainerConfig(
            **{
                "output_path": str(tmp_path / "out"),
                "run_name": "tiny",
                "model_args": GPTArgs(**arguments),
                "batch_size": 2,
                "eval_batch_size": 2,
                "num_loader_workers": 0,
                "num_eval_loader_workers": 0,
                "epochs": 1,
                "run_eval": False,
                "lr": 1e-3,
                "optimizer": "AdamW",
                "optimizer_params": {"betas": [0.9, 0.96], "eps": 1e-8, "weight_decay": 1e-2},
                "lr_scheduler": "MultiStepLR",
                "lr_scheduler_params": {"milestones": [50000], "gamma": 0.5},
                "print_step": 1000,
                "plot_step": 1000,
                "save_step": 1000,
                "save_checkpoints": False,
                "training_seed": 3,
                **changes,
            }
        )

    return make


@pytest.fixture
def dataset(config: Callable[..., Any], rows: list[dict[str, Any]]) -> Callable[..., Any]:
    """Make upstream's dataset over some rows, all of them by default."""

    def make(samples: list[Any] | None = None, *, is_eval: bool = False, **changes: Any) -> Any:
        from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
        from TTS.tts.layers.xtts.trainer.dataset import XTTSDataset

        made = config(**changes)
        tokenizer = VoiceBpeTokenizer(made.model_args.tokenizer_file)
        samples = list(rows if samples is None else samples)
        return XTTSDataset(made, samples, tokenizer, made.audio.sample_rate, is_eval)

    return make
