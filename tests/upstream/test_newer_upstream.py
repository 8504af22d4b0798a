"""An upstream newer than known: what no longer fits is named and left out, training goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("TTS")

from tests.patched import stock_only
from tests.upstream.newer import copy, edit, release

ROOT = Path(__file__).parents[2]
XTTS = "TTS/tts/layers/xtts"
_TRANSFORMERS_4 = metadata.version("transformers").startswith("4.")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


def _renamed_mask_argument(folder: Path) -> None:
    copy(folder, "TTS")
    edit(folder / XTTS / "gpt.py", ("attn_mask_text", "text_attention_mask"), every=True)


def _renamed_parameters(folder: Path) -> None:
    copy(folder, "TTS")
    edit(
        folder / XTTS / "gpt.py",
        ("wav_lengths", "sample_counts"),
        ("cond_idxs", "cond_spans"),
        every=True,
    )


def _other_targets(folder: Path) -> None:
    """The loss is another one: ours would train something else."""
    copy(folder, "TTS")
    edit(
        folder / XTTS / "gpt.py",
        ("loss_mel = F.cross_entropy(", "loss_mel = 2 * F.cross_entropy("),
    )


def _moved_tokenizer(folder: Path) -> None:
    copy(folder, "TTS")
    (folder / XTTS / "tokenizer.py").rename(folder / XTTS / "voice_bpe.py")
    for path in (f"{XTTS}/trainer/gpt_trainer.py", "TTS/tts/models/xtts.py"):
        edit(folder / path, ("xtts.tokenizer import", "xtts.voice_bpe import"))


def _moved_class(folder: Path) -> None:
    copy(folder, "TTS")
    edit(folder / XTTS / "tokenizer.py", ("class VoiceBpeTokenizer", "class TextTokenizer"))
    edit(
        folder / XTTS / "trainer" / "gpt_trainer.py",
        ("import VoiceBpeTokenizer", "import TextTokenizer as VoiceBpeTokenizer"),
    )
    edit(
        folder / "TTS" / "tts" / "models" / "xtts.py",
        ("import VoiceBpeTokenizer,", "import TextTokenizer as VoiceBpeTokenizer,"),
    )


def _no_registering(folder: Path) -> None:
    copy(folder, "TTS")
    edit(
        folder / "TTS" / "tts" / "utils" / "text" / "phonemizers" / "__init__.py",
        ("_register_phonemizers", "_fill_tables"),
        every=True,
    )


def _other_trainer(folder: Path) -> None:
    copy(folder, "TTS", "trainer")
    release(folder, "coqui-tts-trainer", "0.9.0")
    edit(
        folder / "trainer" / "trainer.py",
        ("_grad_clipping", "_clip_gradients"),
        ("step_optimizer", "stepping"),
        ("def get_optimizer(", "def make_optimizer("),
        ("self.get_optimizer(", "self.make_optimizer("),
        every=True,
    )
    edit(folder / "trainer" / "io.py", ("def save_fsspec(state", "def save_fsspec(contents"),
         ("state, f", "contents, f"))  # fmt: skip


def _bumped(folder: Path) -> None:
    copy(folder, "TTS")
    release(folder, "coqui-tts", "0.35.1")


def _other_masks(folder: Path) -> None:
    copy(folder, "transformers")
    for path in (folder / "transformers").rglob("*.py"):
        if "AttentionMaskInterface" in path.read_text(encoding="utf-8"):
            edit(path, ("AttentionMaskInterface", "MaskRegistry"), every=True)
    masks = folder / "transformers" / "masking_utils.py"
    gpt2 = folder / "transformers" / "models" / "gpt2" / "modeling_gpt2.py"
    for path in (gpt2, masks):
        edit(path, ("create_causal_mask", "build_causal_mask"), every=True)
    # The other models go on with the old name.
    with masks.open("a", encoding="utf-8") as stream:
        stream.write("\n\ncreate_causal_mask = build_causal_mask\n")


CASES: dict[str, tuple[Callable[[Path], None], dict[str, str]]] = {
    "a mask argument of get_logits renamed": (
        _renamed_mask_argument,
        # Later releases of transformers need no guard, whatever becomes of the function.
        {"flash-attention-2-guard": "differs from what the patch"} if _TRANSFORMERS_4 else {},
    ),
    "arguments of GPT.forward renamed": (
        _renamed_parameters,
        {"gpt-training-forward": "its probe failed"},
    ),
    "another loss": (_other_targets, {"gpt-training-forward": "its probe failed"}),
    "the tokenizer's module moved": (
        _moved_tokenizer,
        dict.fromkeys(
            ("xtts-text", "xtts-cleaners", "xtts-unknown-tokens", "xtts-sentences"),
            "has no TTS.tts.layers.xtts.tokenizer",
        ),
    ),
    "the tokenizer's class renamed": (
        _moved_class,
        {"xtts-text": "VoiceBpeTokenizer", "xtts-unknown-tokens": "VoiceBpeTokenizer"},
    ),
    "phonemizers registered in another way": (
        _no_registering,
        {"coqui-phonemizer": "_register_phonemizers does not exist"},
    ),
    "the trainer's methods renamed": (
        _other_trainer,
        {
            "trainer-gradient-sync-scaled": "does not exist in coqui-tts-trainer 0.9.0",
            "trainer-gradient-sync-step": "coqui-tts-trainer 0.9.0",
        },
    ),
    "a release with the same code": (_bumped, {}),
    "transformers builds masks in another way": (
        _other_masks,
        {"gpt-training-forward": "AttentionMaskInterface"},
    ),
}
Found = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folders = {}
    for name, (change, _) in CASES.items():
        folder = folders[name] = tmp_path_factory.mktemp("newer")
        change(folder)
    fresh = [folder for folder in folders.values() if (folder / "transformers").exists()]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    environment = clean | {"OMP_NUM_THREADS": "1", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}
    for group in ([f for f in folders.values() if f not in fresh], fresh):
        done = subprocess.run(
            [sys.executable, "-m", "tests.upstream.newer", *map(str, group)],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    return {
        name: json.loads((folder / "found.json").read_text(encoding="utf-8"))
        for name, folder in folders.items()
    }


@pytest.mark.parametrize("name", CASES)
def test_training_goes_on_and_learns_what_upstream_alone_learns(found: Found, name: str) -> None:
    case = found[name]
    assert "fault" not in case, case["fault"]
    losses, norm = case["stock"]
    assert case["with us"][0] == pytest.approx(losses, rel=1e-5)
    assert case["with us"][1] == pytest.approx(norm, rel=1e-4)
    assert norm > 0
    assert case["steps"] == 3
    assert case["learnt"] > 0.01
    assert case["checkpoints"] == ["checkpoint_2.pth"]


@pytest.mark.parametrize("name", CASES)
def test_text_of_other_languages_goes_on(found: Found, name: str) -> None:
    assert found[name]["english"] == "doctor who has three cats."
    assert found[name]["graphemes"] == "three cats"


@stock_only
@pytest.mark.parametrize("name", CASES)
def test_the_status_names_what_is_left_out_and_why(found: Found, name: str) -> None:
    case = found[name]
    assert case["active"]
    assert case["error"] == ""
    for patch, reason in CASES[name][1].items():
        state, why = case["states"][patch]
        assert (state, reason in why) == ("skipped", True), (patch, state, why)


@pytest.mark.parametrize("name", CASES)
def test_what_still_fits_stays_applied(found: Found, name: str) -> None:
    """No patch is left out for a change that has nothing to do with it."""
    expected = set(CASES[name][1])
    states = found[name]["states"]
    skipped = {patch for patch, (state, _) in states.items() if state == "skipped"}
    area = {patch.split("-")[0] for patch in expected}
    assert {patch.split("-")[0] for patch in skipped} <= area
    assert sum(state == "applied" for state, _ in states.values()) >= 12


@stock_only
def test_amharic_is_refused_or_read_but_never_by_chance(found: Found) -> None:
    read = {name: case["amharic"] for name, case in found.items()}
    gone = read.pop("phonemizers registered in another way")
    assert set(read.values()) == {"amharic"}
    assert gone != "amharic"
