"""What replaces ``GPT.forward``: training and evaluation loss packed, everything else upstream's."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from torch import Tensor

from coqui_amharic_ext.attention.interface import register
from coqui_amharic_ext.attention.layout import PackedLayout
from coqui_amharic_ext.attention.packing import packed_losses
from coqui_amharic_ext.attention.selection import Selection, demand_of, select
from coqui_amharic_ext.attention.switch import switched
from coqui_amharic_ext.settings import Settings, get_settings


def training_forward(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a ``GPT.forward`` that trains packed and leaves inference to ``original``."""

    @wraps(original)
    def forward(
        self: Any,
        text_inputs: Tensor,
        text_lengths: Tensor,
        audio_codes: Tensor,
        wav_lengths: Tensor,
        cond_mels: Tensor | None = None,
        cond_idxs: Tensor | None = None,
        cond_lens: Tensor | None = None,
        cond_latents: Tensor | None = None,
        return_attentions: bool = False,
        return_latent: bool = False,
    ) -> Any:
        def stock() -> Any:
            return original(
                self,
                text_inputs,
                text_lengths,
                audio_codes,
                wav_lengths,
                cond_mels=cond_mels,
                cond_idxs=cond_idxs,
                cond_lens=cond_lens,
                cond_latents=cond_latents,
                return_attentions=return_attentions,
                return_latent=return_latent,
            )

        if return_latent or return_attentions:
            return stock()
        settings = get_settings()
        selection = _selected(self, settings)
        # Without these upstream raises; its message is the one people know.
        if cond_mels is None or self.max_conditioning_inputs == 0:
            return stock()
        if not settings.packing:
            name = register(selection, packed=False)
            with switched(self.gpt, name, fused_gelu=settings.fused_gelu):
                return stock()
        return packed_losses(
            self,
            _Runner(self, selection, settings),
            text_inputs,
            text_lengths,
            audio_codes,
            wav_lengths,
            cond_mels,
            cond_idxs,
            cond_latents,
            needed_logits=settings.needed_logits,
        )

    return forward


def _selected(gpt: Any, settings: Settings) -> Selection:
    layer = gpt.gpt.h[0].attn
    dropout = layer.attn_dropout.p if gpt.gpt.training else 0.0
    return select(settings.attention, demand_of(layer.c_attn.weight, layer.head_dim, dropout))


class _Runner:
    """Runs GPT-2 on packed embeddings with one kernel."""

    def __init__(self, gpt: Any, selection: Selection, settings: Settings) -> None:
        self._gpt = gpt.gpt
        self._name = register(selection, packed=True)
        self._fused_gelu = settings.fused_gelu

    def __call__(self, embeddings: Tensor, layout: PackedLayout) -> Tensor:
        gpt2 = self._gpt
        with switched(gpt2, self._name, fused_gelu=self._fused_gelu):
            hidden: Tensor = gpt2(
                inputs_embeds=embeddings,
                use_cache=False,
                return_dict=True,
                cu_seq_lens_q=layout.cu_seqlens,
                cu_seq_lens_k=layout.cu_seqlens,
                max_length_q=layout.max_seqlen,
                max_length_k=layout.max_seqlen,
                packed_slots=layout.slots,
            ).last_hidden_state
        return hidden
