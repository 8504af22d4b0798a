"""The trainer's and transformers' noise at the start of every run is not on the screen."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("TTS")

from trainer import generic_utils  # noqa: E402
from trainer import trainer as trainer_module  # noqa: E402

import coqui_amharic_ext as am  # noqa: E402


@pytest.mark.parametrize("active", [True, False])
def test_git_does_not_complain_of_a_folder_without_a_repository(
    active: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (am.activate if active else am.deactivate)()
    try:
        assert trainer_module.get_git_branch() in ("inside_docker", "unknown")
        assert generic_utils.get_commit_hash() == "0000000"
        assert ("not a git repository" in capfd.readouterr().err) is not active
    finally:
        am.activate()


@pytest.mark.parametrize("norm", [torch.tensor(6.25), torch.tensor([6.25]), 6.25])
def test_a_gradient_norm_is_logged_as_a_number(norm: Any) -> None:
    am.activate()
    trainer = SimpleNamespace(_detach_loss_dict=dict, total_steps_done=0)
    found = trainer_module.Trainer.detach_loss_dict(
        trainer, {"loss": 1.5}, step_optimizer=True, optimizer_idx=0, grad_norm=norm
    )
    assert str(found) == "{'loss_0': 1.5, 'grad_norm_0': 6.25}"


def test_building_the_gpt_warns_of_no_tokens_and_other_warnings_come_through(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from transformers import GPT2Config
    from TTS.tts.layers.xtts import gpt

    am.activate()
    logger = logging.getLogger("transformers.configuration_utils")
    before = logger.filters[:]
    logger.addHandler(caplog.handler)  # transformers' loggers do not propagate
    try:
        made = gpt.GPT(layers=1, model_dim=32, heads=2, number_text_tokens=31)
        made.init_gpt_for_inference()
        assert "token_id must be" not in caplog.text
        # Another width, so that it is no repetition, which transformers leaves out.
        GPT2Config(vocab_size=29, bos_token_id=50257)
    finally:
        logger.removeHandler(caplog.handler)
    assert "bos_token_id must be" in caplog.text
    assert logger.filters == before


def test_every_patch_of_training_has_a_name_for_itself() -> None:
    from coqui_amharic_ext.training.patches import PATCHES

    names = [patch.name for patch in PATCHES]
    assert sorted(names) == sorted(set(names))
