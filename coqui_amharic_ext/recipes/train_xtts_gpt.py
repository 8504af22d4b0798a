"""Train XTTS's GPT on Amharic, as upstream's LJSpeech recipe does; only config values differ.

``python train_xtts_gpt.py --data FOLDER --vocab vocab.json --dvae dvae.pth --mel-stats stats.pth``
with a corpus in LJSpeech's layout (``metadata.csv`` and ``wavs/``). ``--checkpoint model.pth``
starts from an XTTS checkpoint whose text embedding has a row for every token of the vocabulary. Any
config value can be given as ``--coqpit.NAME VALUE``, and any of the trainer's own arguments
(``--restore_path``, ``--continue_path``, ...) as they are.
"""

import argparse

from trainer import Trainer, TrainerArgs
from TTS.tts.configs.shared_configs import BaseDatasetConfig
from TTS.tts.configs.xtts_config import XttsAudioConfig
from TTS.tts.datasets import load_tts_samples
from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTArgs, GPTTrainer, GPTTrainerConfig


def main() -> None:
    """Build the config, the model and the trainer, and train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", required=True, help="folder with metadata.csv and wavs/")
    parser.add_argument("--vocab", required=True, help="XTTS vocabulary that knows Amharic")
    parser.add_argument("--dvae", required=True, help="the DVAE's checkpoint, dvae.pth")
    parser.add_argument("--mel-stats", required=True, help="the mel statistics, mel_stats.pth")
    parser.add_argument("--checkpoint", default="", help="XTTS checkpoint to start from")
    parser.add_argument("--speaker", default="", help="reference wav for the test sentences")
    parser.add_argument("--output", default="runs", help="folder for the run (default: runs)")
    arguments, overrides = parser.parse_known_args()

    dataset_config = BaseDatasetConfig(
        formatter="ljspeech", meta_file_train="metadata.csv", path=arguments.data, language="am"
    )
    model_args = GPTArgs(
        max_conditioning_length=132300,
        min_conditioning_length=66150,
        debug_loading_failures=True,
        max_wav_length=255995,
        max_text_length=200,
        mel_norm_file=arguments.mel_stats,
        dvae_checkpoint=arguments.dvae,
        xtts_checkpoint=arguments.checkpoint,
        tokenizer_file=arguments.vocab,
        gpt_num_audio_tokens=1026,
        gpt_start_audio_token=1024,
        gpt_stop_audio_token=1025,
        gpt_use_masking_gt_prompt_approach=True,
        gpt_use_perceiver_resampler=True,
    )
    config = GPTTrainerConfig(
        output_path=arguments.output,
        model_args=model_args,
        run_name="xtts_gpt_amharic",
        project_name="XTTS_trainer",
        dashboard_logger="tensorboard",
        audio=XttsAudioConfig(sample_rate=22050, dvae_sample_rate=22050, output_sample_rate=24000),
        datasets=[dataset_config],
        batch_size=3,
        batch_group_size=48,
        eval_batch_size=3,
        num_loader_workers=4,
        eval_split_max_size=256,
        print_step=50,
        plot_step=100,
        log_model_step=1000,
        save_step=10000,
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
            {"text": "ሰላም፣ እንዴት ነህ?", "speaker_wav": [arguments.speaker], "language": "am"},
            {
                "text": "በ2015 ዓ.ም አዲስ ድልድይ ተሠራ።",
                "speaker_wav": [arguments.speaker],
                "language": "am",
            },
        ]
        if arguments.speaker
        else [],
    )
    if overrides:
        config.parse_known_args(overrides, relaxed_parser=True)

    train_samples, eval_samples = load_tts_samples(
        config,
        eval_split=True,
        eval_split_max_size=config.eval_split_max_size,
        eval_split_size=config.eval_split_size,
    )
    model = GPTTrainer.init_from_config(config)
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
