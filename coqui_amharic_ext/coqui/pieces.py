"""Byte-pair pieces of Ethiopic words, learnt from a corpus."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

MIN_FREQUENCY: Final = 2
"""A piece that occurs once in the corpus teaches a model no more than its letters."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Tokens of more than one letter and the merges that make them, in order of rank."""

    tokens: tuple[str, ...]
    merges: tuple[tuple[str, str], ...]


def learn_pieces(texts: Iterable[str], letters: Sequence[str], size: int) -> Pieces:
    """Learn byte-pair pieces; equal texts give equal pieces.

    Parameters
    ----------
    texts : iterable of str
        Normalised texts. Only unbroken runs of ``letters`` are used, so that no merge involves
        Latin letters or punctuation.
    letters : sequence of str
        The base tokens.
    size : int
        The most letters and pieces together; fewer where no further pair occurs twice.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    # Words are passed one by one; the pre_tokenizer must not split them.
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=MIN_FREQUENCY,
        initial_alphabet=list(letters),
        limit_alphabet=len(letters),
        special_tokens=[],
        show_progress=False,
    )
    tokenizer.train_from_iterator(_words(texts, letters), trainer)
    found = json.loads(tokenizer.to_str())["model"]["merges"]
    merges = tuple((first, second) for first, second in found)
    return Pieces(tuple(dict.fromkeys(first + second for first, second in merges)), merges)


def _words(texts: Iterable[str], letters: Sequence[str]) -> Iterator[str]:
    pattern = re.compile(f"[{re.escape(''.join(letters))}]+")
    for text in texts:
        yield " ".join(pattern.findall(text))
