from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from coqui_amharic_ext.data.check import Report, check
from coqui_amharic_ext.data.findings import KINDS, DataError
from coqui_amharic_ext.data.limits import VITS, XTTS, from_config
from coqui_amharic_ext.data.text import PhoneReader, dropped_characters, figures, reader_for
from coqui_amharic_ext.demo.tiny import write_vocab
from coqui_amharic_ext.text.policy import TextPolicy
from tests.data.conftest import RATE, Corpus, silence, tone

RECIPES = Path(__file__).parents[2] / "coqui_amharic_ext" / "recipes"


def kinds(report: Report, *, whole: bool = False) -> list[tuple[str, int]]:
    """Return kind and line of what was found; without what is about the file as a whole."""
    return [(f.kind, f.line) for f in report.findings if whole or f.line]


def test_a_sound_corpus_has_no_findings(corpus: Corpus) -> None:
    report = check([corpus({"a": tone(2.0), "b": tone(3.0)})])
    assert kinds(report) == []
    assert report.errors == 0
    assert report.seconds == pytest.approx(5.0, abs=0.01)
    assert [(done.language, done.usable) for done in report.rows] == [("am", True)] * 2


def _stereo() -> Any:
    return np.stack([tone(2.0), tone(2.0, 330)], axis=1)


def _cut() -> Any:
    return np.clip(tone(2.0, level=3.0), -1, 1)


AUDIO: dict[str, tuple[Any, int]] = {
    "missing-audio": (None, RATE),
    "unreadable-audio": (b"not audio at all", RATE),
    "silent-audio": (silence(2.0), RATE),
    "too-short": (tone(0.4), RATE),
    "too-long": (tone(12.0), RATE),
    "narrow-band": (tone(2.0, rate=16000), 16000),
    "resampled": (tone(2.0, rate=48000), 48000),
    "stereo": (_stereo(), RATE),
    "clipping": (_cut(), RATE),
    "edge-silence": (np.concatenate([silence(1.2), tone(2.0)]), RATE),
}


@pytest.mark.parametrize("kind", AUDIO)
def test_what_is_wrong_with_audio(kind: str, corpus: Corpus) -> None:
    audio, rate = AUDIO[kind]
    path = corpus({"bad": audio}, rate=rate)
    report = check([path])
    assert kinds(report) == [(kind, 1)]
    (found,) = (f for f in report.findings if f.line)
    assert found.place == f"{path}:1"
    assert "bad.wav" in found.audio
    assert report.rows[0].usable == (KINDS[kind].remedy != "left out")


def test_vits_hears_another_sample_rate_at_the_wrong_speed(corpus: Corpus) -> None:
    path = corpus({"a": tone(2.0, rate=48000)}, rate=48000)
    assert kinds(check([path], limits=VITS)) == [("sample-rate", 1)]


TEXTS = {
    "  ": ["empty-text"],
    "😀": ["dropped-characters", "empty-text"],
    "በ2015 ተሠራ": ["numerals"],
    "፲፪ ሰዓት": ["numerals"],
    "ሰላም 中文 ነው": ["dropped-characters"],
    "ሰ\u200bላም": ["unicode"],
    "hello there": ["script"],
    "ሰላም፣ እንዴት ነህ?": [],
}


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_wrong_with_a_text(text: str, corpus: Corpus) -> None:
    report = check([corpus(texts={"one": text})])
    assert [kind for kind, _ in kinds(report)] == TEXTS[text]


def test_numbers_are_shown_as_they_will_be_read(corpus: Corpus) -> None:
    report = check([corpus(texts={"one": "በ25 ተሠራ"})])
    assert "'25' is read 'ሃያ አምስት'" in report.findings[0].message
    assert report.rows[0].spoken == "በሃያ አምስት ተሠራ"


def test_a_text_that_the_reader_cannot_read_is_a_finding(corpus: Corpus) -> None:
    def reader(text: str, language: str) -> Any:
        raise RuntimeError("no such thing")

    report = check([corpus()], reader=reader)
    assert kinds(report) == [("unreadable-text", 1)]
    assert "RuntimeError: no such thing" in report.findings[0].message


def test_text_is_measured_in_the_models_tokens(corpus: Corpus) -> None:
    # Each ሰ is two phones, so 160 of them are 320 tokens and more.
    report = check([corpus(texts={"one": "ሰላም " * 40 + "ሰ" * 160})], reader=PhoneReader())
    assert ("too-much-text", 1) in kinds(report)
    assert kinds(check([corpus(name="short")], reader=PhoneReader())) == []


def test_characters_outside_the_vocabulary_are_named(corpus: Corpus, tmp_path: Path) -> None:
    pytest.importorskip("TTS")
    import coqui_amharic_ext as am

    vocab = write_vocab(tmp_path / "vocab.json", symbols="salm ɨnde")
    path = corpus(texts={"one": "ሰላም ጳውሎስ"})
    try:
        report = check([path], reader=reader_for(XTTS, vocab, None))
    finally:
        am.deactivate()
    (found,) = (f for f in report.findings if f.kind == "unknown-characters")
    assert "'w'" in found.message
    assert "'s'" not in found.message


def test_a_vits_config_brings_its_own_characters(corpus: Corpus, tmp_path: Path) -> None:
    pytest.importorskip("TTS")
    from TTS.tts.configs.shared_configs import CharactersConfig
    from TTS.tts.configs.vits_config import VitsConfig

    import coqui_amharic_ext as am

    config = VitsConfig(
        use_phonemes=False,
        characters=CharactersConfig(characters="ሰላም", punctuations=" ", pad="_", eos="~", bos="^"),
        max_audio_len=10 * RATE,
    )
    config.save_json(tmp_path / "config.json")
    limits = from_config(tmp_path / "config.json")
    assert (limits.model, limits.max_seconds, limits.resamples) == ("vits", 10.0, False)
    path = corpus(texts={"one": "ሰላም ነው"})
    try:
        report = check(
            [path], limits=limits, reader=reader_for(limits, None, tmp_path / "config.json")
        )
    finally:
        am.deactivate()
    (found,) = (f for f in report.findings if f.kind == "unknown-characters")
    assert "'ነ', 'ው'" in found.message


def test_duplicates_and_contradictions(corpus: Corpus) -> None:
    path = corpus(
        {"a": tone(2.0), "b": tone(2.5), "c": tone(3.0)},
        lines=["a|x|ሰላም", "a|x|ሰላም", "b|y|እሺ", "b|y|አይ", "c|x|ሰላም"],
    )
    report = check([path])
    assert kinds(report) == [
        ("duplicate", 2),
        ("contradiction", 3),
        ("contradiction", 4),
        ("repeated-text", 5),
    ]
    assert [done.usable for done in report.rows] == [True, False, False, False, True]


def test_a_copy_under_another_name_is_a_duplicate(corpus: Corpus) -> None:
    path = corpus({"a": tone(2.0)}, lines=["a|x|ሰላም", "b|x|ሰላም"])
    wav = path.parent / "wavs" / "a.wav"
    (path.parent / "wavs" / "b.wav").write_bytes(wav.read_bytes())
    assert kinds(check([path])) == [("duplicate", 2)]


def test_a_text_far_too_long_for_its_clip_stands_out(corpus: Corpus) -> None:
    clips = {f"c{n:02d}": tone(2.0) for n in range(20)}
    texts = {name: f"ሰላም ልጆች ደህና {'ና' * n}" for n, name in enumerate(clips, 1)}
    texts["c07"] = "ሰላም " * 30
    report = check([corpus(clips, texts)])
    assert kinds(report) == [("pace", 8)]


def _coqui(tmp_path: Path, rows: list[tuple[str, str]]) -> Path:
    lines = ["audio_file|text|speaker_name"]
    for number, (speaker, text) in enumerate(rows):
        soundfile.write(tmp_path / f"{number}.wav", tone(1.0, 200 + number), RATE)
        lines.append(f"{number}.wav|{text}|{speaker}")
    path = tmp_path / "metadata.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_an_empty_speaker_among_others(tmp_path: Path) -> None:
    path = _coqui(tmp_path, [("አበበ", "ሰላም"), ("", "እሺ")])
    assert kinds(check([path])) == [("speaker", 3)]


def test_speakers_with_one_clip_each_would_keep_upstream_busy_for_ever(
    tmp_path: Path,
) -> None:
    path = _coqui(tmp_path, [(f"s{n}", f"ሰላም {'ና' * n}") for n in range(1, 101)])
    report = check([path])
    assert ("endless-split", 0) in kinds(report, whole=True)
    assert report.errors == 1


def test_few_clips_name_the_share_that_upstream_needs(corpus: Corpus) -> None:
    pytest.importorskip("TTS")
    from TTS.tts.datasets import split_dataset

    (found,) = check([corpus({c: tone(1.0) for c in "abc"})]).findings
    share = float(found.message.rpartition(" ")[2])
    items = [{"speaker_name": "x"} for _ in range(3)]
    assert len(split_dataset(list(items), 256, share)[0]) == 1
    with pytest.raises(AssertionError):
        split_dataset(list(items), 256, 0.01)


def test_a_language_that_the_model_lacks(tmp_path: Path) -> None:
    path = tmp_path / "metadata.jsonl"
    rows = [{"file_name": f"{n}.wav", "text": "a", "language": n} for n in ("am-ET", "en", "xx")]
    for row in rows:
        soundfile.write(tmp_path / row["file_name"], tone(1.0, 100 * len(row["file_name"])), RATE)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = check([path])
    assert ("language", 3) in kinds(report)
    assert [done.language for done in report.rows] == ["am", "en", "xx"]
    (found,) = (f for f in report.findings if f.kind == "language")
    assert found.message.startswith("'xx' is not a language of this model: en, es")


def test_progress_is_told_up_to_the_end(corpus: Corpus) -> None:
    told: list[tuple[int, int]] = []
    check([corpus({c: tone(1.0) for c in "abc"})], tell=lambda *step: told.append(step))
    assert told == sorted(told)
    assert told[-1] == (6, 6)


def test_without_metadata_there_is_nothing_to_check() -> None:
    with pytest.raises(DataError, match="at least one metadata file"):
        check([])


def _recipe_values(recipe: str) -> dict[str, Any]:
    tree = ast.parse((RECIPES / recipe).read_text(encoding="utf-8"))
    return {
        keyword.arg: keyword.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg and isinstance(keyword.value, ast.Constant)
    }


def test_the_limits_are_the_recipes() -> None:
    xtts = _recipe_values("train_xtts_gpt.py")
    assert XTTS.max_seconds * XTTS.sample_rate == pytest.approx(xtts["max_wav_length"])
    assert XTTS.max_tokens == xtts["max_text_length"]
    assert XTTS.sample_rate == xtts["sample_rate"]
    assert VITS.sample_rate == _recipe_values("train_vits.py")["sample_rate"]


def test_xtts_languages_are_upstreams() -> None:
    pytest.importorskip("TTS")
    from TTS.tts.configs.xtts_config import XttsConfig

    import coqui_amharic_ext as am

    am.deactivate()
    assert set(XTTS.languages) == {*XttsConfig().languages, "zh", "am"}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"model": "xtts"}'])
def test_what_is_no_config_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(content)
    with pytest.raises(DataError, match=r"config\.json"):
        from_config(path)


def test_figures_of_every_kind_are_found() -> None:
    policy = TextPolicy()
    written = [w for w, _ in figures("በ2015 ዓ.ም 3.5 ኪ.ሜ ፲፪ ½", policy)]
    for number in ("2015", "3.5", "፲፪", "½"):
        assert any(number in w for w in written), (number, written)
    assert figures("ሰላም ነው", policy) == []


def test_punctuation_and_signs_that_are_read_are_not_called_dropped() -> None:
    assert dropped_characters("«ሰላም»፣ 25% — “እሺ”… $3 é № 5°C።", TextPolicy()) == []
    assert dropped_characters("Ж😀한", TextPolicy()) == ["Ж", "😀", "한"]


def test_a_name_with_its_ending_is_told_to_go_without(corpus: Corpus) -> None:
    report = check([corpus({"a": tone(2.0)}, lines=["a.wav|x|ሰላም"])])
    (named,) = [f for f in report.findings if f.severity == "error"]
    assert named.kind == "layout"
    assert named.message.endswith("the first column is the name without .wav")


@pytest.mark.parametrize("text", ["ሰላም ልጆች " * 44, "እሺ"])
def test_a_text_that_cannot_be_its_clips_is_an_error_in_any_corpus(
    text: str, corpus: Corpus
) -> None:
    seconds = 12.0 if text == "እሺ" else 2.0
    report = check([corpus({"a": tone(seconds), "b": tone(2.0)}, {"a": text})], limits=VITS)
    (found,) = [f for f in report.findings if f.kind == "pace"]
    assert (found.line, found.severity, found.remedy) == (1, "error", "left out")
    assert [done.usable for done in report.rows] == [False, True]


def test_a_recording_with_many_texts_is_reported_in_linear_size(corpus: Corpus) -> None:
    lines = [f"a|x{n}|ሰላም {n}" for n in range(3000)]
    report = check([corpus({"a": tone(2.0)}, lines=lines)], limits=VITS)
    messages = [f.message for f in report.findings if f.kind == "contradiction"]
    assert len(messages) == 3000
    assert max(map(len, messages)) < 500
    assert messages[0].endswith("and 2997 more")
