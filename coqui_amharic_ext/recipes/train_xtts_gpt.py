"""Train XTTS's GPT on Amharic, as upstream's LJSpeech recipe does; only config values differ.

``python train_xtts_gpt.py --data FOLDER --vocab vocab.json --dvae dvae.pth --mel-stats stats.pth``
with a corpus in LJSpeech's or Coqui's layout: ``metadata.csv``, or a ``metadata_LANGUAGE.csv`` for
each language, and ``wavs/``. ``--checkpoint model.pth`` starts from an XTTS checkpoint whose text
embedding has a row for every token of the vocabulary (from ``coqui-amharic checkpoint extend``).
Any config value can be given as ``--coqpit.NAME VALUE``, any argument of the trainer
(``--restore_path``, ...) by its name.

Against forgetting, mix in data of the checkpoint's languages:
``--keep-languages en=FOLDER de=FOLDER --keep-share 0.2``. New text tokens settle first with
``--freeze all_but_text --freeze-steps 1000``.

``--continue_path RUN`` resumes an interrupted run from its last complete checkpoint, with
everything else from the run's folder. ``tensorboard --logdir RUN`` shows the progress. The folder
is all that ``tts --model_path RUN/best_model.pth --config_path RUN/config.json`` needs.
"""

import argparse
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from coqui_amharic_ext.recipes.command import (
    Parser,
    in_run,
    load_run,
    move_data,
    refuse_of_new_runs,
    require_data,
    require_settings,
    save_config,
    settle,
)
from coqui_amharic_ext.recipes.corpus import parts_in

# These variables choose what upstream has no config value for. They must be set before upstream is
# imported, so it is imported inside functions.
WEIGHTS = "COQUI_AMHARIC_LANGUAGE_WEIGHTS"
FREEZE = "COQUI_AMHARIC_FREEZE"
FREEZE_STEPS = "COQUI_AMHARIC_FREEZE_STEPS"

# Option, config value and name in the run's folder of each file that the model needs.
FILES = (
    ("vocab", "tokenizer_file", "vocab.json"),
    ("dvae", "dvae_checkpoint", "dvae.pth"),
    ("mel_stats", "mel_norm_file", "mel_stats.pth"),
)
SPEAKER = "speaker"


def make_parser() -> Parser:
    """Return the parser of the recipe's options."""
    parser = Parser(__doc__)
    parser.add_argument("--data", help="folder with metadata.csv and wavs/")
    parser.add_argument(
        "--formatter", default="auto", help="upstream's, for all metadata (default: auto)"
    )
    parser.add_argument("--vocab", help="XTTS vocabulary that knows Amharic")
    parser.add_argument("--dvae", help="the DVAE's checkpoint, dvae.pth")
    parser.add_argument("--mel-stats", help="the mel statistics, mel_stats.pth")
    parser.add_argument("--checkpoint", default="", help="XTTS checkpoint to start from")
    parser.add_argument("--speaker", default="", help="reference wav for the test sentences")
    parser.add_argument("--output", default="runs", help="folder for the run (default: runs)")
    parser.add_argument(
        "--keep-languages",
        nargs="+",
        default=[],
        metavar="LANG=FOLDER",
        help="data of languages to keep, in the same layout as --data",
    )
    parser.add_argument(
        "--keep-share", type=float, help="their share of the samples (default: 0.2)"
    )
    parser.add_argument("--text-loss-weight", type=float, help="default: 0.01")
    parser.add_argument("--mel-loss-weight", type=float, help="default: 1.0")
    parser.add_argument(
        "--freeze",
        default="",
        help="parts not to train: all_but_text, or some of text, mel, positions, conditioning, "
        "transformer, separated by commas",
    )
    parser.add_argument(
        "--freeze-steps", type=int, help="steps after which all is trained; 0: never"
    )
    parser.add_argument("--continue_path", default="", help="run to resume")
    return parser


def main() -> None:
    """Build the config, the model and the trainer, and train."""
    parser = make_parser()
    arguments, rest = parser.parse_known_args()
    run = Path(arguments.continue_path) if arguments.continue_path else None
    if run is not None:
        refuse_of_new_runs(parser, arguments, "output", "checkpoint", "formatter", "keep_share")
    else:
        for name in ("data", *(option for option, _, _ in FILES)):
            if not getattr(arguments, name):
                parser.error(f"--{name.replace('_', '-')} is needed, or --continue_path")
    variables = _variables(arguments, parser)
    _require_files(arguments, parser)
    datasets = [] if run is not None else _datasets(arguments, parser)
    # Options override the process's variables.
    languages = [dataset["language"] for dataset in datasets]
    os.environ.update(variables | _weights(arguments, languages))
    require_settings(parser, "xtts")

    from trainer import Trainer, TrainerArgs
    from trainer.generic_utils import remove_experiment_folder
    from TTS.tts.datasets import load_tts_samples
    from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTTrainer, GPTTrainerConfig

    if run is not None:
        config = GPTTrainerConfig()
        load_run(parser, run, config)
        others = dict(part.split("=", 1) for part in arguments.keep_languages)
        move_data(config, arguments.data, others)
        _take_from(run, arguments, parser, config)
    else:
        config = _config(arguments, datasets)
    settle(parser, rest, config, run)
    require_data(parser, config)
    if "am" not in config.languages:
        parser.error("coqui-amharic-ext is not active here, without which XTTS has no Amharic")
    if run is not None:
        save_config(run, config)
        # The run's checkpoint contains everything.
        config.model_args.xtts_checkpoint = ""

    try:
        train_samples, eval_samples = load_tts_samples(
            config,
            eval_split=True,
            eval_split_max_size=config.eval_split_max_size,
            eval_split_size=config.eval_split_size,
        )
    except (AssertionError, IndexError) as error:  # too few clips, or too few columns
        folders = ", ".join(dataset.path for dataset in config.datasets)
        parser.error(
            f"the data in {folders} cannot be used: {error}; for what to do about it:\n"
            f"coqui-amharic data check --metadata {config.datasets[0].path}"
        )
    model = GPTTrainer(config)
    trainer = Trainer(
        TrainerArgs(),
        config,
        config.output_path,
        model=model,
        train_samples=train_samples,
        eval_samples=eval_samples,
    )
    if trainer.args.rank == 0:
        try:
            _keep_files(trainer.output_path, config)
        except BaseException:  # as by Ctrl-C
            remove_experiment_folder(trainer.output_path)  # where it has no checkpoint
            raise
    trainer.fit()


def _keep_files(folder: Path, config: Any) -> None:
    """Copy the model's files into the run's folder, so that it can be moved and resumed.

    The DVAE's weights are in every checkpoint, so a hard link is enough: upstream only
    checks that the file exists.
    """
    speakers = [wav for said in config.test_sentences for wav in said["speaker_wav"]]
    files = [(getattr(config.model_args, value), name) for _, value, name in FILES]
    files += [(wav, SPEAKER + os.path.splitext(wav)[1]) for wav in speakers[:1]]
    for source, name in files:
        source, copy = os.path.realpath(source), folder / name
        if os.path.exists(copy) and os.path.samefile(source, copy):
            continue
        copy.unlink(missing_ok=True)
        if name == "dvae.pth":
            with suppress(OSError):  # another disk, or one without links
                os.link(source, copy)
                continue
        shutil.copyfile(source, copy)


def _take_from(
    run: Path, arguments: argparse.Namespace, parser: argparse.ArgumentParser, config: Any
) -> None:
    """Use the run's files from its folder, which may have moved, or those given now."""
    values = config.model_args
    for option, value, name in FILES:
        given = getattr(arguments, option)
        old = getattr(values, value)
        path = os.path.abspath(given) if given else in_run(run, old, name)
        if not path or not os.path.isfile(path):
            parser.error(
                f"--continue_path {run}: neither {path} nor {run / name} is there; give it with "
                f"--{option.replace('_', '-')}"
            )
        if given:
            print(f" > --{option.replace('_', '-')} {given}, given now; the run had {old}")
        setattr(values, value, path)
    if arguments.text_loss_weight is not None:
        values.gpt_loss_text_ce_weight = arguments.text_loss_weight
    if arguments.mel_loss_weight is not None:
        values.gpt_loss_mel_ce_weight = arguments.mel_loss_weight
    if arguments.speaker:
        config.test_sentences = _sentences(arguments.speaker)
    for said in config.test_sentences:
        names = [SPEAKER + os.path.splitext(wav)[1] for wav in said["speaker_wav"]]
        if not arguments.speaker:
            pairs = zip(said["speaker_wav"], names, strict=True)
            said["speaker_wav"] = [in_run(run, wav, name) for wav, name in pairs]
        for wav in said["speaker_wav"]:
            if not os.path.isfile(wav):
                parser.error(
                    f"--continue_path {run}: {wav} is missing, which speaks the test sentences; "
                    "give it with --speaker"
                )


def _sentences(speaker: str) -> list[dict[str, Any]]:
    """Return the test sentences of each epoch."""
    if not speaker:
        return []
    wav = [os.path.abspath(speaker)]
    return [
        {"text": "ሰላም፣ እንዴት ነህ?", "speaker_wav": wav, "language": "am"},
        {"text": "በ2015 ዓ.ም አዲስ ድልድይ ተሠራ።", "speaker_wav": wav, "language": "am"},
    ]


def _require_files(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Refuse missing files before anything heavy is loaded."""
    for name in ("vocab", "dvae", "mel_stats", "checkpoint", "speaker"):
        given = getattr(arguments, name)
        if given and not Path(given).is_file():
            parser.error(f"--{name.replace('_', '-')} {given}: there is no such file")
    if arguments.continue_path:
        return
    try:
        os.makedirs(arguments.output, exist_ok=True)
    except OSError as error:
        parser.error(f"--output {arguments.output} cannot be written: {error.strerror}")


def _variables(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> dict[str, str]:
    """Return the variables of arguments that are no config values of upstream."""
    found = {}
    if arguments.keep_languages:
        pairs = [part.partition("=") for part in arguments.keep_languages]
        languages = [language for language, _, _ in pairs]
        if not all(language and folder for language, _, folder in pairs) or "am" in languages:
            parser.error("--keep-languages takes LANG=FOLDER of other languages than am")
        if not 0 < _share(arguments) < 1:
            parser.error("--keep-share is between 0 and 1")
    elif arguments.keep_share is not None:
        parser.error("--keep-share is the share of --keep-languages, which is not given")
    if arguments.freeze:
        found[FREEZE] = arguments.freeze
    if arguments.freeze_steps is not None and (arguments.freeze or arguments.continue_path):
        found[FREEZE_STEPS] = str(arguments.freeze_steps)
    elif arguments.freeze_steps:
        parser.error("--freeze-steps says how long to --freeze, which is not given")
    return found


def _share(arguments: argparse.Namespace) -> float:
    return 0.2 if arguments.keep_share is None else float(arguments.keep_share)


def _weights(arguments: argparse.Namespace, languages: list[str]) -> dict[str, str]:
    """Return the shares of the languages; those of --data share the remainder equally."""
    kept = [part.partition("=")[0] for part in arguments.keep_languages]
    # Upstream draws every language equally often, however little data it has.
    trained = [language for language in languages if language not in kept]
    if not kept or not trained:
        return {}
    weights = dict.fromkeys(trained, (1 - _share(arguments)) / len(trained))
    weights |= dict.fromkeys(kept, _share(arguments) / len(kept))
    return {WEIGHTS: ",".join(f"{name}={weight:.6g}" for name, weight in weights.items())}


def _datasets(
    arguments: argparse.Namespace, parser: argparse.ArgumentParser
) -> list[dict[str, str]]:
    """Return the values of upstream's data set configs."""
    found: list[dict[str, str]] = []
    kept = [part.split("=", 1) for part in arguments.keep_languages]
    for only, folder in [("", arguments.data), *kept]:
        try:
            parts = parts_in(folder, arguments.formatter, only or "am")
        except ValueError as error:
            parser.error(str(error))
        if not parts:
            parser.error(f"{folder} has no metadata.csv; give a folder with metadata.csv and wavs/")
        languages = [language for *_, language in parts]
        if only and only not in languages:
            parser.error(f"--keep-languages {only}={folder}: it has {', '.join(languages)}")
        if only in [dataset["language"] for dataset in found]:
            parser.error(f"--keep-languages {only}={folder}: {only} is in {arguments.data}, too")
        found += [
            {
                "formatter": formatter,
                "meta_file_train": train,
                "meta_file_val": evaluate,
                "path": os.path.abspath(folder),
                "language": language,
            }
            for formatter, train, evaluate, language in parts
            if language == (only or language)
        ]
    return found


def _config(arguments: argparse.Namespace, datasets: list[dict[str, str]]) -> Any:
    """Return upstream's config for a new run."""
    from TTS.tts.configs.shared_configs import BaseDatasetConfig
    from TTS.tts.configs.xtts_config import XttsAudioConfig
    from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTArgs, GPTTrainerConfig

    weights = (arguments.text_loss_weight, arguments.mel_loss_weight)
    model_args = GPTArgs(
        max_conditioning_length=132300,
        min_conditioning_length=66150,
        debug_loading_failures=True,
        max_wav_length=255995,
        # Upstream's 200 are too few for fast speech: each phone is a token.
        max_text_length=300,
        mel_norm_file=os.path.abspath(arguments.mel_stats),
        dvae_checkpoint=os.path.abspath(arguments.dvae),
        xtts_checkpoint=arguments.checkpoint and os.path.abspath(arguments.checkpoint),
        tokenizer_file=os.path.abspath(arguments.vocab),
        gpt_loss_text_ce_weight=0.01 if weights[0] is None else weights[0],
        gpt_loss_mel_ce_weight=1.0 if weights[1] is None else weights[1],
        gpt_num_audio_tokens=1026,
        gpt_start_audio_token=1024,
        gpt_stop_audio_token=1025,
        gpt_use_masking_gt_prompt_approach=True,
        gpt_use_perceiver_resampler=True,
    )
    return GPTTrainerConfig(
        output_path=arguments.output,
        model_args=model_args,
        run_name="xtts_gpt_amharic",
        project_name="XTTS_trainer",
        dashboard_logger="tensorboard",
        audio=XttsAudioConfig(sample_rate=22050, dvae_sample_rate=22050, output_sample_rate=24000),
        datasets=[BaseDatasetConfig(**values) for values in datasets],
        batch_size=3,
        batch_group_size=48,
        eval_batch_size=3,
        num_loader_workers=4,
        eval_split_max_size=256,
        print_step=50,
        plot_step=100,
        log_model_step=1000,
        # A kill loses at most these steps; a checkpoint is kept until the next is complete.
        save_step=1000,
        save_n_checkpoints=1,
        save_checkpoints=True,
        print_eval=False,
        optimizer="AdamW",
        optimizer_wd_only_on_weights=True,
        optimizer_params={"betas": [0.9, 0.96], "eps": 1e-8, "weight_decay": 1e-2},
        lr=5e-06,
        lr_scheduler="MultiStepLR",
        lr_scheduler_params={
            "milestones": [900000, 2700000, 5400000],
            "gamma": 0.5,
            "last_epoch": -1,
        },
        test_sentences=_sentences(arguments.speaker),
    )


if __name__ == "__main__":
    main()
