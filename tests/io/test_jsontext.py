"""Whatever is wrong with a JSON file of somebody else's is one kind of error."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import coqui_amharic_ext
from coqui_amharic_ext.io.jsontext import parsed

OWN = {
    # What a process of ours has just printed, or a file that comes with a package.
    "doctor/environment.py",
    "doctor/probe.py",
    "webui/kernels.py",
    "coqui/pieces.py",
    "training/runfolder.py",
    # They catch RecursionError, too.
    "coqui/model_files.py",
    "data/named.py",
    # Files that we have written, in a folder of ours.
    "doctor/fetch.py",
    "doctor/download.py",
    "webui/trial.py",
    "demo",
    # Imports nothing of ours: it is to be read next to upstream's recipes.
    "recipes",
    "io/jsontext.py",
}


@pytest.mark.parametrize("text", ["[" * 100_000, b'{"a":' * 100_000, "{", "", "9" * 5000])
def test_it_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        parsed(text)


def test_files_of_others_are_read_by_it() -> None:
    package = Path(coqui_amharic_ext.__file__).parent
    direct = set()
    for path in package.rglob("*.py"):
        name = path.relative_to(package).as_posix()
        calls = (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call))
        if any(ast.unparse(call.func) in ("json.loads", "json.load") for call in calls):
            direct.add(name)
    assert {n for n in direct if n not in OWN and n.partition("/")[0] not in OWN} == set()
