"""Train VITS on Amharic, as upstream's LJSpeech recipe does; only config values differ.

``python train_vits.py --data FOLDER --output FOLDER`` with a corpus in LJSpeech's layout
(``metadata.csv`` and ``wavs/``). Any config value can be given as ``--coqpit.NAME VALUE``, and any
of the trainer's own arguments (``--restore_path``, ...) as they are.

``--continue_path RUN`` goes on with an interrupted run from its last whole checkpoint; everything
else is then taken from the run's folder. ``tensorboard --logdir RUN`` shows how it goes.
"""

import argparse
import os

from trainer import Trainer, TrainerArgs
from TTS.config.shared_configs import BaseAudioConfig
from TTS.tts.configs.shared_configs import BaseDatasetConfig
from TTS.tts.configs.vits_config import VitsConfig
from TTS.tts.datasets import load_tts_samples
from TTS.tts.models.vits import Vits


def main() -> None:
    """Build the config, the model and the trainer, and train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", help="folder with metadata.csv and wavs/")
    parser.add_argument("--output", default="runs", help="folder for the run (default: runs)")
    parser.add_argument("--continue_path", default="", help="run to go on with")
    arguments, overrides = parser.parse_known_args()

    if arguments.continue_path:
        saved = os.path.join(arguments.continue_path, "config.json")
        if not os.path.isfile(saved):
            parser.error(f"--continue_path {arguments.continue_path}: {saved} is missing")
        config = VitsConfig()
        config.load_json(saved)
    elif not arguments.data:
        parser.error("--data is needed, or --continue_path")
    else:
        try:
            os.makedirs(arguments.output, exist_ok=True)
        except OSError as error:
            parser.error(f"--output {arguments.output} cannot be written: {error.strerror}")
        config = _config(arguments.data, arguments.output)
    metadata = os.path.join(config.datasets[0].path, config.datasets[0].meta_file_train)
    if not os.path.isfile(metadata):
        parser.error(f"{metadata} is missing; --data is the folder with metadata.csv and wavs/")
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
        parser.error(
            f"{metadata} cannot be used: {error}; for what to do about it:\n"
            f"coqui-amharic data check --model vits --metadata {metadata}"
        )
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


def _config(data: str, output: str) -> VitsConfig:
    """Return the config of a new run."""
    dataset_config = BaseDatasetConfig(
        formatter="ljspeech",
        meta_file_train="metadata.csv",
        path=os.path.abspath(data),
        language="am",
    )
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
        phoneme_language="am",
        phoneme_cache_path=os.path.join(os.path.abspath(output), "phoneme_cache"),
        compute_input_seq_cache=True,
        print_step=25,
        print_eval=True,
        mixed_precision=True,
        output_path=output,
        datasets=[dataset_config],
        cudnn_benchmark=False,
        test_sentences=[
            ["ሰላም፣ እንዴት ነህ?"],
            ["በ2015 ዓ.ም አዲስ ድልድይ ተሠራ።"],
            ["ጳውሎስ ጠዋት ጥቁር ቡና ይጠጣል።"],
        ],
    )


if __name__ == "__main__":
    main()
