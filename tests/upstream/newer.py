"""Runs a step of training and some text through edited copies of upstream, one process each.

Run as ``python -m tests.upstream.newer FOLDER...``: each folder holds a copy of ``TTS``,
``trainer`` or ``transformers``; what was found there is written to ``found.json`` in it. What does
not depend on the copies is imported once and every folder gets a forked child.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def copy(folder: Path, *packages: str) -> None:
    """Copy installed packages, compiled files included, so that nothing is compiled anew."""
    for package in packages:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"{package} is not installed")
        shutil.copytree(Path(spec.origin).parent, folder / package, copy_function=_link)


def edit(path: Path, *changes: tuple[str, str], every: bool = False) -> None:
    """Replace text in a copied file; text that is not there is an error, since nothing changed."""
    source = path.read_text(encoding="utf-8")
    for old, new in changes:
        if old not in source:
            raise LookupError(f"{path} no longer holds {old!r}")
        source = source.replace(old, new, -1 if every else 1)
    path.unlink()  # it may be a link to the installed file
    path.write_text(source, encoding="utf-8")


def release(folder: Path, name: str, version: str) -> None:
    """Say that the copy is of another release."""
    metadata = distribution(name).metadata
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    text = f"Metadata-Version: 2.1\nName: {metadata['Name']}\nVersion: {version}\n"
    (info / "METADATA").write_text(text, encoding="utf-8")


def _losses(gpt: Any, batch: dict[str, Any]) -> tuple[list[float], float]:
    own = {k: v.clone() if hasattr(v, "clone") else v for k, v in batch.items()}
    first = [own.pop(k) for k in ("text_inputs", "text_lengths", "audio_codes", "wav_lengths")]
    gpt.zero_grad(set_to_none=True)
    text, mel, _ = gpt(*first, **own)
    (text + mel).backward()
    norm = sum(float(p.grad.norm() ** 2) for p in gpt.parameters() if p.grad is not None) ** 0.5
    return [float(text.detach()), float(mel.detach())], norm


def _observe(folder: Path) -> dict[str, Any]:
    import TTS

    assert Path(TTS.__file__).is_relative_to(folder) or not (folder / "TTS").exists()
    from TTS.tts.configs.shared_configs import BaseTTSConfig
    from TTS.tts.layers.xtts.trainer import gpt_trainer
    from TTS.tts.utils.text.tokenizer import TTSTokenizer

    import coqui_amharic_ext as am
    from tests.attention.models import batch_of, small_gpt, without_dropout
    from tests.training.toy import make

    found: dict[str, Any] = {}
    gpt = without_dropout(small_gpt())
    batch = batch_of([5, 20], [30, 4])
    found["with us"] = _losses(gpt, batch)
    bpe = gpt_trainer.VoiceBpeTokenizer()
    found["english"] = bpe.preprocess_text("Dr. Who has 3 cats.", "en")
    tokenizer, _ = TTSTokenizer.init_from_config(BaseTTSConfig(text_cleaner="basic_cleaners"))
    found["graphemes"] = tokenizer.ids_to_text(tokenizer.text_to_ids("Three  CATS"))
    trained = make(folder / "out", save_checkpoints=True, save_step=2, save_best_after=10**6)
    before = trained.model.layer.weight.detach().clone()
    trained.fit()
    found["steps"] = trained.total_steps_done
    found["learnt"] = float((trained.model.layer.weight.detach() - before).norm())
    found["checkpoints"] = sorted(p.name for p in Path(trained.output_path).glob("*.pth"))
    report = am.status()
    found["active"] = report.active
    found["error"] = report.settings_error
    found["states"] = {p.name: [p.state, p.reason] for p in report.patches}
    try:
        config = BaseTTSConfig(use_phonemes=True, phoneme_language="am")
        speaker, _ = TTSTokenizer.init_from_config(config)
        found["amharic"] = speaker.phonemizer.name()
    except Exception as error:
        found["amharic"] = f"{type(error).__name__}: {error}"
    am.deactivate()
    found["stock"] = _losses(gpt, batch)
    return found


def _child(folder: Path) -> None:
    sys.path.insert(0, str(folder))
    try:
        found = _observe(folder)
    except BaseException:
        found = {"fault": traceback.format_exc()}
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


def main(folders: list[Path]) -> None:
    import librosa
    import torch
    import torchaudio

    torch.set_num_threads(1)
    if not any((folder / "transformers").exists() for folder in folders):
        from transformers.models.gpt2 import modeling_gpt2

        assert modeling_gpt2
    assert librosa and torchaudio
    assert not {"TTS", "trainer"} & set(sys.modules)
    for folder in folders:
        child = os.fork()
        if child == 0:
            _child(folder)
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
