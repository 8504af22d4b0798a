"""Whether Amharic text reaches the speech: XTTS's GPT learns four clips by heart, text and all.

``python benchmarks/overfit_proof.py [--steps N] [--history-dropout P] [--json OUT]`` trains a small
GPT (2 layers, width 128) on four clips of the bundled corpus with upstream's own dataset, DVAE
codes, training step and optimizer; one and the same fifth clip is the conditioning for all. Then it
measures, with the true codes before each (teacher-forced), how often the next audio code is right

- with each clip's own text,
- with the texts swapped between the clips, over all three cyclic swaps,

and how often, with a swapped text, the code is the one that the *given* text's clip has there: a
model that hears the text follows it.

Four clips can be told apart by their codes alone, so that a model may go on from those and leave
the text aside: without a remedy it speaks three of four codes right with the wrong text. The remedy
is word dropout (Bowman et al. 2016, arXiv:1511.06349): in training most of the codes *before* the
one to be said are blanked (``--history-dropout``); in the measurement none are. Token embeddings
start with a deviation of 0.02, as in Tortoise, from which XTTS's GPT comes; upstream's 1 drowns its
positions, which have 0.02, and they are then learnt too slowly for a few hundred steps.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

CLIPS = ("am01", "am08", "am15", "am18")
REFERENCE = "am02"
LAYERS, WIDTH, HEADS = 2, 128, 4
INIT = 0.02
LEARNING_RATE = 2e-3
STEPS = 300
HISTORY_DROPOUT = 0.8
OWN_AT_LEAST, SWAPPED_AT_MOST = 0.95, 0.5


class Proof:
    """The model, the one batch that it learns, and how well it knows it.

    Parameters
    ----------
    folder : Path
        For the corpus and the DVAE.
    history_dropout : float
        Share of the codes before the one to be said that training blanks.
    seed : int
        Of weights and dropout.
    """

    def __init__(
        self, folder: Path, history_dropout: float = HISTORY_DROPOUT, seed: int = 0
    ) -> None:
        import torch

        import coqui_amharic_ext as am

        am.activate()
        from TTS.tts.layers.xtts.trainer.dataset import XTTSDataset
        from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTTrainer

        torch.manual_seed(seed)
        config, rows = _prepare(folder)
        self.trainer = GPTTrainer(config)
        gpt = self.trainer.xtts.gpt
        self.history_dropout = history_dropout
        gpt.mel_embedding.register_forward_hook(self._forget)
        for embedding in (gpt.text_embedding, gpt.mel_embedding):
            torch.nn.init.normal_(embedding.weight, std=INIT)
        dataset = XTTSDataset(
            config, rows, self.trainer.xtts.tokenizer, config.audio.sample_rate, is_eval=True
        )
        batch = dataset.collate_fn([dataset[number] for number in range(len(rows))])
        self.batch = self.trainer.format_batch_on_device(batch)
        self.steps = 0

    def _forget(self, module: Any, _: Any, embedded: Any) -> Any:
        import torch

        if not module.training or not self.history_dropout:
            return embedded
        kept = torch.rand(embedded.shape[:-1]) >= self.history_dropout
        return embedded * kept[..., None]

    def train(self, steps: int, tell: Callable[[int, float], None] = lambda n, loss: None) -> None:
        """Take some steps, with a learning rate that falls to nothing."""
        import torch

        optimizer = self.trainer.get_optimizer()
        falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        self.trainer.eval()
        self.trainer.xtts.gpt.train()
        for number in range(1, steps + 1):
            # Upstream changes some of a batch's tensors in place.
            fresh = {k: v.clone() if torch.is_tensor(v) else v for k, v in self.batch.items()}
            _, losses = self.trainer.train_step(fresh, None)
            losses["loss"].backward()
            optimizer.step()
            falling.step()
            optimizer.zero_grad(set_to_none=True)
            tell(number, losses["loss_mel_ce"].item())
        self.steps += steps

    def _predictions(self, shift: int) -> Any:
        """Return the likeliest codes ``(clips, length)``, each clip given another one's text."""
        import torch

        self.trainer.eval()
        batch = self.batch
        with torch.no_grad():
            _, _, logits = self.trainer.xtts.gpt(
                batch["text_inputs"].roll(shift, 0),
                batch["text_lengths"].roll(shift, 0),
                batch["audio_codes"].clone(),
                batch["wav_lengths"],
                cond_mels=batch["cond_mels"],
                cond_idxs=None,
                cond_lens=None,
            )
        return logits.argmax(dim=1)

    def measure(self) -> dict[str, Any]:
        """Return the shares of right codes."""
        import torch

        codes = self.batch["audio_codes"]
        stride = self.trainer.xtts.gpt.code_stride_len
        lengths = torch.ceil(self.batch["wav_lengths"] / stride).long().clamp(max=codes.shape[1])
        real = torch.arange(codes.shape[1]) < lengths[:, None]
        shifts = range(1, len(CLIPS))
        predicted = {shift: self._predictions(shift)[:, : codes.shape[1]] for shift in (0, *shifts)}

        def share(right: Any, where: Any) -> float:
            return round(float(right[where].float().mean()), 4)

        follows, agree = [], []
        for shift in shifts:
            # Where both clips have a code, and the two differ: there the text decides.
            other, both = codes.roll(shift, 0), real & real.roll(shift, 0)
            follows.append(share(predicted[shift] == other, both & (other != codes)))
            agree.append(share(other == codes, both))
        swapped = [share(predicted[shift] == codes, real) for shift in shifts]
        counts = torch.bincount(codes[real])
        return {
            "own_text": share(predicted[0] == codes, real),
            "swapped_text": round(sum(swapped) / len(swapped), 4),
            "swapped_text_each": swapped,
            "follows_the_swapped_text": round(sum(follows) / len(follows), 4),
            "clips_agree": round(sum(agree) / len(agree), 4),
            "commonest_code": round(float(counts.max() / counts.sum()), 4),
            "codes": int(real.sum()),
            "distinct_codes": int((counts > 0).sum()),
        }


def _prepare(folder: Path) -> tuple[Any, list[dict[str, Any]]]:
    import soundfile
    from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTArgs, GPTTrainerConfig

    from coqui_amharic_ext.demo import tiny
    from coqui_amharic_ext.demo.files import unpack_corpus

    corpus = unpack_corpus(folder / "corpus")
    wavs = corpus / "wavs"
    lines = (corpus / "metadata.csv").read_text(encoding="utf-8").splitlines()
    texts = {name: text for name, text, _ in (line.split("|") for line in lines)}
    whole = soundfile.info(wavs / f"{REFERENCE}.wav").frames
    args = {
        **tiny.gpt_args_overrides(),
        "tokenizer_file": str(tiny.write_vocab(folder / "vocab.json")),
        "mel_norm_file": str(tiny.write_mel_norms(folder / "mel_norms.pth")),
        "dvae_checkpoint": str(tiny.write_dvae(folder / "dvae.pth")),
        "gpt_layers": LAYERS,
        "gpt_n_model_channels": WIDTH,
        "gpt_n_heads": HEADS,
        "decoder_input_dim": WIDTH,
        # Conditioning on another recording than the one that is learnt, and on all of it.
        "gpt_use_masking_gt_prompt_approach": False,
        "min_conditioning_length": whole,
        "max_conditioning_length": whole,
    }
    config = GPTTrainerConfig(
        output_path=str(folder),
        model_args=GPTArgs(**args),
        lr=LEARNING_RATE,
        optimizer="AdamW",
        optimizer_params={"betas": [0.9, 0.96], "eps": 1e-8, "weight_decay": 1e-2},
    )
    rows = [
        {
            "text": texts[name],
            "audio_file": str(wavs / f"{name}.wav"),
            "reference_path": str(wavs / f"{REFERENCE}.wav"),
            "language": "am",
        }
        for name in CLIPS
    ]
    return config, rows


def main() -> int:
    """Train, measure, print; 1 if the proof fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--history-dropout", type=float, default=HISTORY_DROPOUT)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="append the result to this file's list")
    arguments = parser.parse_args()
    started = time.perf_counter()

    def tell(step: int, loss: float) -> None:
        if step % 50 == 0:
            seconds = time.perf_counter() - started
            print(f"step {step:4}  mel loss {loss:.4f}  {seconds:.0f} s", file=sys.stderr)

    with tempfile.TemporaryDirectory() as folder:
        proof = Proof(Path(folder), arguments.history_dropout, arguments.seed)
        proof.train(arguments.steps, tell)
        result = proof.measure()
    result = {
        "steps": arguments.steps,
        "history_dropout": arguments.history_dropout,
        "embedding_init": INIT,
        "seed": arguments.seed,
        "layers": LAYERS,
        "width": WIDTH,
        "clips": list(CLIPS),
        **result,
        "seconds": round(time.perf_counter() - started, 1),
        "coqui_tts": version("coqui-tts"),
        "torch": version("torch"),
    }
    for name, value in result.items():
        print(f"{name:26} {value}")
    if arguments.json is not None:
        before = json.loads(arguments.json.read_text()) if arguments.json.exists() else []
        arguments.json.write_text(json.dumps([*before, result], indent=1) + "\n")
    proven = result["own_text"] >= OWN_AT_LEAST and result["swapped_text"] <= SWAPPED_AT_MOST
    return int(not proven)


if __name__ == "__main__":
    sys.exit(main())
