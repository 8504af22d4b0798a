"""Python in README and documentation compiles, imports what exists and gives what it says."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys

import pytest

from tests.docs.pages import Block, blocks

BLOCKS = list(blocks("python"))
SAYS = re.compile(r"^(?P<call>am\..+?)  # (?P<value>['(].+)$", re.M)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_it_compiles_and_its_imports_resolve(block: Block) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                importlib.import_module(alias.name)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")


def test_a_call_gives_the_value_written_beside_it() -> None:
    found = [(m["call"], m["value"]) for block in BLOCKS for m in SAYS.finditer(block.text)]
    assert len(found) >= 4
    code = "import coqui_amharic_ext as am\n" + "".join(
        f"found = {call}\nassert found == {value}, found\n" for call, value in found
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        timeout=120,
        env={**os.environ, "COQUI_AMHARIC_G2P": "rules", "PYTHONUTF8": "1"},
    )
