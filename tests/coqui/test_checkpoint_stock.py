"""A whole tiny XTTS, extended, goes on in upstream's own code: training, synthesis, streaming."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from coqui_amharic_ext.coqui.checkpoint import extend_checkpoint
from coqui_amharic_ext.coqui.vocabulary import extend_file
from coqui_amharic_ext.coqui.vocabulary_file import XttsVocabulary
from coqui_amharic_ext.demo.files import sentences
from coqui_amharic_ext.demo.tiny import TinyAssets, write_assets
from tests.coqui.checkpoints import write_xtts
from tests.coqui.vocabularies import write_xtts_like

STOCK = """
import json, sys
import torch
from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTArgs, GPTTrainer, GPTTrainerConfig
arguments = json.loads(sys.argv[1])
trainer = GPTTrainer(GPTTrainerConfig(model_args=GPTArgs(**arguments)))
saved = torch.load(arguments["xtts_checkpoint"], weights_only=True)["model"]
own = trainer.xtts.state_dict()
other = [k for k in saved if k not in own or not torch.equal(saved[k], own[k])]
patched = "am" in trainer.xtts.tokenizer.char_limits
print(json.dumps({"other": other, "saved": len(saved), "patched": patched,
                  "rows": trainer.xtts.gpt.text_embedding.weight.shape[0]}))
"""


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> TinyAssets:
    return write_assets(tmp_path_factory.mktemp("assets"), sentences()[:3], [1.2] * 3)


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An extended checkpoint, loaded once by stock code, and its vocabulary."""
    folder = tmp_path_factory.mktemp("xtts")
    old = write_xtts_like(folder / "old.json")
    write_xtts(folder / "old.pth", old)
    extend_file(old, folder / "vocab.json", "ipa")
    new, out = folder / "vocab.json", folder / "model.pth"
    done = extend_checkpoint(folder / "old.pth", old, new, out, verify=True)
    assert done.verified == "equal, stock load"
    assert done.tensors > 500
    return out, new


def _arguments(assets: TinyAssets, extended: tuple[Path, Path]) -> dict[str, Any]:
    checkpoint, vocab = extended
    files = {"xtts_checkpoint": str(checkpoint), "tokenizer_file": str(vocab)}
    return {**assets.gpt_args(), "gpt_max_audio_tokens": 40} | files


def test_stock_training_starts_from_it(assets: TinyAssets, extended: tuple[Path, Path]) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    done = subprocess.run(
        [sys.executable, "-c", STOCK, json.dumps(_arguments(assets, extended))],
        env=clean | {"COQUI_AMHARIC_AUTOLOAD": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["saved"] > 500
    assert found["other"] == ["mel_stats"]  # the trainer reads these from a file of their own
    assert found["rows"] == XttsVocabulary.read(extended[1]).number_tokens
    assert not found["patched"]


def test_it_learns_amharic_and_speaks(
    assets: TinyAssets, extended: tuple[Path, Path], tmp_path: Path
) -> None:
    from TTS.tts.configs.shared_configs import BaseDatasetConfig
    from TTS.tts.datasets import load_tts_samples
    from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTArgs, GPTTrainer, GPTTrainerConfig

    corpus = BaseDatasetConfig(
        formatter="ljspeech",
        meta_file_train="metadata.csv",
        path=str(assets.folder),
        language="am",
    )
    config = GPTTrainerConfig(
        model_args=GPTArgs(**_arguments(assets, extended)),
        datasets=[corpus],
        batch_size=3,
        num_loader_workers=0,
        optimizer="AdamW",
        optimizer_params={"betas": [0.9, 0.96], "eps": 1e-8, "weight_decay": 1e-2},
        lr=1e-3,
    )
    samples, _ = load_tts_samples(config, eval_split=False)
    model = GPTTrainer(config)
    torch.manual_seed(0)
    loader = model.get_data_loader(config, samples=samples, is_eval=False)
    optimizer = model.get_optimizer()
    model.xtts.gpt.train()
    losses = []
    while len(losses) < 20:
        for batch in loader:
            inputs = model.format_batch_on_device(model.format_batch(batch))
            assert not (inputs["text_inputs"] == 1).any()
            loss = model.train_step(inputs, None)[1]["loss"]
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
    assert sum(losses[-3:]) < 0.9 * sum(losses[:3])

    xtts = model.xtts.eval() or model.xtts
    xtts.speaker_manager = None
    latents, embedding = torch.randn(1, 32, 64), torch.randn(1, 512, 1)
    text = "ሰላም፣ ቋንቋ USA።"
    assert xtts.inference(text, "am", latents, embedding)["wav"].size > 0
    chunks = list(xtts.inference_stream(text, "am", latents, embedding, stream_chunk_size=4))
    assert sum(chunk.numel() for chunk in chunks) > 0


def test_upstreams_loader_for_inference_takes_it(extended: tuple[Path, Path]) -> None:
    from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
    from TTS.tts.models.xtts import Xtts

    checkpoint, vocab = extended
    saved = torch.load(checkpoint, weights_only=True)["config"]["model_args"]
    fields = {k: saved[k] for k in saved if k.startswith(("gpt_n", "gpt_l", "gpt_max", "gpt_use"))}
    fields |= {k: saved[k] for k in ("gpt_start_audio_token", "gpt_stop_audio_token")}
    fields.pop("gpt_number_text_tokens")
    config = XttsConfig(model_args=XttsArgs(**fields, decoder_input_dim=64))
    model = Xtts(config)
    model.load_checkpoint(config, checkpoint_path=checkpoint, vocab_path=vocab, strict=True)
    assert model.gpt.text_embedding.weight.shape[0] == model.tokenizer.get_number_tokens()
    ids = model.tokenizer.encode("ሟች ቋንቋ።", "am")
    assert 1 not in ids and model.tokenizer.decode(ids).startswith("[am]mʷ")
