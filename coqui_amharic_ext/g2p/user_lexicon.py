"""The user's own words: a TSV file that wins over every backend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.g2p.phonology.inventory import LENGTH, inventory
from coqui_amharic_ext.g2p.phonology.letters import letters
from coqui_amharic_ext.g2p.realisation import fold
from coqui_amharic_ext.io.whole import read_text
from coqui_amharic_ext.text import fold_homophones

_HEADERS: Final = frozenset({"word", "written"})


class UserLexicon:
    """Whole words and their IPA, found in any homophone spelling (ፀሐይ, ጸሃይ …).

    Parameters
    ----------
    path : str
        A UTF-8 file of tab-separated rows: word, IPA (spaces in it do not count), and anything
        more. A header ``word``, empty lines and lines that begin with ``#`` are passed over.

    Raises
    ------
    SettingsError
        The file cannot be read, or a row is not valid; the message names the line.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._words: dict[str, str] = {}
        for number, word, ipa in _rows(path):
            key = fold_homophones(word)
            reading = _reading(word, ipa, f"lexicon {path}, line {number}")
            if self._words.setdefault(key, reading) != reading:
                raise SettingsError(
                    f"lexicon {path}, line {number}: {word} is already there, read "
                    f"{self._words[key]}; keep one of the two rows"
                )

    def get(self, word: str) -> str | None:
        """Return the IPA of a word, or None if the file does not have it."""
        return self._words.get(fold_homophones(word))

    def items(self) -> list[tuple[str, str]]:
        """Return words and readings in a fixed order."""
        return sorted(self._words.items())

    def __len__(self) -> int:
        return len(self._words)


def _rows(path: str) -> Iterator[tuple[int, str, str]]:
    try:
        text = read_text(Path(path).expanduser())
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"lexicon={path!r} cannot be read: {error}; give a UTF-8 TSV file (word, IPA)"
        ) from error
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.split("\t")]
        if not line.strip() or line.startswith("#") or (number == 1 and cells[0] in _HEADERS):
            continue
        if len(cells) < 2 or not cells[0] or not cells[1]:
            raise SettingsError(
                f"lexicon {path}, line {number}: {line!r} is not a word and its IPA "
                "with a tab between them"
            )
        yield number, cells[0], cells[1]


def _reading(word: str, ipa: str, where: str) -> str:
    try:
        written = letters(word)
    except ValueError as error:
        raise SettingsError(f"{where}: {error}") from error
    phones = fold(ipa.replace(" ", ""))
    unknown = sorted({p for p in phones if p not in inventory() and p != LENGTH})
    if not written or unknown:
        what = ", ".join(map(repr, unknown)) or "an empty word"
        raise SettingsError(
            f"{where}: {what} in {ipa!r}; the valid phones are those of g2p/data/phones.tsv: "
            + " ".join(inventory())
        )
    return "".join(phones)
