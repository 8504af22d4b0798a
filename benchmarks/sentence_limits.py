"""How much Amharic text fits into one input of XTTS, measured on a corpus.

``python benchmarks/sentence_limits.py [--metadata FILE] [--json OUT]`` measures, on the bundled
corpus unless told otherwise, text tokens and seconds of speech per character of spoken text (the
unit that ``char_limits`` counts), and holds them against three lengths of XTTS v2:

- ``text``: ``gpt_max_text_tokens``, at which upstream stops; for the densest clip;
- ``audio``: ``gpt_max_audio_tokens``, at which speech is cut off; for the slowest clip;
- ``trained``: the longest clip that the recipe trains on (``max_wav_length``), beyond which the
  model has never spoken; at the corpus's own pace.

The limit is the least of the three, rounded down to tens. The exit code is 1 if it is not the
one in use (``xtts_tokenizer.CHAR_LIMIT``).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from importlib.metadata import version
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

SAMPLE_RATE = 22050
CODE_STRIDE = 1024
"""Samples behind one audio token, ``gpt_code_stride_len``."""
ENDS_OF_AUDIO = 3
"""What upstream's ``GPT`` takes off ``gpt_max_audio_tokens`` for what it may generate."""


def measure(rows: list[tuple[str, Path]]) -> list[dict[str, Any]]:
    """Measure each text and its clip."""
    from coqui_amharic_ext.coqui.cleaners import spoken
    from coqui_amharic_ext.coqui.xtts_text import xtts_pieces, xtts_settings
    from coqui_amharic_ext.data.audio import measure as measure_clip
    from coqui_amharic_ext.settings import get_settings

    settings = xtts_settings(get_settings())
    found = []
    for text, path in rows:
        clip = measure_clip(path)
        line = spoken(text, settings)
        found.append(
            {
                "clip": path.stem,
                "characters": len(line),
                # The language token, then one for each phone, mark and space.
                "ipa_tokens": 1 + len(xtts_pieces(text, "ipa")),
                # Letters alone: merges of a vocabulary make it fewer.
                "fidel_tokens": 1 + len(line),
                "seconds": round(clip.seconds - clip.lead - clip.tail, 3),
            }
        )
    return found


def limits(clips: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the rates of a corpus and the limits that follow."""
    from TTS.tts.configs.xtts_config import XttsArgs

    from coqui_amharic_ext.data.limits import XTTS

    args = XttsArgs()
    characters = sum(clip["characters"] for clip in clips)
    seconds = sum(clip["seconds"] for clip in clips)
    densest = max(clip["ipa_tokens"] / clip["characters"] for clip in clips)
    slowest = max(clip["seconds"] / clip["characters"] for clip in clips)
    most_codes = args.gpt_max_audio_tokens - ENDS_OF_AUDIO
    most_seconds = most_codes * CODE_STRIDE / SAMPLE_RATE
    bounds = {
        # Upstream takes fewer than gpt_max_text_tokens.
        "text": math.floor((args.gpt_max_text_tokens - 1) / densest),
        "audio": math.floor(most_seconds / slowest),
        "trained": math.floor(XTTS.max_seconds * characters / seconds),
    }
    return {
        "clips": len(clips),
        "characters_per_second": round(characters / seconds, 3),
        "seconds_per_character_slowest": round(slowest, 4),
        "ipa_tokens_per_character": round(sum(c["ipa_tokens"] for c in clips) / characters, 3),
        "ipa_tokens_per_character_densest": round(densest, 3),
        "ipa_tokens_per_second_fastest": round(
            max(clip["ipa_tokens"] / clip["seconds"] for clip in clips), 2
        ),
        "fidel_tokens_per_character": round(sum(c["fidel_tokens"] for c in clips) / characters, 3),
        "seconds_of_most_audio_tokens": round(most_seconds, 2),
        "seconds_of_longest_trained_clip": round(XTTS.max_seconds, 2),
        "bounds_in_characters": bounds,
        "limit": min(bounds.values()) // 10 * 10,
    }


def _bundled(corpus: Path) -> list[tuple[str, Path]]:
    lines = (corpus / "metadata.csv").read_text(encoding="utf-8").splitlines()
    cells = (line.split("|") for line in lines)
    return [(text, corpus / "wavs" / f"{name}.flac") for name, _, text in cells]


def main() -> int:
    """Measure, print and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--metadata", type=Path, help="a corpus of your own")
    parser.add_argument("--json", type=Path, help="write the measurement to this file")
    arguments = parser.parse_args()
    if arguments.metadata is not None:
        from coqui_amharic_ext.data.metadata import read_metadata

        clips = measure([(row.text, row.audio) for row in read_metadata(arguments.metadata).rows])
    else:
        with as_file(files("coqui_amharic_ext.demo").joinpath("corpus")) as corpus:
            clips = measure(_bundled(corpus))
    result = limits(clips)
    from coqui_amharic_ext.coqui.xtts_tokenizer import CHAR_LIMIT

    result["in_use"] = CHAR_LIMIT
    result["corpus"] = "bundled" if arguments.metadata is None else arguments.metadata.name
    result["coqui_tts"] = version("coqui-tts")
    for name, value in result.items():
        print(f"{name:36} {value}")
    if arguments.json is not None:
        text = json.dumps({**result, "measured": clips}, indent=1) + "\n"
        arguments.json.write_text(text, encoding="utf-8")
    return int(result["limit"] != CHAR_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
