"""The patches of XTTS's attention; what they put in place is imported when they are applied."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from typing import Any, Final

from coqui_amharic_ext.patching import Known, Patch, calls, fingerprint
from coqui_amharic_ext.settings import Settings

_FORWARD: Final = (
    "(self, text_inputs, text_lengths, audio_codes, wav_lengths, cond_mels, cond_idxs, cond_lens, "
    "cond_latents, return_attentions, return_latent)"
)
_GET_LOGITS: Final = (
    "(self, first_inputs, first_head, second_inputs, second_head, prompt, get_attns, "
    "return_latent, attn_mask_cond, attn_mask_text, attn_mask_mel)"
)
_GPT2: Final = "transformers.models.gpt2.modeling_gpt2"
_TORTOISE: Final = "TTS.tts.layers.tortoise"

_INLINED: Final[dict[str, dict[tuple[str, str], tuple[str, ...]]]] = {
    "gpt-training-forward": {
        ("TTS.tts.layers.xtts.gpt", "GPT.get_logits"): ("485f444a766a2886",),
        ("TTS.tts.layers.xtts.gpt", "GPT.set_mel_padding"): ("c12b75bdfc4fff97",),
        (f"{_TORTOISE}.autoregressive", "LearnedPositionEmbeddings.forward"): ("7e0286bacd896603",),
        # all of transformers from 4.57 to 5.23, the oldest source first
        (_GPT2, "GPT2Model.forward"): (
            "1b31d20d12bf47c1",
            "666cf64b9e34639d",
            "b87b74fb13bcaf7f",
            "fbf82c2b0ea2878b",
            "95f5fa723cdf4b89",
            "53dc8efca574a752",
        ),
        (_GPT2, "GPT2Block.forward"): (
            "6a0895119bd7b64e",
            "07fabc671cc0520a",
            "c777e89ff1ebeaaa",
            "81b7614e54be5155",
        ),
        (_GPT2, "GPT2Attention.forward"): (
            "7f5998a7200cf246",
            "ba1dd6c406c58b90",
            "789f32aa24e18c10",
            "d0bbe0959081233e",
        ),
        (_GPT2, "GPT2MLP.forward"): ("a6d13368dabbe02e",),
    },
    "conditioning-attention": {
        (f"{_TORTOISE}.arch_utils", "QKVAttentionLegacy.forward"): ("2d5831badedf487e",),
    },
}
"""Source hashes of what a replacement stands in for, or leans on, besides the patched function."""


def _checked(patch: str, original: Callable[..., Any], trial: Callable[..., None]) -> None:
    """Try a replacement where something that it leans on is not as it was known."""
    changed = [
        name
        for (module, name), hashes in _INLINED[patch].items()
        if fingerprint(attrgetter(name)(import_module(module)))[0] not in hashes
    ]
    if changed:
        try:
            trial(original)
        except Exception as error:
            raise RuntimeError(
                f"{', '.join(changed)} changed, and a trial failed: {type(error).__name__}: {error}"
            ) from error


def _losses_agree(original: Callable[..., Any]) -> None:
    from coqui_amharic_ext.attention.trials import losses_agree

    losses_agree(original)


def _block_agrees(original: Callable[..., Any]) -> None:
    from coqui_amharic_ext.attention.trials import block_agrees

    block_agrees(original)


def _attend_agrees(original: Callable[..., Any]) -> None:
    from coqui_amharic_ext.attention.trials import attend_agrees

    attend_agrees(original)


def _training_forward(original: Callable[..., Any]) -> Callable[..., Any]:
    from coqui_amharic_ext.attention.forward import training_forward
    from coqui_amharic_ext.attention.interface import registries

    registries()  # a step must not be the first to find that they have moved
    _checked("gpt-training-forward", original, _losses_agree)
    return training_forward(original)


def _refusing(original: Callable[..., Any]) -> Callable[..., Any]:
    from coqui_amharic_ext.attention.bidirectional import refusing

    return refusing(original)


def _is_safe(original: object) -> bool:
    from coqui_amharic_ext.attention.bidirectional import transformers_is_safe

    return calls("_refuse_lost_causality")(original) or transformers_is_safe(original)


def _upstream_packs(original: Any) -> bool:
    """Whether upstream's ``GPT`` leaves padding out by itself, which it does in ``get_logits``."""
    return calls("run_packed")(original.__globals__["GPT"].get_logits)


_OF_THE_FORWARD: Final = (
    "attention",
    "attention_dropout",
    "packing",
    "fused_gelu",
    "needed_logits",
    "compile",
    "checkpointing",
)


def _asks_for_more_than_packing(settings: Settings) -> bool:
    """Whether a setting differs from its default: upstream's own forward honours none of them."""
    default = Settings()
    return any(getattr(settings, name) != getattr(default, name) for name in _OF_THE_FORWARD)


_uses_sdpa: Final = calls("scaled_dot_product_attention")


def _block_uses_sdpa(original: Any) -> bool:
    return _uses_sdpa(original.__globals__["QKVAttentionLegacy"].forward)


def _training_changed(settings: Settings) -> bool:
    return settings.attention != "off" or settings.checkpointing > 0 or settings.compile


def _conditioning_on(settings: Settings) -> bool:
    return settings.attention != "off" and settings.conditioning_sdpa


def _attention_block(original: Callable[..., Any]) -> Callable[..., Any]:
    from coqui_amharic_ext.attention.conditioning import attention_block

    _checked("conditioning-attention", original, _block_agrees)
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
        probe=_losses_agree,
        enabled=_training_changed,
        upstream_has=_upstream_packs,
        exceeds=_asks_for_more_than_packing,
        undo=_forget,
    ),
    Patch(
        name="conditioning-attention",
        module="TTS.tts.layers.tortoise.arch_utils",
        qualname="AttentionBlock.forward",
        summary="XTTS's conditioning encoder attends through SDPA",
        replace=_attention_block,
        known=(Known("0.28.0", "46ab63f9b63f12a5", "(self, x, mask)"),),
        probe=_block_agrees,
        enabled=_conditioning_on,
        upstream_has=_block_uses_sdpa,
    ),
    Patch(
        name="perceiver-attention",
        module="TTS.tts.layers.xtts.perceiver_encoder",
        qualname="Attend.forward",
        summary="XTTS's perceiver attends through SDPA",
        replace=_attend,
        known=(Known("0.28.0", "13fcd8db8154b2d1", "(self, q, k, v, mask)"),),
        probe=_attend_agrees,
        enabled=_conditioning_on,
        upstream_has=_uses_sdpa,
    ),
    Patch(
        name="flash-attention-2-guard",
        module="TTS.tts.layers.xtts.gpt",
        qualname="GPT.get_logits",
        summary="refuses flash_attention_2 with padding on transformers 4, which loses causality",
        replace=_refusing,
        known=(Known("0.28.0", "485f444a766a2886", _GET_LOGITS),),
        upstream_has=_is_safe,
    ),
)
