"""What is changed in ``TTS.*`` for Amharic; replacements are loaded when they are put in place."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from coqui_amharic_ext.patching import Known, Patch

_XTTS_TOKENIZER: Final = "TTS.tts.layers.xtts.tokenizer"
_XTTS_GPT: Final = "TTS.tts.layers.xtts.gpt"
_XTTS_MODEL: Final = "TTS.tts.models.xtts"


def _ours(path: str) -> Callable[..., Any]:
    """Return a function that loads ``module.function`` of this package when it is called."""
    module, _, name = path.rpartition(".")

    def load(*arguments: Any) -> Any:
        return getattr(import_module(f"{__package__}.{module}"), name)(*arguments)

    return load


def _probe(name: str, *arguments: str) -> Callable[[Any], None]:
    def probe(original: Any) -> None:
        from coqui_amharic_ext.coqui import probes

        check = getattr(probes, name)
        if arguments:
            check = check(*arguments)
        check(original)

    return probe


def _known(source_hash: str, signature: str) -> tuple[Known, ...]:
    return (Known("0.28.0", source_hash, signature),)


def _mapping(name: str, module: str) -> Patch:
    """Return the patch of ``load_fsspec`` where a module has it under its own name."""
    return Patch(
        name=f"mapped-checkpoints-{name}",
        module=module,
        qualname="load_fsspec",
        summary="A local checkpoint is loaded without reading its optimizer's state.",
        distribution="coqui-tts-trainer",
        known=(
            Known(
                "coqui-tts-trainer 0.4.0",
                "a4d50251bbe6a984",
                "(path, map_location, cache, **kwargs)",
            ),
        ),
        replace=_ours("mapped_load.mapping_local_files"),
        probe=_probe("loads_checkpoints"),
    )


def _finds(group: str) -> Callable[[Any], bool]:
    """Return a test: upstream looks for entry points in a group, and ours is in it.

    An installation from before we declared any is not found, and is patched as before.
    """

    def test(original: Any) -> bool:
        from importlib.metadata import entry_points

        function = getattr(original, "__func__", original)
        name = function.__globals__.get(group)
        return name is not None and bool(entry_points(group=name, name="amharic"))

    return test


def _cleaner(original: object) -> Callable[..., str]:
    from coqui_amharic_ext.coqui.cleaners import amharic_cleaners

    return amharic_cleaners


_TORCHAUDIO: Final = "2.11.0"

PATCHES: Final = (
    Patch(
        name="torchaudio-load",
        module="torchaudio",
        qualname="load",
        summary="Sound is read by soundfile where torchcodec cannot load FFmpeg's libraries.",
        distribution="torchaudio",
        known=(
            Known(
                _TORCHAUDIO,
                "a27a754894b825f2",
                "(uri, frame_offset, num_frames, normalize, channels_first, format, buffer_size, "
                "backend)",
            ),
        ),
        replace=_ours("audio_loading.load_without_ffmpeg"),
        probe=_probe(
            "takes",
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
        summary="The same for sound that is written.",
        distribution="torchaudio",
        known=(
            Known(
                _TORCHAUDIO,
                "853547c27ff5b49e",
                "(uri, src, sample_rate, channels_first, format, encoding, bits_per_sample, "
                "buffer_size, backend, compression)",
            ),
        ),
        replace=_ours("audio_loading.save_without_ffmpeg"),
        probe=_probe("takes", "uri", "src", "sample_rate", "channels_first"),
    ),
    Patch(
        name="coqui-phonemizer",
        module="TTS.tts.utils.text.phonemizers",
        qualname="_register_phonemizers",
        summary="The phonemizer 'amharic' exists and is the default for Amharic.",
        known=_known("7ac59becf2af9e75", "()"),
        replace=_ours("registry.register_with"),
        probe=_probe("registers_phonemizers"),
        upstream_has=_finds("PHONEMIZER_GROUP"),
        undo=_ours("registry.unregister"),
    ),
    Patch(
        name="coqui-characters",
        module="TTS.tts.utils.text.tokenizer",
        qualname="TTSTokenizer.init_from_config",
        summary="An Amharic config without characters gets a symbol for every phone, in place.",
        known=_known("b8f6f2ea627cf54d", "(config, characters)"),
        replace=_ours("tokenizer.init_with_amharic"),
        probe=_probe("builds_tokenizer"),
        upstream_has=_finds("CHARACTERS_GROUP"),
    ),
    Patch(
        name="coqui-missing-symbols",
        module="TTS.tts.utils.text.tokenizer",
        qualname="TTSTokenizer.init_from_config",
        summary="Symbols that a character set lacks and a cleaner that takes signs are named.",
        known=_known("b8f6f2ea627cf54d", "(config, characters)"),
        replace=_ours("tokenizer.init_with_warning"),
        probe=_probe("builds_tokenizer"),
    ),
    Patch(
        name="coqui-amharic-uncleaned",
        module="TTS.tts.utils.text.tokenizer",
        qualname="TTSTokenizer.text_to_ids",
        summary="Upstream's text cleaners leave Amharic to the phonemizer.",
        known=_known("f893eb5765d449cd", "(self, text, language)"),
        replace=_ours("tokenizer.reading_amharic_uncleaned"),
        probe=_probe("cleans_where_asked"),
    ),
    Patch(
        name="coqui-phoneme-cache",
        module="TTS.tts.datasets.dataset",
        qualname="PhonemeDataset.compute_or_load",
        summary="Amharic tokens are cached by text and G2P; a broken or unwritable file is no end.",
        known=_known("ac56bd2cee137101", "(self, file_name, text, language)"),
        replace=_ours("phoneme_cache.finding_by_what_was_read"),
        probe=_probe("caches_phonemes"),
    ),
    Patch(
        name="coqui-cleaner",
        module="TTS.tts.utils.text.cleaners",
        qualname="amharic_cleaners",
        summary="text_cleaner='amharic_cleaners' reads numbers and abbreviations out.",
        replace=_cleaner,
        adds=True,
    ),
    Patch(
        name="coqui-sentences",
        module="TTS.utils.synthesizer",
        qualname="Synthesizer.split_into_sentences",
        summary="Amharic text is split at Amharic sentence marks.",
        known=_known("8e01ebfc325c08f7", "(self, text, language)"),
        replace=_ours("sentences.split_into_sentences_for_synthesizer"),
        probe=_probe("takes", "self", "text", "language"),
    ),
    Patch(
        name="xtts-text",
        module=_XTTS_TOKENIZER,
        qualname="VoiceBpeTokenizer.preprocess_text",
        summary="XTTS's tokenizer knows the language 'am'.",
        known=_known("fe4970787e8459af", "(self, txt, lang)"),
        replace=_ours("xtts_tokenizer.preprocess_with_amharic"),
        probe=_probe("preprocesses"),
    ),
    Patch(
        name="xtts-cleaners",
        module=_XTTS_TOKENIZER,
        qualname="multilingual_cleaners",
        summary="XTTS's multilingual_cleaners reads Amharic out; upstream's demo, which calls it, "
        "still cuts recordings at . ! ? alone.",
        known=_known("c9ea18cba0e9b8ab", "(text, lang)"),
        replace=_ours("xtts_tokenizer.clean_with_amharic"),
        probe=_probe("cleans"),
    ),
    Patch(
        name="xtts-unknown-tokens",
        module=_XTTS_TOKENIZER,
        qualname="VoiceBpeTokenizer.encode",
        summary="Each phone of Amharic is one token; what a vocabulary lacks is named in the log.",
        known=_known("7d6f954e90ca3a27", "(self, txt, lang)"),
        replace=_ours("xtts_tokenizer.encode_with_amharic"),
        probe=_probe("encodes"),
    ),
    Patch(
        name="xtts-char-limits",
        module=_XTTS_TOKENIZER,
        qualname="VoiceBpeTokenizer.char_limits",
        summary="XTTS knows how much Amharic text fits into one input.",
        replace=_ours("xtts_tokenizer.char_limits_with_amharic"),
        undo=_ours("xtts_tokenizer.withdraw_limits"),
        adds=True,
    ),
    Patch(
        name="xtts-sentences",
        module=_XTTS_TOKENIZER,
        qualname="split_sentence",
        summary="Long Amharic text is split for XTTS without spaCy.",
        known=_known("1392816b6df2f9ca", "(text, lang, text_split_length)"),
        replace=_ours("sentences.split_sentence_for_xtts"),
        probe=_probe("splits"),
    ),
    Patch(
        name="xtts-model-sentences",
        module=_XTTS_MODEL,
        qualname="split_sentence",
        summary="The same where the XTTS model has the function under its own name.",
        known=_known("1392816b6df2f9ca", "(text, lang, text_split_length)"),
        replace=_ours("sentences.split_sentence_for_xtts"),
        probe=_probe("splits"),
        undo=_ours("sentences.restore_in_model"),
    ),
    Patch(
        name="xtts-languages",
        module="TTS.tts.configs.xtts_config",
        qualname="XttsConfig.languages",
        summary="XttsConfig.languages lists 'am', in configs from files, too.",
        replace=_ours("xtts_config.languages_with_amharic"),
        undo=_ours("xtts_config.withdraw"),
        adds=True,
    ),
    Patch(
        name="xtts-synthesize",
        module=_XTTS_MODEL,
        qualname="Xtts.synthesize",
        summary="XTTS takes am-ET and amh for 'am'.",
        known=_known(
            "3d21cefaea1683bb",
            "(self, text, config, speaker, speaker_wav, voice_dir, language, **kwargs)",
        ),
        replace=_ours("xtts_model.synthesize_with_amharic"),
        probe=_probe("takes_keyword", "language"),
    ),
    Patch(
        name="xtts-inference",
        module=_XTTS_MODEL,
        qualname="Xtts.inference",
        summary="Amharic text is read out in full before XTTS lowers and splits it.",
        known=_known(
            "ab5064975a41b45f",
            "(self, text, language, gpt_cond_latent, speaker_embedding, "
            "temperature, length_penalty, repetition_penalty, top_k, top_p, "
            "do_sample, num_beams, speed, enable_text_splitting, "
            "**hf_generate_kwargs)",
        ),
        replace=_ours("xtts_model.inference_with_amharic"),
        probe=_probe("takes", "self", "text", "language"),
    ),
    Patch(
        name="xtts-inference-stream",
        module=_XTTS_MODEL,
        qualname="Xtts.inference_stream",
        summary="The same for streaming.",
        known=_known(
            "4caad175cc580569",
            "(self, text, language, gpt_cond_latent, speaker_embedding, "
            "stream_chunk_size, overlap_wav_len, temperature, length_penalty, "
            "repetition_penalty, top_k, top_p, do_sample, speed, "
            "enable_text_splitting, **hf_generate_kwargs)",
        ),
        replace=_ours("xtts_model.inference_with_amharic"),
        probe=_probe("takes", "self", "text", "language"),
    ),
    _mapping("xtts", _XTTS_MODEL),
    _mapping("vits", "TTS.tts.models.vits"),
    _mapping("base", "TTS.model"),
    Patch(
        name="xtts-gpt-warnings",
        module=_XTTS_GPT,
        qualname="build_hf_gpt_transformer",
        summary="Building XTTS's GPT does not warn of GPT-2's start and stop tokens.",
        known=_known(
            "ebe830aea138d968",
            "(layers, model_dim, heads, max_mel_seq_len, max_text_seq_len, checkpointing, "
            "max_prompt_len)",
        ),
        replace=_ours("quiet.without_default_tokens"),
        probe=_probe("takes", "layers", "model_dim", "heads"),
    ),
    Patch(
        name="xtts-gpt-inference-warnings",
        module=_XTTS_GPT,
        qualname="GPT.init_gpt_for_inference",
        summary="The same where XTTS is made ready to speak.",
        known=_known("4dac6e3cb141fd2e", "(self, kv_cache, use_deepspeed)"),
        replace=_ours("quiet.without_default_tokens"),
        probe=_probe("takes", "self", "kv_cache"),
    ),
)
