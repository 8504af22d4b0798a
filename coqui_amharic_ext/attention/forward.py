"""The replacement of ``GPT.forward``: training and evaluation run packed, the rest as upstream."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache, partial, wraps
from typing import Any

from torch import Tensor

from coqui_amharic_ext.attention import selection
from coqui_amharic_ext.attention.interface import register, unregister
from coqui_amharic_ext.attention.layout import PackedLayout
from coqui_amharic_ext.attention.packing import packed_losses
from coqui_amharic_ext.attention.switch import Mode, switched
from coqui_amharic_ext.settings import Settings, get_settings

logger = logging.getLogger(__name__)


def training_forward(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``GPT.forward``: training runs packed, inference runs ``original``."""

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
        def stock(gpt: Any) -> Any:
            return original(
                gpt,
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

        # Upstream raises without conditioning; people know its message.
        if (
            return_latent
            or return_attentions
            or cond_mels is None
            or self.max_conditioning_inputs == 0
        ):
            return stock(self)
        settings = get_settings()
        selected = _selection(self, settings)
        if selected is None:
            return stock(switched(self, _mode(settings, None)))
        name = register(
            selected, packed=settings.packing, dropout=settings.attention_dropout == "keep"
        )
        double = switched(self, _mode(settings, name))
        if not settings.packing:
            return stock(double)
        return packed_losses(
            double,
            partial(run_packed, double.gpt),
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


def _mode(settings: Settings, attention: str | None) -> Mode:
    return Mode(
        attention=attention,
        fused_gelu=settings.fused_gelu and attention is not None,
        checkpointing=settings.checkpointing,
        compile=settings.compile,
    )


def _selection(gpt: Any, settings: Settings) -> selection.Selection | None:
    if settings.attention == "off":
        return None
    layer = gpt.gpt.h[0].attn
    dropout = layer.attn_dropout.p if gpt.gpt.training else 0.0
    if dropout and settings.attention_dropout == "zero":
        _warn_of_dropout(dropout)
        dropout = 0.0
    demand = selection.demand_of(next(layer.parameters()), layer.head_dim, dropout)
    return selection.select(settings.attention, demand)


@lru_cache(maxsize=1)
def _warn_of_dropout(dropout: float) -> None:
    logger.warning(
        'attention_dropout="zero": the XTTS GPT trains without the attention dropout of %g that '
        "its config asks for",
        dropout,
    )


def run_packed(gpt2: Any, embeddings: Tensor, layout: PackedLayout) -> Tensor:
    """Run the double of a GPT-2 on packed embeddings, (1, total_tokens, channels)."""
    # transformers passes a mask of four dimensions through unread, and so do our kernels. An
    # attention function that does not know about packing, such as that of a block which someone
    # else recomputes in backward, would mix sequences: with this mask its output is NaN instead.
    poison = embeddings.new_full((1, 1, 1, 1), float("nan"))
    hidden: Tensor = gpt2(
        inputs_embeds=embeddings,
        attention_mask=poison,
        use_cache=False,
        return_dict=True,
        packed_layout=layout,
    ).last_hidden_state
    return hidden


def forget() -> None:
    """Remove our names from transformers, and discard selections and counts."""
    unregister()
    selection.forget()
