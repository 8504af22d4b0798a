"""Render the diagram of architecture.md to images/architecture.svg, which the site shows.

GitHub draws the Mermaid source itself; the site loads no script from elsewhere. Needs Node, and
Chromium in ``PUPPETEER_EXECUTABLE_PATH`` if it should not be downloaded.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
from pathlib import Path

DOCS = Path(__file__).parent
PAGE = DOCS / "architecture.md"
PICTURE = DOCS / "images" / "architecture.svg"
DIAGRAM = re.compile(r"^```mermaid\n(?P<source>.*?)^```$", re.M | re.S)


def stamp(source: str) -> str:
    """Return the comment that tells from which source the picture was rendered."""
    return f"<!-- {hashlib.sha256(source.encode()).hexdigest()[:16]} -->"


def main() -> None:
    """Render the diagram."""
    found = DIAGRAM.search(PAGE.read_text(encoding="utf-8"))
    if found is None:
        raise SystemExit(f"{PAGE} has no diagram")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in.mmd").write_text(found["source"], encoding="utf-8")
        # SVG's own text instead of HTML, which pictures in a page do not show.
        config = {"theme": "neutral", "htmlLabels": False, "flowchart": {"htmlLabels": False}}
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        (folder / "browser.json").write_text('{"args": ["--no-sandbox"]}', encoding="utf-8")
        subprocess.run(
            ["npx", "--yes", "@mermaid-js/mermaid-cli", "-i", "in.mmd", "-o", "out.svg",
             "-c", "config.json", "-p", "browser.json", "-b", "white"],
            cwd=folder,
            check=True,
        )  # fmt: skip
        PICTURE.write_text(
            f"{stamp(found['source'])}\n{(folder / 'out.svg').read_text(encoding='utf-8')}\n",
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
