"""A refusal of the combination under which transformers 4 trains GPT-2 without causality.

With its own ``flash_attention_2`` and a padding mask, transformers 4.57 calls the kernel with
``causal=False``: every position sees the whole text and all codes, the loss falls, and the model
learns nothing useful. transformers 5 does not do this.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from coqui_amharic_ext.errors import UnavailableError
from coqui_amharic_ext.patching import calls


def stays_causal(original: object) -> bool:
    """Whether upstream refuses the combination itself, or transformers keeps GPT-2 causal."""
    from transformers import __version__

    return calls("_refuse_lost_causality")(original) or int(__version__.partition(".")[0]) >= 5


def refusing(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a ``GPT.get_logits`` that raises where transformers would drop the causal mask."""
    signature = inspect.signature(original)

    @wraps(original)
    def get_logits(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.gpt.config._attn_implementation == "flash_attention_2":
            given = signature.bind(self, *args, **kwargs).arguments
            if given.get("attn_mask_text") is not None:
                raise UnavailableError(
                    "transformers 4 runs GPT-2 with flash_attention_2 and a padding mask without "
                    "causality; set the model's attention to sdpa, or leave it to "
                    'attention="flash_attn" of this package, or install transformers>=5'
                )
        return original(self, *args, **kwargs)

    return get_logits
