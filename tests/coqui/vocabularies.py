"""A vocabulary in the shape of XTTS's own: its special tokens, merges of many languages, holes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

SPECIAL = {"[STOP]": 0, "[UNK]": 1, "[SPACE]": 2, "[START]": 261}
LANGUAGES = ("en de fr es it pt pl tr ru cs nl ar zh-cn ja hu ko").split()
HOLES = (180, 300, 301)

SPOKEN = {
    "en": "doctor jones paid twenty dollars for the water and what the other man said.",
    "de": "zwölf männer über die straße, größer als früher.",
    "es": "el niño comió mañana veinte dólares.",
    "fr": "ça coûte vingt euros, où était-il à l'école?",
    "it": "perché la città è così bella?",
    "pt": "não há pão, são três irmãos.",
    "pl": "zażółć gęślą jaźń, dwadzieścia złotych.",
    "tr": "şu ağaç çok güzel, yirmi kişi.",
    "ru": "через двенадцать секунд было пятьдесят солдат.",
    "cs": "příliš žluťoučký kůň úpěl ďábelské ódy.",
    "nl": "twintig dollar voor de schoenen en het huis.",
    "ar": "كان هناك خمسون جنديا في المدينة.",
    "zh-cn": "zai4 shi2 er4 miao3 nei4 you3 wu3 shi2 ming2.",
    "ja": "kore wa gojuu desu, arigatou gozaimasu.",
    "hu": "ötven katona tizenkettő másodperc alatt.",
    "ko": "sibi jeom daseos cho ane osib myeong.",
}
"""What upstream's cleaners leave of text in each language; Chinese and Japanese are romanised."""


def write_xtts_like(path: Path, **changes: Any) -> Path:
    """Write such a vocabulary; ``changes`` replace top-level fields."""
    path.write_text(json.dumps({**xtts_like(), **changes}, ensure_ascii=False), encoding="utf-8")
    return path


def xtts_like() -> dict[str, Any]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=[],
        initial_alphabet=list("abcdefghijklmnopqrstuvwxyz.,;:?!'-"),
        show_progress=False,
    )
    texts = [text for text in SPOKEN.values() for _ in range(2)]
    tokenizer.train_from_iterator([*texts, *[SPOKEN["en"]] * 6], trainer)
    learnt = json.loads(tokenizer.to_str())["model"]
    # tokenizers writes merges as pairs, XTTS's file has them as one string each.
    merges = [" ".join(pair) for pair in learnt["merges"]]
    ids = dict(SPECIAL)
    free = (n for n in range(3, 10_000) if n not in {*SPECIAL.values(), *HOLES})
    tags = [f"[{language}]" for language in LANGUAGES]
    for token in (*sorted(learnt["vocab"], key=learnt["vocab"].__getitem__), *tags):
        ids[token] = next(free)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": ids[token],
                "special": True,
                "content": token,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
            }
            for token in (*SPECIAL, *tags)
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "[UNK]",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "vocab": ids,
            "merges": merges,
        },
    }
