"""The documentation's pages, and the blocks of code in them."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from types import ModuleType

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "examples" / "g2p-plugin" / "README.md",
    *sorted(DOCS.rglob("*.md")),
)
_BLOCK = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^ *```$", re.M | re.S)


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generated = load(DOCS / "generated.py")


def written(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def read(page: str) -> str:
    """A page under docs/ as its readers see it."""
    filled: str = generated.fill(written(DOCS / page))
    return filled


@dataclass(frozen=True)
class Block:
    """A fenced block: where it begins, and its lines without indentation."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def blocks(language: str) -> Iterator[Block]:
    for path in PAGES:
        text = written(path)
        for match in _BLOCK.finditer(text):
            if match["language"] == language:
                yield Block(path, text[: match.start()].count("\n") + 1, dedent(match["text"]))


@dataclass(frozen=True)
class Command:
    """A command of a console block, and the output that is shown below it, if any."""

    where: str
    line: str
    shown: str | None

    def __str__(self) -> str:
        return f"{self.where} {self.line[:50]}"

    def steps(self) -> list[tuple[dict[str, str], list[str]]]:
        """Each command of the line, joined by && or |: its variables and its words."""
        found = []
        for part in _joined(shlex.split(self.line)):
            variables = {}
            while part and re.fullmatch(r"[A-Z_0-9]+=.*", part[0]):
                name, _, value = part.pop(0).partition("=")
                variables[name] = value
            found.append((variables, part))
        return found


def _joined(words: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in [*words, "&&"]:
        if word in ("&&", "|"):
            yield part
            part = []
        else:
            part.append(word)


def commands() -> Iterator[Command]:
    for block in blocks("console"):
        lines = block.text.splitlines()
        if not any(line.startswith("$ ") for line in lines):
            yield from (Command(str(block), line, None) for line in lines if line.strip())
            continue
        output: list[str] = []
        for line in reversed(lines):
            if line.startswith("$ "):
                shown = "".join(f"{text}\n" for text in reversed(output))
                yield Command(str(block), line[2:], shown or None)
                output = []
            else:
                output.append(line)
