"""The parts of a text that an XTTS vocabulary lacks, whether they become unknown or are dropped.

A byte-pair model without ``unk_token`` drops unknown text, and a normalizer or a pre_tokenizer may
change or remove text, without any sign in the tokens. So the encoded text is compared with the
original.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from coqui_amharic_ext.errors import CoquiAmharicError

UNKNOWN: Final = "[UNK]"

_SPECIAL: Final = re.compile(r"\[[^\[\]\s]+\]")
_BYTE: Final = re.compile("<0x([0-9A-F]{2})>")


class LostTextError(CoquiAmharicError, ValueError):
    """A vocabulary drops or changes what a model should read; the message names it and the fix."""


def unknown_id(tokenizer: Any) -> int | None:
    """Return the id of a ``tokenizers.Tokenizer``'s unknown token.

    ``None`` where the model names no such token, even if the vocabulary holds one.
    """
    name = getattr(tokenizer.model, "unk_token", None)
    return None if name is None else tokenizer.token_to_id(name)


def encode_words(tokenizer: Any, words: Sequence[str]) -> Any:
    """Encode words separately.

    Raises
    ------
    LostTextError
        The vocabulary names an unknown token that it does not hold.
    """
    try:
        return tokenizer.encode(words, is_pretokenized=True)
    except Exception as error:  # tokenizers raises bare Exception
        raise LostTextError(
            f"the XTTS vocabulary cannot encode {''.join(words)[:60]!r}: {error}; put its "
            "unk_token into model.vocab, or give the vocab.json that belongs to the model"
        ) from error


def lacking(tokenizer: Any, words: Sequence[str], encoding: Any = None) -> list[str]:
    """Return the pieces that are not encoded as themselves, in order and with repetitions.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
        A vocabulary.
    words : sequence of str
        The encoded words.
    encoding : tokenizers.Encoding, optional
        Their encoding, if it is known already.
    """
    encoding = encode_words(tokenizer, words) if encoding is None else encoding
    if _is_whole(tokenizer, words, encoding):
        return []
    found: dict[str, list[str]] = {}
    for word in words:
        if word not in found:
            found[word] = list(_missing(tokenizer, word))
    return [part for word in words for part in found[word]]


def _is_whole(tokenizer: Any, words: Sequence[str], encoding: Any) -> bool:
    tokens, ids = encoding.tokens, encoding.ids
    if any(encoding.special_tokens_mask):
        # What a post_processor puts around a text is none of it.
        kept = [i for i, special in enumerate(encoding.special_tokens_mask) if not special]
        tokens, ids = [tokens[i] for i in kept], [ids[i] for i in kept]
    if unknown_id(tokenizer) in ids:
        return False
    text = "".join(words)
    if "".join(tokens) == text:
        # Some models give the unknown one's id with the text itself.
        return all(tokenizer.token_to_id(t) == i for t, i in zip(tokens, ids, strict=True))
    if any(map(_BYTE.fullmatch, tokens)):
        return _from_bytes(tokens) == text
    decoder = tokenizer.decoder
    return decoder is not None and decoder.decode(tokens) == text


def _from_bytes(tokens: Sequence[str]) -> str:
    parts = ((_BYTE.fullmatch(token), token) for token in tokens)
    raw = (bytes([int(byte[1], 16)]) if byte else token.encode() for byte, token in parts)
    return b"".join(raw).decode("utf-8", errors="replace")


def _missing(tokenizer: Any, word: str) -> Iterator[str]:
    encoding = encode_words(tokenizer, [word])
    if _is_whole(tokenizer, [word], encoding):
        return
    unknown = unknown_id(tokenizer)
    if unknown in encoding.ids:
        for token_id, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
            if token_id == unknown:
                yield word[start:end]
        return
    # Offsets do not count dropped characters.
    named = False
    plain = _SPECIAL.sub(lambda m: "" if tokenizer.token_to_id(m[0]) is not None else m[0], word)
    for character in plain:
        if not _is_whole(tokenizer, [character], encode_words(tokenizer, [character])):
            named = True
            yield character
    if not named:
        yield word
