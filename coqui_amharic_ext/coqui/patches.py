"""The patches of ``TTS.*`` for Amharic."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, Final

from coqui_amharic_ext.patching import Known, Patch, takes

_XTTS_TOKENIZER: Final = "TTS.tts.layers.xtts.tokenizer"
_XTTS_GPT: Final = "TTS.tts.layers.xtts.gpt"
_XTTS_MODEL: Final = "TTS.tts.models.xtts"


def _mapping(name: str, module: str) -> Patch:
    """Return the patch of ``load_fsspec`` in a module that imports it by name."""
    return Patch(
        name=f"mapped-checkpoints-{name}",
        module=module,
        qualname="load_fsspec",
        summary="A local checkpoint is loaded without reading its optimizer's state.",
        distribution="coqui-tts-trainer",
        known=(Known("0.4.0", "a4d50251bbe6a984", "(path, map_location, cache, **kwargs)"),),
        replace="coqui_amharic_ext.coqui.mapped_load:mapping_local_files",
        probe="coqui_amharic_ext.coqui.probes:loads_checkpoints",
    )


def _finds_ours(group: str) -> Callable[[Any], bool]:
    """Return a test: upstream reads the entry points of a group, and ours is among them.

    An installation that is older than our entry points has none, and is patched.
    """

    def test(original: Any) -> bool:
        function = getattr(original, "__func__", original)
        name = function.__globals__.get(group)
        return name is not None and bool(entry_points(group=name, name="amharic"))

    return test


PATCHES: Final = (
    Patch(
        name="torchaudio-load",
        module="torchaudio",
        qualname="load",
        summary="soundfile reads audio where torchcodec cannot load FFmpeg's libraries.",
        distribution="torchaudio",
        known=(
            Known(
                "2.11.0",
                "a27a754894b825f2",
                "(uri, frame_offset, num_frames, normalize, channels_first, format, buffer_size, "
                "backend)",
            ),
        ),
        replace="coqui_amharic_ext.coqui.audio_loading:load_without_ffmpeg",
        probe=takes(
            "uri",
            "frame_offset",
            "num_frames",
            "normalize",
            "channels_first",
            "format",
            "buffer_size",
            "backend",
        ),
    ),
    Patch(
        name="torchaudio-save",
        module="torchaudio",
        qualname="save",
        summary="The same for writing audio.",
        distribution="torchaudio",
        known=(
            Known(
                "2.11.0",
                "853547c27ff5b49e",
                "(uri, src, sample_rate, channels_first, format, encoding, bits_per_sample, "
                "buffer_size, backend, compression)",
            ),
        ),
        replace="coqui_amharic_ext.coqui.audio_loading:save_without_ffmpeg",
        probe=takes("uri", "src", "sample_rate", "channels_first"),
    ),
    Patch(
        name="coqui-phonemizer",
        module="TTS.tts.utils.text.phonemizers",
        qualname="_register_phonemizers",
        summary="The phonemizer 'amharic' exists and is the default for Amharic.",
        known=(Known("0.28.0", "7ac59becf2af9e75", "()"),),
        replace="coqui_amharic_ext.coqui.registry:register_with",
        probe="coqui_amharic_ext.coqui.probes:registers_phonemizers",
        upstream_has=_finds_ours("PHONEMIZER_GROUP"),
        undo="coqui_amharic_ext.coqui.registry:unregister",
    ),
    Patch(
        name="coqui-characters",
        module="TTS.tts.utils.text.tokenizer",
        qualname="TTSTokenizer.init_from_config",
        summary="An Amharic config without characters gets a symbol for every phone, in place.",
        known=(Known("0.28.0", "b8f6f2ea627cf54d", "(config, characters)"),),
        replace="coqui_amharic_ext.coqui.tokenizer:init_with_amharic",
        probe="coqui_amharic_ext.coqui.probes:builds_tokenizer",
        upstream_has=_finds_ours("CHARACTERS_GROUP"),
    ),
    Patch(
        name="coqui-missing-symbols",
        module="TTS.tts.utils.text.tokenizer",
        qualname="TTSTokenizer.init_from_config",
        summary="Missing symbols and cleaners that remove signs raise a warning.",
        known=(Known("0.28.0", "b8f6f2ea627cf54d", "(config, characters)"),),
        replace="coqui_amharic_ext.coqui.tokenizer:init_with_warning",
        probe="coqui_amharic_ext.coqui.probes:builds_tokenizer",
    ),
    Patch(
        name="coqui-amharic-uncleaned",
        module="TTS.tts.utils.text.tokenizer",
        qualname="TTSTokenizer.text_to_ids",
        summary="Upstream's text cleaners leave Amharic to the phonemizer.",
        known=(Known("0.28.0", "f893eb5765d449cd", "(self, text, language)"),),
        replace="coqui_amharic_ext.coqui.tokenizer:reading_amharic_uncleaned",
        probe="coqui_amharic_ext.coqui.probes:cleans_where_asked",
    ),
    Patch(
        name="coqui-phoneme-cache",
        module="TTS.tts.datasets.dataset",
        qualname="PhonemeDataset.compute_or_load",
        summary="Amharic tokens are cached by text and G2P; truncated files are written again.",
        known=(Known("0.28.0", "ac56bd2cee137101", "(self, file_name, text, language)"),),
        replace="coqui_amharic_ext.coqui.phoneme_cache:keyed_by_text",
        probe="coqui_amharic_ext.coqui.probes:caches_phonemes",
    ),
    Patch(
        name="coqui-cleaner",
        module="TTS.tts.utils.text.cleaners",
        qualname="amharic_cleaners",
        summary="text_cleaner='amharic_cleaners' reads numbers and abbreviations out.",
        replace="coqui_amharic_ext.coqui.cleaners:added",
        adds=True,
    ),
    Patch(
        name="coqui-sentences",
        module="TTS.utils.synthesizer",
        qualname="Synthesizer.split_into_sentences",
        summary="Amharic text is split at Amharic sentence marks.",
        known=(Known("0.28.0", "8e01ebfc325c08f7", "(self, text, language)"),),
        replace="coqui_amharic_ext.coqui.sentences:split_into_sentences_for_synthesizer",
        probe=takes("self", "text", "language"),
    ),
    Patch(
        name="xtts-text",
        module=_XTTS_TOKENIZER,
        qualname="VoiceBpeTokenizer.preprocess_text",
        summary="XTTS's tokenizer knows the language 'am'.",
        known=(Known("0.28.0", "fe4970787e8459af", "(self, txt, lang)"),),
        replace="coqui_amharic_ext.coqui.xtts_tokenizer:preprocess_with_amharic",
        probe="coqui_amharic_ext.coqui.probes:preprocesses",
    ),
    Patch(
        name="xtts-cleaners",
        module=_XTTS_TOKENIZER,
        qualname="multilingual_cleaners",
        summary="XTTS's multilingual_cleaners normalises Amharic; upstream's demo, which calls it, "
        "still cuts recordings at . ! ? alone.",
        known=(Known("0.28.0", "c9ea18cba0e9b8ab", "(text, lang)"),),
        replace="coqui_amharic_ext.coqui.xtts_tokenizer:clean_with_amharic",
        probe="coqui_amharic_ext.coqui.probes:cleans",
    ),
    Patch(
        name="xtts-unknown-tokens",
        module=_XTTS_TOKENIZER,
        qualname="VoiceBpeTokenizer.encode",
        summary="Each phone of Amharic is one token; missing tokens are named in the log.",
        known=(Known("0.28.0", "7d6f954e90ca3a27", "(self, txt, lang)"),),
        replace="coqui_amharic_ext.coqui.xtts_tokenizer:encode_with_amharic",
        probe="coqui_amharic_ext.coqui.probes:encodes",
    ),
    Patch(
        name="xtts-char-limits",
        module=_XTTS_TOKENIZER,
        qualname="VoiceBpeTokenizer.char_limits",
        summary="XTTS knows the longest Amharic text that fits into one input.",
        replace="coqui_amharic_ext.coqui.xtts_tokenizer:char_limits_with_amharic",
        undo="coqui_amharic_ext.coqui.xtts_tokenizer:withdraw_limits",
        adds=True,
    ),
    Patch(
        name="xtts-sentences",
        module=_XTTS_TOKENIZER,
        qualname="split_sentence",
        summary="Long Amharic text is split for XTTS without spaCy.",
        known=(Known("0.28.0", "1392816b6df2f9ca", "(text, lang, text_split_length)"),),
        replace="coqui_amharic_ext.coqui.sentences:split_sentence_for_xtts",
        probe="coqui_amharic_ext.coqui.probes:splits",
    ),
    Patch(
        name="xtts-model-sentences",
        module=_XTTS_MODEL,
        qualname="split_sentence",
        summary="The same where the XTTS model has the function under its own name.",
        known=(Known("0.28.0", "1392816b6df2f9ca", "(text, lang, text_split_length)"),),
        replace="coqui_amharic_ext.coqui.sentences:split_sentence_for_xtts",
        probe="coqui_amharic_ext.coqui.probes:splits",
        undo="coqui_amharic_ext.coqui.sentences:restore_in_model",
    ),
    Patch(
        name="xtts-languages",
        module="TTS.tts.configs.xtts_config",
        qualname="XttsConfig.languages",
        summary="XttsConfig.languages lists 'am', in configs from files, too.",
        replace="coqui_amharic_ext.coqui.xtts_config:languages_with_amharic",
        undo="coqui_amharic_ext.coqui.xtts_config:withdraw",
        adds=True,
    ),
    Patch(
        name="xtts-synthesize",
        module=_XTTS_MODEL,
        qualname="Xtts.synthesize",
        summary="XTTS takes am-ET and amh for 'am'.",
        known=(
            Known(
                "0.28.0",
                "3d21cefaea1683bb",
                "(self, text, config, speaker, speaker_wav, voice_dir, language, **kwargs)",
            ),
        ),
        replace="coqui_amharic_ext.coqui.xtts_model:synthesize_with_amharic",
        probe="coqui_amharic_ext.coqui.probes:takes_a_language",
    ),
    Patch(
        name="xtts-inference",
        module=_XTTS_MODEL,
        qualname="Xtts.inference",
        summary="Amharic text is normalised before XTTS lowercases and splits it.",
        known=(
            Known(
                "0.28.0",
                "ab5064975a41b45f",
                "(self, text, language, gpt_cond_latent, speaker_embedding, "
                "temperature, length_penalty, repetition_penalty, top_k, top_p, "
                "do_sample, num_beams, speed, enable_text_splitting, "
                "**hf_generate_kwargs)",
            ),
        ),
        replace="coqui_amharic_ext.coqui.xtts_model:inference_with_amharic",
        probe=takes("self", "text", "language"),
    ),
    Patch(
        name="xtts-inference-stream",
        module=_XTTS_MODEL,
        qualname="Xtts.inference_stream",
        summary="The same for streaming.",
        known=(
            Known(
                "0.28.0",
                "4caad175cc580569",
                "(self, text, language, gpt_cond_latent, speaker_embedding, "
                "stream_chunk_size, overlap_wav_len, temperature, length_penalty, "
                "repetition_penalty, top_k, top_p, do_sample, speed, "
                "enable_text_splitting, **hf_generate_kwargs)",
            ),
        ),
        replace="coqui_amharic_ext.coqui.xtts_model:inference_with_amharic",
        probe=takes("self", "text", "language"),
    ),
    _mapping("xtts", _XTTS_MODEL),
    _mapping("vits", "TTS.tts.models.vits"),
    _mapping("base", "TTS.model"),
    Patch(
        name="xtts-gpt-warnings",
        module=_XTTS_GPT,
        qualname="build_hf_gpt_transformer",
        summary="Building XTTS's GPT does not warn of GPT-2's start and stop tokens.",
        known=(
            Known(
                "0.28.0",
                "ebe830aea138d968",
                "(layers, model_dim, heads, max_mel_seq_len, max_text_seq_len, checkpointing, "
                "max_prompt_len)",
            ),
        ),
        replace="coqui_amharic_ext.coqui.quiet:without_default_tokens",
        probe=takes("layers", "model_dim", "heads"),
    ),
    Patch(
        name="xtts-gpt-inference-warnings",
        module=_XTTS_GPT,
        qualname="GPT.init_gpt_for_inference",
        summary="The same where XTTS is prepared for inference.",
        known=(Known("0.28.0", "4dac6e3cb141fd2e", "(self, kv_cache, use_deepspeed)"),),
        replace="coqui_amharic_ext.coqui.quiet:without_default_tokens",
        probe=takes("self", "kv_cache"),
    ),
)
