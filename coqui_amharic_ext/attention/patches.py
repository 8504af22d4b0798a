"""The patches of XTTS's attention."""

from __future__ import annotations

from typing import Any, Final

from coqui_amharic_ext.patching import Known, Patch, Source, calls
from coqui_amharic_ext.settings import Settings

_GPT2: Final = "transformers.models.gpt2.modeling_gpt2"
_uses_sdpa: Final = calls("scaled_dot_product_attention")


def _upstream_packs(original: Any) -> bool:
    """Whether upstream's ``GPT`` leaves padding out already, which it does in ``get_logits``."""
    return calls("run_packed")(original.__globals__["GPT"].get_logits)


def _block_uses_sdpa(original: Any) -> bool:
    return _uses_sdpa(original.__globals__["QKVAttentionLegacy"].forward)


def _changes_training(settings: Settings) -> bool:
    return settings.attention != "off" or settings.checkpointing > 0 or settings.compile


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


def _changes_conditioning(settings: Settings) -> bool:
    return settings.attention != "off" and settings.conditioning_sdpa


PATCHES: Final = (
    Patch(
        name="gpt-training-forward",
        module="TTS.tts.layers.xtts.gpt",
        qualname="GPT.forward",
        summary="XTTS's GPT trains without padding, on the attention kernel that was chosen",
        known=(
            Known(
                "0.28.0",
                "fc9c7eac2edd3ec8",
                "(self, text_inputs, text_lengths, audio_codes, wav_lengths, cond_mels, cond_idxs, "
                "cond_lens, cond_latents, return_attentions, return_latent)",
            ),
        ),
        leans_on=(
            Source("TTS.tts.layers.xtts.gpt", "GPT.get_logits", ("485f444a766a2886",)),
            Source("TTS.tts.layers.xtts.gpt", "GPT.set_mel_padding", ("c12b75bdfc4fff97",)),
            Source(
                "TTS.tts.layers.tortoise.autoregressive",
                "LearnedPositionEmbeddings.forward",
                ("7e0286bacd896603",),
            ),
            # All of transformers from 4.57 to 5.23.
            Source(
                _GPT2,
                "GPT2Model.forward",
                (
                    "1b31d20d12bf47c1",
                    "666cf64b9e34639d",
                    "b87b74fb13bcaf7f",
                    "fbf82c2b0ea2878b",
                    "95f5fa723cdf4b89",
                    "53dc8efca574a752",
                ),
            ),
            Source(
                _GPT2,
                "GPT2Block.forward",
                ("6a0895119bd7b64e", "07fabc671cc0520a", "c777e89ff1ebeaaa", "81b7614e54be5155"),
            ),
            Source(
                _GPT2,
                "GPT2Attention.forward",
                ("7f5998a7200cf246", "ba1dd6c406c58b90", "789f32aa24e18c10", "d0bbe0959081233e"),
            ),
            Source(_GPT2, "GPT2MLP.forward", ("a6d13368dabbe02e",)),
        ),
        replace="coqui_amharic_ext.attention.forward:training_forward",
        probe="coqui_amharic_ext.attention.probes:losses_agree",
        enabled=_changes_training,
        upstream_has=_upstream_packs,
        exceeds=_asks_for_more_than_packing,
        undo="coqui_amharic_ext.attention.forward:forget",
    ),
    Patch(
        name="conditioning-attention",
        module="TTS.tts.layers.tortoise.arch_utils",
        qualname="AttentionBlock.forward",
        summary="XTTS's conditioning encoder attends through SDPA",
        known=(Known("0.28.0", "46ab63f9b63f12a5", "(self, x, mask)"),),
        leans_on=(
            Source(
                "TTS.tts.layers.tortoise.arch_utils",
                "QKVAttentionLegacy.forward",
                ("2d5831badedf487e",),
            ),
        ),
        replace="coqui_amharic_ext.attention.conditioning:attention_block",
        probe="coqui_amharic_ext.attention.probes:block_agrees",
        enabled=_changes_conditioning,
        upstream_has=_block_uses_sdpa,
    ),
    Patch(
        name="perceiver-attention",
        module="TTS.tts.layers.xtts.perceiver_encoder",
        qualname="Attend.forward",
        summary="XTTS's perceiver attends through SDPA",
        known=(Known("0.28.0", "13fcd8db8154b2d1", "(self, q, k, v, mask)"),),
        replace="coqui_amharic_ext.attention.conditioning:attend",
        probe="coqui_amharic_ext.attention.probes:attend_agrees",
        enabled=_changes_conditioning,
        upstream_has=_uses_sdpa,
    ),
    Patch(
        name="flash-attention-2-guard",
        module="TTS.tts.layers.xtts.gpt",
        qualname="GPT.get_logits",
        summary="refuses flash_attention_2 with padding on transformers 4, which loses causality",
        known=(
            Known(
                "0.28.0",
                "485f444a766a2886",
                "(self, first_inputs, first_head, second_inputs, second_head, prompt, get_attns, "
                "return_latent, attn_mask_cond, attn_mask_text, attn_mask_mel)",
            ),
        ),
        replace="coqui_amharic_ext.attention.bidirectional:refusing",
        upstream_has="coqui_amharic_ext.attention.bidirectional:stays_causal",
    ),
)
