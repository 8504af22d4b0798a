"""Links between pages, and to their headings, lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, written

LINK = re.compile(r"(?<!`)\[[^\]\n]*?\]\((?P<to>[^)\s]+)\)")
CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]+`", re.M | re.S)


def _links(path: Path) -> list[str]:
    text = CODE.sub("", written(path))
    return [m["to"] for m in LINK.finditer(text) if "://" not in m["to"]]


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", written(path), re.M)
    plain = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings)
    return {re.sub(r"[-\s]+", "-", heading) for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_they_resolve(page: Path) -> None:
    for link in _links(page):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target), link


def test_there_are_links_and_every_page_is_in_the_navigation() -> None:
    assert sum(len(_links(page)) for page in PAGES) > 20
    navigation = written(ROOT / "mkdocs.yml")
    for page in DOCS.rglob("*.md"):
        assert f": {page.relative_to(DOCS).as_posix()}\n" in navigation, page
