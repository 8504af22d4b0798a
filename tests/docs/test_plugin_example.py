"""The documentation's third-party plugin is built, installed beside us, and transcribes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import run
from tests.docs.pages import ROOT

SOURCE = ROOT / "examples" / "g2p-plugin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plugin's distribution, put there from its wheel."""
    folder = tmp_path_factory.mktemp("plugin")
    leftovers = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
    shutil.copytree(SOURCE, folder / "source", ignore=leftovers)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    offline = {**os.environ, "PIP_NO_INDEX": "1"}
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, folder / "source"]
    subprocess.run([*pip, *build], check=True, env=offline, timeout=120)
    (wheel,) = folder.glob("*.whl")
    install = ["install", "--no-deps", "--target", folder / "site", wheel]
    subprocess.run([*pip, *install], check=True, env=offline, timeout=120)
    return folder / "site"


def test_it_is_listed_with_its_distribution(installed: Path) -> None:
    code, out, _ = run("plugins", "--json", PYTHONPATH=str(installed))
    assert code == 0
    found = next(plugin for plugin in json.loads(out) if plugin["name"] == "espeak")
    assert found["distribution"] == "coqui-amharic-espeak"
    assert found["version"] == "0.1.0"
    assert found["hooks"] == ["g2p_backends"]
    assert found["error"] == ""


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")
@pytest.mark.parametrize(
    ("options", "variables", "text", "ipa"),
    [
        # eSpeak gives ʔaβəβə for አበበ; the length is the phonology's.
        (("--backend", "espeak"), {}, "ሰላም አበበ", "səlam ʔabːəbə"),
        # Nothing knows these, so the chain asks.
        ((), {"COQUI_AMHARIC_G2P": "espeak,rules"}, "ዶላፖ ቴሎ", "dolapo telo"),
    ],
    ids=["by option", "in the chain"],
)
def test_it_answers_and_gemination_comes_from_the_chain(
    installed: Path, options: tuple[str, ...], variables: dict[str, str], text: str, ipa: str
) -> None:
    code, out, err = run(
        "phonemize", "--json", *options, text, PYTHONPATH=str(installed), **variables
    )
    assert code == 0, err
    found = json.loads(out)
    assert found["ipa"] == ipa
    assert {word["backend"] for word in found["words"]} == {"espeak"}


def test_where_the_program_is_not_there_the_reason_says_so(installed: Path, tmp_path: Path) -> None:
    code, _, err = run(
        "phonemize", "--backend", "espeak", "ሰላም", PYTHONPATH=str(installed), PATH=str(tmp_path)
    )
    assert code == 2
    assert "the program espeak-ng is not there" in err
    assert "apt-get install espeak-ng" in err
