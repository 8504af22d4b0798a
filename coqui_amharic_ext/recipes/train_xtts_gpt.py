"""Train XTTS's GPT on Amharic, as upstream's LJSpeech recipe does; only config values differ.

``python train_xtts_gpt.py --data FOLDER --vocab vocab.json --dvae dvae.pth --mel-stats stats.pth``
with a corpus in LJSpeech's layout (``metadata.csv`` and ``wavs/``). ``--checkpoint model.pth``
starts from an XTTS checkpoint whose text embedding has a row for every token of the vocabulary
(``coqui-amharic checkpoint extend`` makes one). Any config value can be given as
``--coqpit.NAME VALUE``, any of the trainer's own arguments (``--restore_path``, ...) as they are.

Against forgetting, mix in data of the languages that the checkpoint speaks:
``--keep-languages en=FOLDER de=FOLDER --keep-share 0.2``. New text tokens settle first with
``--freeze all_but_text --freeze-steps 1000``.

``--continue_path RUN`` goes on with an interrupted run from its last whole checkpoint; everything
else is then taken from the run's folder. ``tensorboard --logdir RUN`` shows how it goes. The folder
is all that ``tts --model_path RUN/best_model.pth --config_path RUN/config.json`` needs.
"""

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import Any

# What upstream has no config value for is chosen by these variables, for which it must not be
# imported yet; that is done where it is needed, below.
WEIGHTS = "COQUI_AMHARIC_LANGUAGE_WEIGHTS"
FREEZE = "COQUI_AMHARIC_FREEZE"
FREEZE_STEPS = "COQUI_AMHARIC_FREEZE_STEPS"


def main() -> None:
    """Build the config, the model and the trainer, and train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", help="folder with metadata.csv and wavs/")
    parser.add_argument("--formatter", default="ljspeech", help="of metadata.csv: ljspeech, coqui")
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
        "--keep-share", type=float, default=0.2, help="their share of the samples (default: 0.2)"
    )
    parser.add_argument("--text-loss-weight", type=float, default=0.01, help="default: 0.01")
    parser.add_argument("--mel-loss-weight", type=float, default=1.0, help="default: 1.0")
    parser.add_argument(
        "--freeze",
        default="",
        help="parts not to train: all_but_text, or some of text, mel, positions, conditioning, "
        "transformer, separated by commas",
    )
    parser.add_argument(
        "--freeze-steps", type=int, default=0, help="steps after which all is trained; 0: never"
    )
    parser.add_argument("--continue_path", default="", help="run to go on with")
    arguments, overrides = parser.parse_known_args()

    if arguments.continue_path:
        saved = Path(arguments.continue_path) / "recipe.json"
        if not saved.is_file():
            parser.error(f"--continue_path {arguments.continue_path}: {saved} is missing")
        variables = json.loads(saved.read_text())
    else:
        for name in ("data", "vocab", "dvae", "mel_stats"):
            if not getattr(arguments, name):
                parser.error(f"--{name.replace('_', '-')} is needed, or --continue_path")
        variables = _variables(arguments, parser)
        _require_files(arguments, parser)
    for name, value in variables.items():
        os.environ.setdefault(name, value)

    from trainer import Trainer, TrainerArgs
    from TTS.tts.datasets import load_tts_samples
    from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTTrainer, GPTTrainerConfig

    if arguments.continue_path:
        config = GPTTrainerConfig()
        config.load_json(str(Path(arguments.continue_path) / "config.json"))
        # The run's own checkpoint holds everything.
        config.model_args.xtts_checkpoint = ""
    else:
        config = _config(arguments)
    if "am" not in config.languages:
        parser.error("coqui-amharic-ext is not active here, without which XTTS has no Amharic")
    if overrides:
        config.parse_known_args(overrides, relaxed_parser=True)

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
            f"coqui-amharic data check --metadata {config.datasets[0].path}/metadata.csv"
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
    if trainer.args.rank == 0 and not arguments.continue_path:
        # Beside the checkpoints, so that the folder can be moved and spoken from.
        shutil.copyfile(config.model_args.tokenizer_file, trainer.output_path / "vocab.json")
        (trainer.output_path / "recipe.json").write_text(json.dumps(variables))
    trainer.fit()


def _require_files(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Refuse a new run whose files are not there before anything heavy is loaded."""
    for name in ("vocab", "dvae", "mel_stats", "checkpoint", "speaker"):
        given = getattr(arguments, name)
        if given and not Path(given).is_file():
            parser.error(f"--{name.replace('_', '-')} {given}: there is no such file")
    for folder in (arguments.data, *(p.partition("=")[2] for p in arguments.keep_languages)):
        if not (Path(folder) / "metadata.csv").is_file():
            parser.error(f"{folder} has no metadata.csv; give a folder with metadata.csv and wavs/")
    try:
        os.makedirs(arguments.output, exist_ok=True)
    except OSError as error:
        parser.error(f"--output {arguments.output} cannot be written: {error.strerror}")


def _variables(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> dict[str, str]:
    """Return what the arguments say that is no config value of upstream's."""
    found = {}
    if arguments.keep_languages:
        pairs = [part.partition("=") for part in arguments.keep_languages]
        languages = [language for language, _, _ in pairs]
        if not all(language and folder for language, _, folder in pairs) or "am" in languages:
            parser.error("--keep-languages takes LANG=FOLDER of other languages than am")
        if not 0 < arguments.keep_share < 1:
            parser.error("--keep-share is between 0 and 1")
        # Upstream draws each language as often as any other, however little there is of it.
        each = arguments.keep_share / len(languages)
        weights = {"am": 1 - arguments.keep_share, **dict.fromkeys(languages, each)}
        found[WEIGHTS] = ",".join(f"{name}={weight:.6g}" for name, weight in weights.items())
    if arguments.freeze:
        found[FREEZE] = arguments.freeze
        found[FREEZE_STEPS] = str(arguments.freeze_steps)
    elif arguments.freeze_steps:
        parser.error("--freeze-steps says how long to --freeze, which is not given")
    return found


def _config(arguments: argparse.Namespace) -> Any:
    """Return upstream's config for a new run."""
    from TTS.tts.configs.shared_configs import BaseDatasetConfig
    from TTS.tts.configs.xtts_config import XttsAudioConfig
    from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTArgs, GPTTrainerConfig

    folders = {"am": arguments.data}
    folders.update(part.split("=", 1) for part in arguments.keep_languages)
    speaker = [os.path.abspath(arguments.speaker)]
    datasets = [
        BaseDatasetConfig(
            formatter=arguments.formatter,
            meta_file_train="metadata.csv",
            path=os.path.abspath(folder),
            language=language,
        )
        for language, folder in folders.items()
    ]
    model_args = GPTArgs(
        max_conditioning_length=132300,
        min_conditioning_length=66150,
        debug_loading_failures=True,
        max_wav_length=255995,
        # Upstream's 200 are too few for fast speech, in which a phone is a token.
        max_text_length=300,
        mel_norm_file=os.path.abspath(arguments.mel_stats),
        dvae_checkpoint=os.path.abspath(arguments.dvae),
        xtts_checkpoint=arguments.checkpoint and os.path.abspath(arguments.checkpoint),
        tokenizer_file=os.path.abspath(arguments.vocab),
        gpt_loss_text_ce_weight=arguments.text_loss_weight,
        gpt_loss_mel_ce_weight=arguments.mel_loss_weight,
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
        datasets=datasets,
        batch_size=3,
        batch_group_size=48,
        eval_batch_size=3,
        num_loader_workers=4,
        eval_split_max_size=256,
        print_step=50,
        plot_step=100,
        log_model_step=1000,
        # A kill loses at most these steps; the checkpoint before is kept until the next is whole.
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
        test_sentences=[
            {"text": "ሰላም፣ እንዴት ነህ?", "speaker_wav": speaker, "language": "am"},
            {"text": "በ2015 ዓ.ም አዲስ ድልድይ ተሠራ።", "speaker_wav": speaker, "language": "am"},
        ]
        if arguments.speaker
        else [],
    )


if __name__ == "__main__":
    main()
