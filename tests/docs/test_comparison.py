"""What the comparison page says of stock Coqui, run with the extension off and on."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from tests.conftest import RunPython
from tests.patched import stock_only

CODE = """
import json
import torch
from TTS.tts.configs.vits_config import VitsConfig
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
from TTS.tts.utils.text.tokenizer import TTSTokenizer

config = VitsConfig(use_phonemes=True, phoneme_language="am")
tokenizer, _ = TTSTokenizer.init_from_config(config)

def heard(text):
    shown = tokenizer.ids_to_text(tokenizer.text_to_ids(text, language="am"))
    return shown.replace("<BLNK>", "").replace("ˈ", "")

try:
    xtts = VoiceBpeTokenizer().preprocess_text("ሰላም", "am")
except NotImplementedError as error:
    xtts = str(error)
print(json.dumps({
    "phonemizer": tokenizer.phonemizer.name(), "ejective": heard("ጠብ"), "plain": heard("ተብ"),
    "long": heard("ጠጣ"), "percent": heard("25%"), "xtts": xtts,
}))
"""


def _heard(run_python: RunPython, autoload: str) -> dict[str, Any]:
    done = run_python(CODE, COQUI_AMHARIC_AUTOLOAD=autoload, COQUI_AMHARIC_G2P="rules")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@stock_only
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")
def test_stock_confuses_ejectives_with_plain_stops_and_reads_percent_in_english(
    run_python: RunPython,
) -> None:
    stock = _heard(run_python, "0")
    assert stock["phonemizer"] == "espeak"
    assert stock["ejective"] == stock["plain"]
    assert "ː" not in stock["long"]
    assert "pərsənt" in stock["percent"]
    assert stock["xtts"] == "Language 'am' is not supported."


def test_the_extension_tells_them_apart(run_python: RunPython) -> None:
    ours = _heard(run_python, "1")
    assert ours["phonemizer"] == "amharic"
    assert ours["ejective"] != ours["plain"]
    assert ours["long"] == "ƭəƭːa"
    assert ours["percent"].endswith("bəməto")
    assert ours["xtts"] != "Language 'am' is not supported."
