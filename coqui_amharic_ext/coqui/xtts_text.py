"""The form of an Amharic text that XTTS reads, and its tokens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from coqui_amharic_ext.coqui.cleaners import spoken
from coqui_amharic_ext.coqui.languages import AMHARIC
from coqui_amharic_ext.coqui.letters import to_amharic_letters
from coqui_amharic_ext.coqui.symbols import NARROW, to_coqui
from coqui_amharic_ext.coqui.text_mode import mode_for
from coqui_amharic_ext.g2p.phonology.inventory import LABIALISED, inventory
from coqui_amharic_ext.lossless import encode_words
from coqui_amharic_ext.settings import get_settings
from coqui_amharic_ext.text.fidel import LETTERS

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

TOKEN: Final = f"[{AMHARIC}]"
"""The language token before each text."""

SPACE: Final = "[SPACE]"

LATIN_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
"""Letters that every XTTS vocabulary has."""

_ONLY_AMHARIC: Final = re.compile(rf"[{LETTERS}\u1360-\u137c\s!-@\[-`{{-~«»‹›“”„‘’…–—]*")
"""Text that normalisation cannot turn into words in Latin script."""

_SPECIAL: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
     "ŋ": "ng", "ħ": "h", "’": "'"}
)  # fmt: skip
_LATIN: Final = re.compile("[A-Za-zªº\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]+")

Known = Callable[[str], bool]


@lru_cache(maxsize=8)
def xtts_settings(settings: Settings) -> Settings:
    """Return the settings for normalising XTTS's text.

    Words in Latin script stay in Latin letters, which XTTS knows from its other languages, unless
    ``Settings.text`` says otherwise (``latin=auto``, ``latin=spell``, ``latin=transliterate``).
    """
    parts = [part.strip() for part in settings.text.split(",") if part.strip()]
    if any(part.partition("=")[0].strip() == "latin" for part in parts):
        return settings
    return settings.replace(text=",".join((*parts, "latin=keep")))


def xtts_text(text: str, mode: str | None = None, *, known: Known | None = None) -> str:
    """Return an Amharic text in the form that XTTS reads.

    Parameters
    ----------
    text : str
        Written Amharic.
    mode : str, optional
        ``ipa``: one symbol per phone (``symbols.to_coqui``, ``own_symbols``). ``fidel``: normalised
        text in Ethiopic script. ``Settings.xtts_text`` by default.
    known : callable, optional
        Tells whether the vocabulary has a token: ``in_vocabulary``. Without one, labialised phones
        are capital letters and Latin letters other than a to z lose their marks (é as e).

    Returns
    -------
    str
        One line with ``. , ; : ? !``; words in Latin script keep their letters, in lower case.

    Raises
    ------
    TypeError
        ``text`` is not a string.
    SettingsError
        A ``COQUI_AMHARIC_*`` variable has an invalid value.
    """
    return "".join(xtts_pieces(text, mode, known=known))


def xtts_pieces(text: str, mode: str | None = None, *, known: Known | None = None) -> list[str]:
    """Return ``xtts_text`` in the pieces that are encoded separately.

    In ``ipa`` mode each phone is a piece, so that it is the same token in every position: XTTS's
    vocabularies have merges for the letters that IPA shares with English and would turn parts of
    Amharic words into ``wat`` and ``and``. A word in Latin script is one piece, so that it is
    encoded as in XTTS's other languages. In ``fidel`` mode the whole text is one piece.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, got {type(text).__name__}: {text!r:.60}")

    settings = get_settings()
    mode = mode_for(None, settings) if mode is None else mode
    if mode == "fidel":
        return [_fidel(text, xtts_settings(settings), known)]
    return _phones(text, xtts_settings(settings), known)


def _fidel(text: str, settings: Settings, known: Known | None) -> str:
    # XTTS's vocabularies hold no capital letters; upstream lowercases text in every language.
    line = " ".join(to_amharic_letters(spoken(text, settings)).lower().split())
    return _LATIN.sub(lambda match: to_known_letters(match[0], known), line)


def _phones(text: str, settings: Settings, known: Known | None) -> list[str]:
    from coqui_amharic_ext.g2p.api import phonemize, transcribe
    from coqui_amharic_ext.g2p.sentence import KEPT

    if _ONLY_AMHARIC.fullmatch(text):
        return _in_own_symbols(to_coqui(phonemize(text, settings=settings)), known)
    found = transcribe(text, settings=settings)
    pieces: list[str] = []
    position = 0
    for word in found.words:
        # Between two words stand only spaces and marks, so the next occurrence is this word.
        start = found.ipa.index(word.ipa, position)
        pieces += found.ipa[position:start]
        if word.backend == KEPT:
            # As they are: among phones, capitals are the labialised ones.
            pieces.append(to_known_letters(word.ipa.lower(), known))
        else:
            pieces += _in_own_symbols(to_coqui(word.ipa), known)
        position = start + len(word.ipa)
    pieces += found.ipa[position:]
    return _tidy(pieces)


@lru_cache(maxsize=1)
def own_symbols() -> dict[str, str]:
    """Return the spellings, in extended vocabularies, of symbols that other languages' text uses.

    Coqui's symbol for a labialised phone is a capital letter. XTTS's vocabularies have none, but
    text with capitals does reach them: upstream's German cleaner lowercases the text first and then
    reads 12,5 as ``zwölf Komma fünf``. A token ``K`` would change how that is encoded, so the phone
    is written as its plain symbol and ʷ (``kʷ``), which a merge joins into one token. The β of
    narrow transcription, which occurs in formulas, becomes the Latin ꞵ.
    """
    phones = inventory()
    own = {
        phone.coqui_symbol: phones[phone.symbol.removesuffix(LABIALISED)].coqui_symbol + LABIALISED
        for phone in phones.values()
        if phone.phone_class == "labialised"
    }
    return own | dict(zip(NARROW, "ꞵ", strict=True))


def _in_own_symbols(symbols: str, known: Known | None) -> list[str]:
    if known is None:
        return list(symbols)
    own = own_symbols()
    found = {s: own[s] for s in own.keys() & set(symbols) if known(own[s])}
    return [found.get(symbol, symbol) for symbol in symbols]


def _tidy(pieces: Iterable[str]) -> list[str]:
    """Remove empty pieces and the spaces around them."""
    tidy: list[str] = []
    for piece in pieces:
        if not piece or (piece == " " and (not tidy or tidy[-1] == " ")):
            continue
        tidy.append(piece)
    return tidy[:-1] if tidy and tidy[-1] == " " else tidy


def to_known_letters(word: str, known: Known | None = None) -> str:
    """Write a Latin word in letters that an XTTS vocabulary has.

    Parameters
    ----------
    word : str
        In lower case.
    known : callable, optional
        Tells whether the vocabulary has a letter; ``None`` stands for a to z.

    Returns
    -------
    str
        Letters that the vocabulary lacks lose their marks; what is then neither a letter from a to
        z nor an apostrophe is removed.
    """
    return "".join(_letter(letter, known) for letter in unicodedata.normalize("NFC", word))


def _letter(letter: str, known: Known | None) -> str:
    if letter in LATIN_LETTERS or letter == "'" or (known is not None and known(letter)):
        return letter
    plain = unicodedata.normalize("NFKD", letter.translate(_SPECIAL))
    return "".join(c for c in plain if c in LATIN_LETTERS or c == "'")


def in_vocabulary(tokenizer: Any) -> Known:
    """Return a function that tells whether a ``tokenizers.Tokenizer`` has a token."""
    return lambda token: tokenizer.token_to_id(token) is not None


def encode_pieces(tokenizer: Any, pieces: Iterable[str]) -> list[int]:
    """Encode the pieces of an Amharic text, preceded by the language token.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
        An XTTS vocabulary.
    pieces : iterable of str
        From ``xtts_pieces``.
    """
    ids: list[int] = encode_words(tokenizer, words_of(pieces)).ids
    return ids


def words_of(pieces: Iterable[str]) -> list[str]:
    """Return the words to encode for the pieces of a text, preceded by the language token."""
    return [TOKEN, *(piece.replace(" ", SPACE) for piece in pieces)]
