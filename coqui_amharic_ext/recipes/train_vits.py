"""Train VITS on Amharic, as upstream's LJSpeech recipe does; only config values differ.

``python train_vits.py --data FOLDER --output FOLDER`` with a corpus in LJSpeech's layout
(``metadata.csv`` and ``wavs/``). Any config value can be given as ``--coqpit.NAME VALUE``, and any
of the trainer's own arguments (``--restore_path``, ``--continue_path``, ...) as they are.
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
    parser.add_argument("--data", required=True, help="folder with metadata.csv and wavs/")
    parser.add_argument("--output", default="runs", help="folder for the run (default: runs)")
    arguments, overrides = parser.parse_known_args()

    dataset_config = BaseDatasetConfig(
        formatter="ljspeech", meta_file_train="metadata.csv", path=arguments.data, language="am"
    )
    config = VitsConfig(
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
        phoneme_cache_path=os.path.join(arguments.output, "phoneme_cache"),
        compute_input_seq_cache=True,
        print_step=25,
        print_eval=True,
        mixed_precision=True,
        output_path=arguments.output,
        datasets=[dataset_config],
        cudnn_benchmark=False,
        test_sentences=[
            ["ሰላም፣ እንዴት ነህ?"],
            ["በ2015 ዓ.ም አዲስ ድልድይ ተሠራ።"],
            ["ጳውሎስ ጠዋት ጥቁር ቡና ይጠጣል።"],
        ],
    )
    if overrides:
        config.parse_known_args(overrides, relaxed_parser=True)

    train_samples, eval_samples = load_tts_samples(
        config,
        eval_split=True,
        eval_split_max_size=config.eval_split_max_size,
        eval_split_size=config.eval_split_size,
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


if __name__ == "__main__":
    main()
