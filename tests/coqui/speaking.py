"""Models with random weights, saved as recipes save them, that speak in seconds on a CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from coqui_amharic_ext.demo import tiny

AUDIO_TOKENS = 17
"""The most that the tiny XTTS speaks, 0.8 s."""


def save_xtts(folder: Path, **vocabulary: Any) -> Path:
    """Save an XTTS of two layers with a vocabulary beside it."""
    import torch
    from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
    from TTS.tts.models.xtts import Xtts

    import coqui_amharic_ext as am

    am.activate()
    torch.manual_seed(0)
    vocab = tiny.write_vocab(folder / "vocab.json", **vocabulary)
    known = XttsArgs().to_dict()
    small = {k: v for k, v in tiny.gpt_args_overrides().items() if k in known}
    # Upstream takes three off for what it generates.
    args = XttsArgs(
        **small, gpt_max_audio_tokens=AUDIO_TOKENS + 3, tokenizer_file="moved/vocab.json"
    )
    config = XttsConfig(model_args=args)
    model = Xtts(config)
    model.tokenizer = VoiceBpeTokenizer(vocab)
    model.init_models()
    with torch.no_grad():
        # Without a chance to stop, every piece is spoken to the longest.
        model.gpt.mel_head.bias[model.gpt.stop_audio_token] = -1e4
    config.save_json(folder / "config.json")
    torch.save({"model": model.state_dict()}, folder / "model.pth")
    return folder


def save_vits(folder: Path) -> Path:
    """Save a VITS of one layer each."""
    import torch
    from TTS.tts.configs.vits_config import VitsArgs, VitsConfig
    from TTS.tts.models.vits import Vits

    import coqui_amharic_ext as am

    am.activate()
    torch.manual_seed(0)
    args = VitsArgs(
        hidden_channels=16,
        hidden_channels_ffn_text_encoder=16,
        num_layers_text_encoder=1,
        num_layers_posterior_encoder=1,
        num_layers_flow=1,
        upsample_initial_channel_decoder=32,
        resblock_type_decoder="2",
        resblock_kernel_sizes_decoder=[3],
        resblock_dilation_sizes_decoder=[[1, 3]],
        use_sdp=False,
        init_discriminator=False,
    )
    config = VitsConfig(model_args=args, use_phonemes=True, phoneme_language="am")
    model = Vits(config)
    config.save_json(folder / "config.json")
    torch.save({"model": model.state_dict()}, folder / "model.pth")
    return folder
