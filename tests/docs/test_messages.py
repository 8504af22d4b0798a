"""Messages in the troubleshooting page are those of the code."""

from __future__ import annotations

import ast
import re
from functools import lru_cache

import pytest

from tests.docs.pages import DOCS, ROOT, written

PAGE = written(DOCS / "troubleshooting.md")
OURS = PAGE[PAGE.index("## Settings") : PAGE.index("## Problems that doctor names")]
CELLS = [line.split(" | ")[0] for line in OURS.splitlines() if line.startswith("| `")]
MESSAGES = [message for cell in CELLS for message in re.findall(r"`([^`]+)`", cell)]


@lru_cache(maxsize=1)
def _texts() -> tuple[str, ...]:
    """Every string of the package as a pattern; what is put in at run time matches anything."""
    found = []
    for path in (ROOT / "coqui_amharic_autoload.py", *(ROOT / "coqui_amharic_ext").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (v.value if isinstance(v, ast.Constant) else "…" for v in node.values)
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(re.sub(r"%[sdg]", "…", node.value))
    return tuple(found)


def _occurs(message: str) -> bool:
    parts = [part.strip(" .;:=") for part in message.split("…")]
    parts = [part for part in parts if len(part) > 2]
    pattern = re.compile(".*?".join(map(re.escape, parts)), re.S)
    return bool(parts) and any(pattern.search(text) for text in _texts())


@pytest.mark.parametrize("message", [m for m in MESSAGES if m != "missing-audio"])
def test_it_is_in_the_code(message: str) -> None:
    assert _occurs(message)


def test_what_nobody_says_is_not_found() -> None:
    assert len(MESSAGES) > 50
    assert not _occurs("the moon … is too full")
    assert not _occurs("… cannot serve this … moon")
