"""A run goes on with the settings that it began with, in upstream's recipes, too."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trainer")

from coqui_amharic_ext import run_folder
from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.settings import Settings, of_this_process
from tests.running import ROOT

RECIPE = """
import sys
from pathlib import Path
from trainer import Trainer, TrainerArgs, TrainerConfig
from coqui_amharic_ext import settings
from tests.training.toy import ToyModel

config = TrainerConfig(
    output_path=sys.argv[1], run_name="toy", run_eval=False, optimizer="AdamW", lr=0.1, epochs=1,
    print_step=1000, plot_step=1000, save_step=1,
)
chosen = settings.get_settings()
print("settings", chosen.to_environment())
if chosen.lexicon:
    print("lexicon", Path(chosen.lexicon).read_text(encoding="utf-8").strip())
made = Trainer(TrainerArgs(), config, model=ToyModel(), train_samples=[])
print("fused", made.optimizer[0].defaults.get("fused"))
made.fit()
print("seen", made.model.seen[-1])
print("folder", made.output_path)
"""


def _run(folder: Path, *arguments: str | Path, **variables: str) -> str:
    script = folder / "recipe.py"
    script.write_text(RECIPE, encoding="utf-8")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    paths = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, str(script), str(folder / "runs"), *map(str, arguments)],
        env=clean | paths | variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        check=False,
    )
    printed = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    assert done.returncode == 0, printed[-3000:]
    return printed


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run with settings of its own, whose lexicon is gone; and what it printed."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "words.tsv").write_text("ልብ\tlib\n", encoding="utf-8")
    printed = _run(
        folder,
        COQUI_AMHARIC_PRECISION="bf16",
        COQUI_AMHARIC_FUSED_ADAMW="1",
        COQUI_AMHARIC_LEXICON="words.tsv",
    )
    (folder / "words.tsv").unlink()
    (made,) = (folder / "runs").iterdir()
    return made, printed


@pytest.fixture
def moved(run: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of the run in another place."""
    return Path(shutil.copytree(run[0], tmp_path / "moved"))


def test_it_is_kept_with_the_lexicon(run: tuple[Path, str]) -> None:
    folder, printed = run
    kept = json.loads((folder / "coqui_amharic.json").read_text(encoding="utf-8"))["settings"]
    assert kept == {
        "COQUI_AMHARIC_PRECISION": "bf16",
        "COQUI_AMHARIC_FUSED_ADAMW": "1",
        "COQUI_AMHARIC_LEXICON": "lexicon.tsv",
    }
    assert (folder / "lexicon.tsv").read_text(encoding="utf-8") == "ልብ\tlib\n"
    assert "fused True" in printed


@pytest.mark.parametrize("spelling", ["two words", "equals sign"])
def test_a_run_that_goes_on_takes_it(moved: Path, spelling: str) -> None:
    """A patch that a setting switches on is in place, and the lexicon is the run's own."""
    option = (
        ("--continue_path", moved) if spelling == "two words" else (f"--continue_path={moved}",)
    )
    printed = _run(moved.parent, *option)
    assert "fused True" in printed
    assert "seen torch.bfloat16" in printed
    assert "lexicon ልብ\tlib" in printed
    assert "given now" not in printed


def test_what_is_given_now_wins_is_said_once_and_is_kept(moved: Path) -> None:
    printed = _run(moved.parent, "--continue_path", moved, COQUI_AMHARIC_PRECISION="fp32")
    assert printed.count("COQUI_AMHARIC_PRECISION is 'fp32', given now; the run had 'bf16'") == 1
    assert "seen torch.float32" in printed
    assert "fused True" in printed
    again = _run(moved.parent, "--continue_path", moved)
    assert "seen torch.float32" in again
    assert "given now" not in again


def test_a_run_of_before_says_that_it_keeps_none(moved: Path) -> None:
    (moved / "coqui_amharic.json").unlink()
    printed = _run(moved.parent, "--continue_path", moved)
    assert f"{moved} holds no settings of the run; the current ones are used" in printed
    assert "fused None" in printed or "fused False" in printed


def test_restoring_says_what_it_does_not_take(moved: Path) -> None:
    printed = _run(moved.parent, "--restore_path", next(moved.glob("checkpoint_*.pth")))
    assert "--restore_path takes weights alone; optimizer, step, config and settings" in printed
    assert "COQUI_AMHARIC_PRECISION=bf16" in printed
    assert "seen torch.float32" in printed


@pytest.mark.parametrize("content", ["", "{", "[]", '{"settings": 1}', "\udcff"])
def test_a_record_that_is_broken_is_named(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "coqui_amharic.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    monkeypatch.setattr(sys, "argv", ["train.py", "--continue_path", str(tmp_path)])
    with pytest.raises(SettingsError, match="delete it to go on") as caught:
        of_this_process()
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], None),
        (["--continue_path"], None),
        (["--continue_path="], None),  # as trainer.distribute passes it on
        (["--continue_path", "a", "--continue_path=b"], "b"),
        (["--continue_paths", "a"], None),
    ],
)
def test_the_folder_is_the_one_that_the_trainer_takes(
    arguments: list[str], found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    assert run_folder.continued() == (None if found is None else Path(found))


def test_every_setting_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.test_settings import changed_values

    values: dict[str, Any] = changed_values()
    lexicon = tmp_path / "words.tsv"
    lexicon.write_text("ልብ\tlib\n", encoding="utf-8")
    values |= {"lexicon": str(lexicon), "transphone_dir": str(tmp_path)}
    folder = tmp_path / "run"
    folder.mkdir()
    run_folder.write(folder, Settings(**values).to_environment())
    monkeypatch.setattr(sys, "argv", ["train.py", "--continue_path", str(folder)])
    for name in [name for name in os.environ if name.startswith("COQUI_AMHARIC_")]:
        monkeypatch.delenv(name)
    values["lexicon"] = str(folder / "lexicon.tsv")
    assert of_this_process() == Settings(**values)
    monkeypatch.setenv("COQUI_AMHARIC_PRECISION", "stock")
    assert of_this_process() == Settings(**values | {"precision": "stock"})


def test_settings_of_another_model_are_refused_by_name() -> None:
    from types import SimpleNamespace

    from coqui_amharic_ext.training.keeping import refuse_of_another_model

    chosen = Settings(attention="sdpa", freeze="text", precision="bf16", narrow=True)
    for config in (SimpleNamespace(), SimpleNamespace(model="xtts")):
        refuse_of_another_model(config, chosen)
    with pytest.raises(SettingsError, match="the model is vits; unset it") as caught:
        refuse_of_another_model(SimpleNamespace(model="vits"), chosen)
    listed = str(caught.value).partition(":")[0]
    assert listed == "COQUI_AMHARIC_ATTENTION=sdpa, COQUI_AMHARIC_FREEZE=text"
