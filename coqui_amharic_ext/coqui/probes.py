"""Behaviour probes: whether upstream code that we have not seen does what a patch needs.

Each takes the original attribute and raises ``ProbeError`` if it does not.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class ProbeError(RuntimeError):
    """Upstream's code does not behave as a patch needs."""


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise ProbeError(what)


def takes(*names: str) -> Callable[[Any], None]:
    """Return a probe: the attribute's first parameters are called so, in this order."""

    def probe(original: Any) -> None:
        plain = getattr(original, "__func__", original)
        found = list(inspect.signature(plain).parameters)
        _require(found[: len(names)] == list(names), f"parameters {found}, expected {list(names)}")

    return probe


def takes_keyword(name: str) -> Callable[[Any], None]:
    """Return a probe: the attribute has a parameter of that name."""

    def probe(original: Any) -> None:
        found = list(inspect.signature(original).parameters)
        _require(name in found, f"no parameter {name!r} in {found}")

    return probe


def registers_phonemizers(original: Any) -> None:
    """``_register_phonemizers`` fills the two tables that ours go into."""
    from TTS.tts.utils.text import phonemizers

    original()
    tables = (phonemizers.PHONEMIZERS, phonemizers.DEF_LANG_TO_PHONEMIZER)
    _require(all(isinstance(t, dict) and t for t in tables), "the phonemizer tables stay empty")


def builds_tokenizer(original: Any) -> None:
    """``init_from_config`` returns tokenizer and config, and finds characters by class path."""
    from TTS.tts.configs.shared_configs import BaseTTSConfig, CharactersConfig

    config = BaseTTSConfig(
        characters=CharactersConfig(
            characters_class="TTS.tts.utils.text.characters.Graphemes",
            characters="ab",
            punctuations=" ",
            is_sorted=False,
        )
    )
    plain = getattr(original, "__func__", original)
    tokenizer, new_config = plain(config)
    _require(new_config is config, "a config with characters is not kept as the same object")
    _require(len(tokenizer.text_to_ids("ab ba")) == 5, "the characters of the config are not used")


def cleans_where_asked(original: Any) -> None:
    """``text_to_ids`` cleans with the tokenizer's ``text_cleaner`` and, without one, not at all."""
    from TTS.tts.utils.text.characters import Graphemes
    from TTS.tts.utils.text.tokenizer import TTSTokenizer

    tokenizer = TTSTokenizer(characters=Graphemes(characters="ab", punctuations=" "))
    plain = original(tokenizer, "a", "en")
    tokenizer.text_cleaner = lambda text, lang: text.replace("a", "b")
    cleaned = original(tokenizer, "a", "en")
    _require(
        (tokenizer.decode(plain), tokenizer.decode(cleaned)) == ("a", "b"),
        f"'a' is {plain} without a cleaner and {cleaned} with one that makes it 'b'",
    )


def preprocesses(original: Any) -> None:
    """``preprocess_text`` cleans English and lets nothing of Amharic through by itself."""
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

    found = original(VoiceBpeTokenizer(), "Two  words", "en")
    _require(found == "two words", f"cleaned English is {found!r}")


def cleans(original: Any) -> None:
    """``multilingual_cleaners`` lowers and collapses."""
    found = original("Two  words", "en")
    _require(found == "two words", f"cleaned English is {found!r}")


def encodes(original: Any) -> None:
    """``encode`` puts the language token in front and returns ids."""
    from tokenizers import Tokenizer, models
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

    tokenizer = VoiceBpeTokenizer()
    vocabulary = {"[UNK]": 0, "[en]": 1, "a": 2}
    unknown = "[UNK]"
    tokenizer.tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=unknown))
    tokenizer.tokenizer.add_special_tokens(["[UNK]", "[en]"])
    found = original(tokenizer, "a", "en")
    _require(list(found) == [1, 2], f"'a' is encoded as {found}")


def splits(original: Any) -> None:
    """``split_sentence`` leaves a text alone where no length is asked for."""
    found = original(" One. Two.", "en", None)
    _require(found == ["One. Two."], f"split into {found!r}")


def caches_phonemes(original: Callable[..., Any]) -> None:
    """``compute_or_load`` asks the tokenizer once and finds the ids again under the file's name."""
    import tempfile

    asked: list[str] = []

    def text_to_ids(text: str, language: str | None = None) -> list[int]:
        asked.append(text)
        return [1, 2]

    with tempfile.TemporaryDirectory() as folder:
        fake = SimpleNamespace(
            cache_path=folder, tokenizer=SimpleNamespace(text_to_ids=text_to_ids)
        )
        found = [list(original(fake, "a", "text", "am")) for _ in range(2)]
        there = (Path(folder) / "a_phoneme.npy").is_file()
    _require(found == [[1, 2]] * 2, f"it gives {found} where the tokenizer gives [1, 2]")
    _require(len(asked) == 1 and there, "it keeps no a_phoneme.npy for the sample a")


def loads_checkpoints(original: Callable[..., Any]) -> None:
    """``load_fsspec`` gives what ``torch.save`` was given, from a path and onto the CPU."""
    import tempfile

    import torch

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.pth"
        torch.save({"model": torch.ones(1)}, path)
        found = original(str(path), map_location="cpu")
    _require(found["model"].item() == 1, f"a saved one is loaded as {found}")
