"""XTTS's ``vocab.json``: read, checked, extended at its end, written atomically."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.coqui.text_mode import mode_by
from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.io.files import replacing
from coqui_amharic_ext.io.jsontext import parsed
from coqui_amharic_ext.io.whole import read_whole
from coqui_amharic_ext.lossless import UNKNOWN

STOP: Final = "[STOP]"
START: Final = "[START]"
REQUIRED: Final = (STOP, UNKNOWN, "[SPACE]", START)
STOP_ID: Final = 0
UNKNOWN_ID: Final = 1
"""Ids that are hard-coded in upstream's dataset."""

_LANGUAGE: Final = re.compile(r"\[([a-z]{2,3}(?:-[a-z]{2})?)\]")


class VocabularyError(CoquiAmharicError, ValueError):
    """A vocabulary cannot be used or extended as asked; the message says why."""


@dataclass(frozen=True)
class XttsVocabulary:
    """The content of one vocabulary file.

    Attributes
    ----------
    data : Mapping
        The JSON document in the format of ``tokenizers``.
    name : str
        Its name in messages: the path.
    """

    data: Mapping[str, Any]
    name: str

    @classmethod
    def read(cls, path: str | Path) -> XttsVocabulary:
        """Read and check a file.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        VocabularyError
            It is not JSON, or no vocabulary of XTTS; the message names what is missing.
        """
        path = Path(path)
        try:
            text = read_whole(path).decode("utf-8")
        except FileNotFoundError:
            raise FileNotFoundError(f"the vocabulary {path} does not exist") from None
        except IsADirectoryError:
            raise VocabularyError(f"{path} is a folder; give the vocab.json in it") from None
        except UnicodeDecodeError as error:
            raise VocabularyError(
                f"{path} is not text in UTF-8 (byte {error.start}), so it is no XTTS vocabulary; "
                "give the model's vocab.json"
            ) from None
        try:
            data = parsed(text)
        except json.JSONDecodeError as error:
            raise VocabularyError(
                f"{path} is not JSON (line {error.lineno}: {error.msg}); it may be cut off: fetch "
                "it again"
            ) from None
        vocabulary = cls(data, str(path))
        vocabulary.check()
        return vocabulary

    def check(self) -> None:
        """Raise ``VocabularyError`` if XTTS cannot work with this vocabulary."""
        missing = _missing_parts(self.data)
        if missing:
            raise self._not_xtts("it has no " + ", no ".join(missing))
        model = self.data["model"]
        for field in ("continuing_subword_prefix", "end_of_word_suffix", "dropout"):
            if model.get(field):
                raise self._not_xtts(f"its model has {field}={model[field]!r}, XTTS's have none")
        unknown = self.unknown or UNKNOWN
        absent = [t for t in REQUIRED if t not in self.special and (t != UNKNOWN or t == unknown)]
        if absent:
            raise self._not_xtts(f"it has no special token {', '.join(absent)}")
        if self.unknown is not None and self.unknown not in model["vocab"]:
            raise self._not_xtts(
                f"its unk_token {self.unknown!r} is not in model.vocab, without which tokenizers "
                "stops at the first unknown character; add it there with its id, "
                f"{UNKNOWN_ID}, or leave unk_token out"
            )
        for token, expected in ((STOP, STOP_ID), (unknown, UNKNOWN_ID)):
            if self.tokens[token] != expected:
                raise self._not_xtts(
                    f"{token} has id {self.tokens[token]}, not {expected}, which upstream's "
                    "training takes for it"
                )
        if not self.languages:
            raise self._not_xtts("it has no language token such as [en]")
        twice = _twice(self.tokens.values())
        if twice:
            raise self._not_xtts(f"the id {twice[0]} stands for two tokens")
        loaded = self.tokenizer().get_vocab()
        other = next((t for t, n in self.tokens.items() if loaded.get(t) != n), None)
        if other is not None:
            raise self._not_xtts(
                f"{other!r} has the id {self.tokens[other]} in added_tokens, and tokenizers reads "
                f"{loaded.get(other)}: the ids in added_tokens and model.vocab must agree"
            )

    def _not_xtts(self, reason: str) -> VocabularyError:
        return VocabularyError(
            f"{self.name} is not an XTTS vocabulary: {reason}. Give the vocab.json that belongs to "
            "an XTTS model"
        )

    @cached_property
    def tokens(self) -> dict[str, int]:
        """All tokens with their ids, added tokens included."""
        added = {token["content"]: token["id"] for token in self.data["added_tokens"]}
        return {**self.data["model"]["vocab"], **added}

    @cached_property
    def special(self) -> tuple[str, ...]:
        """The special tokens, which are matched in text first."""
        return tuple(t["content"] for t in self.data["added_tokens"] if t.get("special"))

    @cached_property
    def merges(self) -> tuple[tuple[str, str], ...]:
        """The merges in order of rank."""
        return tuple(_pair(merge) for merge in self.data["model"]["merges"])

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that have a token."""
        found = (_LANGUAGE.fullmatch(token) for token in self.special)
        return tuple(match[1] for match in found if match)

    @property
    def unknown(self) -> str | None:
        """The unknown token; without one, unknown text is dropped."""
        found: str | None = self.data["model"].get("unk_token")
        return found

    @property
    def mode(self) -> str | None:
        """The text mode of Amharic that it names or that its tokens show; ``None`` if none."""
        return mode_by(self.tokens.__contains__)

    @property
    def number_tokens(self) -> int:
        """Rows that a model's text embedding needs: the greatest id and one."""
        return max(self.tokens.values()) + 1

    @property
    def holes(self) -> tuple[int, ...]:
        """Unused ids below the greatest; the model has rows for them, too."""
        used = set(self.tokens.values())
        return tuple(number for number in range(self.number_tokens) if number not in used)

    def tokenizer(self) -> Any:
        """Return the ``tokenizers.Tokenizer`` that stock code would load.

        Raises
        ------
        VocabularyError
            ``tokenizers`` refuses the vocabulary.
        """
        from tokenizers import Tokenizer

        try:
            return Tokenizer.from_str(json.dumps(self.data, ensure_ascii=False))
        except Exception as error:  # tokenizers raises bare Exception
            raise self._not_xtts(f"tokenizers cannot load it ({error})") from error

    def grown(
        self,
        special: Iterable[str] = (),
        tokens: Iterable[str] = (),
        merges: Sequence[tuple[str, str]] = (),
    ) -> XttsVocabulary:
        """Return the vocabulary with missing tokens and merges appended.

        Parameters
        ----------
        special, tokens : iterable of str
            Each missing token gets the next id after the greatest one.
        merges : sequence of pairs of str
            Appended to the existing ones, which keep their ranks.
        """
        model = self.data["model"]
        vocab, added = dict(model["vocab"]), list(self.data["added_tokens"])
        known, following = dict(self.tokens), self.number_tokens
        special = tuple(special)
        for token in (*special, *tokens):
            if token not in known:
                known[token] = vocab[token] = following
                following += 1
        for token in special:
            if token not in self.special:
                added.append(_added_token(token, known[token]))
        as_lists = any(isinstance(merge, list) for merge in model["merges"])
        have = set(self.merges)
        new = [pair for pair in merges if pair not in have]
        ranked = [*model["merges"], *(list(p) if as_lists else " ".join(p) for p in new)]
        data = {
            **self.data,
            "added_tokens": added,
            "model": {**model, "vocab": vocab, "merges": ranked},
        }
        return XttsVocabulary(data, self.name)

    def extends(self, old: XttsVocabulary) -> str:
        """Return why this is not an extension of ``old``, ``""`` if it is one."""
        for token, number in old.tokens.items():
            found = self.tokens.get(token)
            if found is None:
                return f"it lacks the token {token!r}"
            if found != number:
                return f"{token!r} has id {found}, was {number}"
        reused = set(self.tokens.values()) & set(old.holes)
        if reused:
            return f"it gives the unused id {min(reused)} to a token"
        if self.merges[: len(old.merges)] != old.merges:
            return "its first merges differ"
        return ""

    def write(self, path: str | Path) -> None:
        """Write the file atomically."""
        text = json.dumps(self.data, ensure_ascii=False, indent=2) + "\n"
        with replacing(Path(path)) as partial:
            partial.write_text(text, encoding="utf-8")


def _missing_parts(data: Any) -> list[str]:
    """Return the parts that a JSON document lacks to be a ``tokenizers`` file with a BPE model."""
    if not isinstance(data, Mapping):
        return ["'model'", "'added_tokens'"]
    missing = []
    model = data.get("model")
    if not isinstance(model, Mapping):
        missing.append("'model'")
    # The first releases of tokenizers wrote no type for it.
    elif model.get("type", "BPE") != "BPE":
        missing.append(f"model of type BPE (its type is {model['type']!r})")
    else:
        vocab, merges = model.get("vocab"), model.get("merges")
        if not isinstance(vocab, Mapping) or not all(isinstance(n, int) for n in vocab.values()):
            missing.append("'model.vocab' with a number for each token")
        if not isinstance(merges, list):
            missing.append("'model.merges'")
    added = data.get("added_tokens")
    if not isinstance(added, list) or not all(
        isinstance(token, Mapping) and {"content", "id"} <= set(token) for token in added
    ):
        missing.append("'added_tokens' with 'content' and 'id'")
    return missing


def _twice(values: Iterable[int]) -> list[int]:
    seen: set[int] = set()
    return [value for value in values if value in seen or seen.add(value)]  # type: ignore[func-returns-value]


def _pair(merge: str | Sequence[str]) -> tuple[str, str]:
    first, second = merge.split(" ") if isinstance(merge, str) else merge
    return first, second


def _added_token(content: str, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "special": True,
        "content": content,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
    }
