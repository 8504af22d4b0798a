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
)
