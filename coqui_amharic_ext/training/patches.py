"""The patches of XTTS's training code and of the trainer.

Patches of the same attribute wrap each other in this order.
"""

from __future__ import annotations

from typing import Final

from coqui_amharic_ext.patching import Known, Patch, calls, takes
from coqui_amharic_ext.settings import Settings

_TRAINER: Final = "coqui-tts-trainer"


def visits_by_index(settings: Settings) -> bool:
    """Whether the settings ask for the index-true loader."""
    return bool(settings.index_true_dataset or settings.language_weights or settings.batch_tokens)


def _raises_at_bad_samples(settings: Settings) -> bool:
    """Whether bad samples raise; upstream's own change names them and leaves them out."""
    return settings.on_bad_sample == "raise"


_names_bad_samples: Final = calls("_too_long")

PATCHES: Final = (
    Patch(
        name="xtts-dataset-bad-samples",
        module="TTS.tts.layers.xtts.trainer.dataset",
        qualname="XTTSDataset.__getitem__",
        summary="an unusable training sample raises one error or a counted warning",
        known=(Known("0.28.0", "c0c697c45d825bc5", "(self, index)"),),
        replace="coqui_amharic_ext.training.dataset:telling_getitem",
        probe="coqui_amharic_ext.training.probes:getitem",
        upstream_has=_names_bad_samples,
        exceeds=_raises_at_bad_samples,
    ),
    Patch(
        name="xtts-dataset-eval-check",
        module="TTS.tts.layers.xtts.trainer.dataset",
        qualname="XTTSDataset.check_eval_samples",
        summary="unusable eval samples raise one error or a counted warning",
        known=(Known("0.28.0", "df533bb7f9de54da", "(self)"),),
        replace="coqui_amharic_ext.training.dataset:telling_check",
        probe="coqui_amharic_ext.training.probes:check_eval_samples",
        upstream_has=_names_bad_samples,
        exceeds=_raises_at_bad_samples,
    ),
    Patch(
        name="xtts-index-true-loader",
        module="TTS.tts.layers.xtts.trainer.gpt_trainer",
        qualname="GPTTrainer.get_data_loader",
        summary="training visits samples by index, weighted by language, in token-budget batches",
        known=(Known("0.28.0", "b6c8852b6f8d0d00", "(self, config, is_eval, samples, verbose)"),),
        replace="coqui_amharic_ext.training.loader:with_index_true_loader",
        probe="coqui_amharic_ext.training.probes:data_loader",
        enabled=visits_by_index,
    ),
    Patch(
        name="xtts-loader-epoch",
        module="TTS.tts.layers.xtts.trainer.gpt_trainer",
        qualname="GPTTrainer.on_train_epoch_start",
        summary="the index-true loader follows the epoch, also in a resumed run",
        known=(Known("0.28.0", "e388ade28da4542d", "(self, trainer)"),),
        replace="coqui_amharic_ext.training.loader:with_epoch",
        probe="coqui_amharic_ext.training.probes:train_epoch_start",
        enabled=visits_by_index,
    ),
    Patch(
        name="trainer-precision",
        module="trainer.trainer",
        qualname="Trainer.setup_training_environment",
        summary="Settings.precision sets the trainer's own switches; the run's log states it",
        distribution=_TRAINER,
        known=(Known("0.4.0", "e26ae3dd35a6293a", "(args, config, gpu)"),),
        replace="coqui_amharic_ext.training.precision:with_precision",
        probe="coqui_amharic_ext.training.probes:training_environment",
    ),
    Patch(
        name="trainer-kept-settings",
        module="trainer.trainer",
        qualname="Trainer.init_loggers",
        summary="a run's folder keeps its settings and lexicon; --continue_path reads them",
        distribution=_TRAINER,
        known=(
            Known("0.4.0", "c47fe0eb5b2067b2", "(config, output_path, dashboard_logger, c_logger)"),
        ),
        replace="coqui_amharic_ext.training.keeping:keeping_settings",
        probe="coqui_amharic_ext.training.probes:loggers",
    ),
    Patch(
        name="trainer-fused-optimizer",
        module="trainer.trainer",
        qualname="Trainer.get_optimizer",
        summary="Adam and AdamW run as fused kernels",
        distribution=_TRAINER,
        known=(Known("0.4.0", "5452a9cdfe047f39", "(self)"),),
        replace="coqui_amharic_ext.training.optimizer:with_fused_optimizers",
        probe="coqui_amharic_ext.training.probes:optimizer",
        enabled=lambda settings: settings.fused_adamw,
    ),
    Patch(
        name="trainer-gradient-sync-step",
        module="trainer.trainer",
        qualname="Trainer.optimize",
        summary="the averaging of gradients knows which optimizer steps",
        distribution=_TRAINER,
        known=(
            Known(
                "0.4.0",
                "5468f249e86ed43f",
                "(self, batch, optimizer, scaler, criterion, scheduler, optimizer_idx, "
                "step_optimizer, num_optimizers)",
            ),
        ),
        replace="coqui_amharic_ext.training.gradients:noting_optimizer",
        probe="coqui_amharic_ext.training.probes:gradient_steps",
        upstream_has="coqui_amharic_ext.training.gradients:upstream_averages",
    ),
    Patch(
        name="trainer-gradient-sync-scaled",
        module="trainer.trainer",
        qualname="Trainer._grad_clipping",
        summary="gradients are averaged over processes before a scaled step",
        distribution=_TRAINER,
        known=(Known("0.4.0", "071c27a47613753b", "(self, grad_clip, optimizer, scaler)"),),
        replace="coqui_amharic_ext.training.gradients:before_unscaling",
        probe="coqui_amharic_ext.training.probes:gradient_steps",
        upstream_has="coqui_amharic_ext.training.gradients:upstream_averages",
    ),
    Patch(
        name="trainer-gradient-sync",
        module="trainer.callbacks",
        qualname="TrainerCallback.before_gradient_clipping",
        summary="gradients are averaged over processes before clipping and the optimizer's step",
        distribution=_TRAINER,
        known=(Known("0.4.0", "19a35bcb5b51d313", "(trainer)"),),
        replace="coqui_amharic_ext.training.gradients:before_clipping",
        probe="coqui_amharic_ext.training.probes:gradient_steps",
        upstream_has="coqui_amharic_ext.training.gradients:upstream_averages",
    ),
    Patch(
        name="trainer-git-branch",
        module="trainer.trainer",
        qualname="get_git_branch",
        summary="a run outside a git repository starts without git's error message",
        distribution=_TRAINER,
        known=(Known("0.4.0", "ed615e06ce60b515", "()"),),
        replace="coqui_amharic_ext.training.quiet:without_gits_complaint",
        probe="coqui_amharic_ext.training.probes:git_question",
    ),
    Patch(
        name="trainer-git-commit",
        module="trainer.generic_utils",
        qualname="get_commit_hash",
        summary="the same for the name of a run's folder",
        distribution=_TRAINER,
        known=(Known("0.4.0", "136b59a3a7a8654e", "()"),),
        replace="coqui_amharic_ext.training.quiet:without_gits_complaint",
        probe="coqui_amharic_ext.training.probes:git_question",
    ),
    Patch(
        name="trainer-gradient-norm-log",
        module="trainer.trainer",
        qualname="Trainer.detach_loss_dict",
        summary="the log shows gradient norms as numbers",
        distribution=_TRAINER,
        known=(
            Known(
                "0.4.0",
                "1812989d9f8521bb",
                "(self, loss_dict, step_optimizer, optimizer_idx, grad_norm)",
            ),
        ),
        replace="coqui_amharic_ext.training.quiet:with_plain_numbers",
        probe="coqui_amharic_ext.training.probes:logged_losses",
    ),
    # After the fused optimizer's patch of the same method, so that the fused one is frozen.
    Patch(
        name="trainer-freeze",
        module="trainer.trainer",
        qualname="Trainer.get_optimizer",
        summary="the parts that Settings.freeze names stay out of the optimizer",
        distribution=_TRAINER,
        known=(Known("0.4.0", "5452a9cdfe047f39", "(self)"),),
        replace="coqui_amharic_ext.training.freezing:with_frozen_parts",
        probe="coqui_amharic_ext.training.probes:optimizer",
        enabled=lambda settings: bool(settings.freeze),
    ),
    Patch(
        name="trainer-thaw",
        module="trainer.callbacks",
        qualname="TrainerCallback.on_train_step_start",
        summary="after freeze_steps everything is trained",
        distribution=_TRAINER,
        known=(Known("0.4.0", "4a54dc1524573d7f", "(self, trainer)"),),
        replace="coqui_amharic_ext.training.freezing:with_thawing",
        probe="coqui_amharic_ext.training.probes:train_step_start",
        enabled=lambda settings: bool(settings.freeze),
    ),
    Patch(
        name="trainer-gradient-norm",
        module="trainer.trainer",
        qualname="Trainer._compute_grad_norm",
        summary="a parameter without a gradient does not stop training in mixed precision",
        distribution=_TRAINER,
        known=(Known("0.4.0", "f12c293daa8fa520", "(self, optimizer)"),),
        replace="coqui_amharic_ext.training.freezing:norm_of_present",
        probe="coqui_amharic_ext.training.probes:gradient_norm",
        upstream_has="coqui_amharic_ext.training.freezing:upstream_skips_missing",
    ),
    Patch(
        name="trainer-finite-steps",
        module="trainer.trainer",
        qualname="Trainer._fit",
        summary="gradients that are NaN end training before they reach the weights",
        distribution=_TRAINER,
        known=(Known("0.4.0", "2cfe825c107df14a", "(self)"),),
        replace="coqui_amharic_ext.training.finite:refusing_steps",
        probe="coqui_amharic_ext.training.probes:fit",
    ),
    Patch(
        name="trainer-finite-loss",
        module="trainer.trainer",
        qualname="Trainer.detach_loss_dict",
        summary="a loss that is NaN ends training",
        distribution=_TRAINER,
        known=(
            Known(
                "0.4.0",
                "1812989d9f8521bb",
                "(self, loss_dict, step_optimizer, optimizer_idx, grad_norm)",
            ),
        ),
        replace="coqui_amharic_ext.training.finite:stopping",
        probe="coqui_amharic_ext.training.probes:detached_losses",
    ),
    Patch(
        name="finite-checkpoints",
        module="trainer.io",
        qualname="save_model",
        summary="weights that are NaN are not saved",
        distribution=_TRAINER,
        known=(
            Known(
                "0.4.0",
                "7c5a13f557c72a13",
                "(config, model, output_path, current_step, epoch, optimizer, scheduler, scaler, "
                "**kwargs)",
            ),
        ),
        replace="coqui_amharic_ext.training.finite:saving_numbers",
        probe=takes("config", "model", "output_path"),
    ),
    Patch(
        name="whole-checkpoints",
        module="trainer.io",
        qualname="save_fsspec",
        summary="a checkpoint appears under its name only when it is complete",
        distribution=_TRAINER,
        known=(Known("0.4.0", "184484993ed8c13b", "(state, path, **kwargs)"),),
        replace="coqui_amharic_ext.training.saving:saving_whole",
        probe="coqui_amharic_ext.training.probes:save_fsspec",
        upstream_has=calls("_appearing_whole"),
    ),
    Patch(
        name="whole-best-model",
        module="trainer.trainer",
        qualname="save_best_model",
        summary="best_model.pth always exists and is complete, a second name of the best model",
        distribution=_TRAINER,
        known=(
            Known(
                "0.4.0",
                "c7565c9a94666a3c",
                "(current_loss, best_loss, config, model, out_path, current_step, epoch, "
                "optimizer, scheduler, scaler, keep_all_best, keep_after, **kwargs)",
            ),
        ),
        replace="coqui_amharic_ext.training.saving:keeping_best_model_whole",
        upstream_has=calls("_appearing_whole"),
    ),
    Patch(
        name="run-folder-taken",
        module="trainer.trainer",
        qualname="copy_model_files",
        summary="one training at a time writes a run's folder; its config.json is complete",
        distribution=_TRAINER,
        known=(Known("0.4.0", "f6b0c8622d32dbbe", "(config, out_path, new_fields)"),),
        replace="coqui_amharic_ext.training.runfolder:taking_the_folder",
        probe="coqui_amharic_ext.training.probes:copy_model_files",
    ),
    Patch(
        name="trainer-run-folder",
        module="trainer.trainer",
        qualname="Trainer.__init__",
        summary="a run that is interrupted before it trains leaves no folder",
        distribution=_TRAINER,
        known=(
            Known(
                "0.4.0",
                "400ae189e7e1483f",
                "(self, args, config, output_path, c_logger, dashboard_logger, model, "
                "train_samples, eval_samples, train_loader, eval_loader, parse_command_line_args, "
                "callbacks, gpu)",
            ),
        ),
        replace="coqui_amharic_ext.training.runfolder:removing_unbegun",
    ),
    Patch(
        name="run-folder-given-back",
        module="trainer.trainer",
        qualname="Trainer._fit",
        summary="a run's folder is unlocked when its training has ended",
        distribution=_TRAINER,
        known=(Known("0.4.0", "2cfe825c107df14a", "(self)"),),
        replace="coqui_amharic_ext.training.runfolder:giving_the_folder_back",
        probe="coqui_amharic_ext.training.probes:fit",
    ),
    Patch(
        name="run-folder-removed-once",
        module="trainer.trainer",
        qualname="remove_experiment_folder",
        summary="only the main process removes the folder of a run that saved nothing",
        distribution=_TRAINER,
        known=(Known("0.4.0", "3859638130cfdd58", "(experiment_path)"),),
        replace="coqui_amharic_ext.training.runfolder:removing_once",
        probe="coqui_amharic_ext.training.probes:remove_experiment_folder",
    ),
    Patch(
        name="trainer-disk-space",
        module="trainer.trainer",
        qualname="Trainer.save_training_script",
        summary="the size of a run's checkpoints is compared with the free disk space first",
        distribution=_TRAINER,
        known=(Known("0.4.0", "d91ab56728744a2e", "(self)"),),
        replace="coqui_amharic_ext.training.space:asking_for_room",
    ),
    # The outermost wrapper of the training, so that all others have ended when it saves.
    Patch(
        name="trainer-signals",
        module="trainer.trainer",
        qualname="Trainer._fit",
        summary="SIGTERM and SIGHUP end training as Ctrl-C does, with a checkpoint",
        distribution=_TRAINER,
        known=(Known("0.4.0", "2cfe825c107df14a", "(self)"),),
        replace="coqui_amharic_ext.training.interrupts:ending_like_ctrl_c",
        probe="coqui_amharic_ext.training.probes:fit",
    ),
)
