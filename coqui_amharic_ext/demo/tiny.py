"""Tiny assets with which upstream's XTTS GPT trainer runs in seconds on a CPU.

Every file is generated from a seed: untrained weights, and clips that are buzzes instead of speech.
They have the shapes of XTTS's files, which is what a demonstration of the training path and its
tests need.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coqui_amharic_ext.g2p.phonology.inventory import inventory
from coqui_amharic_ext.io.wav import write_wav

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_RATE: Final = 22050
AUDIO_CODES: Final = 256
"""Entries of the codebook; upstream adds a start and a stop token."""
MEL_CHANNELS: Final = 80

SPECIAL_TOKENS: Final = ("[STOP]", "[UNK]", "[SPACE]")
"""Upstream's dataset uses id 0 as the stop token and id 1 as the unknown token."""
LANGUAGES: Final = ("am", "en")
PUNCTUATION: Final = ".,;:?!'-"


@dataclass(frozen=True, slots=True)
class TinyAssets:
    """Paths of a tiny training set."""

    folder: Path
    dvae: Path
    mel_norms: Path
    vocab: Path
    speaker: Path
    metadata: Path

    def gpt_args(self) -> dict[str, Any]:
        """Return the fields of upstream's ``GPTArgs`` that name these files and a tiny model."""
        return {
            **gpt_args_overrides(),
            "tokenizer_file": str(self.vocab),
            "mel_norm_file": str(self.mel_norms),
            "dvae_checkpoint": str(self.dvae),
        }


def gpt_args_overrides() -> dict[str, Any]:
    """Return the fields of upstream's ``GPTArgs`` that make XTTS v2 tiny: two layers, width 64.

    The perceiver and masking switches are those of XTTS v2's own fine-tuning recipe.
    """
    return {
        "gpt_layers": 2,
        "gpt_n_model_channels": 64,
        "gpt_n_heads": 2,
        "gpt_num_audio_tokens": AUDIO_CODES + 2,
        "gpt_start_audio_token": AUDIO_CODES,
        "gpt_stop_audio_token": AUDIO_CODES + 1,
        "gpt_use_masking_gt_prompt_approach": True,
        "gpt_use_perceiver_resampler": True,
        # The decoder reads the GPT's hidden states, so its input has their width.
        "decoder_input_dim": 64,
        "min_conditioning_length": SAMPLE_RATE // 2,
        "max_conditioning_length": SAMPLE_RATE,
        "max_wav_length": 6 * SAMPLE_RATE,
        "max_text_length": 200,
    }


def default_symbols() -> tuple[str, ...]:
    """Return the default characters of the tiny vocabulary.

    They are those of our IPA and Coqui symbols, ASCII letters in lower case and punctuation.
    """
    phones = "".join(phone.symbol + phone.coqui_symbol for phone in inventory().values())
    return tuple(dict.fromkeys(phones + string.ascii_lowercase + PUNCTUATION))


def write_vocab(
    path: str | Path,
    symbols: Iterable[str] | None = None,
    languages: Sequence[str] = LANGUAGES,
) -> Path:
    """Write a vocabulary in the shape of XTTS's ``vocab.json``: one token per character.

    Parameters
    ----------
    path : str or Path
        File to write.
    symbols : iterable of str, optional
        Characters that get a token; ``default_symbols()`` by default. A longer string
        stands for its characters.
    languages : sequence of str
        Languages that get a token, such as ``[am]``.

    Returns
    -------
    Path
        The file written.
    """
    characters = default_symbols() if symbols is None else tuple(dict.fromkeys("".join(symbols)))
    tags = [f"[{language}]" for language in languages]
    ordered = [*SPECIAL_TOKENS, *tags, *characters, "[START]"]
    ids = {token: number for number, token in enumerate(ordered)}
    special = [*SPECIAL_TOKENS, *tags, "[START]"]
    data: dict[str, Any] = {
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
            for token in special
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
            "merges": [],
        },
    }
    return _write_text(path, json.dumps(data, ensure_ascii=False, indent=1))


def write_mel_norms(path: str | Path) -> Path:
    """Write the mel normalisation file: one float per mel channel, shape ``(80,)``."""
    import torch

    path = _parent(path)
    # Log mels of usual clips are between log(1e-5) and 4; this scales them to about ±1.
    torch.save(torch.full((MEL_CHANNELS,), 6.0), path)
    return path


def write_dvae(path: str | Path, codes: int = AUDIO_CODES, seed: int = 0) -> Path:
    """Write a checkpoint of upstream's discrete VAE with seeded random weights.

    The codebook is drawn from the encoder's outputs for random mels; with an unrelated codebook
    nearly every frame would get the same code. The decoder is left out (upstream loads with
    ``strict=False`` and GPT training only encodes), which halves the file.

    Parameters
    ----------
    path : str or Path
        File to write, about 100 MB: upstream fixes the encoder's width.
    codes : int
        Size of the codebook, ``gpt_num_audio_tokens - 2``.
    seed : int
        Seed of weights and codebook.

    Returns
    -------
    Path
        The file written.
    """
    import torch
    from TTS.tts.layers.xtts.dvae import DiscreteVAE

    path = _parent(path)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        dvae = DiscreteVAE(
            channels=MEL_CHANNELS,
            normalization=None,
            positional_dims=1,
            num_tokens=codes,
            codebook_dim=512,
            hidden_dim=512,
            num_resnet_blocks=3,
            kernel_size=3,
            num_layers=2,
            use_transposed_convs=False,
        ).eval()
        # Four frames make a code, and mels that change over time use more of the space.
        mels = torch.randn(8, MEL_CHANNELS, codes).cumsum(-1).mul(0.1).clamp(-2, 1)
        outputs = dvae.encoder(mels).transpose(1, 2).flatten(0, 1)
        chosen = outputs[torch.randperm(len(outputs))[:codes]].T.contiguous()
        dvae.codebook.embed.copy_(chosen)
        dvae.codebook.embed_avg.copy_(chosen)
        state = {k: v for k, v in dvae.state_dict().items() if not k.startswith("decoder.")}
    torch.save(state, path)
    return path


def write_clip(path: str | Path, seconds: float, seed: int = 0) -> Path:
    """Write a mono 16-bit wav at 22.05 kHz: a gliding buzz in syllable-long bursts.

    Parameters
    ----------
    path : str or Path
        File to write.
    seconds : float
        Its length, above 0.
    seed : int
        Seed of pitch and bursts.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ValueError
        ``seconds`` is not above 0.
    """
    if not seconds > 0:
        raise ValueError(f"seconds={seconds!r} must be above 0")
    path = _parent(path)
    samples = _buzz(int(seconds * SAMPLE_RATE), seed)
    write_wav(path, samples, SAMPLE_RATE)
    return path


def _buzz(length: int, seed: int) -> NDArray[np.float64]:
    import numpy as np

    random = np.random.default_rng(seed)
    time = np.arange(length) / SAMPLE_RATE
    pitch = random.uniform(90, 220) * (1 + 0.2 * np.sin(2 * np.pi * random.uniform(0.3, 1) * time))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    tilt = random.uniform(0.8, 1.6)
    voice = sum(np.sin(k * phase + random.uniform(0, 6)) / k**tilt for k in range(1, 20))
    syllables = np.clip(
        np.sin(2 * np.pi * random.uniform(2, 4) * time + random.uniform(0, 6)), 0, 1
    )
    sound = voice * (0.1 + syllables) + 0.02 * random.standard_normal(length)
    scaled: NDArray[np.float64] = 0.5 * sound / np.abs(sound).max()
    return scaled


def write_corpus(
    folder: str | Path, sentences: Sequence[str], seconds: Sequence[float], seed: int = 0
) -> Path:
    """Write a corpus in LJSpeech's layout: ``metadata.csv`` beside a folder ``wavs``.

    Parameters
    ----------
    folder : str or Path
        Folder to fill.
    sentences : sequence of str
        One text per clip.
    seconds : sequence of float
        One length per clip.
    seed : int
        Seed of the first clip; it increases by 1 per clip.

    Returns
    -------
    Path
        The metadata file: ``name|text|text``.

    Raises
    ------
    ValueError
        The numbers of lengths and sentences differ.
    """
    if len(sentences) != len(seconds):
        raise ValueError(f"{len(sentences)} sentences but {len(seconds)} lengths")
    folder = Path(folder)
    rows = []
    for number, (text, length) in enumerate(zip(sentences, seconds, strict=True)):
        name = f"clip{number:03d}"
        write_clip(folder / "wavs" / f"{name}.wav", length, seed + number)
        rows.append(f"{name}|{text}|{text}\n")
    return _write_text(folder / "metadata.csv", "".join(rows))


def write_assets(
    folder: str | Path,
    sentences: Sequence[str],
    seconds: Sequence[float],
    *,
    symbols: Iterable[str] | None = None,
    languages: Sequence[str] = LANGUAGES,
    seed: int = 0,
) -> TinyAssets:
    """Write everything that upstream's ``GPTTrainer`` asks for into one folder.

    Parameters
    ----------
    folder : str or Path
        Folder to fill.
    sentences, seconds
        As in ``write_corpus``.
    symbols, languages
        As in ``write_vocab``.
    seed : int
        Seed of every random part.

    Returns
    -------
    TinyAssets
        The path of each file.
    """
    folder = Path(folder)
    return TinyAssets(
        folder=folder,
        dvae=write_dvae(folder / "dvae.pth", seed=seed),
        mel_norms=write_mel_norms(folder / "mel_norms.pth"),
        vocab=write_vocab(folder / "vocab.json", symbols, languages),
        speaker=write_clip(folder / "speaker.wav", 2.0, seed + 10_000),
        metadata=write_corpus(folder, sentences, seconds, seed),
    )


def _parent(path: str | Path) -> Path:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _write_text(path: str | Path, text: str) -> Path:
    path = _parent(path)
    path.write_text(text, encoding="utf-8")
    return path
