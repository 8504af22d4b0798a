"""A stock ``GPTTrainer`` gets index-true, weighted and length-aware batches by setting alone."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("TTS")

from coqui_amharic_ext.demo import tiny  # noqa: E402
from coqui_amharic_ext.errors import SettingsError  # noqa: E402
from coqui_amharic_ext.training import loader as loading  # noqa: E402
from coqui_amharic_ext.training.dataset import IndexTrueDataset  # noqa: E402
from coqui_amharic_ext.training.samples import UnusableSampleError  # noqa: E402
from tests.patched import stock_only  # noqa: E402

Row = dict[str, Any]


@pytest.fixture(scope="module")
def model(assets: tiny.TinyAssets) -> Any:
    """Upstream's trainer model, built once; the tests change its config alone."""
    import coqui_amharic_ext as am

    am.deactivate()
    from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTArgs, GPTTrainer, GPTTrainerConfig

    return GPTTrainer(GPTTrainerConfig(model_args=GPTArgs(**assets.gpt_args())))


@pytest.fixture
def load(model: Any, config: Callable[..., Any], rows: list[Row]) -> Callable[..., Any]:
    """Ask the model for a loader as the trainer does."""

    def make(samples: list[Row] | None = None, *, is_eval: bool = False, **changes: Any) -> Any:
        made = config(**changes)
        model.config = made
        samples = list(rows if samples is None else samples)
        return model.get_data_loader(made, is_eval=is_eval, samples=samples, verbose=True)

    return make


def _two_languages(rows: list[Row], amharic: int) -> list[Row]:
    """Call some rows Amharic; their text is spelled with letters that both languages have."""
    return [row | {"language": "am" if n < amharic else "en"} for n, row in enumerate(rows)]


def _visit(loader: Any) -> list[tuple[str, float]]:
    """Return every sample's file and a sum over the slice that was cut from it."""
    return [
        (name, round(float(slice_.abs().sum()), 3))
        for batch in loader
        for name, slice_ in zip(batch["filenames"], batch["conditioning"], strict=True)
    ]


def _files(loader: Any) -> list[str]:
    return [Path(name).stem for name, _ in _visit(loader)]


def test_without_a_setting_the_loader_is_upstreams(
    activate: Callable[..., Any], load: Callable[..., Any]
) -> None:
    report = activate()
    states = {patch.name: patch.state for patch in report.patches}
    assert states["xtts-index-true-loader"] == states["xtts-loader-epoch"] == "off"
    assert type(load().dataset).__name__ == "XTTSDataset"


@pytest.mark.usefixtures("stock_decodes")
def test_upstream_alone_repeats_samples_and_leaves_others_out(
    inactive: None, load: Callable[..., Any]
) -> None:
    made = load()
    random.seed(1)
    assert max(Counter(_files(made)).values()) > 1


def test_every_sample_comes_once_and_follows_from_seed_and_epoch(
    activate: Callable[..., Any], load: Callable[..., Any], rows: list[Row]
) -> None:
    activate(index_true_dataset=True)
    made = load()
    first = _visit(made)
    assert sorted(name for name, _ in first) == sorted(row["audio_file"] for row in rows)
    assert len(made) == 4
    random.seed(99)  # the surroundings' random numbers have no say
    state = random.getstate()
    assert _visit(made) == first
    assert random.getstate() == state
    made.batch_sampler.set_epoch(1)
    made.dataset.set_epoch(1)
    second = _visit(made)
    assert [name for name, _ in second] != [name for name, _ in first]
    assert dict(second).keys() == dict(first).keys()
    assert dict(second) != dict(first)  # other slices
    assert _visit(load()) == first
    assert _visit(load(training_seed=4)) != first


@pytest.mark.parametrize("context", ["spawn", "fork"])
def test_workers_change_nothing(
    activate: Callable[..., Any],
    load: Callable[..., Any],
    context: str,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    if context == "spawn":
        request.getfixturevalue("stock_decodes")  # without autoload, upstream's reading is stock's
    activate(index_true_dataset=True)
    alone = _visit(load())
    # Without autoload a worker started by spawn has upstream's dataset, unless ours comes along.
    monkeypatch.setenv("COQUI_AMHARIC_AUTOLOAD", "0")
    made = load(num_loader_workers=1)
    assert made.num_workers == 1
    made.multiprocessing_context = context
    assert _visit(made) == alone


def test_ranks_share_the_samples(
    activate: Callable[..., Any], load: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    activate(index_true_dataset=True)
    parts = []
    for rank in range(2):
        monkeypatch.setattr(loading, "_rank_and_world", lambda rank=rank: (rank, 2))
        parts.append(_files(load()))
    assert sorted(parts[0] + parts[1]) == sorted(f"clip{n:03d}" for n in range(8))


def test_the_trainer_tells_the_epoch_also_when_it_resumes(
    activate: Callable[..., Any], load: Callable[..., Any], model: Any
) -> None:
    activate(index_true_dataset=True)
    made = load()
    trainer = SimpleNamespace(model=model, train_loader=made, epochs_done=5)
    model.on_train_epoch_start(trainer)
    assert made.batch_sampler.epoch == made.dataset.epoch == 5
    assert model.xtts.gpt.training
    assert not model.dvae.training
    resumed = load()
    trainer.train_loader = resumed
    model.on_train_epoch_start(trainer)
    assert _visit(resumed) == _visit(made)


def test_languages_get_their_share(
    activate: Callable[..., Any], load: Callable[..., Any], rows: list[Row]
) -> None:
    samples = _two_languages(rows, amharic=2)
    for weights, share in (("am=3,en=1", 6), ("uniform", 4), ("am=1,en=0", 8)):
        activate(language_weights=weights, g2p_backends=("rules",))
        made = load(samples)
        indices = [index for batch in made.batch_sampler for index in batch]
        languages = Counter(made.dataset.rows[index]["language"] for index in indices)
        assert languages["am"] == share
        assert languages.total() == len(samples)


@pytest.mark.parametrize(
    ("weights", "reason"),
    [("am=1,fr=1", "names fr, but the data have"), ("am=1", "no weight for en")],
)
def test_weights_that_do_not_fit_the_data_are_an_error(
    activate: Callable[..., Any],
    load: Callable[..., Any],
    rows: list[Row],
    weights: str,
    reason: str,
) -> None:
    activate(language_weights=weights)
    with pytest.raises(SettingsError, match=reason):
        load(_two_languages(rows, amharic=3))


@stock_only
def test_token_batches_keep_the_budget_by_the_models_own_count(
    activate: Callable[..., Any], load: Callable[..., Any], model: Any
) -> None:
    """What the GPT itself does not mask, in upstream's own forward, is the measure."""
    activate(batch_tokens=260, attention="off")
    made = load(model_args={"gpt_use_masking_gt_prompt_approach": False})
    counted: list[int] = []
    hook = model.xtts.gpt.gpt.register_forward_pre_hook(
        lambda module, args, kwargs: counted.append(int(kwargs["attention_mask"].sum())),
        with_kwargs=True,
    )
    expected = []
    try:
        for batch, indices in zip(made, made.batch_sampler, strict=True):
            batch = model.format_batch_on_device(batch)
            batch["cond_idxs"] = batch["cond_lens"] = None
            model.train_step(batch, None)
            expected.append(sum(made.batch_sampler._sizes[index] for index in indices))
    finally:
        hook.remove()
    assert counted == expected
    assert max(counted) <= 260
    assert len(made) < 8  # more than one sample in a batch
    assert sorted(_files(made)) == sorted(f"clip{n:03d}" for n in range(8))


def test_a_budget_below_the_longest_sample_is_an_error_that_names_it(
    activate: Callable[..., Any], load: Callable[..., Any]
) -> None:
    activate(batch_tokens=100)
    with pytest.raises(SettingsError, match=r"the longest sample has: \d+ tokens.*clip001\.wav"):
        load()


def test_defects_are_found_before_training_where_tokens_are_counted(
    activate: Callable[..., Any],
    load: Callable[..., Any],
    rows: list[Row],
    caplog: pytest.LogCaptureFixture,
) -> None:
    samples = [*rows, rows[0] | {"text": "naïve"}, rows[0] | {"audio_file": "nowhere.wav"}]
    activate(batch_tokens=400)
    with pytest.raises(UnusableSampleError, match="2 of 10 training samples cannot be used"):
        load(samples)
    activate(batch_tokens=400, on_bad_sample="skip")
    with caplog.at_level(logging.WARNING):
        made = load(samples)
    assert "2 of 10 training samples are left out: 2 with a defect" in caplog.text
    assert len(made.dataset) == 8
    with pytest.raises(UnusableSampleError, match="none of the 1 training samples"):
        load(samples[-1:])


def test_the_eval_loader_stays_upstreams(
    activate: Callable[..., Any], load: Callable[..., Any]
) -> None:
    activate(batch_tokens=400, language_weights="uniform")
    made = load(is_eval=True)
    assert type(made.dataset).__name__ == "XTTSDataset"
    assert made.batch_size == 2


def test_an_index_gives_its_own_sample_or_an_error(
    activate: Callable[..., Any], dataset: Callable[..., Any], rows: list[Row]
) -> None:
    activate()
    inner = dataset()
    samples = [rows[0], rows[1] | {"text": "naïve"}, rows[2]]
    strict = IndexTrueDataset(inner, samples, 1, skip=False)
    assert [strict[n]["filenames"] for n in (0, 2)] == [samples[n]["audio_file"] for n in (0, 2)]
    with pytest.raises(UnusableSampleError, match="'ï'"):
        strict[1]
    for index in (-1, 3):
        with pytest.raises(IndexError):
            strict[index]
    lenient = IndexTrueDataset(inner, samples, 1, skip=True)
    assert lenient[1]["filenames"] == lenient[1]["filenames"] == samples[2]["audio_file"]
    assert lenient.tally.total == 1  # counted once
    with pytest.raises(UnusableSampleError, match="none of the 1 training samples"):
        IndexTrueDataset(inner, samples[1:2], 1, skip=True)[0]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100])
def test_a_clips_length_is_that_of_the_loaded_clip(
    activate: Callable[..., Any], tmp_path: Path, suffix: str, rate: int
) -> None:
    import soundfile
    from TTS.tts.models.xtts import load_audio

    activate()
    path = tmp_path / f"clip{suffix}"
    if suffix.strip(".").upper() not in soundfile.available_formats():
        pytest.skip(f"this libsndfile does not write {suffix}")
    noise = torch.randn(12_345).clamp(-1, 1).numpy() * 0.1
    soundfile.write(path, noise, rate)
    length = load_audio(path, 22_050).shape[-1]
    assert loading.audio_length(str(path), 22_050) == pytest.approx(length, abs=1)
