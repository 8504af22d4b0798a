"""Initial values for the rows of new text tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from coqui_amharic_ext.coqui.romanisation import pieces_of
from coqui_amharic_ext.coqui.vocabulary_file import XttsVocabulary

INITS: Final = ("pieces", "mean", "normal")

NEW_SHARE: Final = 1e-3
"""The most probability that all new tokens together start with, as a share of the old ones'."""


@dataclass(frozen=True)
class NewRows:
    """Rows to append to a model's.

    Attributes
    ----------
    embedding, head_weight : torch.Tensor
        Shape ``(new, width)``, in the types of the old rows.
    head_bias : torch.Tensor
        Shape ``(new,)``.
    from_pieces : tuple of str
        Tokens initialised from their pieces in the old vocabulary; the others start from the mean
        of all rows or as ``init`` says.
    """

    embedding: Any
    head_weight: Any
    head_bias: Any
    from_pieces: tuple[str, ...]


def new_rows(
    old: XttsVocabulary,
    new: XttsVocabulary,
    embedding: Any,
    head_weight: Any,
    head_bias: Any,
    *,
    init: str = "pieces",
    seed: int = 0,
) -> NewRows:
    """Compute the rows of the tokens that ``new`` adds to ``old``.

    The embedding: ``pieces`` takes the mean of the rows of the token's pieces in the old
    vocabulary, of its romanisation's (``data/romanisation.tsv``; የ is y and e), or for a language
    token of the other languages'; where there are none it takes the mean of all rows. ``mean``
    takes the mean of all rows for each. ``normal`` draws each column from a normal distribution
    with the mean and the deviation of the old rows.

    The head, whatever ``init`` is: the mean weight, and the mean bias lowered so that the new
    tokens together are given at most a thousandth of the old tokens' probability, for any hidden
    state: the exponential is convex, so that ``exp`` of the mean logit is at most the mean of
    ``exp`` of the logits. The loss on text without new tokens starts at most 0.001 above what it
    was, where rows drawn at random would begin with new tokens among the likeliest.

    Rows of ids that stand for no token were never trained and are left out of every mean.

    Parameters
    ----------
    old, new : XttsVocabulary
        ``new`` extends ``old``.
    embedding, head_weight : torch.Tensor
        The model's, shape ``(old.number_tokens, width)``.
    head_bias : torch.Tensor
        Shape ``(old.number_tokens,)``.
    init : {"pieces", "mean", "normal"}
    seed : int
        Of ``normal``.
    """
    import torch

    if init not in INITS:
        raise ValueError(f"init={init!r} is not known; valid values: {', '.join(INITS)}")
    first, count = old.number_tokens, new.number_tokens - old.number_tokens
    trained = torch.tensor(sorted(old.tokens.values()))
    rows = embedding.detach()[trained].float()
    mean = rows.mean(0)
    made = mean.repeat(count, 1)
    from_pieces: list[str] = []
    if init == "normal":
        generator = torch.Generator().manual_seed(seed)
        made += torch.randn(made.shape, generator=generator) * rows.std(0)
    elif init == "pieces":
        found = _pieces(old, new)
        from_pieces = list(found)
        for token, ids in found.items():
            made[new.tokens[token] - first] = embedding.detach()[ids].float().mean(0)
    weight = head_weight.detach()[trained].float().mean(0).repeat(count, 1)
    lowered = math.log(NEW_SHARE * len(trained) / max(count, 1))
    bias = (head_bias.detach()[trained].float().mean() + lowered).repeat(count)
    return NewRows(
        made.to(embedding.dtype),
        weight.to(head_weight.dtype),
        bias.to(head_bias.dtype),
        tuple(from_pieces),
    )


def _pieces(old: XttsVocabulary, new: XttsVocabulary) -> dict[str, list[int]]:
    """Return the old ids from which each new token starts; tokens without any are omitted."""
    tokenizer = old.tokenizer()
    languages = [old.tokens[f"[{language}]"] for language in old.languages]
    added_languages = {f"[{language}]" for language in new.languages}
    found: dict[str, list[int]] = {}
    for token in sorted(new.tokens.keys() - old.tokens.keys(), key=new.tokens.__getitem__):
        if token in added_languages:
            found[token] = languages
        elif token not in new.special:
            ids = pieces_of(token, tokenizer)
            if ids:
                found[token] = ids
    return found
