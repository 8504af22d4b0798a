"""Split normalised text into words and punctuation, transcribe the words, and join them again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from coqui_amharic_ext.g2p.answer import Answer
from coqui_amharic_ext.g2p.cache import WordCache
from coqui_amharic_ext.g2p.chain import Chain
from coqui_amharic_ext.g2p.grammar import context
from coqui_amharic_ext.g2p.phonology.letters import MARKS, TONAL_MARKS, fidel
from coqui_amharic_ext.g2p.types import Quality, Transcription, Word
from coqui_amharic_ext.text import TextPolicy, normalize, to_ascii_punctuation
from coqui_amharic_ext.text.latin import spell

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

KEPT: Final = "kept"
"""Named as the backend of Latin-script words that the text policy ``latin=keep`` leaves alone."""
TOKENS: Final = 1 << 15

_PUNCTUATION: Final = ".,;:?!"
_LATIN: Final = "A-Za-zªº\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_ASCII: Final = {mark: to_ascii_punctuation(f"ሀ{mark}")[1:] for mark in ("", *"።፣፤፥፦፧.,;:?!")}
_CONTEXTUAL: Final = re.compile(r"[^\w\s.,;:?!።፣፤፥፦፧፨፡]")
_LETTER: Final = re.compile(r"\w")
_SENTENCE_END: Final = re.compile(r"[።.?!]\s")
_SPACE_BEFORE_MARK: Final = re.compile(rf" +(?=[{_PUNCTUATION}])")


@lru_cache(maxsize=1)
def _package() -> str:
    """Return a digest of the code and the tables with which texts are normalised and read."""
    root = Path(__file__).parents[1]
    paths = [path for part in ("text", "g2p") for path in sorted((root / part).rglob("*"))]
    return _digest(
        b"".join(p.name.encode() + p.read_bytes() for p in paths if p.suffix in {".py", ".tsv"})
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Piece(NamedTuple):
    """A stretch of a token: a word to transcribe, a word to leave alone, or a mark."""

    kind: Literal["word", "kept", "mark"]
    text: str


class Token(NamedTuple):
    """What is read for one token: words and marks in IPA, answers, rules that need its context."""

    ipa: str
    answers: tuple[Answer, ...]
    rules: tuple[context.Rule, ...] = ()


def _letter_class() -> str:
    """Return the letters that can be read as ranges for a character class."""
    ranges: list[list[str]] = []
    for letter in sorted(fidel()):
        if ranges and ord(letter) == ord(ranges[-1][1]) + 1:
            ranges[-1][1] = letter
        else:
            ranges.append([letter, letter])
    return "".join(f"{first}-{last}" for first, last in ranges)


@lru_cache(maxsize=1)
def _piece_pattern() -> re.Pattern[str]:
    """Return a pattern of what is read; all else (emoji, other scripts …) is passed over."""
    letters = _letter_class()
    marks = "".join(sorted(MARKS | TONAL_MARKS))
    return re.compile(
        rf"(?P<word>(?:[{letters}][{marks}]{{0,3}})+)|(?P<latin>[{_LATIN}]+(?:['’][{_LATIN}]+)*)"
        rf"|(?P<mark>[{_PUNCTUATION}])"
    )


@lru_cache(maxsize=1)
def _plain_pattern() -> re.Pattern[str]:
    """Return a pattern of the common token: a word, at most one mark."""
    return re.compile(f"([{_letter_class()}]+)([{''.join(_ASCII)}]?)")


class Reader:
    """Reads texts with one chain and one text policy, and remembers words.

    Safe to use from several threads and after a fork.
    """

    def __init__(self, settings: Settings, backend: str | None = None) -> None:
        self.chain = Chain(settings, backend)
        self.policy = TextPolicy.from_string(settings.text)
        self._tokens: WordCache[Token] = WordCache(TOKENS)

    def identity(self) -> str:
        """Return a digest of all that decides how a text is read; equal ones read alike."""
        settings = self.chain.settings
        chosen = (settings.text, settings.narrow, settings.elision, self.chain.identity())
        return _digest(f"{_package()} {chosen!r}".encode())

    def phonemize(self, text: str) -> str:
        """Return the IPA of a text."""
        return _join(self._read(normalize(text, self.policy)))

    def transcribe(self, text: str) -> Transcription:
        """Return the IPA of a text with what is known of every word."""
        normalised = normalize(text, self.policy)
        tokens = self._read(normalised)
        words = tuple([answer.word() for token in tokens for answer in token.answers])
        return Transcription(text, normalised, _join(tokens), words)

    def _read(self, normalised: str) -> list[Token]:
        """Split at spaces; brackets, dashes and quotes are settled over the whole text before."""
        written = normalised
        if _CONTEXTUAL.search(normalised) is not None:
            written = to_ascii_punctuation(normalised)
        words = written.split()
        tokens = self._tokens.lookup(words, self._read_tokens)
        homographs = [place for place, token in enumerate(tokens) if token.rules]
        if homographs:
            _settle(tokens, homographs, _with_quotes(words, normalised))
        return tokens

    def _read_tokens(self, tokens: list[str]) -> Mapping[str, Token]:
        plain: dict[str, tuple[str, str]] = {}
        mixed: dict[str, list[Piece]] = {}
        written: list[str] = []
        match_plain = _plain_pattern().fullmatch
        for token in tokens:
            match = match_plain(token)
            if match is not None:
                word, mark = match.groups()
                plain[token] = word, _ASCII[mark]
                written.append(word)
            else:
                mixed[token] = list(self._pieces(token))
                written += [piece.text for piece in mixed[token] if piece.kind == "word"]
        answers = self.chain.answers(written)
        found = {
            token: Token(answers[word].ipa + mark, (answers[word],), _rules(word, answers[word]))
            for token, (word, mark) in plain.items()
        }
        return found | {token: _put(pieces, answers) for token, pieces in mixed.items()}

    def _pieces(self, token: str) -> Iterator[Piece]:
        for match in _piece_pattern().finditer(to_ascii_punctuation(token) or token):
            if match["word"] is not None:
                yield Piece("word", match[0])
            elif match["mark"] is not None:
                yield Piece("mark", match[0])
            elif self.policy.latin == "keep":
                yield Piece("kept", match[0])
            else:
                for name in spell(match[0], self.policy).split():
                    yield Piece("word", name)


def _rules(word: str, answer: Answer) -> tuple[context.Rule, ...]:
    """Return the rules about a word that the user did not list and no backend transcribed."""
    known = answer.reading is not None and answer.layer in ("lexicon", "paradigm")
    return context.rules_for(word) if known else ()


def _with_quotes(words: list[str], normalised: str) -> list[str]:
    """Return the words with the quotes that reading aloud leaves out, or as they are."""
    quoted = [word for word in normalised.split() if _LETTER.search(word)]
    if len(quoted) == len(words):
        return quoted
    spoken = [place for place, word in enumerate(words) if _LETTER.search(word)]
    if len(spoken) != len(quoted):
        return words
    found = list(words)
    for place, word in zip(spoken, quoted, strict=True):
        found[place] = word
    return found


def _settle(tokens: list[Token], homographs: list[int], words: list[str]) -> None:
    """Put in the readings of homographs that the words beside them select."""
    for place in homographs:
        token = tokens[place]
        answer = token.answers[0]
        mark = token.ipa[len(answer.ipa) :]
        before = " ".join(words[max(0, place - context.REACH) : place])
        after = " ".join(words[place + 1 : place + 1 + context.REACH])
        if mark in {".", "?", "!"}:
            after = mark
        selected = answer.in_context(_clause(before), after, token.rules)
        if selected is not None:
            tokens[place] = Token(selected.ipa + mark, (selected,), token.rules)


def _clause(before: str) -> str:
    """Return what belongs to the sentence in hand; a quotation may end with its own mark."""
    return _SENTENCE_END.split(before)[-1]


def _put(pieces: list[Piece], answers: Mapping[str, Answer]) -> Token:
    """Write a token's pieces: words apart, marks at the word before them."""
    ipa = ""
    said: list[Answer] = []
    for piece in pieces:
        if piece.kind == "mark":
            ipa += piece.text
            continue
        answer = answers[piece.text] if piece.kind == "word" else _kept(piece.text)
        said.append(answer)
        ipa += (" " if ipa else "") + answer.ipa
    return Token(ipa, tuple(said))


def _kept(text: str) -> Answer:
    word = Word(text, text, KEPT, "surface", Quality())
    return Answer(text, text, KEPT, "surface", text, _word=word)


def _join(tokens: list[Token]) -> str:
    """Join tokens to a sentence; one that begins with a mark (``።`` by itself) joins the word."""
    text = " ".join([token.ipa for token in tokens])
    if "  " in text:
        text = " ".join(text.split())
    text = _SPACE_BEFORE_MARK.sub("", text)
    return text.strip().lstrip(_PUNCTUATION + " ")
