"""``patches/check.py``, which belongs to no package, as a module."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from tests.patched import FOLDER


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("patches_check", FOLDER / "check.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


check = _load()
DIFFS = [diff for release in check.releases() for diff in release.series]


def name_of(diff: object) -> str:
    """Return a diff's release and number, for a test's name."""
    return f"{diff.parent.name}/{diff.name[:4]}"  # type: ignore[attr-defined]
