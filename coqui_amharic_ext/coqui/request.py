"""Checks of a synthesis request against the model's files before anything heavy is loaded."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.coqui.languages import AMHARIC, is_amharic
from coqui_amharic_ext.coqui.model_files import (
    GPT,
    SPEAKERS,
    VITS,
    Contents,
    ModelFileError,
    Vocabulary,
    look_into,
    read_config,
    read_vocabulary,
)
from coqui_amharic_ext.coqui.recordings import check_recordings
from coqui_amharic_ext.coqui.xtts_model import no_amharic
from coqui_amharic_ext.errors import SynthesisError
from coqui_amharic_ext.io.jsontext import parsed
from coqui_amharic_ext.io.whole import read_whole

MODELS: Final = ("vits", "xtts")
CHECKPOINT_NAMES: Final = ("best_model.pth", "model.pth")
XTTS_OPTIONS: Final = ("temperature", "length_penalty", "repetition_penalty", "top_k", "top_p")
_ABOVE_ZERO: Final = frozenset({"temperature", "repetition_penalty", "top_k", "top_p", "speed"})
_MAX_REFERENCE: Final = 30.0
_LISTED: Final = 20


def find_checkpoint(path: Path) -> Path:
    """Return the checkpoint file of a path.

    Parameters
    ----------
    path : Path
        A checkpoint, or a folder with one: a run's best model, else its newest checkpoint.

    Raises
    ------
    SynthesisError
        There is none.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise SynthesisError(f"{path} does not exist; give a checkpoint or the folder of a run")
    for name in CHECKPOINT_NAMES:
        if (path / name).is_file():
            return path / name
    numbered = {
        int(found[2]): file
        for file in path.glob("*.pth")
        if (found := re.fullmatch(r"(best_model|checkpoint)_([0-9]+)\.pth", file.name))
    }
    if not numbered:
        raise SynthesisError(
            f"{path} has no checkpoint: neither {', '.join(CHECKPOINT_NAMES)} nor checkpoint_N.pth"
        )
    return numbered[max(numbered)]


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model's files, which match as far as names and shapes tell.

    Parameters
    ----------
    checkpoint, config_path : Path
        The weights and the ``config.json``.
    config : dict
        Its content.
    vocabulary : Vocabulary, optional
        XTTS's.
    speakers : tuple of str or None
        Names of the model's own speakers; ``None`` where only the loaded model knows.
    languages : tuple of str
        Codes that the model was made for; none where its config says nothing.
    """

    checkpoint: Path
    config_path: Path
    config: Mapping[str, Any]
    vocabulary: Vocabulary | None
    speakers: tuple[str, ...] | None
    languages: tuple[str, ...]

    @property
    def is_xtts(self) -> bool:
        """Whether the model is XTTS."""
        return self.config["model"] == "xtts"

    @classmethod
    def find(
        cls, checkpoint: Path, config: Path | None = None, vocab: Path | None = None
    ) -> ModelFiles:
        """Find the files of a checkpoint and compare them.

        Raises
        ------
        SynthesisError
            One is missing, broken or of another kind, or they do not match.
        """
        try:
            return _find(checkpoint, config, vocab)
        except ModelFileError as error:
            raise SynthesisError(str(error)) from error

    def check(
        self,
        text: str,
        language: str,
        speaker_wav: Sequence[Path] = (),
        speaker: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Refuse arguments of ``Synthesizer.stream`` that the model cannot honour.

        Raises
        ------
        TypeError
            ``text`` is not a string.
        SynthesisError
            There is nothing to say, the model has no such language, speaker or option, or a
            recording cannot be used.
        UnavailableError
            The model never learned Amharic.
        """
        require_text(text)
        if self.is_xtts:
            check_options(options or {})
        else:
            given = [*(["speaker_wav"] if speaker_wav else []), *(options or {})]
            if given:
                raise SynthesisError(
                    f"{', '.join(given)}: only XTTS has such options; this is VITS"
                )
        self._check_language(language)
        if speaker is not None and speaker_wav:
            raise SynthesisError(f"give either the speaker {speaker!r} or recordings, not both")
        if self.speakers is not None:
            check_speaker(speaker, self.speakers, is_xtts=self.is_xtts)
        if self.is_xtts and speaker is None:
            if not speaker_wav:
                raise SynthesisError(
                    "XTTS needs a recording of the voice: give speaker_wav "
                    "(--speaker-wav VOICE.wav)"
                )
            heard = self.config.get("max_ref_len")
            check_recordings(
                map(Path, speaker_wav),
                heard if isinstance(heard, (int, float)) and heard > 0 else _MAX_REFERENCE,
            )

    def _check_language(self, language: str) -> None:
        code = _code(language)
        known = [_code(name) for name in self.languages]
        if not known or code in known:
            return
        if self.is_xtts and code == AMHARIC:
            raise no_amharic()
        raise SynthesisError(
            f"this model does not speak {language!r}; it has {', '.join(self.languages)}"
        )


def require_text(text: object) -> None:
    """Refuse values that are not text, and text without anything to say."""
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, got {type(text).__name__}: {text!r:.60}")
    if not any(c.isalnum() for c in text):
        raise SynthesisError(f"there is nothing to say in {text[:60]!r}")


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse options that XTTS does not have, and values that no option takes."""
    known = (*XTTS_OPTIONS, "speed")
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise SynthesisError(
            f"{', '.join(unknown)}: not an option of XTTS; it has {', '.join(known)}"
        )
    for name, value in options.items():
        if not math.isfinite(value) or (name in _ABOVE_ZERO and value <= 0):
            raise SynthesisError(f"{name} must be above 0, got {value}")


def check_speaker(speaker: str | None, known: Sequence[str], *, is_xtts: bool) -> None:
    """Refuse a speaker that a model does not have, and none where it has several."""
    if speaker in known or (speaker is None and (is_xtts or len(known) < 2)):
        return
    names = ", ".join(known[:_LISTED])
    if len(known) > _LISTED:
        names += f" and {len(known) - _LISTED} more"
    if speaker is None:
        raise SynthesisError(f"this model has several speakers; give one of {names}")
    none = (
        "none: give a recording of the voice as speaker_wav (--speaker-wav VOICE.wav)"
        if is_xtts
        else "one voice alone; give no speaker"
    )
    raise SynthesisError(f"this model has no speaker {speaker!r}; it has {names or none}")


def usable_device(name: str) -> str:
    """Return the name of a usable device; ``auto`` is CUDA where there is one.

    Raises
    ------
    SynthesisError
        Torch has no such device here.
    """
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        if torch.device(name).type == "meta":
            raise ValueError("nothing is computed on it")
        torch.empty(0, device=name)
    except Exception as error:  # each device has its own
        reason = str(error).partition("\n")[0]
        raise SynthesisError(
            f"device={name!r} cannot be used: {reason}; give cpu, cuda or cuda:N"
        ) from error
    return name


def _code(language: str) -> str:
    return AMHARIC if is_amharic(language) else language.replace("_", "-").split("-")[0].lower()


def _find(checkpoint: Path, config: Path | None, vocab: Path | None) -> ModelFiles:
    path = find_checkpoint(checkpoint)
    config_path = path.with_name("config.json") if config is None else config
    read = read_config(config_path)
    model = read["model"]
    if model not in MODELS:
        raise SynthesisError(
            f"{config_path} is of a {model}; this speaks with {' and '.join(MODELS)}, others "
            "through upstream's tts command"
        )
    if vocab is not None and model != "xtts":
        raise SynthesisError(f"a vocabulary is XTTS's; {config_path} is of a {model}")
    arguments = read.get("model_args")
    arguments = arguments if isinstance(arguments, dict) else {}
    if model == "vits":
        contents = look_into(path)
        if contents.kind != VITS:
            raise SynthesisError(f"{config_path} is of a vits, but {path} holds {contents.kind}")
        speakers = _vits_speakers(read, arguments)
        _check_speaker_rows(contents, speakers)
        return ModelFiles(path, config_path, read, None, speakers, _vits_languages(read, arguments))
    vocabulary = read_vocabulary(_vocabulary_path(path, vocab, arguments))
    contents = look_into(path)
    if contents.kind == GPT:
        raise SynthesisError(f"{path} holds {GPT}; to speak, give the whole model")
    if not contents.is_xtts:
        raise SynthesisError(f"{config_path} is of an xtts, but {path} holds {contents.kind}")
    check_fit(contents, vocabulary, arguments)
    speakers = _xtts_speakers(path.with_name("speakers_xtts.pth"))
    return ModelFiles(path, config_path, read, vocabulary, speakers, vocabulary.languages)


def _vocabulary_path(checkpoint: Path, vocab: Path | None, arguments: Mapping[str, Any]) -> Path:
    beside = checkpoint.with_name("vocab.json")
    if vocab is not None or beside.is_file():
        return vocab or beside
    named = arguments.get("tokenizer_file")
    if isinstance(named, str) and Path(named).is_file():
        return Path(named)
    also = f", and {named}, which the config names, does not exist" if named else ""
    raise SynthesisError(f"{checkpoint.parent} has no vocab.json{also}; give the vocabulary")


def check_fit(
    contents: Contents,
    vocabulary: Vocabulary,
    arguments: Mapping[str, Any],
    fix: str = "give the config that the model was trained with",
) -> None:
    """Refuse an XTTS checkpoint whose sizes differ from its vocabulary's and config's.

    Parameters
    ----------
    contents : Contents
        The checkpoint's.
    vocabulary : Vocabulary
        The vocabulary to use it with.
    arguments : mapping of str to Any
        The config's ``model_args``; missing ones are not compared.
    fix : str
        What to do where the config has other sizes.

    Raises
    ------
    ModelFileError
        The message gives both sizes.
    """
    rows, width = (*contents.gpt_shape("text_embedding.weight"), 0, 0)[:2]
    if rows != vocabulary.tokens:
        raise ModelFileError(
            f"{contents.path} has rows for {rows} text tokens and {vocabulary.path} has "
            f"{vocabulary.tokens} tokens; give the vocabulary that the model was trained with, or "
            "extend the checkpoint (coqui-amharic checkpoint extend)"
        )
    for name, found in (
        ("gpt_n_model_channels", width),
        ("gpt_layers", contents.gpt_layers),
        ("gpt_num_audio_tokens", (*contents.gpt_shape("mel_embedding.weight"), 0)[0]),
    ):
        wanted = arguments.get(name)
        if isinstance(wanted, int) and found and wanted != found:
            raise ModelFileError(
                f"{contents.path} has {name}={found} and its config {wanted}; {fix}"
            )


def _xtts_speakers(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return ()
    try:
        contents = look_into(path)
        reason = None if contents.kind == SPEAKERS else f"it holds {contents.kind}"
        if reason is None:
            return contents.names
    except ModelFileError as error:
        reason = str(error).removeprefix(f"{path} ").partition(";")[0]
    raise SynthesisError(
        f"{path} does not hold speakers of XTTS, a latent and an embedding under each name "
        f"({reason}); take it from where the model is from, or remove it and give recordings"
    )


def _vits_speakers(
    config: Mapping[str, Any], arguments: Mapping[str, Any]
) -> tuple[str, ...] | None:
    """Return a VITS model's speakers, from where upstream's ``SpeakerManager`` reads them."""
    both = {**config, **arguments}
    if arguments.get("speaker_encoder_model_path"):
        return None
    if not both.get("use_speaker_embedding"):
        return None if both.get("use_d_vector_file") else ()
    listed = config.get("speakers")
    if not listed:
        named = str(both.get("speaker_file") or both.get("speakers_file"))
        try:
            listed = parsed(read_whole(Path(named)))
        except (OSError, TypeError, ValueError):
            return None  # .pth, or missing: upstream's error names it
    return tuple(map(str, listed)) if isinstance(listed, (list, dict)) else None


def _check_speaker_rows(contents: Contents, speakers: tuple[str, ...] | None) -> None:
    rows = (*contents.shapes.get("emb_g.weight", ()), 0)[0]
    if speakers and rows and rows != len(speakers):
        # Upstream adds random voices, which is meant for fine-tuning.
        raise SynthesisError(
            f"{contents.path} has {rows} speakers and its config {len(speakers)}; give the config "
            "that the model was trained with"
        )


def _vits_languages(config: Mapping[str, Any], arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a VITS model's languages, from where upstream's ``LanguageManager`` reads them."""
    file = arguments.get("language_ids_file")
    if file and arguments.get("use_language_embedding"):
        try:
            return tuple(parsed(read_whole(Path(file))))
        except (OSError, TypeError, ValueError):
            return ()
    found = [name for name in config.get("languages") or () if isinstance(name, str)]
    for dataset in () if found else config.get("datasets") or ():
        name = dataset.get("language") if isinstance(dataset, dict) else None
        if name and name not in found:
            found.append(name)
    phonemes = config.get("phoneme_language")
    return tuple(found) or ((phonemes,) if phonemes else ())
