"""A post-import finder: tells when upstream modules have *finished* importing.

Hooks that run right after one module's own body would see half-imported packages: coqui-tts and
transformers import each other's modules in circles. This finder counts how deep the watched
imports are nested and reports only when the outermost one is done.

Python holds a module's lock while it asks finders, so ``find_spec`` takes no lock and imports
nothing. Whatever is imported or waited for there may be what another thread holds that waits for
this one.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import Any, Final

logger = logging.getLogger("coqui_amharic_ext")


class _Thread(threading.local):
    """Where one thread stands."""

    def __init__(self) -> None:
        self.depth = 0
        self.finding: set[str] = set()
        self.reporting = False


class _Watched:
    """Stands in for a spec's loader until the module is executed.

    The loader itself stays untouched: all modules of a zip file share one.
    """

    def __init__(self, finder: PostImportFinder, spec: ModuleSpec) -> None:
        self._finder = finder
        self._spec = spec
        self._loader: Any = spec.loader

    def __getattr__(self, name: str) -> Any:
        if name == "_loader":  # a copy that is being made
            raise AttributeError(name)
        return getattr(self._loader, name)

    def exec_module(self, module: ModuleType) -> None:
        # The loader comes back first, so that modules look as without us.
        self._spec.loader = self._loader
        if getattr(module, "__loader__", None) is self:
            module.__loader__ = self._loader
        self._finder.run(self._spec, self._loader.exec_module, module)


def _spec_of(name: str) -> Any:
    return getattr(sys.modules.get(name), "__spec__", None)


def _initialising(name: str) -> bool:
    return bool(getattr(_spec_of(name), "_initializing", False))


def _awaited(frame: FrameType | None) -> Iterator[str]:
    """Yield what a thread is importing and has not begun to: the package of it comes first."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "_find_and_load_unlocked" and "importlib" in code.co_filename:
            name = str(frame.f_locals.get("name"))
            if name not in sys.modules:
                yield name
        frame = frame.f_back


def _ours(frame: FrameType | None) -> Iterator[str]:
    """Yield the modules of this package that a thread is importing."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        if frame.f_code.co_name == "<module>" and name.startswith(f"{__package__}."):
            yield name
        frame = frame.f_back


def _is_ground(name: str) -> bool:
    return name.count(".") == 1 or name.startswith(f"{__package__}.io.")


def _nothing() -> None:
    """Do nothing."""


class PostImportFinder:
    """Watches the packages named in ``roots`` and calls back when an import is complete.

    Its own faults never reach the import that it watches: it steps aside and keeps the fault's
    description in ``fault``.
    """

    def __init__(self, roots: Iterable[str], settled: Callable[[], None] = _nothing) -> None:
        self.roots: set[str] = set()
        self.fault = ""
        self.settled = settled
        self._thread = _Thread()
        self._count = 0
        self._executing: set[str] = set()
        # Python calls a module initialising until somewhat after its body has ended.
        self._executed: dict[str, ModuleSpec] = {}
        # Modules whose body was already running when we came (torch is imported from within
        # them): nothing tells when they end, so any later import looks whether they have.
        self._under_way: frozenset[str] = frozenset()
        self._owed = False
        self.watch(roots)

    def watch(self, roots: Iterable[str]) -> None:
        """Watch more packages."""
        new = set(roots) - self.roots
        if new:
            self.roots |= new
            self._look_who_is_under_way()

    def _look_who_is_under_way(self) -> None:
        self._under_way = frozenset(
            name for name in tuple(sys.modules) if self._within(name) and _initialising(name)
        )

    def _within(self, name: str) -> bool:
        return name.partition(".")[0] in self.roots

    @property
    def installed(self) -> bool:
        """Whether imports are being watched."""
        return self in sys.meta_path

    def stillness(self) -> int | None:
        """Return a number that changes with every import, None while one is going on."""
        if self._executing or any(map(_initialising, self._under_way)):
            return None
        return None if any(_ours(sys._getframe())) else self._count

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Let the other finders find the module and watch its loader; never find one itself."""
        finding = self._thread.finding
        if not self._guarded(self._wants, fullname) or fullname in finding:
            return None
        finding.add(fullname)
        try:
            for finder in tuple(sys.meta_path):
                if finder is self or not hasattr(finder, "find_spec"):
                    continue
                spec = finder.find_spec(fullname, path, target)
                if spec is not None:
                    self._guarded(self._watch, spec)
                    return spec
        finally:
            finding.discard(fullname)
        return None

    def _wants(self, name: str) -> bool:
        return self._within(name) or self._is_due()

    def _is_due(self) -> bool:
        """Whether there is something to report that no watched import's end has told of."""
        return self._owed or (
            bool(self._under_way) and not any(map(_initialising, self._under_way))
        )

    def _guarded(self, step: Callable[..., Any], *arguments: Any) -> Any:
        if self.fault:
            return None
        try:
            return step(*arguments)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.fault = f"imports are no longer watched: {type(error).__name__}: {error}"
            self.remove()
            logger.error(
                "coqui-amharic-ext: %s; Coqui runs without what was not patched yet", self.fault
            )
            logger.debug("how it came to that", exc_info=True)
            return None

    def _watch(self, spec: ModuleSpec) -> None:
        if hasattr(spec.loader, "exec_module"):
            spec.loader = _Watched(self, spec)  # type: ignore[assignment]

    def run(
        self, spec: ModuleSpec, execute: Callable[[ModuleType], object], module: ModuleType
    ) -> None:
        """Execute a module's body and note when it begins and ends."""
        if not self._guarded(self._within, spec.name):
            execute(module)
            self._guarded(self._report)  # not before: it may be a module that reporting needs
            return
        self._guarded(self._enter, spec)
        try:
            execute(module)
        finally:
            self._guarded(self._leave, spec)

    def _enter(self, spec: ModuleSpec) -> None:
        self._thread.depth += 1
        self._executing.add(spec.name)
        self._count += 1

    def _leave(self, spec: ModuleSpec) -> None:
        self._executing.discard(spec.name)
        self._executed[spec.name] = spec
        self._thread.depth -= 1
        self._report()

    def _report(self) -> None:
        if self._thread.reporting or self._thread.depth:
            return
        # A module that comes next is locked already and cannot be found yet: another thread that
        # imports it would fail, not wait, if this one now came to wait for that.
        # And what applies patches may be half imported itself: the ground of the package.
        frame = sys._getframe()
        self._owed = any(map(self._within, _awaited(frame))) or any(map(_is_ground, _ours(frame)))
        if self._owed:
            return
        self._thread.reporting = True
        try:
            if not any(map(_initialising, self._under_way)):
                self._under_way = frozenset()
            self.settled()
        finally:
            self._thread.reporting = False

    def complete(self, name: str) -> bool:
        """Whether a module is imported and its body has run to its end."""
        if name not in sys.modules or name in self._executing:
            return False
        if not _initialising(name) or self._executed.get(name) is _spec_of(name):
            return True
        self._under_way |= {name}  # found before we came, executed since
        return False

    def remove(self) -> None:
        """Take the finder out."""
        with suppress(ValueError):
            sys.meta_path.remove(self)  # type: ignore[arg-type]

    def install(self) -> None:
        """Put the finder first, once; an earlier fault is forgotten."""
        if self.fault:
            self.fault, self._thread = "", _Thread()
            self._executing.clear()
        if not self.installed:
            sys.meta_path.insert(0, self)  # type: ignore[arg-type]
        self._look_who_is_under_way()


finder: Final = PostImportFinder(("TTS", "trainer"))
"""The one of this process: it waits for Coqui."""
