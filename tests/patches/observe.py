"""What a process makes of Amharic and of a small GPT: ``python -m tests.patches.observe OUT``.

Run once on stock upstream, with the extension, and once on upstream with the diffs, without it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch

TEXTS = (
    "ሰላም፣ እንዴት ነህ?",
    "ጳውሎስ ጠዋት ጥቁር ቡና ይጠጣል።",
    "በ2015 ዓ.ም አዲስ ድልድይ ተሠራ፤ 1,234,567 ብር ወጣበት።",
    "ጓደኛዬ ኳስ ይጫወታል! ሟቹ ሷ ቧንቧ፣ ጧፍ… ዟሪ",
)


def text() -> dict[str, Any]:
    """Tokens and saved configs for the ways in which a config asks for Amharic."""
    from TTS.config.shared_configs import BaseDatasetConfig
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.utils.text.phonemizers import DEF_LANG_TO_PHONEMIZER, get_phonemizer_by_name
    from TTS.tts.utils.text.tokenizer import TTSTokenizer

    data = [
        BaseDatasetConfig(language="am"),
        BaseDatasetConfig(language="en-us", phonemizer="espeak"),
    ]
    asked: dict[str, dict[str, Any]] = {
        "language": {"phoneme_language": "am"},
        "variant": {"phoneme_language": "am-ET"},
        "phonemizer": {"phonemizer": "amharic"},
        "both": {"phonemizer": "amharic", "phoneme_language": "am"},
        "several": {"phonemizer": "multi_phonemizer", "datasets": data},
    }
    found: dict[str, Any] = {}
    for name, fields in asked.items():
        config = VitsConfig(use_phonemes=True, add_blank=True, **fields)
        tokenizer, _ = TTSTokenizer.init_from_config(config)
        ids = [tokenizer.text_to_ids(line, "am") for line in TEXTS]
        found[name] = {"ids": ids, "config": config.to_dict()}  # the one that a recipe holds
    phonemizer = get_phonemizer_by_name("amharic", language="am")
    found["phonemes"] = [phonemizer.phonemize(line) for line in TEXTS]
    found["defaults"] = dict(DEF_LANG_TO_PHONEMIZER)
    return found


def model() -> dict[str, Any]:
    """Losses, gradients and conditioning of a small GPT, dropout on where it draws alike."""
    from tests.attention.models import batch_of, small_gpt, step, without_dropout

    found: dict[str, Any] = {}
    for training in (True, False):
        for cond_idxs in (True, False):
            gpt = without_dropout(small_gpt(layers=3)).train(training)
            batch = batch_of([9, 3, 14, 5], [20, 31, 8, 16], cond_idxs=cond_idxs)
            found[f"{training=} {cond_idxs=}"] = step(gpt, batch)
    with torch.no_grad():
        found["style"] = gpt.get_style_emb(batch["cond_mels"])
    return found


def main(out: Path) -> None:
    """Write everything to a file, with where upstream came from and what of ours was applied."""
    import TTS

    found = {"upstream": TTS.__file__, "model": model(), "text": text(), "applied": []}
    if "coqui_amharic_ext.activation" in sys.modules:
        import coqui_amharic_ext as am

        found["applied"] = [p.name for p in am.status().patches if p.state == "applied"]
    torch.save(found, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
