"""Wheel and sdist: built without a network, looked into, installed beside torch, and used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
MIB = 1 << 20
LEFTOVERS = (
    ".*", "build", "dist", "runs", "site", "*.egg-info", "__pycache__", "coqui-amharic-demo",
)  # fmt: skip
KEPT = (".ci", ".pre-commit-config.yaml")


def _run(*command: object, folder: str | Path = ROOT.anchor, **variables: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        env={k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")} | variables,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def _leftovers(folder: str, names: list[str]) -> set[str]:
    found = shutil.ignore_patterns(*LEFTOVERS)(folder, names)
    return found - set(KEPT) if Path(folder) == ROOT else found


def _is_cache(path: Path) -> bool:
    """Whether a run of tests or tools left it, which no distribution carries."""
    parts = path.relative_to(ROOT).parts
    return any(part[0] == "." or part in ("__pycache__", "build") for part in parts) or any(
        part.endswith(".egg-info") for part in parts
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, the wheel made from it, and one made from the tree."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT, folder / "tree", ignore=_leftovers)
    build = [sys.executable, "-m", "build", "--no-isolation"]
    _run(*build, "--outdir", folder, folder / "tree")
    _run(*build, "--wheel", "--outdir", folder / "direct", folder / "tree")
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def sdist(built: Path) -> Path:
    (found,) = built.glob("*.tar.gz")
    return found


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {info.filename for info in archive.infolist()}
        corpus = [i for i in archive.infolist() if "/demo/corpus/" in i.filename]
        metadata = next(name for name in names if name.endswith("/entry_points.txt"))
        points = archive.read(metadata).decode()
    assert {PurePosixPath(name).parts[0].split("-")[0] for name in names} == {"coqui_amharic_ext"}
    # Beside the metadata, wherever that goes.
    assert [name for name in names if "autoload" in name and ".data/purelib/" in name]
    assert not [name for name in names if "test" in name or "wikipron" in name.lower()]
    for needed in ("py.typed", "webui/page.css", "g2p/data/roots.tsv", "text/data/units.tsv"):
        assert f"coqui_amharic_ext/{needed}" in names
    source = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "coqui_amharic_ext").rglob("*")
        if path.is_file() and not _is_cache(path)
    }
    assert source <= names
    assert sum(info.file_size for info in corpus) <= 1.5 * MIB
    assert wheel.stat().st_size <= 3 * MIB
    assert "[torch.backends]\ncoqui_amharic_ext = coqui_amharic_autoload:autoload" in points


def test_the_sdist_holds_what_a_checkout_does(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {PurePosixPath(*PurePosixPath(n).parts[1:]) for n in archive.getnames()}
    for needed in (
        "tox.ini", "constraints.txt", "mkdocs.yml", ".ci/run", "docs/index.md", "LICENSE",
        "tests/packaging/test_distributions.py", "benchmarks/results/g2p.csv",
        "docs/images/webui-text.png", "examples/g2p-plugin/pyproject.toml", "CHANGELOG.md",
    ):  # fmt: skip
        assert PurePosixPath(needed) in names, needed
    folders = ("benchmarks", "docs", "examples", "patches", "tests")
    for path in (p for folder in folders for p in (ROOT / folder).rglob("*")):
        relative = path.relative_to(ROOT)
        if path.is_file() and not _is_cache(path):
            assert PurePosixPath(relative.as_posix()) in names, relative


def test_the_sdist_builds_the_same_wheel_as_the_tree(built: Path, wheel: Path) -> None:
    def contents(path: Path) -> dict[str, int]:
        with zipfile.ZipFile(path) as archive:
            return {info.filename: info.CRC for info in archive.infolist()}

    (direct,) = (built / "direct").glob("*.whl")
    assert contents(direct) == contents(wheel)


def test_an_editable_installation_has_what_torch_loads_beside_its_metadata(
    built: Path, tmp_path: Path
) -> None:
    """The checkout may be moved away, and torch has to be imported all the same."""
    build = "import sys, setuptools.build_meta as b; print(b.build_editable(sys.argv[1]))"
    tree = tmp_path / "tree"
    shutil.copytree(built / "tree", tree, ignore=_leftovers)
    _run(sys.executable, "-c", build, tmp_path, folder=tree)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith("coqui_amharic_autoload.py"))
    assert ".data/purelib/" in name


@pytest.mark.skipif(find_spec("twine") is None, reason="twine is not installed")
def test_an_index_would_take_the_metadata(wheel: Path, sdist: Path) -> None:
    out = _run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist, NO_COLOR="1")
    assert out.count("PASSED") == 2


def test_it_works_in_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    _run(sys.executable, "-m", "venv", "--without-pip", tmp_path)
    windows = sys.platform == "win32"
    scripts = tmp_path / ("Scripts" if windows else "bin")
    python = scripts / ("python.exe" if windows else "python")
    site = Path(
        _run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    )
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    _run(*pip, "install", "--no-deps", "--no-index", wheel)
    # torch and the rest come from here; plain paths, so that no other .pth file is followed.
    rest = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (site / "rest.pth").write_text("".join(f"{path}\n" for path in rest), encoding="utf-8")
    where = "import coqui_amharic_ext as am; print(am.__file__, am.__version__)"
    file, version = _run(python, "-c", where).split()
    assert Path(file).is_relative_to(site)
    assert version == _version("setup.cfg")
    command = scripts / "coqui-amharic"
    assert _run(command, "normalize", "25%", PYTHONUTF8="1") == "ሃያ አምስት በመቶ\n"
    listed = _run(command, "plugins", "--json", COQUI_AMHARIC_PLUGINS="0")
    assert "coqui_amharic_ext.training.plugin" in listed


def _version(name: str) -> str:
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.search(r"^version(?: =|:) (\S+)$", text, re.M)
    assert found is not None, name
    return found[1]


def test_citation_and_changelog_name_the_version_that_is_built() -> None:
    assert _version("CITATION.cff") == _version("setup.cfg")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d[^]]*)\]", changelog, re.M)
    assert released[0] == _version("setup.cfg")
