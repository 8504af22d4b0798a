"""Limits of a model: its sample rate, lengths of clips and texts, languages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.coqui.languages import AMHARIC
from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.io.jsontext import parsed
from coqui_amharic_ext.io.whole import read_whole
from coqui_amharic_ext.training.samples import MIN_SECONDS

XTTS_LANGUAGES: Final = (
    *("en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru"),
    *("nl", "cs", "ar", "zh-cn", "zh", "hu", "ko", "ja", "hi"),
    AMHARIC,
)
"""Upstream's list (``XttsConfig.languages``) and Amharic."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one model.

    Parameters
    ----------
    model : str
        Upstream's name, such as ``xtts`` or ``vits``.
    sample_rate : int
        The rate at which it is trained.
    min_seconds, max_seconds : float
        Shortest and longest clip that training uses.
    max_tokens : float
        The longest text.
    resamples : bool
        Whether upstream resamples clips of another rate. If not, such a clip is trained at the
        wrong speed and pitch.
    languages : tuple of str
        Its language codes; empty if it takes any.
    """

    model: str
    sample_rate: int
    min_seconds: float
    max_seconds: float
    max_tokens: float
    resamples: bool
    languages: tuple[str, ...] = ()


XTTS: Final = Limits(
    model="xtts",
    sample_rate=22050,
    min_seconds=MIN_SECONDS,
    max_seconds=255995 / 22050,
    max_tokens=300,
    resamples=True,
    languages=XTTS_LANGUAGES,
)
"""Values of ``recipes/train_xtts_gpt.py``."""

VITS: Final = Limits(
    model="vits",
    sample_rate=22050,
    min_seconds=0.0,
    max_seconds=math.inf,
    max_tokens=math.inf,
    resamples=False,
)
"""Values of ``recipes/train_vits.py``, and upstream's defaults."""

MODELS: Final = {"xtts": XTTS, "vits": VITS}


def from_config(path: Path) -> Limits:
    """Read the limits of a model from its ``config.json``.

    Raises
    ------
    DataError
        It is not a Coqui config with a model and a sample rate.
    """
    config = read_config(path)
    audio, args = config.get("audio") or {}, config.get("model_args") or {}
    model, rate = config.get("model"), audio.get("sample_rate")
    if not isinstance(model, str) or not isinstance(rate, int) or rate <= 0:
        raise DataError(f"{path} is not a Coqui config: it has no model or no audio.sample_rate")
    if model != "xtts":
        return Limits(
            model=model,
            sample_rate=rate,
            min_seconds=_number(config.get("min_audio_len"), 0.0) / rate,
            max_seconds=_number(config.get("max_audio_len"), math.inf) / rate,
            max_tokens=_number(config.get("max_text_len"), math.inf),
            resamples=False,
        )
    return Limits(
        model=model,
        sample_rate=rate,
        min_seconds=MIN_SECONDS,
        max_seconds=_number(args.get("max_wav_length"), XTTS.max_seconds * rate) / rate,
        max_tokens=_number(args.get("max_text_length"), XTTS.max_tokens),
        resamples=True,
        languages=(*(config.get("languages") or XTTS_LANGUAGES), "zh", AMHARIC),
    )


def read_config(path: Path) -> dict[str, Any]:
    """Read a ``config.json``.

    Raises
    ------
    DataError
        It is missing or not a JSON object.
    """
    try:
        config = parsed(read_whole(path))
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as a config: {error}") from error
    if not isinstance(config, dict):
        raise DataError(f"{path} is not a config: it contains a {type(config).__name__}")
    return config


def _number(value: object, otherwise: float) -> float:
    # Upstream saves an infinite limit as Infinity, or as null in some files.
    return float(value) if isinstance(value, (int, float)) and value else otherwise
