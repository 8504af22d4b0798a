"""Amharic appended to an XTTS vocabulary, so that everything else is encoded as before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.coqui.letters import amharic_letters
from coqui_amharic_ext.coqui.pieces import learn_pieces
from coqui_amharic_ext.coqui.symbols import NARROW, PUNCTUATION, phone_symbols
from coqui_amharic_ext.coqui.text_mode import MARKERS, MODES
from coqui_amharic_ext.coqui.vocabulary_file import VocabularyError, XttsVocabulary
from coqui_amharic_ext.coqui.xtts_text import LATIN_LETTERS, TOKEN, own_symbols, xtts_text
from coqui_amharic_ext.g2p.phonology.inventory import LABIALISED
from coqui_amharic_ext.io.files import only_writer, require_folder
from coqui_amharic_ext.lossless import lacking

DEFAULT_SIZE: Final = 2000
"""Ethiopic tokens in ``fidel`` mode; users report 2000 to 3000 as good and 5000 as worse."""


@dataclass(frozen=True, slots=True)
class Extension:
    """The report of an extended vocabulary.

    Attributes
    ----------
    mode : str
        ``ipa`` or ``fidel``.
    before, after : int
        Rows that the model's text embedding needs: the greatest id and one.
    added : tuple of str
        The new tokens in the order of their ids, which start at ``before``.
    merges : int
        The number of added merges.
    note : str
        A remark for the user, ``""`` for none.
    """

    mode: str
    before: int
    after: int
    added: tuple[str, ...]
    merges: int
    note: str = ""


def symbols_of(mode: str) -> tuple[str, ...]:
    """Return the tokens that Amharic needs in a text mode with any corpus.

    ``ipa``: one for every phone, and for those of narrow transcription; a labialised one is two
    characters (``kʷ``). ``fidel``: the letters of Amharic and the gemination mark. Both:
    punctuation and the letters of Latin-script words.
    """
    _check_mode(mode)
    own = phone_tokens() if mode == "ipa" else amharic_letters()
    return tuple(dict.fromkeys((*own, *PUNCTUATION, *LATIN_LETTERS, "'")))


def phone_tokens() -> tuple[str, ...]:
    """Return the token of every phone; those that a merge builds follow their parts."""
    own = own_symbols()
    tokens = [own.get(symbol, symbol) for symbol in (*phone_symbols(), *NARROW)]
    return (*(t for t in tokens if len(t) == 1), LABIALISED, *(t for t in tokens if len(t) > 1))


def phone_merges() -> tuple[tuple[str, str], ...]:
    """Return the merges that turn phones of two characters into one token."""
    return tuple((t[0], t[1]) for t in phone_tokens() if len(t) > 1)


def amharic_tokens(vocabulary: XttsVocabulary) -> tuple[str, ...]:
    """Return the tokens that only Amharic text is encoded to.

    They are the phones' symbols in ``ipa`` mode, else the tokens of Ethiopic letters.
    """
    if vocabulary.mode == "ipa":
        own = own_symbols()
        phones = (own.get(symbol, symbol) for symbol in phone_symbols())
        return tuple(token for token in phones if token in vocabulary.tokens)
    letters = frozenset(amharic_letters())
    return tuple(t for t in vocabulary.tokens if letters.issuperset(t))


def extend_vocabulary(
    vocabulary: XttsVocabulary,
    mode: str,
    texts: Iterable[str] = (),
    size: int | None = None,
) -> tuple[XttsVocabulary, Extension]:
    """Append Amharic to a vocabulary.

    Existing tokens, ids and merges do not change; new ids start after the greatest one. Extending
    an extended vocabulary again changes nothing.

    Parameters
    ----------
    vocabulary : XttsVocabulary
        XTTS's own, one extended before in the same mode, or one that others made for Amharic.
    mode : str
        ``ipa`` adds ``[am]`` and a token for every phone. ``fidel`` adds ``[am]``, the letters of
        Amharic and byte-pair pieces learnt on ``texts``.
    texts : iterable of str
        Written Amharic, required for ``fidel``; it is normalised here.
    size : int, optional
        The most letters and pieces in ``fidel`` mode, 2000 by default; fewer where no further pair
        of pieces occurs twice in the corpus.

    Raises
    ------
    VocabularyError
        The vocabulary is for the other mode, its normalizer changes the new tokens,
        ``fidel`` has no texts, or ``size`` is less than the number of letters.
    ValueError
        ``mode`` is not known, or ``size`` is given for ``ipa``.
    """
    _check_mode(mode)
    if mode == "ipa" and size is not None:
        raise ValueError(f"size={size} is for the mode fidel; ipa adds a token for each phone")
    if vocabulary.mode not in (None, mode):
        raise VocabularyError(
            f"{vocabulary.name} is for {vocabulary.mode!r} ({why(vocabulary)}), and a vocabulary "
            f"has one text mode; give --mode {vocabulary.mode} to complete it, or start from the "
            f"model's own vocabulary to get one for {mode!r}"
        )
    grown = vocabulary.grown(
        special=(TOKEN, MARKERS[mode]),
        tokens=symbols_of(mode),
        merges=phone_merges() if mode == "ipa" else (),
    )
    note = ""
    if mode == "fidel":
        grown, note = _with_pieces(vocabulary, grown, texts, size)
    _check_symbols(grown, mode)
    return grown, Extension(
        mode=mode,
        before=vocabulary.number_tokens,
        after=grown.number_tokens,
        added=tuple(t for t in grown.tokens if t not in vocabulary.tokens),
        merges=len(grown.merges) - len(vocabulary.merges),
        note=note,
    )


def extend_file(
    vocab: str | Path,
    out: str | Path,
    mode: str,
    texts: Iterable[str] = (),
    size: int | None = None,
) -> Extension:
    """Read a vocabulary, append Amharic and write it under another name.

    Parameters are those of ``extend_vocabulary``; on an error nothing is written.

    Raises
    ------
    FileNotFoundError
        There is no file ``vocab`` or no folder for ``out``.
    VocabularyError
        As ``extend_vocabulary``; ``vocab`` is no XTTS vocabulary; ``out`` does not end in
        ``.json``; or it is ``vocab``, which extending the model's checkpoint still needs.
    """
    vocab, out = Path(vocab), Path(out)
    vocabulary = XttsVocabulary.read(vocab)
    if out.suffix != ".json":
        raise VocabularyError(
            f"--out {out}: a vocabulary is JSON, and XTTS looks for vocab.json; give a name that "
            "ends in .json"
        )
    require_folder(out)
    if out.exists() and out.samefile(vocab):
        raise VocabularyError(
            f"--out {out} is the vocabulary itself, which is needed to extend the model's "
            "checkpoint; choose another name"
        )
    with only_writer(out):
        grown, extension = extend_vocabulary(vocabulary, mode, texts, size)
        grown.write(out)
    return extension


def why(vocabulary: XttsVocabulary) -> str:
    """Return how a vocabulary's mode is recognised, ``""`` where it has none."""
    if vocabulary.mode is None:
        return ""
    if MARKERS[vocabulary.mode] in vocabulary.tokens:
        return f"it has {MARKERS[vocabulary.mode]}"
    return "by its phones" if vocabulary.mode == "ipa" else "by its letters; it has no phones"


def missing_symbols(vocabulary: XttsVocabulary, mode: str) -> tuple[str, ...]:
    """Return the phones, or the letters, that a vocabulary cannot encode as themselves."""
    _check_mode(mode)
    tokenizer, own = vocabulary.tokenizer(), own_symbols() if mode == "ipa" else {}
    symbols = phone_symbols() if mode == "ipa" else amharic_letters()
    # A labialised phone is written as a capital letter where its own symbol is missing.
    return tuple(
        own.get(symbol, symbol)
        for symbol in symbols
        if lacking(tokenizer, [symbol]) and (symbol not in own or lacking(tokenizer, [own[symbol]]))
    )


def _check_mode(mode: str) -> None:
    if mode not in MODES:
        raise ValueError(f"mode={mode!r} is not known; valid modes: {', '.join(MODES)}")


def _with_pieces(
    vocabulary: XttsVocabulary, grown: XttsVocabulary, texts: Iterable[str], size: int | None
) -> tuple[XttsVocabulary, str]:
    letters = amharic_letters()
    present = [token for token in amharic_tokens(vocabulary) if len(token) > 1]
    if vocabulary.mode == "fidel" or present:
        # Learning further pieces would change how the model's Amharic is encoded.
        return grown, (
            f"{vocabulary.name} already has {len(present)} Ethiopic pieces, which stay as they "
            "are; to learn others, start from the model's own vocabulary"
        )
    wanted = DEFAULT_SIZE if size is None else size
    if wanted < len(letters):
        raise VocabularyError(
            f"size={wanted} is less than the {len(letters)} letters of Amharic, which all need a "
            f"token; give at least {len(letters)}"
        )
    read = _CountingReader(texts)
    learnt = learn_pieces(read, letters, wanted)
    if not read.letters:
        raise VocabularyError(
            "the mode fidel learns its pieces on a corpus, and "
            + (
                f"none of the {read.texts} texts holds an Ethiopic letter"
                if read.texts
                else "there is no text; give one with --corpus"
            )
        )
    result = grown.grown(tokens=learnt.tokens, merges=learnt.merges)
    count = len(letters) + len(learnt.tokens)
    if count == wanted:
        return result, ""
    return result, (
        f"{count} Ethiopic tokens instead of {wanted}: the corpus ({read.texts} texts) has no "
        "further pair of pieces twice"
    )


class _CountingReader:
    """An iterable of texts as XTTS reads them, which counts them."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = texts
        self.texts = 0
        self.letters = False

    def __iter__(self) -> Any:
        known = frozenset(amharic_letters())
        for text in self._texts:
            self.texts += 1
            read = xtts_text(text, "fidel")
            self.letters = self.letters or not known.isdisjoint(read)
            yield read


def _check_symbols(vocabulary: XttsVocabulary, mode: str) -> None:
    """Raise if a symbol is not encoded to its own token."""
    encode: Callable[[str], Any] = vocabulary.tokenizer().encode
    special = (TOKEN, MARKERS[mode])
    wrong = [s for s in (*symbols_of(mode), *special) if encode(s).ids != [vocabulary.tokens[s]]]
    if wrong:
        raise VocabularyError(
            f"{vocabulary.name}: its normalizer ({_kind(vocabulary, 'normalizer')}) or "
            f"pre_tokenizer ({_kind(vocabulary, 'pre_tokenizer')}) does not let "
            f"{_listed(wrong)} through, so that Amharic would be lost or encoded as other sounds; "
            "XTTS's own vocabularies have no normalizer and the pre_tokenizer Whitespace"
        )


def _kind(vocabulary: XttsVocabulary, part: str) -> str:
    found = vocabulary.data.get(part)
    return str(found.get("type")) if isinstance(found, dict) else "none"


def _listed(tokens: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(map(repr, tokens[:most]))
    return shown if len(tokens) <= most else f"{shown} and {len(tokens) - most} more"
