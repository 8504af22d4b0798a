"""The finder reports when watched imports are complete, never in the middle of one."""

from __future__ import annotations

import copy
import importlib
import importlib.util
import sys
import threading
import zipfile
import zipimport
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import coqui_amharic_ext.activation  # noqa: F401  # has locks
from coqui_amharic_ext.finder import PostImportFinder
from coqui_amharic_ext.io import forking

Package = Callable[[dict[str, str]], None]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    """Write a package ``watched_pkg`` whose modules have the given bodies."""

    def write(bodies: dict[str, str]) -> None:
        folder = tmp_path / "watched_pkg"
        folder.mkdir()
        for name, body in {"__init__": "", **bodies}.items():
            (folder / f"{name}.py").write_text(body)

    monkeypatch.syspath_prepend(tmp_path)
    yield write
    for name in [n for n in sys.modules if n.startswith("watched_pkg")]:
        del sys.modules[name]


@pytest.fixture
def watch() -> Iterator[Callable[[], tuple[PostImportFinder, list[set[str]]]]]:
    """Install a finder for ``watched_pkg`` that notes what was complete at each report."""
    finders: list[PostImportFinder] = []

    def install() -> tuple[PostImportFinder, list[set[str]]]:
        seen: list[set[str]] = []

        def settled() -> None:
            names = [n for n in sys.modules if n.startswith("watched_pkg")]
            seen.append({n for n in names if finder.complete(n)})

        finder = PostImportFinder({"watched_pkg"}, settled)
        finders.append(finder)
        finder.install()
        return finder, seen

    yield install
    for finder in finders:
        finder.remove()


def test_circular_imports_are_reported_once_the_outermost_is_done(
    package: Package, watch: Callable[[], tuple[PostImportFinder, list[set[str]]]]
) -> None:
    package(
        {
            "a": "from watched_pkg import b\nVALUE = b.VALUE + 1",
            "b": "import watched_pkg.a\nVALUE = 1",
        }
    )
    _, seen = watch()
    module = importlib.import_module("watched_pkg.a")
    assert module.VALUE == 2
    # Not when the package is done, while its module that comes next is locked.
    assert seen == [{"watched_pkg", "watched_pkg.a", "watched_pkg.b"}]


def test_a_module_under_way_before_the_finder_came_is_complete_at_a_later_import(
    package: Package, tmp_path: Path
) -> None:
    # torch is imported, and the finder so installed, from within a module of the package.
    package(
        {
            "outer": (
                "import watched_installer\n"
                "from watched_pkg import inner\n"
                "LAST = 'bound after the inner import'\n"
            ),
            "inner": "",
        }
    )
    (tmp_path / "watched_installer.py").write_text(
        "from coqui_amharic_ext.finder import PostImportFinder\n"
        "import sys\n"
        "seen = []\n"
        "def settled():\n"
        "    outer = sys.modules.get('watched_pkg.outer')\n"
        "    seen.append((finder.complete('watched_pkg.outer'), hasattr(outer, 'LAST')))\n"
        "finder = PostImportFinder({'watched_pkg'}, settled)\n"
        "finder.install()\n"
    )
    try:
        importlib.import_module("watched_pkg.outer")
        installer = sys.modules["watched_installer"]
        assert installer.seen == [(False, False)]
        (tmp_path / "watched_later.py").write_text("")
        importlib.import_module("watched_later")
        assert installer.seen[-1] == (True, True)
    finally:
        sys.modules.pop("watched_installer").finder.remove()
        sys.modules.pop("watched_later", None)


def test_a_package_whose_module_is_not_there_is_reported_at_a_later_import(
    package: Package,
    watch: Callable[[], tuple[PostImportFinder, list[set[str]]]],
    tmp_path: Path,
) -> None:
    package({})
    (tmp_path / "watched_later.py").write_text("")
    _, seen = watch()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("watched_pkg.not_there")
    importlib.import_module("watched_later")
    assert seen == [{"watched_pkg"}]
    del sys.modules["watched_later"]


def test_nothing_is_reported_while_what_applies_patches_is_half_imported(
    package: Package,
    watch: Callable[[], tuple[PostImportFinder, list[set[str]]]],
    tmp_path: Path,
) -> None:
    package({"a": ""})
    (tmp_path / "watched_later.py").write_text("")
    finder, seen = watch()
    code = compile("import watched_pkg.a", "plugins.py", "exec")
    exec(code, {"__name__": "coqui_amharic_ext.plugins"})
    assert seen == []
    importlib.import_module("watched_later")
    assert seen == [{"watched_pkg", "watched_pkg.a"}]
    # A module that a patch puts in place: a patch that fails because of it is tried again.
    still: list[int | None] = []
    exec(
        compile("still.append(finder.stillness())", "phonemizer.py", "exec"),
        {"__name__": "coqui_amharic_ext.coqui.phonemizer", "still": still, "finder": finder},
    )
    assert still == [None]
    assert finder.stillness() is not None
    del sys.modules["watched_later"]


def test_a_failing_import_leaves_the_count_right(
    package: Package, watch: Callable[[], tuple[PostImportFinder, list[set[str]]]]
) -> None:
    package({"broken": "raise RuntimeError('as written')", "fine": ""})
    _, seen = watch()
    with pytest.raises(RuntimeError, match="as written"):
        importlib.import_module("watched_pkg.broken")
    importlib.import_module("watched_pkg.fine")
    assert seen[-1] == {"watched_pkg", "watched_pkg.fine"}


def test_modules_look_as_without_the_finder(
    package: Package, watch: Callable[[], tuple[PostImportFinder, list[set[str]]]]
) -> None:
    package({"a": "VALUE = 1"})
    watch()
    module = importlib.import_module("watched_pkg.a")
    assert type(module.__loader__) is importlib.machinery.SourceFileLoader
    assert "exec_module" not in vars(module.__loader__)
    assert module.__spec__.loader.get_source("watched_pkg.a") == "VALUE = 1"


def test_a_module_that_is_found_and_not_executed_can_be_read(
    package: Package, watch: Callable[[], tuple[PostImportFinder, list[set[str]]]]
) -> None:
    package({"a": "VALUE = 1"})
    watch()
    spec = importlib.util.find_spec("watched_pkg.a")
    assert spec is not None and spec.loader is not None
    assert spec.loader.get_source("watched_pkg.a") == "VALUE = 1"  # type: ignore[attr-defined]
    copy.copy(spec.loader)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.VALUE == 1
    assert type(spec.loader) is importlib.machinery.SourceFileLoader


def test_modules_of_a_zip_share_a_loader_that_is_not_touched(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    package: Package,
    watch: Callable[[], tuple[PostImportFinder, list[set[str]]]],
) -> None:
    look = "import importlib.util\nassert importlib.util.find_spec('watched_pkg.b')\n"
    with zipfile.ZipFile(tmp_path / "watched.zip", "w") as archive:
        archive.writestr("watched_pkg/__init__.py", "")
        archive.writestr("watched_pkg/a.py", look + "from watched_pkg import b\nVALUE = b.VALUE")
        archive.writestr("watched_pkg/b.py", "VALUE = 2")
    monkeypatch.syspath_prepend(tmp_path / "watched.zip")
    _, seen = watch()
    module = importlib.import_module("watched_pkg.a")
    assert module.VALUE == 2
    assert seen[-1] == {"watched_pkg", "watched_pkg.a", "watched_pkg.b"}
    assert type(module.__loader__) is zipimport.zipimporter
    assert module.__spec__.loader is module.__loader__ is module.b.__loader__
    assert "exec_module" not in vars(module.__loader__)


def test_finding_takes_no_lock_and_imports_nothing(
    package: Package,
    watch: Callable[[], tuple[PostImportFinder, list[set[str]]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package({"a": ""})
    finder, seen = watch()
    found: list[object] = []

    def refuse(*arguments: object, **keywords: object) -> None:
        raise AssertionError("an import in find_spec")

    def find() -> None:
        with monkeypatch.context() as within:
            within.setattr("builtins.__import__", refuse)
            found.append(finder.find_spec("watched_pkg", None))
            found.append(finder.find_spec("json", None))

    held = [lock for lock in forking._all() if lock.acquire(timeout=1)]
    try:
        thread = threading.Thread(target=find)
        thread.start()
        thread.join(10)
        assert not thread.is_alive(), "it waits for a lock"
    finally:
        for lock in held:
            lock.release()
    assert len(held) > 1
    assert found[0] is not None and found[1] is None
    assert seen == []


def test_other_finders_that_ask_all_finders_do_not_go_round_in_circles(
    package: Package, watch: Callable[[], tuple[PostImportFinder, list[set[str]]]]
) -> None:
    package({"a": ""})
    first, seen = watch()
    second, _ = watch()
    importlib.import_module("watched_pkg.a")
    assert seen[-1] == {"watched_pkg", "watched_pkg.a"}
    assert first.complete("watched_pkg.a") and second.complete("watched_pkg.a")


def test_other_packages_are_not_touched(
    watch: Callable[[], tuple[PostImportFinder, list[set[str]]]],
) -> None:
    finder, seen = watch()
    assert finder.find_spec("json") is None
    assert finder.find_spec("watched_pkg_not_there") is None
    assert seen == []
