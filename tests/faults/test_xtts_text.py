"""Any string through XTTS's tokenizer: ids of the vocabulary, in phones and in letters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("TTS")

from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

import coqui_amharic_ext as am
from coqui_amharic_ext.demo import tiny
from coqui_amharic_ext.g2p.phonology.letters import fidel


@pytest.fixture(scope="module", params=["ipa", "fidel"])
def tokenizer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VoiceBpeTokenizer]:
    # Letters for letters: a vocabulary of phones refuses xtts_text="fidel".
    symbols = None if request.param == "ipa" else [*fidel(), *tiny.PUNCTUATION]
    path = tiny.write_vocab(tmp_path_factory.mktemp("vocab") / "vocab.json", symbols)
    am.activate(am.Settings(g2p_backends=("rules",), xtts_text=request.param))
    yield VoiceBpeTokenizer(path)
    am.deactivate()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=60))
def test_any_string_gives_ids_after_the_languages_tag(
    tokenizer: VoiceBpeTokenizer, text: str
) -> None:
    ids = tokenizer.encode(text, "am")
    assert ids[0] == tokenizer.tokenizer.token_to_id("[am]")
    assert all(0 <= number < tokenizer.get_number_tokens() for number in ids)
    tokenizer.decode(ids).encode("utf-8")
