"""The recipes' command lines: nothing is ignored, and a run that goes on finds its files."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("TTS")

import coqui_amharic_ext as am
from coqui_amharic_ext.recipes import command, train_vits, train_xtts_gpt
from coqui_amharic_ext.settings import set_settings


@pytest.fixture(autouse=True)
def _settings_of_now(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in [name for name in os.environ if name.startswith("COQUI_AMHARIC_")]:
        monkeypatch.delenv(name)
    set_settings(None)
    yield
    set_settings(None)


def _corpus(folder: Path, clips: int = 4) -> Path:
    folder.mkdir(parents=True)
    rows = "".join(f"a{n}|x|ሰላም\n" for n in range(clips))
    (folder / "metadata.csv").write_text(rows, encoding="utf-8")
    return folder


class _Trainer:
    """Keeps what a run would have started with."""

    seen: Any = None

    def __init__(self, args: Any, config: Any, output: str, **samples: Any) -> None:
        type(self).seen = config
        self.args = args
        self.output_path = Path(output) / "run"
        self.output_path.mkdir(parents=True, exist_ok=True)

    def fit(self) -> None:
        pass


@pytest.fixture
def vits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run the VITS recipe up to its trainer; returns the config, or the exit code."""
    am.activate()  # other tests may have left it off, and without espeak-ng stock has no Amharic
    monkeypatch.setattr("trainer.Trainer", _Trainer)
    monkeypatch.setattr("TTS.tts.models.vits.Vits", lambda config: config)
    monkeypatch.chdir(tmp_path)
    _corpus(tmp_path / "corpus")
    new = ("--data", "corpus", "--output", "runs", "--coqpit.eval_split_size", "0.25")

    def run(*arguments: str | Path, begun: bool = False) -> Any:
        given = arguments if begun else (*new, *arguments)
        monkeypatch.setattr(sys, "argv", ["train_vits.py", *map(str, given)])
        set_settings(None)
        train_vits.main()
        return _Trainer.seen

    return run


REFUSED = {
    "--coqpit.batchsize 4": "did you mean --coqpit.batch_size?",
    "--coqpit.batch_s 4": "--coqpit.batch_s is not known; did you mean --coqpit.batch_size?",
    "--coqpit.batch_size=four": "--coqpit.batch_size: invalid int value: 'four'",
    "--coqpit.batch_size 4.5": "--coqpit.batch_size: invalid int value: '4.5'",
    "--coqpit.batch_size": "--coqpit.batch_size: expected one argument",
    "--coqpit.run_eval yes": "--coqpit.run_eval: expected true or false, not: 'yes'",
    "--coqpit.audio.sample_rat 16000": "did you mean --coqpit.audio.sample_rate?",
    "--coqpit.sample_rate 16000": "did you mean --coqpit.audio.sample_rate?",
    "--coqpit.datasets.7.path x": "did you mean --coqpit.datasets.0.path?",
    "--coqpit.optimizer_params [": "--coqpit.optimizer_params: expected JSON, not: '['",
    "--coqpit.test_sentences x": "--coqpit.test_sentences has a type that no option can give",
    "--batch_size 4": "did you mean --coqpit.batch_size?",
    "--restore_pth x": "did you mean --restore_path?",
    "--restore x": "did you mean --restore_path?",
    "--small_run few": "--small_run: invalid int value: 'few'",
    "--outpt x": "did you mean --output?",
    "--precision bf16": "--precision is one of coqui-amharic train, and where the recipe is run "
    "alone a variable, COQUI_AMHARIC_PRECISION",
    "--batch-tokens 4": "a variable, COQUI_AMHARIC_BATCH_TOKENS",
    "--wxyz": "--wxyz is not known; --help lists",
    "more": "'more' belongs to no option",
    "-b 4": "-b is not known",
}


@pytest.mark.parametrize("given", REFUSED)
def test_what_nobody_knows_is_refused_with_the_nearest_name(
    given: str, vits: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    _Trainer.seen = None
    with pytest.raises(SystemExit) as ended:
        vits(*given.split(" "))
    assert ended.value.code == 2
    assert REFUSED[given] in capsys.readouterr().err
    assert _Trainer.seen is None


def test_what_is_known_is_taken(vits: Any) -> None:
    config = vits(
        *("--coqpit.batch_size=4", "--coqpit.audio.sample_rate", "22050", "--restore_path", "x"),
        *("--coqpit.datasets.0.path", "corpus", "--coqpit.model_args.hidden_channels", "8"),
        *("--coqpit.lr_gen", "1e-5", "--coqpit.run_eval", "false", "--rank=0", "--use_ddp=false"),
    )
    assert (config.batch_size, config.datasets[0].path) == (4, "corpus")
    assert (config.model_args.hidden_channels, config.lr_gen, config.run_eval) == (8, 1e-5, False)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("COQUI_AMHARIC_ATENTION", "auto", "did you mean COQUI_AMHARIC_ATTENTION"),
        ("COQUI_AMHARIC_PRECISION", "fp8", "stock, fp32, bf16, fp16"),
        ("COQUI_AMHARIC_FREEZE", "text", "COQUI_AMHARIC_FREEZE=text is about XTTS's GPT"),
        ("COQUI_AMHARIC_BATCH_TOKENS", "9", "the model is vits: unset it"),
    ],
)
def test_variables_that_cannot_be_honoured_are_refused(
    variable: str,
    value: str,
    says: str,
    vits: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit) as ended:
        vits()
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


@pytest.fixture
def begun(vits: Any, tmp_path: Path) -> Path:
    """The folder of a VITS run."""
    config = vits("--coqpit.batch_size", "3")
    folder = tmp_path / "runs" / "run"
    (folder / "config.json").write_text(json.dumps(config.to_dict()), encoding="utf-8")
    (folder / "checkpoint_1.pth").touch()
    return folder


def test_a_corpus_that_has_moved_is_given_again_and_kept(
    begun: Path, vits: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = tmp_path / "elsewhere" / "corpus"
    moved.parent.mkdir()
    (tmp_path / "corpus").rename(moved)
    with pytest.raises(SystemExit) as ended:
        vits("--continue_path", begun, begun=True)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert f"{tmp_path}/corpus/metadata.csv is missing; --data is the folder" in said
    config = vits("--continue_path", begun, "--data", moved, begun=True)
    assert (config.datasets[0].path, config.batch_size) == (str(moved), 3)
    # The trainer reads the file again, and so does the next run that goes on.
    assert vits("--continue_path", begun, begun=True).datasets[0].path == str(moved)


def test_a_run_that_has_moved_takes_its_own_files(begun: Path, vits: Any, tmp_path: Path) -> None:
    path = begun / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["model_args"]["speakers_file"] = config["speakers_file"] = f"{begun}/speakers.pth"
    path.write_text(json.dumps(config), encoding="utf-8")
    (begun / "speakers.pth").touch()
    moved = tmp_path / "elsewhere" / "run"
    moved.parent.mkdir()
    begun.rename(moved)
    shutil.rmtree(tmp_path / "runs")
    config = vits("--continue_path", moved, begun=True)
    assert config.speakers_file == config.model_args.speakers_file == f"{moved}/speakers.pth"
    assert config.phoneme_cache_path == f"{tmp_path}/elsewhere/phoneme_cache"


def test_a_config_value_given_now_wins_and_is_said(
    begun: Path, vits: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--coqpit.batch_size", "5", "--coqpit.epochs", "1000")
    assert vits("--continue_path", begun, *given, begun=True).batch_size == 5
    said = capsys.readouterr().out
    assert " > --coqpit.batch_size 5, given now; the run had 3\n" in said
    assert "epochs" not in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--output", "x"), "--output is for a new run"),
        (("--language", "en"), "--language is for a new run"),
        (("--restore_path", "x"), "--restore_path starts a run, --continue_path resumes"),
        (("--coqpit.epoch", "1"), "did you mean --coqpit.epochs?"),
    ],
)
def test_what_a_run_that_goes_on_cannot_take_is_refused(
    arguments: tuple[str, ...],
    says: str,
    begun: Path,
    vits: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        vits("--continue_path", begun, *arguments, begun=True)
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda run: (run / "config.json").unlink(), "config.json is missing; give the folder"),
        (lambda run: (run / "config.json").write_text("{"), "config.json cannot be read: "),
        (lambda run: (run / "config.json").write_text("[]"), "config.json cannot be read: "),
        (
            lambda run: (run / "config.json").write_text('{"model": "xtts"}'),
            "it trains xtts, this recipe vits",
        ),
        (lambda run: (run / "checkpoint_1.pth").unlink(), "ended before its first checkpoint"),
        (lambda run: (run / "coqui_amharic.json").write_text("{"), "coqui_amharic.json cannot be"),
    ],
)
def test_a_folder_that_is_no_run_to_go_on_with_is_named(
    spoil: Any, says: str, begun: Path, vits: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(begun)
    with pytest.raises(SystemExit) as ended:
        vits("--continue_path", begun, begun=True)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


class _Gpt:
    """What the XTTS recipe does with files when its run goes on."""

    def __init__(self, folder: Path) -> None:
        from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTTrainerConfig

        self.old, self.run = folder / "old", folder / "run"
        for made in (self.old, self.run):
            made.mkdir()
        for name in ("vocab_am.json", "dvae.pth", "stats.pth", "voice.wav"):
            (self.old / name).write_text(name)
        self.config = GPTTrainerConfig(
            test_sentences=train_xtts_gpt._sentences(str(self.old / "voice.wav"))
        )
        args = self.config.model_args
        args.tokenizer_file = str(self.old / "vocab_am.json")
        args.dvae_checkpoint = str(self.old / "dvae.pth")
        args.mel_norm_file = str(self.old / "stats.pth")

    def take(self, *arguments: str) -> dict[str, str]:
        parser = train_xtts_gpt.make_parser()
        parsed = parser.parse_args(["--continue_path", str(self.run), *arguments])
        train_xtts_gpt._take_from(self.run, parsed, parser, self.config)
        (wav,) = {wav for said in self.config.test_sentences for wav in said["speaker_wav"]}
        args = self.config.model_args
        return {
            "vocab": args.tokenizer_file,
            "dvae": args.dvae_checkpoint,
            "mel-stats": args.mel_norm_file,
            "speaker": wav,
        }


COPIES = {
    "vocab": "vocab.json",
    "dvae": "dvae.pth",
    "mel-stats": "mel_stats.pth",
    "speaker": "speaker.wav",
}


@pytest.fixture
def gpt(tmp_path: Path) -> _Gpt:
    return _Gpt(tmp_path)


def test_xtts_goes_on_with_files_that_the_run_keeps(gpt: _Gpt, tmp_path: Path) -> None:
    train_xtts_gpt._keep_files(gpt.run, gpt.config)
    train_xtts_gpt._keep_files(gpt.run, gpt.config)
    assert (gpt.run / "vocab.json").read_text() == "vocab_am.json"
    shutil.rmtree(gpt.old)
    gpt.run = gpt.run.rename(tmp_path / "moved")
    assert gpt.take() == {name: str(gpt.run / copy) for name, copy in COPIES.items()}
    train_xtts_gpt._keep_files(gpt.run, gpt.config)
    assert (gpt.run / "dvae.pth").read_text() == "dvae.pth"


@pytest.mark.parametrize("option", COPIES)
def test_a_file_that_is_nowhere_is_named_with_its_option(
    option: str, gpt: _Gpt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_xtts_gpt._keep_files(gpt.run, gpt.config)
    (gpt.run / COPIES[option]).unlink()
    before = gpt.take() if option == "speaker" else {}
    assert before.get("speaker", "").startswith(str(gpt.old) if before else "")
    shutil.rmtree(gpt.old)
    with pytest.raises(SystemExit):
        gpt.take()
    said = capsys.readouterr().err
    assert f"give it with --{option}" in said
    assert str(gpt.old) in said
    new = tmp_path / "new.wav"
    new.touch()
    assert gpt.take(f"--{option}", str(new))[option] == str(new)


def test_a_file_that_is_given_now_wins(
    gpt: _Gpt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_xtts_gpt._keep_files(gpt.run, gpt.config)
    new = tmp_path / "new.pth"
    new.write_text("new")
    assert gpt.take("--mel-stats", str(new))["mel-stats"] == str(new)
    assert f" > --mel-stats {new}, given now; the run had {gpt.old}" in capsys.readouterr().out
    train_xtts_gpt._keep_files(gpt.run, gpt.config)
    assert (gpt.run / "mel_stats.pth").read_text() == "new"


def test_the_data_of_each_language_are_looked_for_where_they_are_given() -> None:
    from TTS.config.shared_configs import BaseDatasetConfig
    from TTS.tts.configs.vits_config import VitsConfig

    paths = {"am": "/a", "ti": "/a", "en": "/b", "de": "/c"}
    datasets = [BaseDatasetConfig(language=k, path=path) for k, path in paths.items()]
    config = VitsConfig(datasets=datasets)
    command.move_data(config, "/new", {"en": "/other"})
    assert [dataset.path for dataset in config.datasets] == ["/new", "/new", "/other", "/c"]


@pytest.mark.parametrize("module", ["train_vits", "train_xtts_gpt"])
def test_help_and_names_are_there_without_upstream(module: str) -> None:
    code = (
        f"import sys; sys.argv=['x', '--help']; from coqui_amharic_ext.recipes import {module} as r"
        "\ntry: r.main()\nexcept SystemExit: pass\n"
        "assert not {'torch', 'TTS', 'trainer'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--continue_path" in done.stdout


def test_an_option_is_nearer_than_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    given = argparse.Namespace(
        keep_languages=[], keep_share=None, freeze="text", freeze_steps=5, continue_path=""
    )
    found = train_xtts_gpt._variables(given, train_xtts_gpt.make_parser())
    assert found == {"COQUI_AMHARIC_FREEZE": "text", "COQUI_AMHARIC_FREEZE_STEPS": "5"}
