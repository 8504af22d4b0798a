"""Speech from a trained VITS or XTTS checkpoint, whole or in chunks as they come."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coqui_amharic_ext.coqui.languages import AMHARIC, is_amharic
from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.text.sentences import ends_sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

MODELS: Final = ("vits", "xtts")
CHECKPOINT_NAMES: Final = ("best_model.pth", "model.pth")
PAUSE_SECONDS: Final = 0.3
"""Silence after a sentence that another one follows; upstream leaves 0.4 s."""

XTTS_OPTIONS: Final = ("temperature", "length_penalty", "repetition_penalty", "top_k", "top_p")
_SHOWN: Final = 160
_VOICE_PARTS: Final = 2  # the latent and the embedding


class SynthesisError(CoquiAmharicError, RuntimeError):
    """A model cannot be loaded or cannot speak; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of speech.

    Parameters
    ----------
    samples : ndarray
        float32, shape ``(samples,)``, at the model's sample rate.
    text : str
        The piece of the text that it is from.
    piece, pieces : int
        Which one, from 0, of how many.
    last : bool
        Whether the piece ends with it.
    """

    samples: NDArray[np.float32]
    text: str
    piece: int
    pieces: int
    last: bool


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


class Synthesizer:
    """A loaded model.

    Parameters
    ----------
    model : Vits or Xtts
        Upstream's model, in evaluation mode.
    config : VitsConfig or XttsConfig
        Its config.
    """

    def __init__(self, model: Any, config: Any) -> None:
        self.model = model
        self.config = config
        self.is_xtts = config.model == "xtts"
        rates = config.audio
        self.sample_rate = int(rates.get("output_sample_rate", None) or rates["sample_rate"])
        self._voices: dict[tuple[str, ...], tuple[Any, Any]] = {}

    @classmethod
    def load(
        cls,
        checkpoint: Path,
        config: Path | None = None,
        vocab: Path | None = None,
        device: str = "auto",
    ) -> Synthesizer:
        """Load a checkpoint, with the extension active.

        Parameters
        ----------
        checkpoint : Path
            As in ``find_checkpoint``; the trainer's own and released ones.
        config : Path, optional
            Its config; ``config.json`` beside it by default.
        vocab : Path, optional
            XTTS's vocabulary; ``vocab.json`` beside it, else the one that the config names.
        device : str
            ``cpu``, ``cuda``, ``cuda:1``, ...; ``auto`` is CUDA where there is one.

        Raises
        ------
        SynthesisError
            A file is missing or broken, they do not fit together, or the model is another one
            than VITS or XTTS.
        """
        import torch

        import coqui_amharic_ext as am

        am.activate()
        path = find_checkpoint(checkpoint)
        config_path = path.with_name("config.json") if config is None else config
        if not config_path.is_file():
            raise SynthesisError(f"{config_path} does not exist; give the model's config.json")
        loaded = _config(config_path)
        if loaded.model not in MODELS:
            raise SynthesisError(
                f"{config_path} is of a {loaded.model}; this speaks with {' and '.join(MODELS)}, "
                "others through upstream's tts command"
            )
        if vocab is not None and loaded.model != "xtts":
            raise SynthesisError(f"a vocabulary is XTTS's; {config_path} is of a {loaded.model}")
        model = _model(loaded, path, vocab)
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            model.to(device)
        except (RuntimeError, AssertionError) as error:
            raise SynthesisError(f"device={device!r} cannot be used: {_line(error)}") from error
        return cls(model, loaded)

    def pieces(self, text: str, language: str = AMHARIC) -> list[str]:
        """Cut a text into what is spoken in one go, in order; together they are the whole text.

        Sentences for VITS. For XTTS as many whole sentences as its ``char_limits`` allow, read out
        (numbers in words) where they are Amharic; a longer sentence is cut after a clause, else
        between words, and any piece with more tokens than the model takes is cut again.

        Raises
        ------
        TypeError
            ``text`` is not a string.
        SynthesisError
            There is nothing in it to say.
        """
        if not isinstance(text, str):
            raise TypeError(f"text must be a str, got {type(text).__name__}: {text!r:.60}")
        found = (
            self._cut_for_xtts(text, language) if self.is_xtts else self._sentences(text, language)
        )
        found = [piece.strip() for piece in found if any(c.isalnum() for c in piece)]
        if not found:
            raise SynthesisError(f"there is nothing to say in {text[:60]!r}")
        return found

    def _sentences(self, text: str, language: str) -> list[str]:
        if is_amharic(language):
            from coqui_amharic_ext.text import split_sentences

            return list(split_sentences(text))
        import pysbd

        known = language in pysbd.languages.LANGUAGE_CODES
        segmenter = pysbd.Segmenter(language=language if known else "en", clean=True)
        return list(segmenter.segment(text))

    def _cut_for_xtts(self, text: str, language: str) -> list[str]:
        from TTS.tts.layers.xtts.tokenizer import split_sentence

        code = AMHARIC if is_amharic(language) else language.split("-")[0]
        if code == AMHARIC:
            from coqui_amharic_ext.coqui.cleaners import spoken
            from coqui_amharic_ext.coqui.xtts_text import xtts_settings
            from coqui_amharic_ext.settings import get_settings

            text = spoken(text, xtts_settings(get_settings()))
        limit = self.model.tokenizer.char_limits.get(code, 250)
        whole = split_sentence(text, code, limit)
        return [part for piece in whole for part in self._fitting(piece, code)]

    def _fitting(self, piece: str, code: str) -> list[str]:
        """Cut a piece in halves until each has fewer tokens than upstream stops at."""
        tokens = len(self.model.tokenizer.encode(piece.strip().lower(), code))
        if tokens < self.model.args.gpt_max_text_tokens or len(piece) < 2:
            return [piece]
        from coqui_amharic_ext.coqui.sentences import split_to_limit

        halves = split_to_limit(piece, (len(piece) + 1) // 2)
        return [part for half in halves for part in self._fitting(half, code)]

    def stream(
        self,
        text: str,
        *,
        language: str = AMHARIC,
        speaker_wav: Sequence[Path] = (),
        speaker: str | None = None,
        chunk_tokens: int = 20,
        pause: float = PAUSE_SECONDS,
        **options: Any,
    ) -> Iterator[Chunk]:
        """Speak a text and yield the speech as it comes.

        Parameters
        ----------
        text : str
            Of any length.
        language : str
            Its language.
        speaker_wav : sequence of Path
            Recordings of the voice to speak with; XTTS needs one, unless it knows ``speaker``.
        speaker : str, optional
            One of the model's own speakers.
        chunk_tokens : int
            Audio tokens of a chunk, of 46 ms each, for XTTS; VITS speaks sentence by sentence.
        pause : float
            Seconds of silence between sentences.
        **options
            XTTS: ``temperature``, ``top_k``, ``top_p``, ``repetition_penalty``,
            ``length_penalty`` (by default the config's) and ``speed``.

        Yields
        ------
        Chunk
            In order.

        Raises
        ------
        SynthesisError
            The voice is missing or cannot be used, or an option is not the model's.
        """
        if chunk_tokens < 1:
            raise SynthesisError(f"chunk_tokens must be at least 1, got {chunk_tokens}")
        yield from self._speak(text, language, speaker_wav, speaker, pause, options, chunk_tokens)

    def speak(
        self,
        text: str,
        *,
        language: str = AMHARIC,
        speaker_wav: Sequence[Path] = (),
        speaker: str | None = None,
        pause: float = PAUSE_SECONDS,
        **options: Any,
    ) -> Iterator[Chunk]:
        """Speak a text and yield one chunk for each piece; otherwise as ``stream``."""
        yield from self._speak(text, language, speaker_wav, speaker, pause, options, 0)

    def _speak(
        self,
        text: str,
        language: str,
        speaker_wav: Sequence[Path],
        speaker: str | None,
        pause: float,
        options: dict[str, Any],
        chunk_tokens: int,
    ) -> Iterator[Chunk]:
        import numpy as np

        if not pause >= 0:
            raise SynthesisError(f"pause must be 0 or more seconds, got {pause}")
        pieces = self.pieces(text, language)
        if self.is_xtts:
            settings = self._xtts_settings(options)
            voice = self._voice(speaker_wav, speaker)
        else:
            self._check_vits(speaker_wav, options)
        silence = np.zeros(round(pause * self.sample_rate), dtype=np.float32)
        for number, piece in enumerate(pieces):
            if self.is_xtts:
                parts = self._xtts(piece, language, voice, settings, chunk_tokens)
            else:
                parts = self._vits(piece, language, speaker)
            # One part behind, so that the last one is known.
            part = next(parts)
            chunk = Chunk(part, piece, number, len(pieces), last=False)
            for following in parts:
                yield chunk
                chunk = replace(chunk, samples=following)
            if number + 1 < len(pieces) and ends_sentence(piece):
                chunk = replace(chunk, samples=np.concatenate([chunk.samples, silence]))
            yield replace(chunk, last=True)

    def _vits(
        self, piece: str, language: str, speaker: str | None
    ) -> Iterator[NDArray[np.float32]]:
        several = self.model.language_manager.num_languages > 1
        outputs = self.model.synthesize(
            piece, speaker=speaker, language=language if several else None
        )
        yield _array(outputs["wav"])

    def _check_vits(self, speaker_wav: Sequence[Path], options: dict[str, Any]) -> None:
        given = [*(["speaker_wav"] if speaker_wav else []), *options]
        if given:
            raise SynthesisError(f"{', '.join(given)}: only XTTS has such options; this is VITS")

    def _xtts_settings(self, options: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(options) - {*XTTS_OPTIONS, "speed"})
        if unknown:
            known = ", ".join((*XTTS_OPTIONS, "speed"))
            raise SynthesisError(f"{', '.join(unknown)}: not an option of XTTS; it has {known}")
        settings = {name: getattr(self.config, name) for name in XTTS_OPTIONS}
        return {**settings, "speed": 1.0, **options, "enable_text_splitting": False}

    def _voice(self, speaker_wav: Sequence[Path], speaker: str | None) -> tuple[Any, Any]:
        if speaker is not None:
            manager = self.model.speaker_manager
            known = {} if manager is None else manager.speakers
            if speaker not in known:
                raise SynthesisError(
                    f"this model has no speaker {speaker!r}; it has "
                    f"{', '.join(known) or 'none: give a recording of the voice (speaker_wav)'}"
                )
            latent, embedding = known[speaker].values()
            return latent, embedding
        if not speaker_wav:
            raise SynthesisError("XTTS needs a recording of the voice: give speaker_wav")
        for path in speaker_wav:
            if not Path(path).is_file():
                raise SynthesisError(f"the recording {path} does not exist")
        key = tuple(str(path) for path in speaker_wav)
        if key not in self._voices:
            config = self.config
            try:
                self._voices[key] = self.model.get_conditioning_latents(
                    audio_path=list(key),
                    max_ref_length=config.max_ref_len,
                    gpt_cond_len=config.gpt_cond_len,
                    gpt_cond_chunk_len=config.gpt_cond_chunk_len,
                    sound_norm_refs=config.sound_norm_refs,
                )
            except (RuntimeError, OSError, ValueError) as error:
                raise SynthesisError(
                    f"the recording {', '.join(key)} cannot be used: {_line(error)}"
                ) from error
        return self._voices[key]

    def _xtts(
        self,
        piece: str,
        language: str,
        voice: tuple[Any, Any],
        settings: dict[str, Any],
        chunk_tokens: int,
    ) -> Iterator[NDArray[np.float32]]:
        if chunk_tokens:
            stream = self.model.inference_stream(
                piece, language, *voice, stream_chunk_size=chunk_tokens, **settings
            )
        else:
            stream = iter([self.model.inference(piece, language, *voice, **settings)["wav"]])
        samples = 0
        for part in map(_array, stream):
            samples += len(part)
            yield part
        gpt = self.model.gpt
        # What one audio token lasts, at the rate and the speed of what was spoken.
        token = gpt.code_stride_len / self.model.args.input_sample_rate * self.sample_rate
        if samples * settings["speed"] > (gpt.max_gen_mel_tokens - 2) * token:
            logger.warning(
                "speech for %r reached the model's longest (%d audio tokens): its end may be cut",
                piece,
                gpt.max_gen_mel_tokens,
            )


def _config(path: Path) -> Any:
    from TTS.config import load_config

    try:
        return load_config(path)
    except Exception as error:  # upstream raises all kinds on what is no config
        raise SynthesisError(f"{path} cannot be read as a Coqui config: {_line(error)}") from error


def _model(config: Any, checkpoint: Path, vocab: Path | None) -> Any:
    from TTS.tts.models import setup_model

    options: dict[str, Any] = {} if vocab is None else {"vocab_path": vocab}
    if config.model == "xtts":
        _check_vocabulary(checkpoint.with_name("vocab.json") if vocab is None else vocab)
        _check_speakers(checkpoint.with_name("speakers_xtts.pth"))
    try:
        model = setup_model(config)
        model.load_checkpoint(config, checkpoint_path=checkpoint, eval=True, **options)
    except Exception as error:  # files that are broken make upstream raise all kinds
        raise SynthesisError(
            f"{checkpoint} cannot be loaded with its config and vocabulary: {_line(error)}"
        ) from error
    return model


def _check_vocabulary(path: Path) -> None:
    """Name a vocabulary that cannot be read; upstream says what is wrong, and not in which file."""
    from tokenizers import Tokenizer

    if not path.is_file():
        return  # upstream names where it looks
    try:
        Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exception
        raise SynthesisError(f"{path} is not a vocabulary of XTTS: {_line(error)}") from error


def _check_speakers(path: Path) -> None:
    """Name a file of speakers that is broken; upstream reads it with the checkpoint."""
    import torch

    if not path.exists():
        return
    try:
        speakers = torch.load(path, map_location="cpu", weights_only=True)
        reason = "" if _are_speakers(speakers) else f"it holds a {type(speakers).__name__}"
    except Exception as error:  # whatever is in it makes torch raise all kinds
        reason = _line(error)
    if reason:
        raise SynthesisError(
            f"{path} does not hold speakers of XTTS, a latent and an embedding under each name "
            f"({reason[:_SHOWN]}); take it from where the model is from, or remove it and give "
            "recordings"
        )


def _are_speakers(found: Any) -> bool:
    return isinstance(found, Mapping) and all(
        isinstance(voice, Mapping) and len(voice) == _VOICE_PARTS for voice in found.values()
    )


def _array(samples: Any) -> NDArray[np.float32]:
    import numpy as np
    import torch

    if isinstance(samples, torch.Tensor):
        samples = samples.detach().cpu().numpy()
    found: NDArray[np.float32] = np.asarray(samples, dtype=np.float32).reshape(-1)
    return found


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {' '.join(lines[:3])}" if lines else type(error).__name__
