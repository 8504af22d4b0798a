"""XTTS reads Amharic in the mode that its vocabulary was made for."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui.text_mode import mode_for, mode_of
from coqui_amharic_ext.coqui.vocabulary import extend_file
from coqui_amharic_ext.errors import SettingsError
from tests.coqui.conftest import SENTENCES
from tests.coqui.vocabularies import write_xtts_like

READ = {"ipa": "səlam, ʔɨndet nəh?", "fidel": "ሰላም, እንዴት ነህ?"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("modes")
    original = write_xtts_like(folder / "vocab.json")
    for mode in READ:
        extend_file(original, folder / f"{mode}.json", mode, SENTENCES if mode == "fidel" else ())
    return {"none": original} | {mode: folder / f"{mode}.json" for mode in READ}


@pytest.fixture(autouse=True)
def _back() -> Iterator[None]:
    yield
    am.deactivate()


@pytest.mark.parametrize("mode", READ)
@pytest.mark.parametrize("chosen", ["auto", "same"])
def test_the_vocabularys_mode_is_used(files: dict[str, Path], mode: str, chosen: str) -> None:
    am.activate(am.Settings(xtts_text=mode if chosen == "same" else "auto"))
    tokenizer = VoiceBpeTokenizer(files[mode])
    assert tokenizer.preprocess_text(SENTENCES[0], "am") == READ[mode]
    assert tokenizer.decode(tokenizer.encode(SENTENCES[0], "am")) == "[am]" + READ[mode]


@pytest.mark.parametrize(("mode", "chosen"), [("ipa", "fidel"), ("fidel", "ipa")])
def test_another_mode_is_an_error(files: dict[str, Path], mode: str, chosen: str) -> None:
    am.activate(am.Settings(xtts_text=chosen))
    tokenizer = VoiceBpeTokenizer(files[mode])
    for read in (tokenizer.encode, tokenizer.preprocess_text):
        with pytest.raises(SettingsError, match=f"xtts_text='{chosen}'.*made for '{mode}'"):
            read("ሰላም", "am")
    # Other languages are none of its business.
    assert tokenizer.encode("hello", "en")


@pytest.mark.parametrize("chosen", READ)
def test_a_vocabulary_that_names_none_leaves_the_choice(
    files: dict[str, Path], chosen: str
) -> None:
    am.activate(am.Settings(xtts_text=chosen))
    tokenizer = VoiceBpeTokenizer(files["none"])
    assert tokenizer.preprocess_text(SENTENCES[0], "am") == READ[chosen]
    assert mode_for(tokenizer.tokenizer, am.Settings()) == "ipa"
    assert mode_for(None, am.Settings()) == "ipa"


@pytest.mark.parametrize("mode", READ)
def test_the_mode_goes_where_the_tokenizer_goes(files: dict[str, Path], mode: str) -> None:
    # DataLoader workers that are spawned get a pickled copy; checkpoints are saved beside a copy.
    tokenizer = pickle.loads(pickle.dumps(VoiceBpeTokenizer(files[mode])))
    assert mode_of(tokenizer.tokenizer) == mode
    copied = files[mode].with_name("copy.json")
    tokenizer.tokenizer.save(str(copied))
    assert mode_of(VoiceBpeTokenizer(copied).tokenizer) == mode
    assert mode_of(None) is None
