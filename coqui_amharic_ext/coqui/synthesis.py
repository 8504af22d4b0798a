"""Speech from a trained VITS or XTTS checkpoint, whole or streamed in chunks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui.cleaners import spoken
from coqui_amharic_ext.coqui.languages import AMHARIC, is_amharic
from coqui_amharic_ext.coqui.recordings import warn_of_low_rates
from coqui_amharic_ext.coqui.request import (
    XTTS_OPTIONS,
    ModelFiles,
    require_text,
    usable_device,
)
from coqui_amharic_ext.coqui.sentences import split_to_limit
from coqui_amharic_ext.coqui.xtts_text import xtts_settings
from coqui_amharic_ext.errors import CoquiAmharicError, SynthesisError
from coqui_amharic_ext.settings import get_settings
from coqui_amharic_ext.text import split_sentences
from coqui_amharic_ext.text.sentences import ends_sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 0.3
"""Silence between sentences; upstream's is 0.4 s."""
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of speech.

    Parameters
    ----------
    samples : ndarray
        float32, shape ``(samples,)``, at the model's sample rate.
    text : str
        The piece of the text that it speaks.
    piece, pieces : int
        The number of the piece, from 0, and the number of pieces.
    last : bool
        Whether it is the last chunk of its piece.
    """

    samples: NDArray[np.float32]
    text: str
    piece: int
    pieces: int
    last: bool


class Synthesizer:
    """A loaded model.

    Parameters
    ----------
    model : Vits or Xtts
        Upstream's model, in evaluation mode.
    config : VitsConfig or XttsConfig
        Its config.
    files : ModelFiles
        Its files, against which requests are checked.
    """

    def __init__(self, model: Any, config: Any, files: ModelFiles) -> None:
        self.model = model
        self.config = config
        self.files = files
        self.is_xtts = files.is_xtts
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
            As in ``find_checkpoint``; a trainer's or a released one.
        config : Path, optional
            Its config; ``config.json`` beside it by default.
        vocab : Path, optional
            XTTS's vocabulary; ``vocab.json`` beside it, else the one that the config names.
        device : str
            ``cpu``, ``cuda``, ``cuda:1``, ...; ``auto`` is CUDA where there is one.

        Raises
        ------
        SynthesisError
            A file is missing or broken, the files do not match, or the model is neither VITS nor
            XTTS.
        """
        return cls.from_files(ModelFiles.find(checkpoint, config, vocab), device)

    @classmethod
    def from_files(cls, files: ModelFiles, device: str = "auto") -> Synthesizer:
        """Load the files of ``ModelFiles.find``; otherwise as ``load``."""
        device = usable_device(device)
        am.activate()
        loaded = _config(files.config_path)
        model = _model(loaded, files)
        with _failing(f"device={device!r} cannot be used"):
            model.to(device)
        if files.speakers is None:
            files = replace(files, speakers=_speakers(model.speaker_manager))
        return cls(model, loaded, files)

    def pieces(self, text: str, language: str = AMHARIC) -> list[str]:
        """Cut a text into the pieces that are synthesised separately, in order.

        VITS speaks sentences. XTTS speaks as many whole sentences as its ``char_limits`` allow,
        normalised where they are Amharic; a longer sentence is cut after a clause, else between
        words, and a piece with more tokens than the model takes is cut again.

        Raises
        ------
        TypeError
            ``text`` is not a string.
        SynthesisError
            The text has nothing to say.
        """
        require_text(text)
        found = (
            self._cut_for_xtts(text, language) if self.is_xtts else self._sentences(text, language)
        )
        found = [piece.strip() for piece in found if any(c.isalnum() for c in piece)]
        if not found:
            raise SynthesisError(f"there is nothing to say in {text[:_SHOWN]!r}")
        return found

    def _sentences(self, text: str, language: str) -> list[str]:
        if is_amharic(language):
            return list(split_sentences(text))
        import pysbd

        known = language in pysbd.languages.LANGUAGE_CODES
        segmenter = pysbd.Segmenter(language=language if known else "en", clean=True)
        return list(segmenter.segment(text))

    def _cut_for_xtts(self, text: str, language: str) -> list[str]:
        from TTS.tts.layers.xtts.tokenizer import split_sentence

        code = AMHARIC if is_amharic(language) else language.split("-")[0]
        if code == AMHARIC:
            text = spoken(text, xtts_settings(get_settings()))
        limit = self.model.tokenizer.char_limits.get(code, 250)
        whole = split_sentence(text, code, limit)
        return [part for piece in whole for part in self._fitting(piece, code)]

    def _fitting(self, piece: str, code: str) -> list[str]:
        """Halve a piece until each part has fewer tokens than upstream's limit."""
        tokens = len(self.model.tokenizer.encode(piece.strip().lower(), code))
        if tokens < self.model.args.gpt_max_text_tokens or len(piece) < 2:
            return [piece]

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
        """Speak a text and yield the speech while it is synthesised.

        Parameters
        ----------
        text : str
            A text of any length.
        language : str
            Its language.
        speaker_wav : sequence of Path
            Recordings of the voice to speak with; XTTS needs one, unless it knows ``speaker``.
        speaker : str, optional
            One of the model's own speakers.
        chunk_tokens : int
            XTTS: audio tokens per chunk, of 46 ms each. VITS yields whole sentences.
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
        self.files.check(text, language, speaker_wav, speaker, options)
        with _failing(f"{text[:_SHOWN]!r} cannot be cut into sentences"):
            pieces = self.pieces(text, language)
        settings = self._xtts_settings(options)
        voice = self._voice(speaker_wav, speaker)
        silence = np.zeros(round(pause * self.sample_rate), dtype=np.float32)
        for number, piece in enumerate(pieces):
            with _failing(f"{piece[:_SHOWN]!r} cannot be spoken"):
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

    def _xtts_settings(self, options: dict[str, Any]) -> dict[str, Any]:
        settings = {name: getattr(self.config, name, None) for name in XTTS_OPTIONS}
        return {**settings, "speed": 1.0, **options, "enable_text_splitting": False}

    def _voice(self, speaker_wav: Sequence[Path], speaker: str | None) -> tuple[Any, Any]:
        if not self.is_xtts:
            return None, None
        if speaker is not None:
            latent, embedding = self.model.speaker_manager.speakers[speaker].values()
            return latent, embedding
        key = tuple(str(path) for path in speaker_wav)
        if key not in self._voices:
            with _failing(f"the recording {', '.join(key)} cannot be used"):
                self._voices[key] = self._listened(key)
        return self._voices[key]

    def _listened(self, recordings: Sequence[str]) -> tuple[Any, Any]:
        """Return the latent and the embedding of a recorded voice."""
        import torch

        warn_of_low_rates(map(Path, recordings))
        config = self.config
        latent, embedding = self.model.get_conditioning_latents(
            audio_path=list(recordings),
            max_ref_length=config.max_ref_len,
            gpt_cond_len=config.gpt_cond_len,
            gpt_cond_chunk_len=config.gpt_cond_chunk_len,
            sound_norm_refs=config.sound_norm_refs,
        )
        if not (torch.isfinite(latent).all() and torch.isfinite(embedding).all()):
            raise ValueError("the model makes no finite numbers of it")
        return latent, embedding

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
        # The length of one audio token at this rate and speed.
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
    except Exception as error:  # upstream raises many types for an invalid config
        raise SynthesisError(f"{path} cannot be read as a Coqui config: {_line(error)}") from error


def _model(config: Any, files: ModelFiles) -> Any:
    from TTS.tts.models import setup_model

    path, vocabulary = files.checkpoint, files.vocabulary
    options = {} if vocabulary is None else {"vocab_path": vocabulary.path}
    with _failing(f"{path} cannot be loaded with its config and vocabulary"):
        model = setup_model(config)
        model.load_checkpoint(config, checkpoint_path=path, eval=True, **options)
    return model


def _speakers(manager: Any) -> tuple[str, ...]:
    """Return the names of speakers or of d-vectors in upstream's speaker manager."""
    if manager is None:
        return ()
    return tuple(manager.embedding_names or manager.speaker_names)


@contextmanager
def _failing(what: str) -> Iterator[None]:
    """Turn any exception of upstream's into a ``SynthesisError`` of one line that begins so."""
    try:
        yield
    except CoquiAmharicError:
        raise
    except Exception as error:
        raise SynthesisError(f"{what}: {_line(error)}") from error


def _array(samples: Any) -> NDArray[np.float32]:
    import numpy as np
    import torch

    if isinstance(samples, torch.Tensor):
        samples = samples.detach().cpu().numpy()
    found: NDArray[np.float32] = np.asarray(samples, dtype=np.float32).reshape(-1)
    if not np.isfinite(found).all():
        raise SynthesisError(
            "the model makes samples that are not finite numbers: its weights are spoilt; take an "
            "earlier checkpoint"
        )
    return found


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {' '.join(lines[:3])}" if lines else type(error).__name__
