"""Check a recipe's input files before anything heavy is loaded."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from coqui_amharic_ext.coqui.languages import AMHARIC
from coqui_amharic_ext.coqui.model_files import (
    CODEBOOK,
    DVAE,
    DVAE_INPUT,
    GPT,
    MEL_CHANNELS,
    MEL_STATS,
    Contents,
    ModelFileError,
    Vocabulary,
    look_into,
    read_vocabulary,
)
from coqui_amharic_ext.coqui.recordings import check_recordings
from coqui_amharic_ext.coqui.request import check_fit
from coqui_amharic_ext.data.check import EVAL_MOST, EVAL_SHARE
from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.data.manifest import Part, parts_of

XTTS_SIZES: Final = {"gpt_layers": 30, "gpt_n_model_channels": 1024, "gpt_num_audio_tokens": 1026}
"""The model of ``recipes/train_xtts_gpt.py``, with upstream's defaults."""
_EXTRA_TOKENS: Final = 2
"""The GPT's start and stop token of audio, in addition to the DVAE's codes."""
_HEARD_SECONDS: Final = 30.0
_PREFIX: Final = "--coqpit."


def check_training_files(recipe: str, given: argparse.Namespace, arguments: Sequence[str]) -> None:
    """Refuse files in a recipe's arguments at which training would stop.

    The recipe checks missing arguments and resumed runs itself.

    Parameters
    ----------
    recipe : str
        ``vits`` or ``xtts``.
    given : Namespace
        The recipe's parsed arguments.
    arguments : sequence of str
        All arguments, with config values.

    Raises
    ------
    ModelFileError
        A file has the wrong kind, or files do not match.
    SynthesisError
        The voice of the test sentences cannot be used.
    DataError
        The folder is no corpus, or is too small to be split.
    """
    if given.continue_path:
        return
    config = _config_values(arguments)
    if given.data:
        folders = [Path(given.data)]
        kept = [pair.partition("=")[2] for pair in getattr(given, "keep_languages", ())]
        folders += [Path(folder) for folder in kept if folder]
        parts = [part for folder in folders if folder.exists() for part in parts_of(folder)]
        if recipe == "vits":  # which trains one language
            parts = [part for part in parts if part.language in ("", given.language)]
        _check_split(parts, config, most=EVAL_MOST if recipe == "xtts" else None)
    if recipe == "xtts":
        _check_models(given, config)


def _config_values(arguments: Sequence[str]) -> dict[str, str]:
    """Return the config values among a recipe's arguments, without ``model_args.``."""
    found = {}
    for argument, following in pairwise((*arguments, "")):
        if argument.startswith(_PREFIX):
            name, equals, value = argument.removeprefix(_PREFIX).partition("=")
            found[name.removeprefix("model_args.")] = value if equals else following
    return found


def _number(value: object, otherwise: float) -> float:
    try:
        return float(str(value))
    except ValueError:
        return otherwise


def _check_split(parts: Sequence[Part], config: Mapping[str, str], most: int | None) -> None:
    """Refuse a corpus without a clip for evaluation, at which upstream stops."""
    share = _number(config.get("eval_split_size"), EVAL_SHARE)
    most = round(_number(config.get("eval_split_max_size"), most or 0))
    for part in parts:
        clips = _clips(part)
        if part.split:
            if not clips:
                raise DataError(f"{part.metadata} has no clips")
            continue
        size = int(share) if share > 1 else int(clips * share)
        if most and share <= 1:
            size = min(most // len(parts), size)
        if size < 1:
            least = math.ceil(1000 / max(1, clips)) / 1000
            raise DataError(
                f"{part.metadata}: {clips} clips, of which a share of {share:g} for evaluation is "
                f"none; give at least --coqpit.eval_split_size {least:.3f}"
            )
        if size >= clips:
            raise DataError(
                f"{part.metadata}: {clips} clips, and {size} for evaluation leave none to train "
                "on; give a smaller --coqpit.eval_split_size"
            )


def _clips(part: Part) -> int:
    with part.metadata.open(encoding="utf-8-sig", errors="replace") as lines:
        # Coqui's own format has a header.
        return sum(1 for line in lines if line.strip() and not line.startswith("audio_file|"))


def _check_models(given: argparse.Namespace, config: Mapping[str, str]) -> None:
    contents = _contents(given)
    sizes = {name: int(_number(config.get(name), size)) for name, size in XTTS_SIZES.items()}
    if "dvae" in contents:
        _check_dvae(contents["dvae"], sizes["gpt_num_audio_tokens"] - _EXTRA_TOKENS)
    if given.vocab:
        vocabulary = read_vocabulary(Path(given.vocab))
        _check_vocabulary(vocabulary)
        if "checkpoint" in contents:
            check_fit(
                contents["checkpoint"], vocabulary, sizes, fix="set it by --coqpit.model_args.NAME"
            )
    if given.speaker:
        check_recordings([Path(given.speaker)], _HEARD_SECONDS)


def _contents(given: argparse.Namespace) -> dict[str, Contents]:
    """Read the headers of the given files, and refuse those of another kind."""
    names = {"dvae": given.dvae, "mel-stats": given.mel_stats, "checkpoint": given.checkpoint}
    contents = {name: look_into(Path(path)) for name, path in names.items() if path}
    wanted = {"dvae": DVAE, "mel-stats": MEL_STATS, "checkpoint": "an XTTS model"}
    fits = {
        name: {found.kind, "an XTTS model" if found.is_xtts else found.kind}
        for name, found in contents.items()
    }
    for name, found in contents.items():
        if wanted[name] in fits[name]:
            continue
        message = f"--{name} {found.path} holds {found.kind}, not {wanted[name]}"
        swapped = [other for other in contents if wanted[name] in fits[other]]
        if swapped:
            message += f"; are --{name} and --{swapped[0]} swapped?"
        elif found.kind == GPT:
            message += "; give the whole model, of which upstream takes nothing else"
        raise ModelFileError(message)
    return contents


def _check_dvae(found: Contents, codes: int) -> None:
    has = found.shapes[CODEBOOK][-1]
    if has != codes:
        raise ModelFileError(
            f"--dvae {found.path} has {has} codes and the model {codes} "
            f"(gpt_num_audio_tokens={codes + _EXTRA_TOKENS}, {_EXTRA_TOKENS} of which are its "
            f"own); give --coqpit.model_args.gpt_num_audio_tokens {has + _EXTRA_TOKENS}, or the "
            "DVAE of that model"
        )
    shape = found.shapes.get(DVAE_INPUT, ())
    if len(shape) < 2 or shape[1] != MEL_CHANNELS:
        told = f"takes {shape[1]} mel channels" if len(shape) > 1 else "has no encoder"
        raise ModelFileError(f"--dvae {found.path} {told}; XTTS's takes {MEL_CHANNELS}")


def _check_vocabulary(vocabulary: Vocabulary) -> None:
    if AMHARIC not in vocabulary.languages:
        raise ModelFileError(
            f"--vocab {vocabulary.path} has no [{AMHARIC}] token; coqui-amharic vocab extend makes "
            "a vocabulary that has"
        )
