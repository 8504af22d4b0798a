"""A sample that cannot be used ends in one error that says why, or in a counted warning."""

from __future__ import annotations

import json
import logging
import math
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("TTS")

from coqui_amharic_ext.demo import tiny  # noqa: E402
from coqui_amharic_ext.errors import UnavailableError  # noqa: E402
from coqui_amharic_ext.training.samples import UnusableSampleError  # noqa: E402
from tests.patched import stock_only  # noqa: E402

Row = dict[str, Any]


def _nan_clip(path: Path) -> Path:
    import soundfile

    soundfile.write(path, [math.nan] * tiny.SAMPLE_RATE, tiny.SAMPLE_RATE, subtype="FLOAT")
    return path


def _text_file(path: Path) -> Path:
    path.write_text("this is no audio", encoding="utf-8")
    return path


DEFECTS: dict[str, tuple[Callable[[Row, Path], Row], str]] = {
    "unknown character": (lambda row, _: row | {"text": "naïve"}, r"'ï' \(U\+00EF\)"),
    "two unknown characters": (lambda row, _: row | {"text": "ñandú"}, r"'ñ'.*'ú'"),
    "language without a token": (lambda row, _: row | {"language": "fr"}, r"no token \[fr\]"),
    "language that Coqui lacks": (lambda row, _: row | {"language": "xx"}, "'xx' is not supported"),
    "empty text": (lambda row, _: row | {"text": ""}, "its text is empty"),
    "blank text": (lambda row, _: row | {"text": " \t"}, "its text is empty"),
    "no text": (lambda row, _: row | {"text": None}, "its text is empty"),
    "NaN for a text": (lambda row, _: row | {"text": math.nan}, "its text is empty"),
    "missing audio": (
        lambda row, folder: row | {"audio_file": str(folder / "nowhere.wav")},
        "nowhere.wav' does not exist",
    ),
    "folder for audio": (
        lambda row, folder: row | {"audio_file": str(folder)},
        "is a folder",
    ),
    "not audio": (
        lambda row, folder: row | {"audio_file": str(_text_file(folder / "fake.wav"))},
        "cannot be read",
    ),
    "NaN in the audio": (
        lambda row, folder: row | {"audio_file": str(_nan_clip(folder / "nan.wav"))},
        "not finite",
    ),
}


@pytest.fixture(params=DEFECTS)
def defect(request: pytest.FixtureRequest, rows: list[Row], tmp_path: Path) -> tuple[Row, str]:
    change, reason = DEFECTS[request.param]
    return change(rows[0], tmp_path), reason


@pytest.fixture
def shallow() -> Iterator[None]:
    """Upstream's recursion takes seconds at Python's own limit."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    yield
    sys.setrecursionlimit(before)


@stock_only
def test_upstream_alone_recurses_without_a_word(
    inactive: None, shallow: None, dataset: Callable[..., Any], rows: list[Row]
) -> None:
    made = dataset([rows[0] | {"text": "naïve"}])
    with pytest.raises(RecursionError):
        made[0]


def test_a_defect_is_one_error_with_file_text_and_reason(
    activate: Callable[..., Any], dataset: Callable[..., Any], defect: tuple[Row, str]
) -> None:
    activate()
    row, reason = defect
    with pytest.raises(UnusableSampleError, match=reason) as caught:
        dataset([row])[0]
    assert repr(row["audio_file"]) in str(caught.value)
    assert repr(row["text"]) in str(caught.value)
    assert "on_bad_sample" in str(caught.value)


def test_a_defect_among_eval_samples_is_one_error(
    activate: Callable[..., Any],
    dataset: Callable[..., Any],
    defect: tuple[Row, str],
    rows: list[Row],
) -> None:
    activate()
    row, reason = defect
    with pytest.raises(UnusableSampleError, match=reason) as caught:
        dataset([rows[1], row, rows[2]], is_eval=True)
    assert "1 of 3 eval samples" in str(caught.value)


def test_amharic_text_names_the_phone_that_has_no_token(
    activate: Callable[..., Any],
    dataset: Callable[..., Any],
    rows: list[Row],
    tmp_path: Path,
) -> None:
    activate(g2p_backends=("rules",))
    without = [symbol for symbol in tiny.default_symbols() if symbol not in {"ə", "ʼ"}]
    vocab = tiny.write_vocab(tmp_path / "vocab.json", without)
    row = rows[0] | {"text": "ሰላም", "language": "am"}
    with pytest.raises(UnusableSampleError, match=r"'ə' \(U\+0259\)") as caught:
        dataset([row], model_args={"tokenizer_file": str(vocab)})[0]
    assert "ሰላም" in str(caught.value)
    assert row["audio_file"] in str(caught.value)


@pytest.mark.parametrize(
    ("language", "text", "named"),
    [
        ("en", "naïve", r"'ï' \(U\+00EF\), it would be dropped or changed in '\[en\]na"),
        ("am", "ሰላም", "drops or changes 'ə' without telling the model"),
    ],
)
def test_a_vocabulary_without_an_unknown_token_drops_nothing_in_silence(
    activate: Callable[..., Any],
    dataset: Callable[..., Any],
    rows: list[Row],
    tmp_path: Path,
    language: str,
    text: str,
    named: str,
) -> None:
    activate(g2p_backends=("rules",))
    without = [symbol for symbol in tiny.default_symbols() if symbol not in {"ə", "ʼ"}]
    vocab = tiny.write_vocab(tmp_path / "vocab.json", without)
    data = json.loads(vocab.read_text(encoding="utf-8"))
    data["model"]["unk_token"] = None
    vocab.write_text(json.dumps(data), encoding="utf-8")
    row = rows[0] | {"text": text, "language": language}
    made = dataset([row], model_args={"tokenizer_file": str(vocab)})
    with pytest.raises(UnusableSampleError, match=named):
        made[0]
    assert dataset([rows[0]], model_args={"tokenizer_file": str(vocab)})[0]


def test_text_that_holds_the_stop_token(
    activate: Callable[..., Any], dataset: Callable[..., Any], rows: list[Row], tmp_path: Path
) -> None:
    activate()
    # Upstream takes id 0 for the stop token; here that is an ordinary letter's.
    vocab = tmp_path / "vocab.json"
    data = json.loads(tiny.write_vocab(vocab).read_text(encoding="utf-8"))
    ids = data["model"]["vocab"]
    ids["[STOP]"], ids["q"] = ids["q"], 0
    data["added_tokens"][0]["id"] = ids["[STOP]"]
    vocab.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(UnusableSampleError, match="holds the stop token"):
        dataset([rows[0] | {"text": "quick"}], model_args={"tokenizer_file": str(vocab)})[0]


@stock_only
def test_what_every_sample_would_meet_is_no_samples_fault(
    activate: Callable[..., Any],
    dataset: Callable[..., Any],
    rows: list[Row],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    activate(on_bad_sample="skip")
    made = dataset(rows)

    def refuse(*_: Any) -> None:
        raise UnavailableError("the backend asked for is not installed")

    monkeypatch.setattr(made.tokenizer, "encode", refuse)
    with pytest.raises(UnavailableError, match="not installed"):
        made[0]


@pytest.mark.usefixtures("stock_decodes")
def test_skipping_draws_what_upstream_draws(
    inactive: None,
    activate: Callable[..., Any],
    dataset: Callable[..., Any],
    rows: list[Row],
) -> None:
    # Few enough defects that upstream's recursion ends, so that it can be the reference.
    samples = [*rows, rows[0] | {"text": "naïve"}]

    def draw() -> list[tuple[str, float]]:
        made = dataset(samples)
        random.seed(5)
        items = [made[number] for number in range(30)]
        return [(item["filenames"], float(item["conditioning"].abs().sum())) for item in items]

    stock = draw()
    activate(on_bad_sample="skip")
    assert draw() == stock


@stock_only
def test_skipped_samples_are_counted(
    activate: Callable[..., Any],
    dataset: Callable[..., Any],
    rows: list[Row],
    caplog: pytest.LogCaptureFixture,
) -> None:
    activate(on_bad_sample="skip")
    bad = [rows[0] | {"text": f"naïve {number}"} for number in range(3)]
    made = dataset([*bad, rows[1]])
    with caplog.at_level(logging.WARNING):
        files = {made[number]["filenames"] for number in range(40)}
    assert files == {rows[1]["audio_file"]}
    told = [record.getMessage() for record in caplog.records if "skipped" in record.getMessage()]
    assert [message.split()[0] for message in told] == ["1", "2", "3"]


@stock_only
def test_nothing_usable_is_one_error_not_a_recursion(
    activate: Callable[..., Any], dataset: Callable[..., Any], rows: list[Row]
) -> None:
    activate(on_bad_sample="skip")
    bad = [row | {"text": "naïve"} for row in rows]
    with pytest.raises(UnusableSampleError, match=r"none of the 8 training samples.*8 with a def"):
        dataset(bad)[0]
    with pytest.raises(UnusableSampleError, match="none of the 8 eval samples"):
        dataset(bad, is_eval=True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"max_wav_length": tiny.SAMPLE_RATE}, "more than max_wav_length"),
        ({"max_text_length": 20}, r"more than max_text_length \(20\)"),
    ],
)
@pytest.mark.parametrize("on_bad_sample", ["raise", pytest.param("skip", marks=stock_only)])
def test_lengths_outside_the_limits_are_filtered_whatever_the_setting(
    activate: Callable[..., Any],
    dataset: Callable[..., Any],
    rows: list[Row],
    changes: dict[str, int],
    reason: str,
    on_bad_sample: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    activate(on_bad_sample=on_bad_sample)
    samples = [rows[1], rows[3]]  # too long by both measures, and fine by both
    with caplog.at_level(logging.WARNING):
        made = dataset(samples, model_args=changes)
        assert {made[n]["filenames"] for n in range(20)} == {rows[3]["audio_file"]}
        assert dataset(samples, is_eval=True, model_args=changes).samples == [rows[3]]
    told = "\n".join(record.getMessage() for record in caplog.records)
    assert told.count("so far, as upstream does silently") == 1
    assert "1 of 2 eval samples are left out: 1 outside the length limits" in told
    with pytest.raises(UnusableSampleError, match=reason):
        dataset([rows[1]], model_args=changes)[0]


def test_a_clip_under_half_a_second_is_filtered(
    activate: Callable[..., Any], dataset: Callable[..., Any], rows: list[Row], tmp_path: Path
) -> None:
    activate()
    short = rows[0] | {"audio_file": str(tiny.write_clip(tmp_path / "short.wav", 0.3))}
    made = dataset([short, rows[1]])
    assert {made[n]["filenames"] for n in range(20)} == {rows[1]["audio_file"]}
    with pytest.raises(UnusableSampleError, match=r"lasts 0\.30 s, less than 0\.50 s"):
        dataset([short])[0]


def test_a_file_that_vanishes_after_the_eval_check(
    activate: Callable[..., Any], dataset: Callable[..., Any], rows: list[Row], tmp_path: Path
) -> None:
    clip = tiny.write_clip(tmp_path / "gone.wav", 1.0)
    samples = [rows[0] | {"audio_file": str(clip)}, rows[1]]
    activate()
    made = dataset(samples, is_eval=True)
    clip.unlink()
    with pytest.raises(UnusableSampleError, match="does not exist"):
        made[0]
    assert made[1]["filenames"] == rows[1]["audio_file"]
    with pytest.raises(IndexError):
        made[2]
    activate(on_bad_sample="skip")
    assert made[0]["filenames"] == rows[1]["audio_file"]


@pytest.mark.parametrize("start_method", ["spawn", "forkserver"])
def test_the_error_reaches_the_trainer_from_a_worker(
    activate: Callable[..., Any],
    dataset: Callable[..., Any],
    rows: list[Row],
    start_method: str,
) -> None:
    activate()
    made = dataset([rows[0] | {"text": "naïve"}])
    loader = torch.utils.data.DataLoader(
        made, num_workers=1, multiprocessing_context=start_method, collate_fn=made.collate_fn
    )
    with pytest.raises(UnusableSampleError, match=r"'ï' \(U\+00EF\)"):
        list(loader)


@stock_only
@pytest.mark.usefixtures("stock_decodes")
def test_deactivated_datasets_go_on_with_upstreams_code(
    activate: Callable[..., Any], shallow: None, dataset: Callable[..., Any], rows: list[Row]
) -> None:
    import coqui_amharic_ext as am

    activate()
    good, bad = dataset(rows), dataset([rows[0] | {"text": "naïve"}])
    good[0]
    am.deactivate()
    assert set(good[0]) >= {"text", "wav", "conditioning"}
    with pytest.raises(RecursionError):
        bad[0]
