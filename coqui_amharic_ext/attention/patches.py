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


def _attention_on(settings: Settings) -> bool:
    return settings.attention != "off"


def _training_forward(original: Callable[..., Any]) -> Callable[..., Any]:
    from coqui_amharic_ext.attention.forward import training_forward

    return training_forward(original)


def _conditioning_on(settings: Settings) -> bool:
    return settings.attention != "off" and settings.conditioning_sdpa


def _qkv_attention(original: Callable[..., Any]) -> Callable[..., Any]:
    from coqui_amharic_ext.attention.conditioning import qkv_attention

    return qkv_attention(original)


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
        enabled=_attention_on,
        undo=_forget,
    ),
    Patch(
        name="conditioning-attention",
        module="TTS.tts.layers.tortoise.arch_utils",
        qualname="QKVAttentionLegacy.forward",
        summary="XTTS's conditioning encoder attends through SDPA",
        replace=_qkv_attention,
        known=(Known("0.28.0", "2d5831badedf487e", "(self, qkv, mask, rel_pos)"),),
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
