"""Trains the tiny XTTS GPT in one of several processes on CPUs, through upstream's own trainer.

Upstream's launcher asks for CUDA, so this one stands in for it: it says how many devices there
are, meets the others over gloo and leaves out the device ids that DDP does not take on a CPU.

Run as ``python -m tests.training.together RANK WORLD FOLDER``; see ``launch``.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

STEPS = 4
SCENARIOS: dict[str, dict[str, Any]] = {
    "stock": {"active": False},
    "plain": {},
    "accumulated": {"accumulate": 2, "grad_clip": 0.05},
    "scaled": {"grad_clip": 0.05, "use_grad_scaler": True},
    "overflow": {"use_grad_scaler": True, "overflow": True},
    "bf16": {"mixed_precision": True, "precision": "bf16"},
    "adamw": {"optimizer": "AdamW", "lr": 1e-3},
}


def launch(folder: Path, world: int) -> list[dict[str, Any]]:
    """Run every scenario in ``world`` processes and return what each of them found."""
    import torch

    processes = []
    for rank in range(world):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
        command = [sys.executable, "-m", __name__, str(rank), str(world), str(folder)]
        environment = {**clean, "RANK": str(rank), "OMP_NUM_THREADS": "1"}
        # Output goes to a file: a full pipe would stop one rank and so the other.
        log = (folder / f"log{world}_{rank}.txt").open("w")
        processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
    codes = []
    try:
        codes = [process.wait(timeout=280) for process in processes]
    finally:
        for process in processes:
            process.kill()
    if any(codes):
        logs = "\n".join(path.read_text() for path in folder.glob(f"log{world}_*.txt"))
        raise RuntimeError(f"exit codes {codes}\n{logs[-6000:]}")
    return [
        torch.load(folder / f"found{world}_{rank}.pt", weights_only=True) for rank in range(world)
    ]


def _batches(rank: int, world: int) -> list[dict[str, Any]]:
    """Return this rank's rows of the same batches of four clips, all of one length.

    With equal lengths every rank's loss is a mean over as many targets, so that the mean of the
    ranks' gradients is the gradient of the joined batch.
    """
    import torch

    generator = torch.Generator().manual_seed(11)
    made = []
    for _ in range(STEPS):
        text = torch.randint(5, 60, (4, 20), generator=generator, dtype=torch.int32)
        wav = torch.randn(4, 1, 12_000, generator=generator).clamp(-1, 1) * 0.3
        mine = slice(rank * 4 // world, (rank + 1) * 4 // world)
        size = mine.stop - mine.start
        made.append(
            {
                "padded_text": text[mine].clone(),
                "text_lengths": torch.full((size,), 20),
                "wav": wav[mine].clone(),
                "wav_lengths": torch.full((size,), 12_000),
                "conditioning": wav[mine, None].clone(),
                "cond_idxs": None,
                "cond_lens": None,
            }
        )
    return made


def _run(name: str, model: Any, config: Any, rank: int, world: int, folder: Path) -> Any:
    import torch
    import trainer.trainer as upstream
    from torch import distributed

    import coqui_amharic_ext as am

    options = dict(SCENARIOS[name])
    accumulate = options.pop("accumulate", 1)
    overflow = options.pop("overflow", False)
    if options.pop("active", True):
        am.activate()
    for field, value in options.items():
        setattr(config, field, value)

    exchanges: list[int] = []
    plain_all_reduce = distributed.all_reduce

    def counted(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        exchanges.append(tensor.numel())
        return plain_all_reduce(tensor, *args, **kwargs)

    environment = upstream.Trainer.setup_training_environment

    def devices(args: Any, config: Any, gpu: Any) -> tuple[bool, int]:
        environment(args=args, config=config, gpu=gpu)
        return False, world

    upstream.Trainer.setup_training_environment = staticmethod(devices)
    made = upstream.Trainer(
        upstream.TrainerArgs(rank=rank, use_ddp=world > 1, grad_accum_steps=accumulate),
        config,
        output_path=str(folder / f"out_{name}_{world}_{rank}"),
        model=model,
        train_loader=torch.utils.data.DataLoader(_batches(rank, world), batch_size=None),
        parse_command_line_args=False,
    )
    if overflow and rank == 1:
        backwards: list[None] = []

        def infinite_once(gradient: Any) -> Any:
            backwards.append(None)
            return gradient * float("inf") if len(backwards) == 2 else gradient

        hook = model.xtts.gpt.mel_head.bias.register_hook(infinite_once)
    losses: list[float] = []
    optimize = made.optimize

    def noted(*args: Any, **kwargs: Any) -> Any:
        result = optimize(*args, **kwargs)
        losses.append(float(result[1]["loss"]) * accumulate)
        return result

    made.optimize = noted
    distributed.all_reduce = counted
    try:
        made.train_epoch()
    finally:
        distributed.all_reduce = plain_all_reduce
        upstream.Trainer.setup_training_environment = staticmethod(environment)
        am.deactivate()
    if overflow and rank == 1:
        hook.remove()
    scale = made.scaler.get_scale() if made.scaler is not None else 1.0
    return {
        "losses": losses,
        "exchanges": exchanges,
        "weights": _weights(made),
        "scale": scale,
    }


def _weights(made: Any) -> dict[str, Any]:
    gpt = made._get_model().xtts.gpt
    return {name: value.detach().clone() for name, value in gpt.named_parameters()}


def main(rank: int, world: int, folder: Path) -> None:
    import torch
    import trainer.trainer as upstream
    from torch import distributed, nn
    from torch.nn.parallel import DistributedDataParallel

    import coqui_amharic_ext as am

    am.deactivate()
    # Upstream's scaler is CUDA's and does nothing here; torch has one for CPUs.
    upstream.GradScaler = functools.partial(torch.GradScaler, device="cpu")
    if world > 1:
        distributed.init_process_group(
            "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world
        )
        upstream.init_distributed = lambda *args: None
        upstream.DDP_th = lambda module, **_: DistributedDataParallel(module)
    from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTArgs, GPTTrainer, GPTTrainerConfig

    recipe = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    torch.manual_seed(rank)  # ranks start apart; DDP gives them rank 0's weights
    arguments = GPTArgs(**recipe.pop("model_args"))
    model = GPTTrainer(GPTTrainerConfig(model_args=arguments, **recipe))
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
        if type(module).__name__ == "AttentionBlock":
            nn.init.normal_(module.proj_out.weight, std=0.02)  # zero on a fresh model
    start = {k: v.clone() for k, v in model.xtts.gpt.state_dict().items()}
    found = {}
    for name in SCENARIOS:
        model.xtts.gpt.load_state_dict(start)
        model.config = GPTTrainerConfig(model_args=arguments, **recipe)
        found[name] = _run(name, model, model.config, rank, world, folder)
    found["start"] = {"weights": {k: v for k, v in start.items() if k in found["plain"]["weights"]}}
    torch.save(found, folder / f"found{world}_{rank}.pt")
    if world > 1:
        distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
