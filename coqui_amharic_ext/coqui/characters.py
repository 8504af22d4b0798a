"""Coqui vocabularies in which every phone of Amharic is one symbol.

A saved ``config.json`` names this class by its import path
(``coqui_amharic_ext.coqui.characters.AmharicPhonemes``), so that without the package upstream
stops with ``No module named 'coqui_amharic_ext'`` instead of speaking with dropped phones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from TTS.tts.configs.shared_configs import CharactersConfig
from TTS.tts.utils.text import characters as upstream
from TTS.tts.utils.text.characters import BaseCharacters, BaseVocabulary

from coqui_amharic_ext.coqui.phonemizer import NAME
from coqui_amharic_ext.coqui.symbols import PUNCTUATION, phone_symbols
from coqui_amharic_ext.errors import UnavailableError

if TYPE_CHECKING:
    from TTS.tts.configs.shared_configs import BaseTTSConfig

CLASS_PATH = f"{__name__}.AmharicPhonemes"


class AmharicPhonemes(BaseCharacters):
    """Upstream's ``IPAPhonemes`` followed by the symbols that Amharic adds.

    The order is ``[PAD, EOS, BOS, BLANK, characters, punctuations, added symbols]``: the ids of
    ``IPAPhonemes`` do not change, so that a model trained on them can be trained further.
    ``to_config`` writes the whole list into ``vocab_dict``, and a config that has one is followed
    exactly, so that later releases of this package cannot change a trained model's ids.

    Parameters
    ----------
    characters, punctuations, pad, eos, bos, blank
        As in ``IPAPhonemes``.
    is_unique, is_sorted : bool
        As in ``IPAPhonemes``; without sorting, duplicates keep their first place.
    vocabulary : sequence of str, optional
        All symbols in the order of their ids; the other arguments then only name the special ones.
    """

    def __init__(
        self,
        characters: str = upstream._phonemes,
        punctuations: str = upstream._punctuations,
        pad: str | None = upstream._pad,
        eos: str | None = upstream._eos,
        bos: str | None = upstream._bos,
        blank: str | None = upstream._blank,
        *,
        is_unique: bool = False,
        is_sorted: bool = True,
        vocabulary: Sequence[str] | None = None,
    ) -> None:
        self._given = None if vocabulary is None else _checked(vocabulary)
        super().__init__(
            characters,
            punctuations,
            pad,
            eos,
            bos,
            blank,
            is_unique=is_unique,
            is_sorted=is_sorted,
        )

    def _create_vocab(self) -> None:
        if self._given is not None:
            self.vocab = self._given
            return
        characters = list(self.characters)
        if self.is_unique:
            # Upstream iterates over a set, whose order differs between processes.
            characters = list(dict.fromkeys(characters))
        if self.is_sorted:
            characters.sort()
        special = [s for s in (self.pad, self.eos, self.bos, self.blank) if s]
        stock = [*special, *characters, *self.punctuations]
        if self.is_unique and len(set(stock)) < len(stock):
            twice = sorted({s for s in stock if stock.count(s) > 1})
            raise ValueError(f"is_unique, but {twice} are in characters and punctuations both")
        self.vocab = _with_amharic(stock)

    @classmethod
    def extending(cls, base: BaseVocabulary) -> AmharicPhonemes:
        """Return a vocabulary followed by the symbols that Amharic adds.

        Parameters
        ----------
        base : BaseVocabulary
            The vocabulary of a trained model, such as ``VitsCharacters``; its ids do not change.
        """
        return cls(
            getattr(base, "characters", ""),
            getattr(base, "punctuations", ""),
            base.pad,
            base.eos,
            base.bos,
            base.blank,
            is_unique=False,
            is_sorted=False,
            vocabulary=_with_amharic(base.vocab),
        )

    @staticmethod
    def init_from_config(config: BaseTTSConfig) -> tuple[AmharicPhonemes, BaseTTSConfig]:
        """Build a config's vocabulary, and write it into a config without one.

        Returns
        -------
        tuple
            The vocabulary and the same config object, changed in place.

        Raises
        ------
        UnavailableError
            The config names the phonemizer ``amharic``, which is not registered.
        """
        _check_active(config)
        given = config.characters
        if given is None:
            characters = AmharicPhonemes()
        elif given.vocab_dict:
            characters = AmharicPhonemes(
                given.characters or "",
                given.punctuations or "",
                given.pad,
                given.eos,
                given.bos,
                given.blank,
                is_unique=given.is_unique,
                is_sorted=given.is_sorted,
                vocabulary=given.vocab_dict,
            )
        else:
            phones = given.phonemes if given.phonemes is not None else given.characters
            # A CharactersConfig that only names the class has None everywhere but in `pad`.
            plain = phones is None and given.eos is None and given.bos is None
            characters = AmharicPhonemes(
                upstream._phonemes if phones is None else phones,
                upstream._punctuations if given.punctuations is None else given.punctuations,
                given.pad,
                upstream._eos if plain else given.eos,
                upstream._bos if plain else given.bos,
                upstream._blank if plain and given.blank is None else given.blank,
                is_unique=given.is_unique,
                is_sorted=given.is_sorted,
            )
        config.characters = characters.to_config()
        return characters, config

    def to_config(self) -> CharactersConfig:
        """Return the config from which the same vocabulary is built again."""
        return CharactersConfig(
            characters_class=CLASS_PATH,
            vocab_dict=list(self.vocab),
            characters=self.characters,
            punctuations=self.punctuations,
            pad=self.pad,
            eos=self.eos,
            bos=self.bos,
            blank=self.blank,
            is_unique=self.is_unique,
            is_sorted=self.is_sorted,
        )


def missing_symbols(vocabulary: BaseVocabulary) -> tuple[str, ...]:
    """Return the symbols of Amharic transcriptions that a vocabulary lacks and would drop."""
    known = set(vocabulary.vocab)
    return tuple(s for s in (*phone_symbols(), *PUNCTUATION, " ") if s not in known)


def _with_amharic(vocabulary: Sequence[str]) -> list[str]:
    known = set(vocabulary)
    added = (s for s in (*phone_symbols(), *PUNCTUATION, " ") if s not in known)
    return [*vocabulary, *added]


def _checked(vocabulary: Sequence[str]) -> list[str]:
    wrong: list[Any] = [s for s in vocabulary if not isinstance(s, str) or not s]
    if isinstance(vocabulary, str) or wrong:
        raise ValueError(f"vocab_dict must be a list of symbols, got {wrong or vocabulary!r:.60}")
    return list(vocabulary)


def _check_active(config: BaseTTSConfig) -> None:
    from TTS.tts.utils.text import phonemizers

    if not config.use_phonemes or config.get("phonemizer") != NAME:
        return
    phonemizers._register_phonemizers()
    if NAME not in phonemizers.PHONEMIZERS:
        raise UnavailableError(
            f"the config names the phonemizer {NAME!r}, but coqui-amharic-ext is not active in "
            "this process: unset COQUI_AMHARIC_AUTOLOAD=0 or call coqui_amharic_ext.activate()"
        )
