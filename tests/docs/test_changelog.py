"""The changelog has the form that it says it has."""

from __future__ import annotations

import re

from tests.docs.pages import ROOT, written

KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_versions_and_kinds_of_changes() -> None:
    text = written(ROOT / "CHANGELOG.md")
    versions = re.findall(r"^## (.+)$", text, re.M)
    assert versions[0] == "[Unreleased]"
    for version in versions[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", version)
    kinds = re.findall(r"^### (.+)$", text, re.M)
    assert kinds
    assert set(kinds) <= KINDS
