"""Train VITS on Amharic, as upstream's LJSpeech recipe does; only config values differ.

``python train_vits.py --data FOLDER --output FOLDER`` with a corpus in LJSpeech's or Coqui's layout
(``metadata.csv`` and ``wavs/``); several speakers become several voices. Any config value can be
given as ``--coqpit.NAME VALUE``, and any argument of the trainer (``--restore_path``, ...) by its
name.

``--continue_path RUN`` resumes an interrupted run from its last complete checkpoint, with
everything else from the run's folder. ``tensorboard --logdir RUN`` shows the progress.
"""

import argparse
import os
from pathlib import Path
from typing import Any

from coqui_amharic_ext.data.manifest import sample_rate
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


def make_parser() -> Parser:
    """Return the parser of the recipe's options."""
    parser = Parser(__doc__)
    parser.add_argument("--data", help="folder with metadata.csv and wavs/")
    parser.add_argument(
        "--formatter", default="auto", help="upstream's, for its metadata (default: auto)"
    )
    parser.add_argument(
        "--language", default="am", help="which of its languages is trained (default: am)"
    )
    parser.add_argument("--output", default="runs", help="folder for the run (default: runs)")
    parser.add_argument("--continue_path", default="", help="run to resume")
    return parser


def main() -> None:
    """Build the config, the model and the trainer, and train."""
    parser = make_parser()
    arguments, rest = parser.parse_known_args()
    run = Path(arguments.continue_path) if arguments.continue_path else None
    if run is not None:
        refuse_of_new_runs(parser, arguments, "output", "formatter", "language")
    elif not arguments.data:
        parser.error("--data is needed, or --continue_path")
    require_settings(parser, "vits")
    if run is None:
        try:
            os.makedirs(arguments.output, exist_ok=True)
        except OSError as error:
            parser.error(f"--output {arguments.output} cannot be written: {error.strerror}")
        try:
            config = _config(arguments)
        except ValueError as error:
            parser.error(str(error))

    from trainer import Trainer, TrainerArgs
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.datasets import load_tts_samples
    from TTS.tts.models.vits import Vits
    from TTS.tts.utils.text.phonemizers import get_default_phonemizer

    if run is not None:
        config = VitsConfig()
        load_run(parser, run, config)
        move_data(config, arguments.data, {})
        _take_from(run, config)
    settle(parser, rest, config, run)
    require_data(parser, config)
    if config.phoneme_language == "am" and get_default_phonemizer("am") != "amharic":
        parser.error("coqui-amharic-ext is not active here, without which VITS has no Amharic")
    if run is not None:
        save_config(run, config)

    metadata = os.path.join(config.datasets[0].path, config.datasets[0].meta_file_train)
    try:
        train_samples, eval_samples = load_tts_samples(
            config,
            eval_split=True,
            eval_split_max_size=config.eval_split_max_size,
            eval_split_size=config.eval_split_size,
        )
    except (AssertionError, IndexError) as error:  # too few clips, or too few columns
        parser.error(
            f"{metadata} cannot be used: {error}; for what to do about it:\n"
            f"coqui-amharic data check --model vits --metadata {metadata}"
        )
    if run is None:
        rate = sample_rate(Path(arguments.data)) or config.audio.sample_rate
        if rate != config.audio.sample_rate:  # upstream does not resample for VITS
            parser.error(
                f"the clips in {arguments.data} have {rate} Hz, the model has "
                f"{config.audio.sample_rate} Hz; give --coqpit.audio.sample_rate {rate}"
            )
    chosen = any("use_speaker_embedding" in name for name in rest)
    if run is None and not chosen:
        # As in upstream's VCTK recipe. Synthesis needs a speaker only if there are several.
        speakers = sorted({sample["speaker_name"] for sample in train_samples + eval_samples})
        if len(speakers) > 1:
            config.use_speaker_embedding = config.model_args.use_speaker_embedding = True
            config.speakers = speakers
    model = Vits(config)
    trainer = Trainer(
        TrainerArgs(),
        config,
        config.output_path,
        model=model,
        train_samples=train_samples,
        eval_samples=eval_samples,
    )
    trainer.fit()


def _take_from(run: Path, config: Any) -> None:
    """Use the run's own files from its folder, which may have moved."""
    for name in ("speakers_file", "language_ids_file"):
        for values in (config, config.model_args):
            if values.has(name):
                setattr(values, name, in_run(run, getattr(values, name)))
    if not os.path.isdir(os.path.dirname(config.phoneme_cache_path or "")):
        config.phoneme_cache_path = str(run.resolve().parent / "phoneme_cache")


def _config(arguments: argparse.Namespace) -> Any:
    """Return the config of a new run."""
    data, output, language = arguments.data, arguments.output, arguments.language
    parts = parts_in(data, arguments.formatter, language)
    parts = parts or [("ljspeech", "metadata.csv", "", language)]
    others = sorted({part[3] for part in parts} - {language})
    if len(others) == len(parts):
        raise ValueError(f"{data} has no {language} but {', '.join(others)}; see --language")
    if others:
        print(f" > {data} has {', '.join(others)}, too; {language} alone is trained (--language)")

    from TTS.config.shared_configs import BaseAudioConfig
    from TTS.tts.configs.shared_configs import BaseDatasetConfig
    from TTS.tts.configs.vits_config import VitsConfig

    datasets = [
        BaseDatasetConfig(
            formatter=formatter,
            meta_file_train=train,
            meta_file_val=evaluate,
            path=os.path.abspath(data),
            language=language,
        )
        for formatter, train, evaluate, of in parts
        if of == language
    ]
    return VitsConfig(
        audio=BaseAudioConfig(
            sample_rate=22050,
            win_length=1024,
            hop_length=256,
            num_mels=80,
            mel_fmin=0,
            mel_fmax=None,
        ),
        run_name="vits_amharic",
        batch_size=16,
        eval_batch_size=8,
        batch_group_size=5,
        num_loader_workers=4,
        num_eval_loader_workers=2,
        run_eval=True,
        test_delay_epochs=-1,
        epochs=1000,
        use_phonemes=True,
        phoneme_language=language,
        phoneme_cache_path=os.path.join(os.path.abspath(output), "phoneme_cache"),
        compute_input_seq_cache=True,
        print_step=25,
        print_eval=True,
        mixed_precision=True,
        output_path=output,
        datasets=datasets,
        cudnn_benchmark=False,
        test_sentences=[
            ["ሰላም፣ እንዴት ነህ?"],
            ["በ2015 ዓ.ም አዲስ ድልድይ ተሠራ።"],
            ["ጳውሎስ ጠዋት ጥቁር ቡና ይጠጣል።"],
        ]
        if language == "am"
        else [],
    )


if __name__ == "__main__":
    main()
