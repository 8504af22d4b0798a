"""The patches of XTTS's attention; what they put in place is imported when they are applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from coqui_amharic_ext.patching import Known, Patch
from coqui_amharic_ext.settings import Settings

_FORWARD: Final = (
    "(self, text_inputs, text_lengths, audio_codes, wav_lengths, cond_mels, cond_idxs, cond_lens, "
    "cond_latents, return_attentions, return_latent)"
)


def _training_forward(original: Callable[..., Any]) -> Callable[..., Any]:
    from coqui_amharic_ext.attention.forward import training_forward

    return training_forward(original)


def _training_changed(settings: Settings) -> bool:
    return settings.attention != "off" or settings.checkpointing > 0 or settings.compile


def _conditioning_on(settings: Settings) -> bool:
    return settings.attention != "off" and settings.conditioning_sdpa


def _attention_block(original: Callable[..., Any]) -> Callable[..., Any]:
    from coqui_amharic_ext.attention.conditioning import attention_block

    return attention_block(original)


def _attend(original: Callable[..., Any]) -> Callable[..., Any]:
    from coqui_amharic_ext.attention.conditioning import attend

    return attend(original)


def _forget() -> None:
    from coqui_amharic_ext.attention import interface, selection

    interface.unregister()
    selection.forget()


PATCHES: Final = (
    Patch(
        name="gpt-training-forward",
        module="TTS.tts.layers.xtts.gpt",
        qualname="GPT.forward",
        summary="XTTS's GPT trains without padding, on the attention kernel that was chosen",
        replace=_training_forward,
        known=(Known("0.28.0", "fc9c7eac2edd3ec8", _FORWARD),),
        enabled=_training_changed,
        undo=_forget,
    ),
    Patch(
        name="conditioning-attention",
        module="TTS.tts.layers.tortoise.arch_utils",
        qualname="AttentionBlock.forward",
        summary="XTTS's conditioning encoder attends through SDPA",
        replace=_attention_block,
        known=(Known("0.28.0", "46ab63f9b63f12a5", "(self, x, mask)"),),
        enabled=_conditioning_on,
    ),
    Patch(
        name="perceiver-attention",
        module="TTS.tts.layers.xtts.perceiver_encoder",
        qualname="Attend.forward",
        summary="XTTS's perceiver attends through SDPA",
        replace=_attend,
        known=(Known("0.28.0", "13fcd8db8154b2d1", "(self, q, k, v, mask)"),),
        enabled=_conditioning_on,
    ),
)
