"""Behaviour probes: whether unknown code of ``TTS`` still behaves as a patch needs.

Each takes the original attribute and raises ``ProbeError`` if it does not. Its docstring says what
upstream's code does.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from coqui_amharic_ext.patching import expect


def takes_a_language(original: Any) -> None:
    """``Xtts.synthesize`` has a parameter ``language``."""
    found = list(inspect.signature(original).parameters)
    expect("language" in found, f"takes a language, but {found}")


def registers_phonemizers(original: Any) -> None:
    """``_register_phonemizers`` fills the two tables that receive our entries."""
    from TTS.tts.utils.text import phonemizers

    original()
    tables = (phonemizers.PHONEMIZERS, phonemizers.DEF_LANG_TO_PHONEMIZER)
    expect(all(isinstance(t, dict) and t for t in tables), "fills the phonemizer tables")


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
    expect(new_config is config, "keeps a config with characters as the same object")
    expect(len(tokenizer.text_to_ids("ab ba")) == 5, "uses the characters of the config")


def cleans_where_asked(original: Any) -> None:
    """``text_to_ids`` cleans with the tokenizer's ``text_cleaner`` and, without one, not at all."""
    from TTS.tts.utils.text.characters import Graphemes
    from TTS.tts.utils.text.tokenizer import TTSTokenizer

    tokenizer = TTSTokenizer(characters=Graphemes(characters="ab", punctuations=" "))
    plain = original(tokenizer, "a", "en")
    tokenizer.text_cleaner = lambda text, lang: text.replace("a", "b")
    cleaned = original(tokenizer, "a", "en")
    expect(tokenizer.decode(plain) == "a", f"leaves 'a' alone without a cleaner ({plain})")
    expect(tokenizer.decode(cleaned) == "b", f"calls the tokenizer's cleaner ({cleaned})")


def preprocesses(original: Any) -> None:
    """``preprocess_text`` lowers English and collapses its spaces."""
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

    found = original(VoiceBpeTokenizer(), "Two  words", "en")
    expect(found == "two words", f"makes 'two words' of 'Two  words' ({found!r})")


def cleans(original: Any) -> None:
    """``multilingual_cleaners`` lowers English and collapses its spaces."""
    found = original("Two  words", "en")
    expect(found == "two words", f"makes 'two words' of 'Two  words' ({found!r})")


def encodes(original: Any) -> None:
    """``encode`` returns ids that begin with the language token."""
    from tokenizers import Tokenizer, models
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

    tokenizer = VoiceBpeTokenizer()
    vocabulary = {"[UNK]": 0, "[en]": 1, "a": 2}
    unknown = "[UNK]"
    tokenizer.tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=unknown))
    tokenizer.tokenizer.add_special_tokens(["[UNK]", "[en]"])
    found = original(tokenizer, "a", "en")
    expect(list(found) == [1, 2], f"encodes 'a' with its language in front ({found})")


def splits(original: Any) -> None:
    """``split_sentence`` does not split where no length is given."""
    found = original(" One. Two.", "en", None)
    expect(found == ["One. Two."], f"leaves a text whole without a length ({found!r})")


def caches_phonemes(original: Callable[..., Any]) -> None:
    """``compute_or_load`` calls the tokenizer once and caches the ids under the file's name."""
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
    expect(found == [[1, 2]] * 2, f"returns the tokenizer's [1, 2] ({found})")
    expect(len(asked) == 1 and there, "caches the sample a in a_phoneme.npy")


def loads_checkpoints(original: Callable[..., Any]) -> None:
    """``load_fsspec`` loads what ``torch.save`` wrote onto the CPU."""
    import torch

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.pth"
        torch.save({"model": torch.ones(1)}, path)
        found = original(str(path), map_location="cpu")
    expect(found["model"].item() == 1, f"loads a saved 1 as it was ({found})")
