"""Load a checkpoint with upstream's own code, in a process without the extension.

Run as ``python -m coqui_amharic_ext.coqui.stock_load CHECKPOINT VOCAB [--shapes-only]`` with
``COQUI_AMHARIC_AUTOLOAD=0``; prints one JSON document. The sizes that a config would give are
derived from the weights' shapes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.coqui.checkpoint_file import (
    EMBEDDING,
    Checkpoint,
    CheckpointError,
    open_checkpoint,
)

HEAD_SIZE: Final = 64
"""Width of an attention head in XTTS, which a state dict does not show."""


def load_in_child(checkpoint: Path, vocab: Path, *, shapes_only: bool = False) -> None:
    """Load a checkpoint with stock code in a child process.

    Parameters
    ----------
    checkpoint, vocab : Path
        A model's, a trainer's or a GPT's weights, and the vocabulary with as many tokens.
    shapes_only : bool
        Compare names and shapes with an empty GPT's, which takes no memory. Otherwise the weights
        are loaded, which takes about twice the file.

    Raises
    ------
    CheckpointError
        Stock code does not load it; the message is stock code's.
    """
    command = [sys.executable, "-m", __name__, str(checkpoint), str(vocab)]
    done = subprocess.run(  # noqa: S603 - our own code
        [*command, *(["--shapes-only"] if shapes_only else [])],
        env={**os.environ, "COQUI_AMHARIC_AUTOLOAD": "0"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return
    last = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "")
    reason = last or f"it ended with code {done.returncode}, for lack of memory if that is -9"
    raise CheckpointError(f"stock code does not load the extended checkpoint: {reason}")


def main() -> None:
    """Load the checkpoint of the command line; exit with 1 and the reason if that fails."""
    parser = argparse.ArgumentParser(description="Load an XTTS checkpoint by stock code.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("vocab", type=Path)
    parser.add_argument("--shapes-only", action="store_true")
    arguments = parser.parse_args()
    opened = open_checkpoint(arguments.checkpoint)
    try:
        if opened.layout == "GPT" or arguments.shapes_only:
            loaded = _load_gpt(opened, arguments.vocab, shapes_only=arguments.shapes_only)
        else:
            loaded = _load_xtts(opened, arguments.vocab)
    except (RuntimeError, ValueError, KeyError) as error:
        sys.exit(" ".join(str(error).split()))
    print(json.dumps({"loaded": loaded}))


def _load_gpt(checkpoint: Checkpoint, vocab: Path, *, shapes_only: bool) -> str:
    import torch
    from TTS.tts.layers.xtts.gpt import GPT

    size = len(checkpoint.prefix)
    state = {k[size:]: v for k, v in checkpoint.state.items() if k.startswith(checkpoint.prefix)}
    arguments = gpt_arguments(state)
    arguments["number_text_tokens"] = _tokenizer(vocab).get_number_tokens()
    with torch.device("meta" if shapes_only else "cpu"):
        gpt = GPT(**arguments)
    gpt.load_state_dict(state, strict=True, assign=shapes_only)
    return "GPT"


def _load_xtts(checkpoint: Checkpoint, vocab: Path) -> str:
    """Load as ``GPTTrainer`` does with ``xtts_checkpoint``, and check all keys."""
    from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
    from TTS.tts.models.xtts import Xtts

    model = Xtts(XttsConfig(model_args=XttsArgs(**xtts_arguments(checkpoint))))
    model.tokenizer = _tokenizer(vocab)
    model.init_models()
    path = checkpoint.path
    del checkpoint
    state = model.get_compatible_checkpoint_state_dict(path)
    # Files of XTTS v1 contain the layers that stock code adds for inference.
    extra = [key for key in state if key.startswith(("gpt.gpt_inference.", "gpt.gpt.wte."))]
    for key in extra:
        del state[key]
    found = model.load_state_dict(state, strict=False)
    wrong = [key for key in found.missing_keys if key != "mel_stats"] + found.unexpected_keys
    if wrong:
        raise ValueError(f"keys missing or unexpected: {', '.join(wrong[:5])} ({len(wrong)})")
    return "Xtts"


def _tokenizer(vocab: Path) -> Any:
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

    return VoiceBpeTokenizer(vocab)


def gpt_arguments(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of upstream's ``GPT`` that match the shapes of a state dict."""
    rows, width = state[EMBEDDING].shape
    audio = state["mel_embedding.weight"].shape[0]
    return {
        "layers": len({key.split(".")[2] for key in state if key.startswith("gpt.h.")}),
        "model_dim": width,
        "heads": max(1, width // HEAD_SIZE),
        # Upstream adds room for the start and stop tokens and for the conditioning.
        "max_text_tokens": state["text_pos_embedding.emb.weight"].shape[0] - 2,
        "max_mel_tokens": state["mel_pos_embedding.emb.weight"].shape[0] - 3,
        "number_text_tokens": rows,
        "num_audio_tokens": audio,
        "start_audio_token": audio - 2,
        "stop_audio_token": audio - 1,
        "use_perceiver_resampler": any(k.startswith("conditioning_perceiver.") for k in state),
    }


def xtts_arguments(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the fields of upstream's ``XttsArgs`` that match the shapes of a checkpoint."""
    size = len(checkpoint.prefix)
    state = {k[size:]: v for k, v in checkpoint.state.items() if k.startswith(checkpoint.prefix)}
    gpt = gpt_arguments(state)
    before = checkpoint.prefix.removesuffix("gpt.")
    decoder = f"{before}hifigan_decoder.waveform_decoder."
    found = {
        "gpt_layers": gpt["layers"],
        "gpt_n_model_channels": gpt["model_dim"],
        "gpt_n_heads": gpt["heads"],
        "gpt_max_text_tokens": gpt["max_text_tokens"],
        "gpt_max_audio_tokens": gpt["max_mel_tokens"],
        "gpt_num_audio_tokens": gpt["num_audio_tokens"],
        "gpt_start_audio_token": gpt["start_audio_token"],
        "gpt_stop_audio_token": gpt["stop_audio_token"],
        "gpt_use_perceiver_resampler": gpt["use_perceiver_resampler"],
    }
    shape = checkpoint.state.get(f"{decoder}conv_pre.weight")
    if shape is not None:
        found["decoder_input_dim"] = shape.shape[1]
        found["d_vector_dim"] = checkpoint.state[f"{decoder}cond_layer.weight"].shape[1]
    return found


if __name__ == "__main__":
    main()
