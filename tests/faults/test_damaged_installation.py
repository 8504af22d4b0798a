"""Whatever has happened to the installation: torch and Coqui are imported, and one line says so."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pluggy
import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "coqui_amharic_ext"
AUTOLOAD = "coqui_amharic_autoload.py"
FILES = (
    "__init__", "activation", "autoload", "contribution", "errors", "finder", "io/forking",
    "options", "patching", "plugins", "report", "settings",
)  # fmt: skip
IMPORT = """
import torch
import TTS.api, trainer
assert TTS.api.speak() == trainer.VALUE == "stock"
assert type(TTS.api.__loader__).__name__ == "SourceFileLoader"
print("survived")
"""


def _as_torch_does() -> str:
    """Return the source of what ``import torch`` ends with; torch itself takes seconds."""
    found = importlib.util.find_spec("torch")
    assert found is not None and found.origin is not None
    source = Path(found.origin).read_text(encoding="utf-8")
    (function,) = (
        ast.get_source_segment(source, node)
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == "_import_device_backends"
    )
    return f"{function}\n_import_device_backends()\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An installation as pip leaves it, beside a small torch and a small Coqui."""
    site = tmp_path / "site"
    shutil.copytree(ROOT / PACKAGE, site / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / AUTOLOAD, site)
    info = site / "coqui_amharic_ext-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: coqui-amharic-ext\nVersion: 0\n")
    point = f"[torch.backends]\n{PACKAGE} = {AUTOLOAD.removesuffix('.py')}:autoload\n"
    assert point.splitlines()[1] in (ROOT / "setup.cfg").read_text(encoding="utf-8")
    (info / "entry_points.txt").write_text(point)
    for name, body in {
        "torch/__init__.py": _as_torch_does(),
        "TTS/__init__.py": "",
        "TTS/api.py": "import TTS.helper\ndef speak():\n    return 'stock'\n",
        "TTS/helper.py": "import TTS.api\n",
        "trainer/__init__.py": "VALUE = 'stock'\n",
    }.items():
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text(body, encoding="utf-8")
    return site


def _said(site: Path, code: str = IMPORT, **variables: str) -> str:
    """Run code on the installation and return what it writes to stderr; it must not fail."""
    work = site.parent / "work"
    work.mkdir(exist_ok=True)
    # Of what is installed pluggy alone: this package may be there, too.
    needed = site.parent / "needed"
    shutil.copytree(Path(pluggy.__file__).parent, needed / "pluggy", dirs_exist_ok=True)
    paths = [work, site, needed]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    done = subprocess.run(
        # Without site, so that no .pth file leads to this checkout.
        [sys.executable, "-S", "-c", code],
        cwd=work,
        env=clean | {"PYTHONPATH": os.pathsep.join(map(str, paths))} | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0 and done.stdout == "survived\n", done.stdout + done.stderr
    return done.stderr


def test_a_whole_installation_says_nothing_and_is_active(site: Path) -> None:
    active = IMPORT + f"\nfrom {PACKAGE}.activation import finder, _state\n"
    assert _said(site, active + "assert finder.installed and _state.patcher.modules()\n") == ""


def _gone(site: Path) -> None:
    shutil.rmtree(site / PACKAGE)


def _hidden(site: Path) -> None:
    (site.parent / "work").mkdir()
    (site.parent / "work" / f"{PACKAGE}.py").write_text("raise SystemExit('the program')\n")


def _empty_folder(site: Path) -> None:
    shutil.rmtree(site / PACKAGE)
    (site / PACKAGE).mkdir()


def _not_python(site: Path) -> None:
    (site / PACKAGE / "__init__.py").write_text("def (:\n")


def _broken_dependency(site: Path) -> None:
    (site / "pluggy.py").write_text("raise SystemExit('no licence')\n")


def _missing_dependency(site: Path) -> None:
    (site / "pluggy.py").write_text("raise ModuleNotFoundError('pluggy')\n")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_gone, "its package is not there"),
        (_hidden, f"{PACKAGE}.py hides its package"),
        (_empty_folder, f"No module named '{PACKAGE}.autoload'"),
        (_not_python, "invalid syntax"),
        (_broken_dependency, "SystemExit('no licence')"),
        (_missing_dependency, "pluggy"),
    ],
)
def test_damage_costs_one_line(site: Path, damage: Callable[[Path], None], says: str) -> None:
    damage(site)
    said = _said(site)
    assert says in said
    assert said.count("\n") == 1, said
    assert "Coqui runs without" in said
    assert _said(site, COQUI_AMHARIC_AUTOLOAD="0") == ""


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_off(site: Path, name: str) -> None:
    path = site / PACKAGE / f"{name}.py"
    lines = path.read_bytes().splitlines(keepends=True)
    for part in (0.0, 0.2, 0.4, 0.6, 0.8, 0.95):
        cut = b"".join(lines[: int(part * len(lines))])
        path.write_bytes(cut)
        said = _said(site, PYTHONDONTWRITEBYTECODE="1")
        assert "Traceback" not in said, (part, said)
    path.write_bytes(b"".join(lines[: len(lines) // 2]) + b"\0" * 512)
    assert "Coqui runs without" in _said(site, PYTHONDONTWRITEBYTECODE="1")
