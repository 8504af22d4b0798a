"""The bundled corpus is what its README says."""

from __future__ import annotations

import ast
import unicodedata
from importlib.resources import files
from pathlib import Path

import pytest

from coqui_amharic_ext.demo.files import sentences, unpack_corpus

CORPUS = Path(str(files("coqui_amharic_ext.demo").joinpath("corpus")))
RECIPES = Path(str(files("coqui_amharic_ext.recipes").joinpath("__init__.py"))).parent


def test_the_corpus_is_small_and_covers_what_it_claims() -> None:
    found = sentences()
    assert 16 <= len(found) <= 24
    assert sum(p.stat().st_size for p in CORPUS.rglob("*")) <= 1_500_000
    text = "".join(found)
    assert any(c.isdigit() for c in text)
    for letter in "ጥቅጭጽጵ":
        # any order of the letter: the order is the last part of its Unicode name
        stem = unicodedata.name(letter).rsplit(" ", 1)[1].rstrip("E")
        names = {unicodedata.name(c, "").rsplit(" ", 1)[-1].rstrip("AEIOU") for c in text}
        assert stem in names, letter
    assert set("ቋጓኳ") & set(text)
    assert set("።፣፤") <= set(text)


def test_unpacking_gives_upstreams_ljspeech_layout(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    unpack_corpus(tmp_path / "corpus")
    from TTS.tts.datasets.formatters import ljspeech

    items = ljspeech(str(tmp_path / "corpus"), "metadata.csv")
    assert [item["text"].strip() for item in items] == sentences()
    for item in items:
        info = soundfile.info(item["audio_file"])
        assert (info.samplerate, info.channels) == (22050, 1)
        assert 0.5 < info.duration < 11


@pytest.mark.parametrize("recipe", ["train_vits.py", "train_xtts_gpt.py"])
def test_recipes_import_no_model_of_ours(recipe: str) -> None:
    tree = ast.parse((RECIPES / recipe).read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    assert imported
    ours = {name for name in imported if name.startswith("coqui_amharic_ext")}
    # Reading the command and the corpus folder; what is trained is upstream's own.
    shared = {"recipes.command", "recipes.corpus", "data.manifest", "settings", "errors"}
    assert ours <= {f"coqui_amharic_ext.{name}" for name in shared}
