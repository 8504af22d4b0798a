"""The patches of XTTS's training code; what they put in place is imported when they are applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from coqui_amharic_ext.patching import Known, Patch, calls
from coqui_amharic_ext.settings import Settings
from coqui_amharic_ext.training import probes

TRAINER: Final = "coqui-tts-trainer"


def _index_true(settings: Settings) -> bool:
    return bool(settings.index_true_dataset or settings.language_weights or settings.batch_tokens)


def _fused(settings: Settings) -> bool:
    return settings.fused_adamw


def _raises_at_bad_samples(settings: Settings) -> bool:
    """Upstream's own handling names such samples and leaves them out."""
    return settings.on_bad_sample == "raise"


_names_bad_samples: Final = calls("_too_long")


def _upstream_averages(original: object) -> bool:
    """Whether the trainer averages gradients by itself; asked from two of its modules."""
    from trainer.utils import distributed

    return hasattr(distributed, "average_gradients")


def _getitem(original: Callable[[Any, int], Any]) -> Any:
    from coqui_amharic_ext.training.dataset import telling_getitem

    return telling_getitem(original)


def _check_eval_samples(original: Callable[[Any], None]) -> Any:
    from coqui_amharic_ext.training.dataset import telling_check

    return telling_check(original)


def _data_loader(original: Callable[..., Any]) -> Any:
    from coqui_amharic_ext.training.loader import with_index_true_loader

    return with_index_true_loader(original)


def _epoch(original: Callable[..., None]) -> Any:
    from coqui_amharic_ext.training.loader import with_epoch

    return with_epoch(original)


def _precision(original: Any) -> Any:
    from coqui_amharic_ext.training.precision import with_precision

    return with_precision(original)


def _loggers(original: Any) -> Any:
    from coqui_amharic_ext.training.keeping import keeping_settings

    return keeping_settings(original)


def _optimizers(original: Callable[..., Any]) -> Any:
    from coqui_amharic_ext.training.optimizer import with_fused_optimizers

    return with_fused_optimizers(original)


def _stepping(original: Callable[..., Any]) -> Any:
    from coqui_amharic_ext.training.gradients import noting_optimizer

    return noting_optimizer(original)


def _unscaling(original: Callable[..., Any]) -> Any:
    from coqui_amharic_ext.training.gradients import before_unscaling

    return before_unscaling(original)


def _clipping(original: Callable[..., None]) -> Any:
    from coqui_amharic_ext.training.gradients import before_clipping

    return before_clipping(original)


def _quiet_git(original: Callable[[], str]) -> Any:
    from coqui_amharic_ext.training.quiet import without_gits_complaint

    return without_gits_complaint(original)


def _asks_git(original: Any) -> None:
    from coqui_amharic_ext.training.quiet import asks_git

    asks_git(original)


def _plain_numbers(original: Callable[..., dict[str, Any]]) -> Any:
    from coqui_amharic_ext.training.quiet import with_plain_numbers

    return with_plain_numbers(original)


def _gives_losses(original: Any) -> None:
    from coqui_amharic_ext.training.quiet import gives_losses

    gives_losses(original)


PATCHES: Final = (
    Patch(
        name="xtts-dataset-bad-samples",
        module="TTS.tts.layers.xtts.trainer.dataset",
        qualname="XTTSDataset.__getitem__",
        summary="a training sample that cannot be used ends in one error or a counted warning",
        replace=_getitem,
        known=(Known("0.28.0", "c0c697c45d825bc5", "(self, index)"),),
        probe=probes.getitem,
        upstream_has=_names_bad_samples,
        exceeds=_raises_at_bad_samples,
    ),
    Patch(
        name="xtts-dataset-eval-check",
        module="TTS.tts.layers.xtts.trainer.dataset",
        qualname="XTTSDataset.check_eval_samples",
        summary="eval samples that cannot be used end in one error or a counted warning",
        replace=_check_eval_samples,
        known=(Known("0.28.0", "df533bb7f9de54da", "(self)"),),
        probe=probes.check_eval_samples,
        upstream_has=_names_bad_samples,
        exceeds=_raises_at_bad_samples,
    ),
    Patch(
        name="xtts-index-true-loader",
        module="TTS.tts.layers.xtts.trainer.gpt_trainer",
        qualname="GPTTrainer.get_data_loader",
        summary="training visits samples by index, weighted by language, in token-budget batches",
        replace=_data_loader,
        known=(Known("0.28.0", "b6c8852b6f8d0d00", "(self, config, is_eval, samples, verbose)"),),
        probe=probes.data_loader,
        enabled=_index_true,
    ),
    Patch(
        name="xtts-loader-epoch",
        module="TTS.tts.layers.xtts.trainer.gpt_trainer",
        qualname="GPTTrainer.on_train_epoch_start",
        summary="the index-true loader is told the epoch, also when a run is continued",
        replace=_epoch,
        known=(Known("0.28.0", "e388ade28da4542d", "(self, trainer)"),),
        probe=probes.train_epoch_start,
        enabled=_index_true,
    ),
    Patch(
        name="trainer-precision",
        module="trainer.trainer",
        qualname="Trainer.setup_training_environment",
        summary="Settings.precision sets the trainer's own switches; the run's log states it",
        distribution=TRAINER,
        replace=_precision,
        known=(Known("0.4.0", "e26ae3dd35a6293a", "(args, config, gpu)"),),
        probe=probes.training_environment,
    ),
    Patch(
        name="trainer-kept-settings",
        module="trainer.trainer",
        qualname="Trainer.init_loggers",
        summary="a run's settings and lexicon are kept in its folder; --continue_path takes them",
        distribution=TRAINER,
        replace=_loggers,
        known=(
            Known("0.4.0", "c47fe0eb5b2067b2", "(config, output_path, dashboard_logger, c_logger)"),
        ),
        probe=probes.loggers,
    ),
    Patch(
        name="trainer-fused-optimizer",
        module="trainer.trainer",
        qualname="Trainer.get_optimizer",
        summary="Adam and AdamW run as fused kernels",
        distribution=TRAINER,
        replace=_optimizers,
        known=(Known("0.4.0", "5452a9cdfe047f39", "(self)"),),
        probe=probes.optimizer,
        enabled=_fused,
    ),
    Patch(
        name="trainer-gradient-sync-step",
        module="trainer.trainer",
        qualname="Trainer.optimize",
        summary="which optimizer steps is known where gradients are averaged",
        distribution=TRAINER,
        replace=_stepping,
        known=(
            Known(
                "0.4.0",
                "5468f249e86ed43f",
                "(self, batch, optimizer, scaler, criterion, scheduler, optimizer_idx, "
                "step_optimizer, num_optimizers)",
            ),
        ),
        probe=probes.gradient_steps,
        upstream_has=_upstream_averages,
    ),
    Patch(
        name="trainer-gradient-sync-scaled",
        module="trainer.trainer",
        qualname="Trainer._grad_clipping",
        summary="gradients are averaged over processes before a scaled step",
        distribution=TRAINER,
        replace=_unscaling,
        known=(Known("0.4.0", "071c27a47613753b", "(self, grad_clip, optimizer, scaler)"),),
        probe=probes.gradient_steps,
        upstream_has=_upstream_averages,
    ),
    Patch(
        name="trainer-gradient-sync",
        module="trainer.callbacks",
        qualname="TrainerCallback.before_gradient_clipping",
        summary="gradients are averaged over processes before clipping and the optimizer's step",
        distribution=TRAINER,
        replace=_clipping,
        known=(Known("0.4.0", "19a35bcb5b51d313", "(trainer)"),),
        probe=probes.gradient_steps,
        upstream_has=_upstream_averages,
    ),
    Patch(
        name="trainer-git-branch",
        module="trainer.trainer",
        qualname="get_git_branch",
        summary="a run in a folder without git begins without git's complaint",
        distribution=TRAINER,
        replace=_quiet_git,
        known=(Known("0.4.0", "ed615e06ce60b515", "()"),),
        probe=_asks_git,
    ),
    Patch(
        name="trainer-git-commit",
        module="trainer.generic_utils",
        qualname="get_commit_hash",
        summary="the same for the name of a run's folder",
        distribution=TRAINER,
        replace=_quiet_git,
        known=(Known("0.4.0", "136b59a3a7a8654e", "()"),),
        probe=_asks_git,
    ),
    Patch(
        name="trainer-gradient-norm-log",
        module="trainer.trainer",
        qualname="Trainer.detach_loss_dict",
        summary="the log shows gradient norms as numbers",
        distribution=TRAINER,
        replace=_plain_numbers,
        known=(
            Known(
                "0.4.0",
                "1812989d9f8521bb",
                "(self, loss_dict, step_optimizer, optimizer_idx, grad_norm)",
            ),
        ),
        probe=_gives_losses,
    ),
)
