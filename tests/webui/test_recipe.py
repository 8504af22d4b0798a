"""The training form becomes a command that holds what was chosen and nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.webui import kernels
from coqui_amharic_ext.webui.recipe import FormError, TrainForm, config_values, training
from coqui_amharic_ext.webui.workfolder import WorkFolder, WorkFolderError


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkFolder:
    for name in ("COQUI_AMHARIC_ATTENTION", "COQUI_AMHARIC_PACKING", "COQUI_AMHARIC_G2P"):
        monkeypatch.delenv(name, raising=False)
    work = WorkFolder.at(tmp_path / "work")
    (work.root / "corpus").mkdir()
    (work.root / "empty").mkdir()
    (work.root / "corpus" / "metadata.csv").write_text("a|ሰላም|ሰላም\n", encoding="utf-8")
    monkeypatch.setattr(kernels, "config_numbers", lambda recipe: ["batch_size", "lr"])
    for name in ("vocab.json", "dvae.pth", "stats.pth", "base.pth"):
        (work.root / name).touch()
    return work


XTTS = TrainForm(
    recipe="xtts", data="corpus", vocab="vocab.json", dvae="dvae.pth", mel_stats="stats.pth"
)
VITS = TrainForm(recipe="vits", data="corpus")


def test_choices_are_the_variables_of_the_process(work: WorkFolder) -> None:
    form = replace(
        XTTS,
        g2p_backends=("rules", "epitran"),
        attention="sdpa",
        packing=False,
        checkpointing=2,
        precision="bf16",
        batch_tokens=4000,
        xtts_text="ipa",
    )
    environment = training(form, work).environment()
    assert {k: v for k, v in environment.items() if k.startswith("COQUI_AMHARIC_")}.items() >= {
        "COQUI_AMHARIC_G2P": "rules,epitran",
        "COQUI_AMHARIC_ATTENTION": "sdpa",
        "COQUI_AMHARIC_PACKING": "0",
        "COQUI_AMHARIC_CHECKPOINTING": "2",
        "COQUI_AMHARIC_PRECISION": "bf16",
        "COQUI_AMHARIC_BATCH_TOKENS": "4000",
        "COQUI_AMHARIC_XTTS_TEXT": "ipa",
        "COQUI_AMHARIC_AUTOLOAD": "1",
    }.items()


def test_a_default_wins_over_an_inherited_variable(
    work: WorkFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COQUI_AMHARIC_ATTENTION", "eager")
    made = training(replace(XTTS, attention="auto"), work)
    assert "COQUI_AMHARIC_ATTENTION" not in made.environment()


def test_what_is_xtts_alone_does_not_reach_vits(work: WorkFolder) -> None:
    made = training(replace(VITS, attention="eager", packing=False, precision="fp32"), work)
    assert dict(made.settings) == {"COQUI_AMHARIC_PRECISION": "fp32"}


@pytest.mark.parametrize(
    ("form", "option"), [(XTTS, "--checkpoint"), (VITS, "--restore_path")], ids=["xtts", "vits"]
)
def test_the_base_checkpoint_is_given_as_each_recipe_takes_it(
    work: WorkFolder, form: TrainForm, option: str
) -> None:
    command = training(replace(form, checkpoint="base.pth"), work).command(work.root / "runs")
    assert command[command.index(option) + 1] == str(work.root / "base.pth")
    assert "--continue_path" not in command


def test_resuming_continues_the_trainers_folder(work: WorkFolder) -> None:
    command = training(VITS, work).command(work.root / "runs", work.root / "runs" / "vits")
    assert command[-2:] == ["--continue_path", str(work.root / "runs" / "vits")]


@pytest.mark.parametrize("field", ["data", "checkpoint", "vocab", "dvae", "mel_stats"])
def test_no_path_of_the_form_leads_out(work: WorkFolder, field: str) -> None:
    (work.root.parent / "outside").mkdir()
    with pytest.raises(WorkFolderError, match="outside the work folder"):
        training(replace(XTTS, **{field: "../outside"}), work)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (replace(VITS, recipe="../x"), "vits or xtts"),
        (replace(VITS, data="empty"), "has no metadata.csv"),
        (replace(XTTS, attention="fast"), "valid values: auto, flash_attn"),
        (replace(XTTS, checkpointing=-1), "checkpointing=-1"),
        (replace(VITS, g2p_backends=("nobody",)), "transphone, epitran, rules"),
        (replace(XTTS, vocab=""), "give the vocabulary"),
    ],
)
def test_what_cannot_be_used_is_said_in_words(work: WorkFolder, form: TrainForm, said: str) -> None:
    with pytest.raises((DataError, FormError, SettingsError, WorkFolderError), match=said):
        training(form, work)


def test_config_values_are_numbers_and_switches() -> None:
    text = "batch_size = 8\n\n lr=5e-06 \nmodel_args.gpt_layers = 2\nmixed_precision = false\n"
    assert config_values(text) == {
        "batch_size": "8",
        "lr": "5e-06",
        "model_args.gpt_layers": "2",
        "mixed_precision": "false",
    }


@pytest.mark.parametrize(
    "line",
    [
        "output_path = /etc",
        "output_path = ..",
        "batch_size = --restore_path",
        "batch_size",
        "= 3",
        "--restore_path = 1",
        "batch_size = 8; rm",
        "datasets.0 = 1",
        "ባች = 3",
        "batch_size = ፫",
    ],
)
def test_anything_else_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(FormError, match="line 2"):
        config_values(f"epochs = 1\n{line}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("output_path", "output_path is not a number"),
        ("phoneme_cache_path", "not a number"),
        ("restore_path", "not a number"),
        ("output_pat", "not a number"),
        ("batchsize", "did you mean batch_size"),
    ],
)
def test_a_path_cannot_be_a_config_value(work: WorkFolder, name: str, said: str) -> None:
    assert "--coqpit.batch_size" in training(replace(VITS, values="batch_size = 5"), work).arguments
    with pytest.raises(FormError, match=said):
        training(replace(VITS, values=f"{name} = 5"), work)


@pytest.mark.slow
def test_numbers_and_switches_of_the_configs_are_known() -> None:
    for recipe in ("vits", "xtts"):
        known = kernels.config_numbers(recipe)
        assert {"batch_size", "lr", "epochs", "mixed_precision", "num_loader_workers"} <= set(known)
        paths = [name for name in known if re.search(r"path|file$|_dir|checkpoint$|url|uri", name)]
        # Switches are named after files, too.
        assert [name for name in paths if "use_" not in name] == []


OUTSIDE = [
    "/etc/hostname",
    "../../outside",
    "..\\..\\outside",
    "C:\\Windows\\x",
    "\\\\host\\share\\x",
    "%2e%2e/%2e%2e/outside",
    "%2fetc%2fhostname",
    "file:///etc/hostname",
    "a/../../../outside",
]


@pytest.mark.parametrize("audio", [*OUTSIDE, "linked/x", "link"])
@pytest.mark.parametrize("more", ["", "|one|column too many"])
@pytest.mark.parametrize("name", ["metadata.csv", "metadata_train.csv"])
def test_a_data_set_names_audio_of_its_own_folder(
    work: WorkFolder, audio: str, more: str, name: str
) -> None:
    corpus = work.root / "corpus"
    (corpus / "wavs").mkdir()
    (work.root.parent / "outside").mkdir()
    (corpus / "wavs" / "linked").symlink_to(work.root.parent / "outside")
    (corpus / "wavs" / "link.wav").symlink_to("/etc/hostname")
    (corpus / "metadata.csv").unlink()
    (corpus / name).write_text(f"a|ሰላም|ሰላም\n{audio}|ሰላም|ሰላም{more}\n", encoding="utf-8")
    if more and "link" in audio:
        return  # which is no row of the data set and cannot be told from one of its clips
    with pytest.raises(DataError, match=r":2: .*outside the work folder"):
        training(VITS, work)


@pytest.mark.parametrize("audio", [*OUTSIDE, "{inside}/corpus/wavs/a.wav"])
def test_a_table_with_a_header_is_looked_through_too(work: WorkFolder, audio: str) -> None:
    audio = audio.format(inside=work.root) if "{" in audio else audio
    lines = ["text|audio_file|speaker_name", "ሰላም|wavs/a.wav|one", f"ሰላም|{audio}|two"]
    (work.root / "corpus" / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError, match=r":3: .*outside the work folder"):
        training(VITS, work)


def test_metadata_that_are_a_link_out_are_not_read(work: WorkFolder) -> None:
    metadata = work.root / "corpus" / "metadata.csv"
    metadata.rename(work.root.parent / "metadata.csv")
    metadata.symlink_to(work.root.parent / "metadata.csv")
    with pytest.raises(WorkFolderError, match="outside the work folder"):
        training(VITS, work)


@pytest.mark.parametrize(
    ("formatter", "train"), [("ljspeech", "../x.csv"), ("vctk", "metadata.csv")]
)
def test_a_manifest_leads_nowhere_else(work: WorkFolder, formatter: str, train: str) -> None:
    said = {"formatter": formatter, "datasets": [{"train": train, "language": "am"}]}
    (work.root / "corpus" / "corpus.json").write_text(json.dumps(said))
    with pytest.raises((FormError, DataError), match=r"corpus\.json"):
        training(VITS, work)


@given(st.text(max_size=60))
def test_no_value_is_an_option_or_a_path(text: str) -> None:
    try:
        found = config_values(text)
    except FormError:
        return
    for name, value in found.items():
        assert not name.startswith("-")
        assert value in ("true", "false") or float(value) is not None
