"""A recipe's files are told apart, and a corpus too small is named, before training starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from coqui_amharic_ext.cli.train import Recipe, _read_as  # noqa: E402
from coqui_amharic_ext.coqui.model_files import ModelFileError  # noqa: E402
from coqui_amharic_ext.data import training_files  # noqa: E402
from coqui_amharic_ext.data.findings import DataError  # noqa: E402
from coqui_amharic_ext.demo import tiny  # noqa: E402
from coqui_amharic_ext.errors import SynthesisError  # noqa: E402
from tests.cli.command import refused_early  # noqa: E402
from tests.coqui.model_folders import save, write_xtts  # noqa: E402

DVAE = {"codebook.embed": (512, 1024), "encoder.0.0.weight": (512, 80, 3)}
GIVEN = {
    "--data": "corpus",
    "--vocab": "vocab.json",
    "--dvae": "dvae.pth",
    "--mel-stats": "mel_stats.pth",
    "--checkpoint": "model.pth",
    "--speaker": "voice.wav",
}


def _corpus(folder: Path, clips: int) -> None:
    folder.mkdir()
    rows = (f"clip{number}|ሰላም|ሰላም\n" for number in range(clips))
    (folder / "metadata.csv").write_text("".join(rows), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What XTTS v2 is trained from, by its names and shapes; of full size, and sparse."""
    write_xtts(tmp_path, layers=30, width=1024, tokens=6681)
    save(DVAE, tmp_path / "dvae.pth")
    torch.save(torch.ones(80), tmp_path / "mel_stats.pth")
    tiny.write_clip(tmp_path / "voice.wav", 1.0)
    _corpus(tmp_path / "corpus", 120)
    _corpus(tmp_path / "small", 40)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check_training_files(recipe: str, arguments: list[str]) -> None:
    """Check as the command line does."""
    training_files.check_training_files(recipe, _read_as(Recipe(recipe), arguments), arguments)


def _arguments(**changes: str) -> list[str]:
    given = GIVEN | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return [word for pair in given.items() for word in pair]


def test_what_fits_is_left_alone(folder: Path) -> None:
    check_training_files("xtts", _arguments())
    check_training_files("xtts", [f"{name}={value}" for name, value in GIVEN.items()])
    check_training_files("xtts", ["--data", "corpus"])  # the recipe says what is missing
    check_training_files("xtts", [])
    check_training_files("vits", [])
    check_training_files("xtts", ["--dvae"])
    check_training_files("xtts", [*_arguments(dvae="no"), "--continue_path", "runs/RUN"])
    check_training_files("vits", ["--data", "corpus", "--dvae", "no"])
    check_training_files("xtts", [*_arguments(data="small"), "--coqpit.eval_split_size", "0.025"])
    check_training_files("xtts", [*_arguments(data="small"), "--coqpit.eval_split_size=5"])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"dvae": "mel_stats.pth", "mel_stats": "dvae.pth"},
            "--dvae mel_stats.pth holds mel statistics, not a DVAE; are --dvae and --mel-stats",
        ),
        (
            {"dvae": "model.pth", "checkpoint": "dvae.pth"},
            "--dvae model.pth holds an XTTS model, not a DVAE; are --dvae and --checkpoint swapped",
        ),
        ({"mel_stats": "model.pth"}, "--mel-stats model.pth holds an XTTS model, not mel stat"),
        ({"dvae": "vocab.json"}, "vocab.json is a JSON file, not a model's weights"),
        ({"dvae": "none.pth"}, "none.pth does not exist"),
        ({"vocab": "dvae.pth"}, "dvae.pth is not a vocabulary of XTTS"),
        ({"vocab": "small.json"}, "rows for 6681 text tokens and small.json has 84 tokens"),
        ({"vocab": "english.json"}, r"english.json has no \[am\] token; coqui-amharic vocab ext"),
        ({"checkpoint": "gpt.pth"}, "holds an XTTS GPT alone, not an XTTS model; give the whole"),
        ({"dvae": "codes.pth"}, "has 8192 codes and the model 1024 .*gpt_num_audio_tokens 8194"),
        ({"dvae": "channels.pth"}, "takes 100 mel channels; XTTS's takes 80"),
        ({"dvae": "decoder.pth"}, "has no encoder"),
        ({"speaker": "none.wav"}, "the recording none.wav does not exist"),
        ({"data": "small"}, "40 clips, of which a share of 0.01 .*eval_split_size 0.025"),
        ({"data": "."}, "has no metadata.csv"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, str], says: str, folder: Path) -> None:
    tiny.write_vocab(folder / "small.json")
    tiny.write_vocab(folder / "english.json", languages=("en",))
    save({"text_embedding.weight": (6681, 1024)}, folder / "gpt.pth")
    save(DVAE | {"codebook.embed": (512, 8192)}, folder / "codes.pth")
    save(DVAE | {"encoder.0.0.weight": (512, 100, 3)}, folder / "channels.pth")
    save({"codebook.embed": (512, 1024)}, folder / "decoder.pth")
    with pytest.raises((ModelFileError, DataError, SynthesisError), match=says):
        check_training_files("xtts", _arguments(**changes))


def test_sizes_are_those_of_the_config_values(folder: Path) -> None:
    changed = ["--coqpit.model_args.gpt_num_audio_tokens", "8194"]
    with pytest.raises(ModelFileError, match="has 1024 codes and the model 8192"):
        check_training_files("xtts", [*_arguments(), *changed])
    with pytest.raises(ModelFileError, match="gpt_layers=30 and its config 2; set it by --coqpit"):
        check_training_files("xtts", [*_arguments(), "--coqpit.model_args.gpt_layers=2"])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "1 clips, of which a share of 0.01"),
        (lambda path: (path / "metadata.csv").write_text("\n\n"), "0 clips, of which"),
        (lambda path: (path / "metadata.csv").rename(path / "metadata_am.csv"), "1 clips"),
    ],
)
def test_a_corpus_too_small(make: Callable[[Path], object], says: str, tmp_path: Path) -> None:
    _corpus(tmp_path / "corpus", 1)
    make(tmp_path / "corpus")
    with pytest.raises(DataError, match=says):
        check_training_files("vits", ["--data", str(tmp_path / "corpus")])
    with pytest.raises(DataError, match=r"leave none to train on|0 clips"):
        data = ["--data", str(tmp_path / "corpus"), "--coqpit.eval_split_size", "2"]
        check_training_files("vits", data)


def test_vits_is_asked_for_one_language(tmp_path: Path) -> None:
    _corpus(tmp_path / "corpus", 120)
    (tmp_path / "corpus" / "metadata.csv").rename(tmp_path / "corpus" / "metadata_am.csv")
    (tmp_path / "corpus" / "metadata_en.csv").write_text("clip|hello|hello\n")
    data = ["--data", str(tmp_path / "corpus")]
    check_training_files("vits", data)
    with pytest.raises(DataError, match="1 clips"):
        check_training_files("vits", [*data, "--language", "en"])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"dvae": "mel_stats.pth", "mel_stats": "dvae.pth"}, "swapped?"),
        ({"vocab": "small.json"}, "rows for 6681 text tokens"),
        ({"data": "small"}, "40 clips"),
    ],
)
def test_the_command_refuses_it_before_anything_heavy_is_loaded(
    changes: dict[str, str], says: str, folder: Path
) -> None:
    tiny.write_vocab(folder / "small.json")
    assert says in refused_early("train", "xtts", *_arguments(**changes), folder=folder)
