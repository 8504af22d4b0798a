"""Without epitran, transphone, or both: rules and Coqui go on, and the reason is told."""

from __future__ import annotations

import pytest

from tests.conftest import RunPython

BLOCK = """
import importlib.abc, importlib.util, sys

class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

class Hidden:
    '''find_spec of the import system, which asks the finders and would get our exception.'''
    def __init__(self, plain):
        self.plain = plain
    def __call__(self, name, package=None):
        return None if name.partition(".")[0] in BLOCKED else self.plain(name, package)

sys.meta_path.insert(0, Block())
importlib.util.find_spec = Hidden(importlib.util.find_spec)
"""


@pytest.mark.parametrize(
    "blocked",
    [("epitran", "panphon"), ("transphone", "phonepiece"), ("epitran", "panphon", "transphone")],
    ids=["epitran", "transphone", "both"],
)
def test_rules_answer_and_the_status_says_what_is_missing(
    run_python: RunPython, blocked: tuple[str, ...]
) -> None:
    run_python(
        f"BLOCKED = {set(blocked)!r}\n{BLOCK}"
        + """
import coqui_amharic_ext as am
found = am.transcribe("ሰላም ዶላፖ")
assert found.ipa == "səlam dolapo"
assert found.words[0].backend == "lexicon"
backends = {b.name: b for b in am.status().backends if b.kind == "g2p"}
for name in ("epitran", "transphone"):
    if name in BLOCKED:
        assert not backends[name].available, backends[name]
        assert name in backends[name].reason and "pip install" in backends[name].fix, backends[name]
        try:
            am.phonemize("ሰላም", backend=name)
        except am.UnavailableError as error:
            assert "pip install" in str(error), error
        else:
            raise SystemExit(f"{name} was chosen by name and something else answered")
assert backends["rules"].available
if {"epitran", "transphone"} <= BLOCKED:
    assert found.words[1].backend == "rules"
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.utils.text.tokenizer import TTSTokenizer
    config = VitsConfig(use_phonemes=True, phoneme_language="am", add_blank=False)
    tokenizer, _ = TTSTokenizer.init_from_config(config)
    assert tokenizer.ids_to_text(tokenizer.text_to_ids("ሰላም")) == "səlam"
"""
    )
