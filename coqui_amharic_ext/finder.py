"""A post-import finder: tells when upstream modules have *finished* importing.

Hooks that run right after one module's own body would see half-imported packages: coqui-tts and
transformers import each other's modules in circles. This finder counts how deep the watched
imports are nested and reports only when the outermost one is done.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

logger = logging.getLogger("coqui_amharic_ext")


class PostImportFinder:
    """Watches the packages named in ``roots`` and calls ``settled`` when an import is complete.

    Its own faults never reach the import that it watches: it steps aside and keeps the fault's
    description in ``fault``.
    """

    def __init__(self, roots: set[str], settled: Callable[[], None]) -> None:
        self.roots = set(roots)
        self.fault = ""
        self._settled = settled
        self._local = threading.local()
        self._executing: set[str] = set()
        self._executed: set[str] = set()
        # Modules whose body was already running when we came (torch is imported from within
        # them): nothing tells when they end, so any later import looks whether they have.
        self._under_way = {
            name for name in list(sys.modules) if self._watched(name) and _initialising(name)
        }

    def _watched(self, name: str) -> bool:
        return name.partition(".")[0] in self.roots

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Let the other finders find the module and watch its loader; never find one itself."""
        if not self._guarded(self._wants, fullname):
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                self._guarded(self._watch, spec)
                return spec
        return None

    def _wants(self, fullname: str) -> bool:
        if self._under_way and not any(map(_initialising, self._under_way)):
            self._under_way.clear()
            self._report()
        return self._watched(fullname)

    def _guarded(self, step: Callable[[Any], Any], argument: Any) -> Any:
        if self.fault:
            return None
        try:
            return step(argument)
        except Exception as error:
            self.fault = f"imports can no longer be followed: {type(error).__name__}: {error}"
            logger.exception(
                "coqui-amharic-ext cannot follow imports any more; Coqui runs without what was "
                "not patched yet"
            )
            if self in sys.meta_path:
                sys.meta_path.remove(self)  # type: ignore[arg-type]
            return None

    def _watch(self, spec: ModuleSpec) -> None:
        loader: Any = spec.loader
        execute = getattr(loader, "exec_module", None)
        if execute is None:
            return
        name = spec.name

        def exec_module(module: ModuleType) -> None:
            # The loader gets its own method back, so that modules look as without us.
            del loader.exec_module
            self._guarded(self._enter, name)
            try:
                execute(module)
            finally:
                self._guarded(self._leave, name)

        try:
            loader.exec_module = exec_module
        except AttributeError:  # a loader with slots: its module is seen at the next import
            return

    def _enter(self, name: str) -> None:
        self._local.depth = getattr(self._local, "depth", 0) + 1
        self._executing.add(name)

    def _leave(self, name: str) -> None:
        self._executing.discard(name)
        self._executed.add(name)
        self._local.depth -= 1
        if self._local.depth == 0:
            self._report()

    def _report(self) -> None:
        if getattr(self._local, "reporting", False):
            return
        self._local.reporting = True
        try:
            self._settled()
        finally:
            self._local.reporting = False

    def complete(self, name: str) -> bool:
        """Whether a module is imported and its body has run to its end."""
        if name not in sys.modules or name in self._executing:
            return False
        return name in self._executed or not _initialising(name)

    def install(self) -> None:
        """Put the finder first, once."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)  # type: ignore[arg-type]

    def remove(self) -> None:
        """Take the finder out."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)  # type: ignore[arg-type]


def _initialising(name: str) -> bool:
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))
