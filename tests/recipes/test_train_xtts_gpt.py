"""The XTTS recipe as a person runs it: options, a kill, going on, the run's folder."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("TTS")

from coqui_amharic_ext.demo import tiny  # noqa: E402
from coqui_amharic_ext.recipes import train_xtts_gpt  # noqa: E402
from tests.patched import stock_only  # noqa: E402

RECIPE = Path(str(files("coqui_amharic_ext.recipes").joinpath("__init__.py"))).with_name(
    "train_xtts_gpt.py"
)
AMHARIC = ("ሰላም፣ እንዴት ነህ?", "በ25 ብር ገዛሁት።", "ደህና ነኝ።", "ጥቁር ቡና ይጠጣል።") * 3
ENGLISH = ("good morning", "how are you", "yes")
STEP = 3


def _environment() -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    return clean | {"OMP_NUM_THREADS": "1", "PYTHONUTF8": "1", "COQUI_AMHARIC_G2P": "rules"}


class Assets:
    """Two tiny corpora, what the trainer needs beside them, and the recipe's command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        seconds = tuple(0.7 + 0.1 * (n % 8) for n in range(len(AMHARIC)))
        texts = [f"{text} {'ና' * n}" for n, text in enumerate(AMHARIC)]
        self.assets = tiny.write_assets(folder / "am", texts, seconds)
        tiny.write_corpus(folder / "en", ENGLISH, (1.1, 0.9, 0.8), seed=90)

    def command(self, output: Path, *more: str, epochs: int = 1) -> list[str]:
        changes = {
            **{f"model_args.{k}": v for k, v in tiny.gpt_args_overrides().items()},
            "model_args.gpt_max_audio_tokens": 40,
            "batch_size": 2,
            "eval_batch_size": 2,
            "num_loader_workers": 0,
            "num_eval_loader_workers": 0,
            "eval_split_size": 0.34,
            "epochs": epochs,
            "print_step": 1,
            "plot_step": 1,
            "save_step": STEP,
            "lr": 0.003,
        }
        command = [sys.executable, str(RECIPE), "--data", str(self.folder / "am")]
        command += ["--vocab", str(self.assets.vocab), "--dvae", str(self.assets.dvae)]
        command += ["--mel-stats", str(self.assets.mel_norms), "--output", str(output), *more]
        for name, value in changes.items():
            spelled = str(value).lower() if isinstance(value, bool) else str(value)
            command += [f"--coqpit.{name}", spelled]
        return command


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assets]:
    folder = tmp_path_factory.mktemp("recipe")
    yield Assets(folder)
    # Checkpoints have 300 MB each.
    shutil.rmtree(folder)


def _run(command: list[str]) -> str:
    done = subprocess.run(
        command, env=_environment(), capture_output=True, text=True, timeout=580, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


@pytest.fixture(scope="module")
def run(assets: Assets) -> tuple[Path, str]:
    """A run with everything that the recipe offers, and its output."""
    output = assets.folder / "runs"
    command = assets.command(
        output,
        *("--keep-languages", f"en={assets.folder / 'en'}", "--keep-share", "0.25"),
        *("--freeze", "all_but_text", "--freeze-steps", "2", "--text-loss-weight", "0.05"),
        *("--speaker", str(assets.assets.speaker)),
        epochs=4,
    )
    printed = _run(command)
    (folder,) = output.iterdir()
    for extra in (*folder.glob("checkpoint_*.pth"), *folder.glob("best_model_*.pth")):
        extra.unlink()
    return folder, printed


def test_languages_are_mixed_by_their_true_share(run: tuple[Path, str]) -> None:
    _, printed = run
    assert "languages weighted am=0.75,en=0.25" in printed


def test_new_tokens_settle_first(run: tuple[Path, str]) -> None:
    _, printed = run
    assert "Frozen up to step 2: mel, positions, conditioning, transformer" in printed
    assert "Step 2: all parameters train from now on" in printed


def test_the_loss_falls(run: tuple[Path, str]) -> None:
    _, printed = run
    losses = [float(loss) for loss in re.findall(r"\| > loss_mel_ce: ([0-9.]+)", printed)]
    assert len(losses) >= 20
    assert sum(losses[-4:]) / 4 < 0.95 * sum(losses[:2]) / 2


def test_loss_weights_are_the_configs(run: tuple[Path, str]) -> None:
    folder, _ = run
    args = json.loads((folder / "config.json").read_text())["model_args"]
    assert (args["gpt_loss_text_ce_weight"], args["gpt_loss_mel_ce_weight"]) == (0.05, 1.0)


def test_a_corpus_can_be_checked_against_the_run(run: tuple[Path, str], assets: Assets) -> None:
    """The run's config has its own limits, and the vocabulary lies beside it."""
    folder, _ = run
    tiny.write_clip(assets.folder / "am" / "wavs" / "long.wav", 6.5)
    corpus = assets.folder / "am" / "long.csv"
    corpus.write_text("clip000|x|ሰላም\nlong|x|እሺ\n", encoding="utf-8")
    code = "from coqui_amharic_ext.cli import main; main()"
    command = [sys.executable, "-c", code, "data", "check", "--metadata", str(corpus), "--json"]
    done = subprocess.run(
        [*command, "--config", str(folder / "config.json")],
        env=_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    kinds = [found["kind"] for found in json.loads(done.stdout)["findings"]]
    assert kinds == ["too-long", "eval-split"]


def test_tensorboard_has_the_losses_and_the_spoken_sentences(run: tuple[Path, str]) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, _ = run
    events = EventAccumulator(str(folder))
    events.Reload()
    tags = events.Tags()
    (loss,) = [tag for tag in tags["scalars"] if tag.startswith("TrainIter") and "/loss_mel" in tag]
    assert len(events.Scalars(loss)) >= 20
    assert len([tag for tag in tags["audio"] if "audio" in tag.lower()]) == 2


def test_the_dvae_is_untouched(run: tuple[Path, str], assets: Assets) -> None:
    folder, _ = run
    before = torch.load(assets.assets.dvae, weights_only=True)
    after = torch.load(folder / "best_model.pth", weights_only=True, mmap=True)["model"]
    assert all(torch.equal(after[f"dvae.{name}"], value) for name, value in before.items())


def test_the_stock_tts_command_speaks_from_the_folder_alone(
    run: tuple[Path, str], assets: Assets, tmp_path: Path
) -> None:
    import wave

    folder, _ = run
    assert (folder / "vocab.json").read_bytes() == assets.assets.vocab.read_bytes()
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("best_model.pth", "vocab.json"):
        (moved / name).symlink_to(folder / name)
    config = json.loads((folder / "config.json").read_text())
    for path in ("tokenizer_file", "dvae_checkpoint", "mel_norm_file"):
        # As on another machine, where the paths of this one lead nowhere.
        config["model_args"][path] = "/nowhere/" + Path(config["model_args"][path]).name
    (moved / "config.json").write_text(json.dumps(config))
    out = tmp_path / "out.wav"
    command = [str(Path(sys.executable).with_name("tts")), "--text", "ሰላም፣ እንዴት ነህ? ደህና ነኝ።"]
    command += ["--model_path", str(moved / "best_model.pth")]
    command += ["--config_path", str(moved / "config.json"), "--out_path", str(out)]
    command += ["--speaker_wav", str(assets.assets.speaker), "--language_idx", "am"]
    printed = _run(command)
    assert "['ሰላም፣ እንዴት ነህ?', 'ደህና ነኝ።']" in printed
    with wave.open(str(out)) as file:
        assert file.getframerate() == 24000
        assert file.getnframes() > 24000


def _wait_for(child: subprocess.Popen[bytes], happened: Callable[[], object], log: Path) -> None:
    deadline = time.monotonic() + 540
    while not happened():
        assert child.poll() is None, log.read_text(errors="replace")[-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.002)


def _digests(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@stock_only  # it watches for our partial file; tests/training/test_saving.py runs on either
def test_a_kill_while_saving_costs_no_checkpoint_and_the_run_goes_on(assets: Assets) -> None:
    output = assets.folder / "killed"
    log = assets.folder / "killed.log"
    command = assets.command(output, "--freeze", "conditioning", epochs=50)
    command += ["--coqpit.save_best_after", "1000000"]
    gone = assets.folder / "gone"
    gone.mkdir()
    for option in ("--vocab", "--dvae", "--mel-stats"):
        place = command.index(option) + 1
        os.link(command[place], gone / Path(command[place]).name)
        command[place] = str(gone / Path(command[place]).name)
    before = _digests(assets.folder / "am")
    environment = _environment() | {"COQUI_AMHARIC_CHECKPOINTING": "1"}
    with log.open("wb") as sink:
        child = subprocess.Popen(command, env=environment, stdout=sink, stderr=sink)
    try:
        _wait_for(child, lambda: list(output.glob(f"*/checkpoint_{STEP}.pth")), log)
        (folder,) = output.iterdir()
        partial = f".checkpoint_{2 * STEP}.pth.partial-*"
        _wait_for(
            child, lambda: any(p.stat().st_size > 1_000_000 for p in folder.glob(partial)), log
        )
        child.send_signal(signal.SIGKILL)
    finally:
        child.kill()
        child.wait()
    left = {path.name for path in folder.glob("checkpoint_*.pth")}
    # The next one may just have become whole; half of one has no such name.
    assert left in ({f"checkpoint_{STEP}.pth"}, {f"checkpoint_{2 * STEP}.pth"})
    saved = torch.load(folder / left.pop(), weights_only=True, mmap=True)
    assert _digests(assets.folder / "am") == before
    # Nothing is where it was: the run and what it began with.
    shutil.rmtree(gone)
    folder = folder.rename(assets.folder / "moved")
    again = [sys.executable, str(RECIPE), "--continue_path", str(folder)]
    epochs = saved["epoch"] + 1
    printed = _run([*again, "--coqpit.epochs", str(epochs)])
    assert f"Model restored from step {saved['step']}" in printed
    # Nothing but the folder was given: the choices that are no config values come from it, too.
    assert "Frozen throughout: conditioning" in printed
    assert "COQUI_AMHARIC_CHECKPOINTING=1" in printed
    steps = [int(step) for step in re.findall(r"GLOBAL_STEP: ([0-9]+)", printed)]
    assert steps[0] == saved["step"] + 1
    numbers = [int(p.stem.rpartition("_")[2]) for p in folder.glob("checkpoint_*.pth")]
    assert max(numbers) > saved["step"]
    for path in folder.glob("checkpoint_*.pth"):
        assert torch.load(path, weights_only=True, mmap=True)["step"] >= STEP


def _folder(path: Path, *names: str) -> Path:
    path.mkdir()
    for name in names:
        (path / name).write_text("a|x|ሰላም\n", encoding="utf-8")
    return path


def _arguments(data: Path, *kept: str) -> argparse.Namespace:
    return argparse.Namespace(
        data=str(data), formatter="auto", keep_languages=list(kept), keep_share=0.2
    )


def test_every_language_of_a_corpus_is_a_data_set(tmp_path: Path) -> None:
    data = _folder(tmp_path / "data", "metadata_am.csv", "metadata_en.csv")
    german = _folder(tmp_path / "de", "metadata.csv")
    arguments = _arguments(data, f"de={german}")
    found = train_xtts_gpt._datasets(arguments, argparse.ArgumentParser())
    assert [(d["language"], Path(d["path"]).name, d["meta_file_train"]) for d in found] == [
        ("am", "data", "metadata_am.csv"),
        ("en", "data", "metadata_en.csv"),
        ("de", "de", "metadata.csv"),
    ]
    weights = train_xtts_gpt._weights(arguments, [d["language"] for d in found])
    assert weights == {"COQUI_AMHARIC_LANGUAGE_WEIGHTS": "am=0.4,en=0.4,de=0.2"}


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        ("en=data", "en is in data, too"),
        ("de=data", "--keep-languages de=data: it has am, en"),
        ("de=none", "none has no metadata.csv"),
        ("de=odd", "coqui-amharic data import odd"),
    ],
)
def test_languages_that_cannot_be_kept_are_named(
    kept: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    _folder(Path("data"), "metadata_am.csv", "metadata_en.csv")
    _folder(Path("odd"))
    Path("odd/metadata.csv").write_text("a.wav|x|y\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        train_xtts_gpt._datasets(_arguments(Path("data"), kept), argparse.ArgumentParser())
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "--data is needed, or --continue_path"),
        (("--data", "x", "--dvae", "x", "--mel-stats", "x"), "--vocab is needed"),
        (("--keep-languages", "en"), "LANG=FOLDER"),
        (("--keep-languages", "am=x"), "other languages than am"),
        (("--keep-languages", "en=x", "--keep-share", "1"), "between 0 and 1"),
        (("--freeze-steps", "5"), "how long to --freeze"),
        (("--formatter", "ljspeech"), "--vocab x: there is no such file"),
    ],
)
def test_arguments_that_cannot_be_used_are_named_at_once(
    arguments: tuple[str, ...], says: str
) -> None:
    if "--data" not in arguments and arguments:
        needed = [f"--{name}" for name in ("data", "vocab", "dvae", "mel-stats")]
        arguments = (*(part for name in needed for part in (name, "x")), *arguments)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(RECIPE), *arguments],
        env=_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert time.monotonic() - started < 10


def test_without_the_extension_the_recipe_says_so(assets: Assets) -> None:
    command = assets.command(assets.folder / "none")
    done = subprocess.run(
        command,
        env=_environment() | {"COQUI_AMHARIC_AUTOLOAD": "0"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 2
    assert "coqui-amharic-ext is not active here" in done.stderr


def _command(*arguments: str | Path) -> str:
    code = "from coqui_amharic_ext.cli import main; main()"
    return _run([sys.executable, "-c", code, *map(str, arguments)])


def test_from_a_checkpoint_that_knows_no_amharic_to_speech(assets: Assets, tmp_path: Path) -> None:
    """Every command on the way, with letters in place of phones: nothing but files between them."""
    import soundfile

    from tests.coqui.checkpoints import write_xtts
    from tests.coqui.vocabularies import write_xtts_like

    old = write_xtts_like(tmp_path / "vocab.json")
    write_xtts(tmp_path / "model.pth", old)
    corpus = assets.folder / "am" / "metadata.csv"
    new, extended = tmp_path / "vocab_am.json", tmp_path / "model_am.pth"
    _command("vocab", "extend", "--vocab", old, "--mode", "fidel", "--corpus", corpus, "--out", new)
    _command(
        *("checkpoint", "extend", "--checkpoint", tmp_path / "model.pth", "--old-vocab", old),
        *("--new-vocab", new, "--out", extended),
    )
    _command("data", "check", "--metadata", corpus, "--vocab", new)
    output = assets.folder / "extended"
    command = assets.command(output, "--checkpoint", str(extended), epochs=2)
    command[command.index("--vocab") + 1] = str(new)
    _run(command)
    (folder,) = output.iterdir()
    before = torch.load(extended, weights_only=True, mmap=True)["model"]
    after = torch.load(folder / "best_model.pth", weights_only=True, mmap=True)["model"]
    # The decoder is the checkpoint's, the GPT has learnt.
    name = "hifigan_decoder.waveform_decoder.conv_pre.bias"
    assert torch.equal(before[name], after[f"xtts.{name}"])
    name = "gpt.text_embedding.weight"
    assert before[name].shape == after[f"xtts.{name}"].shape
    assert not torch.equal(before[name], after[f"xtts.{name}"])
    out = tmp_path / "speech.wav"
    printed = _command(
        *("synth", "--checkpoint", folder, "--speaker-wav", assets.assets.speaker, "--out", out),
        *("--text", "ሰላም፣ በ25 ብር ገዛሁት። USA", "--stream", "--device", "cpu", "--json"),
    )
    said = json.loads(printed.splitlines()[0])
    assert "".join(piece["text"] for piece in said["pieces"]).startswith("ሰላም, በሃያ አምስት ብር")
    assert soundfile.info(out).duration == pytest.approx(said["seconds"], abs=0.01)
    shutil.rmtree(output)
