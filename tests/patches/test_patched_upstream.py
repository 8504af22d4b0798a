"""On upstream with the diffs: the extension leaves alone what is there, and all results agree."""

from __future__ import annotations

import importlib
import logging
import os
import random
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import requires
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui.vocabulary import extend_file
from tests.attention.models import batch_of, small_gpt, step, without_dropout, worst_gradient
from tests.coqui.checkpoints import write_xtts
from tests.coqui.vocabularies import write_xtts_like
from tests.patched import carried, patched_only

pytestmark = [patched_only, pytest.mark.usefixtures("inactive")]

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-5
"""Of losses and gradients, relative; float32 noise of so small a model is some 1e-6."""

HAD = {
    "coqui-phonemizer",
    "coqui-characters",
    "gpt-training-forward",
    "flash-attention-2-guard",
    "conditioning-attention",
    "perceiver-attention",
    "trainer-gradient-sync",
    "trainer-gradient-sync-step",
    "trainer-gradient-sync-scaled",
    "trainer-gradient-norm",
    "whole-checkpoints",
    "whole-best-model",
}
"""Patches whose change the series has, with default settings."""
SAMPLES = {"xtts-dataset-bad-samples", "xtts-dataset-eval-check"}


def _left_alone(settings: am.Settings) -> set[str]:
    for module in ("TTS.tts.layers.xtts.trainer.gpt_trainer", "TTS.utils.synthesizer"):
        importlib.import_module(module)
    report = am.activate(settings)
    assert not [patch for patch in report.patches if patch.state in {"skipped", "pending"}]
    return {patch.name for patch in report.patches if patch.state == "upstream has it"}


def test_upstream_is_the_patched_one_and_declares_six() -> None:
    import trainer
    import TTS

    assert Path(TTS.__file__).parents[1] == Path(trainer.__file__).parents[1]
    assert len(carried()) == len(set(carried())) > 10
    assert any(line.startswith("six") for line in requires("coqui-tts") or ())


@pytest.mark.parametrize(
    ("settings", "left_alone"),
    [
        ({}, HAD),
        ({"on_bad_sample": "skip"}, HAD | SAMPLES),
        # What upstream's own forward cannot do is done by ours where it is asked for.
        ({"attention": "sdpa"}, HAD - {"gpt-training-forward"}),
        ({"checkpointing": 2}, HAD - {"gpt-training-forward"}),
        ({"packing": False}, HAD - {"gpt-training-forward"}),
    ],
    # Not of the sets: their order differs from one test process to the next.
    ids=["default", "skip", "sdpa", "checkpointing", "padded"],
)
def test_what_upstream_has_is_left_alone(settings: dict[str, Any], left_alone: set[str]) -> None:
    assert _left_alone(am.Settings(**settings)) == left_alone


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """Stock upstream with the extension, and this upstream without it."""
    folder = tmp_path_factory.mktemp("observed")

    def run(name: str, **environment: str) -> dict[str, Any]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
        if name == "stock":
            del clean["PYTHONPATH"]
        out = folder / f"{name}.pt"
        done = subprocess.run(
            [sys.executable, "-m", "tests.patches.observe", str(out)],
            cwd=ROOT,
            env=clean | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = torch.load(out, weights_only=False)  # our own file
        return found

    return run("stock"), run("patched", COQUI_AMHARIC_AUTOLOAD="0")


def test_stock_has_our_patches_and_this_one_none(observed: Any) -> None:
    stock, ours = observed
    assert stock["upstream"] != ours["upstream"]
    assert {*stock["applied"]} >= {"gpt-training-forward", "coqui-phonemizer", "coqui-characters"}
    assert ours["applied"] == []


@pytest.mark.parametrize("asked", ["language", "variant", "phonemizer", "both", "several"])
def test_tokens_and_the_saved_config_are_the_same(observed: Any, asked: str) -> None:
    stock, ours = (found["text"][asked] for found in observed)
    assert ours["ids"] == stock["ids"]
    config = ours["config"]
    # Upstream's argument, not a result: a field of the diffs' own would be no difference.
    assert {k: config[k] for k in stock["config"]} == stock["config"]
    assert config["characters"]["characters_class"].endswith(".AmharicPhonemes")
    assert config["phonemizer"] in {"amharic", "multi_phonemizer"}


def test_phonemes_and_all_defaults_are_the_same(observed: Any) -> None:
    stock, ours = (found["text"] for found in observed)
    assert ours["phonemes"] == stock["phonemes"]
    assert ours["defaults"] == stock["defaults"]


def test_losses_gradients_and_conditioning_are_the_same(observed: Any) -> None:
    stock, ours = (found["model"] for found in observed)
    torch.testing.assert_close(ours.pop("style"), stock.pop("style"), rtol=1e-4, atol=1e-5)
    assert len(stock) == 4
    for name, expected in stock.items():
        found = ours[name]
        assert found.text == pytest.approx(expected.text, rel=TOLERANCE), name
        assert found.mel == pytest.approx(expected.mel, rel=TOLERANCE), name
        assert worst_gradient(found, expected)[0] < 1e-4, name


@pytest.mark.parametrize("other", ["sdpa", "eager"])
@pytest.mark.parametrize("codes", [[20, 31, 8], [5]], ids=str)
def test_packed_is_equal_to_padded(other: str, codes: list[int]) -> None:
    batch = batch_of([9, 3, 14][: len(codes)], codes)
    packed = step(without_dropout(small_gpt()), batch)
    padded = step(without_dropout(small_gpt(attn_implementation=other)), batch)
    assert packed.text == pytest.approx(padded.text, rel=TOLERANCE)
    assert packed.mel == pytest.approx(padded.mel, rel=TOLERANCE)
    assert worst_gradient(packed, padded)[0] < 1e-4


def test_gpt_checkpointing_recomputes_and_changes_nothing(
    config: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers.models.gpt2.modeling_gpt2 import GPT2MLP
    from TTS.tts.models.xtts import Xtts

    args = config(model_args={"gpt_checkpointing": True, "gpt_number_text_tokens": 61}).model_args
    args.gpt_start_text_token, args.gpt_stop_text_token = 60, 0
    asked = config(model_args=args.to_dict())
    assert all(block.gradient_checkpointing for block in Xtts(asked).gpt.gpt.h)
    runs: list[int] = []
    forward = GPT2MLP.forward

    def counted(self: Any, *arguments: Any, **options: Any) -> Any:
        runs.append(1)
        return forward(self, *arguments, **options)

    monkeypatch.setattr(GPT2MLP, "forward", counted)
    batch = batch_of([9, 3], [20, 31])
    plain = step(without_dropout(small_gpt()), batch)
    once = len(runs)
    again = step(without_dropout(small_gpt(checkpointing=True)), batch)
    assert len(runs) - once == 2 * once
    assert (again.text, again.mel) == (plain.text, plain.mel)
    assert worst_gradient(again, plain)[0] < 1e-6


def test_the_attention_that_a_config_names_is_taken_and_an_unknown_one_refused() -> None:
    assert small_gpt(attn_implementation="eager").gpt.config._attn_implementation == "eager"
    with pytest.raises(ValueError, match="no_such_attention"):
        small_gpt(attn_implementation="no_such_attention")


@pytest.mark.parametrize("major", [4, 5])
def test_lost_causality_is_refused(monkeypatch: pytest.MonkeyPatch, major: int) -> None:
    from TTS.tts.layers.xtts import gpt as upstream

    installed = SimpleNamespace(__version__=f"{major}.57.6")
    monkeypatch.setattr(upstream, "transformers", installed)
    gpt = small_gpt()
    gpt._refuse_lost_causality()  # packed: nothing to refuse
    monkeypatch.setattr(gpt.gpt.config, "_attn_implementation_internal", "flash_attention_2")
    if major == 5:
        gpt._refuse_lost_causality()
        return
    with pytest.raises(ValueError, match="without causality"):
        step(gpt, batch_of([5, 9], [12, 7]))


def _trained(config: Any, **files: Path) -> Any:
    from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTTrainer

    return GPTTrainer(config(model_args={k: str(v) for k, v in files.items()}))


def test_gpt_checkpoint_takes_what_the_trainer_saved(config: Any, tmp_path: Path) -> None:
    torch.manual_seed(1)
    first = _trained(config)
    first.xtts.gpt.init_gpt_for_inference()  # as in a published model.pth
    path = tmp_path / "checkpoint_1.pth"
    torch.save({"config": {}, "model": first.state_dict()}, path)
    torch.manual_seed(2)
    second = _trained(config, gpt_checkpoint=path)
    saved = first.xtts.gpt.state_dict()
    loaded = second.xtts.gpt.state_dict()
    assert len(loaded) > 50
    assert all(torch.equal(value, saved[name]) for name, value in loaded.items())


def test_checkpoints_load_into_an_extended_vocabulary(config: Any, tmp_path: Path) -> None:
    old = write_xtts_like(tmp_path / "old.json")
    new = tmp_path / "new.json"
    extend_file(old, new, "ipa")
    write_xtts(tmp_path / "model.pth", old)
    sizes = {"gpt_max_audio_tokens": 40}
    before = torch.load(tmp_path / "model.pth", weights_only=True)["model"]
    rows = before["gpt.text_embedding.weight"]
    make = lambda **changes: config(model_args={**changes.pop("model_args"), **sizes})  # noqa: E731
    for kind in ("xtts_checkpoint", "gpt_checkpoint"):
        files = {kind: tmp_path / "model.pth"}
        gpt = _trained(make, tokenizer_file=new, **files).xtts.gpt
        grown = gpt.text_embedding.weight.detach()
        assert len(grown) > len(rows)
        assert torch.equal(grown[: len(rows)], rows)
        added = grown[len(rows) :]
        assert added.isfinite().all()
        assert not torch.equal(added[0], added[1])
        assert added.std() < rows.std()
        assert torch.equal(gpt.text_head.bias[: len(rows)], before["gpt.text_head.bias"])
    torch.save({"config": {}, "model": {f"gpt.{k}": v for k, v in gpt.state_dict().items()}},
               tmp_path / "large.pth")  # fmt: skip
    with pytest.raises(ValueError, match=rf"{len(grown)} text tokens.*only {len(rows)}"):
        _trained(make, tokenizer_file=old, gpt_checkpoint=tmp_path / "large.pth")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"text": ""}, "the text is empty"),
        ({"text": "naïve"}, "UNK token found in 'naïve'"),
        ({"audio_file": "nowhere.wav"}, "nowhere.wav"),
        ({"text": "yes " * 300}, "max_text_length is 200"),
    ],
    ids=["empty", "unknown token", "missing", "long"],
)
def test_a_bad_sample_is_named_once_and_left_out(
    dataset: Any, rows: Any, caplog: pytest.LogCaptureFixture, change: Any, reason: str
) -> None:
    bad = rows[0] | change
    made = dataset([bad, *rows[1:3]])
    with caplog.at_level(logging.WARNING):
        drawn = {made[n]["filenames"] for n in range(30)}
    assert drawn == {row["audio_file"] for row in rows[1:3]}
    told = [r.getMessage() for r in caplog.records if "is left out" in r.getMessage()]
    assert len(told) == 1
    assert bad["audio_file"] in told[0]
    assert reason in told[0]
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert len(dataset([bad, *rows[1:3]], is_eval=True)) == 2
    assert reason in caplog.text


def test_no_usable_sample_at_all_is_one_error(dataset: Any, rows: Any) -> None:
    made = dataset([row | {"text": "naïve"} for row in rows] * 300)
    with pytest.raises(RuntimeError, match="None of 2400 samples can be used"):
        made[0]


def test_good_samples_are_drawn_as_before(dataset: Any, rows: Any) -> None:
    made = dataset()
    random.seed(5)
    drawn = [made[n]["filenames"] for n in range(10)]
    random.seed(5)
    expected = []
    for _ in range(10):
        language = random.choice(list(made.samples))
        sample = made.samples[language][random.randint(0, len(made.samples[language]) - 1)]
        made.load_item(sample)  # draws the slice
        expected.append(sample["audio_file"])
    assert drawn == expected


def test_a_plugin_that_cannot_be_loaded_is_named_and_changes_nothing(
    tmp_path: Path, run_python: Any
) -> None:
    about = tmp_path / "broken_tts-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-tts\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[TTS.phonemizers]\nbroken = no_such_module:Broken\n")
    code = """
        import json, logging
        logging.basicConfig(level=logging.WARNING)
        from TTS.tts.utils.text import phonemizers
        print(phonemizers.get_default_phonemizer("am"), phonemizers.get_default_phonemizer("en"))
        print(json.dumps(phonemizers.DEF_LANG_TO_PHONEMIZER, sort_keys=True))
        assert "broken" not in phonemizers.PHONEMIZERS
    """
    without = run_python(code, COQUI_AMHARIC_AUTOLOAD="0")
    path = os.pathsep.join((os.environ["PYTHONPATH"], str(tmp_path)))
    with_it = run_python(code, COQUI_AMHARIC_AUTOLOAD="0", PYTHONPATH=path)
    assert with_it.stdout == without.stdout
    assert with_it.stdout.startswith("amharic ")
    assert "Phonemizer broken (no_such_module:Broken) is left out" in with_it.stderr
    assert "broken" not in without.stderr


def test_an_unpicklable_state_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    from trainer.io import save_fsspec

    path = tmp_path / "checkpoint_1.pth"
    save_fsspec({"step": 1}, path)
    with pytest.raises((AttributeError, TypeError, RuntimeError)):
        save_fsspec({"step": 2, "bad": (n for n in ())}, path)
    assert torch.load(path, weights_only=True) == {"step": 1}
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    save_fsspec({"step": 3}, "memory://folder/checkpoint_3.pth")
    from trainer.io import load_fsspec

    assert load_fsspec("memory://folder/checkpoint_3.pth", cache=False) == {"step": 3}
