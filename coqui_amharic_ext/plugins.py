"""Plugins: hook specifications, the manager, and what plugins contribute.

Our own G2P backends, attention kernels and patches come through the same hooks as anyone else's.
A plugin that cannot be imported or whose hook raises is left out and reported by name.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pluggy

from coqui_amharic_ext.forking import ForkSafeLock

if TYPE_CHECKING:
    from coqui_amharic_ext.attention.kernel import KernelSpec
    from coqui_amharic_ext.g2p.backend import BackendSpec
    from coqui_amharic_ext.patching import Patch

GROUP: Final = "coqui_amharic_ext"
OWN_DISTRIBUTION: Final = "coqui-amharic-ext"
_OWN_MODULES: Final = (
    "coqui_amharic_ext.g2p.plugin",
    "coqui_amharic_ext.attention.plugin",
    "coqui_amharic_ext.coqui.plugin",
    "coqui_amharic_ext.training.plugin",
)

logger = logging.getLogger(__name__)
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)
T = TypeVar("T")


class HookSpecs:
    """What a plugin can contribute."""

    @hookspec
    def g2p_backends(self) -> Iterable[BackendSpec]:  # type: ignore[empty-body]
        """Return G2P backends that the chain can be configured to use."""

    @hookspec
    def attention_backends(self) -> Iterable[KernelSpec]:  # type: ignore[empty-body]
        """Return attention kernels that the XTTS GPT can be configured to use."""

    @hookspec
    def patches(self) -> Iterable[Patch]:  # type: ignore[empty-body]
        """Return guarded patches of upstream objects, applied on activation."""


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One plugin: its entry point's name, where it comes from and, if left out, why."""

    name: str
    module: str
    distribution: str
    version: str
    hooks: tuple[str, ...] = ()
    error: str = ""


class _Registry:
    """Loads plugins once and asks each for its contributions, one fault at a time."""

    def __init__(self) -> None:
        self._lock = ForkSafeLock(rank=2)
        self._manager: pluggy.PluginManager | None = None
        self._infos: dict[str, PluginInfo] = {}

    def _load(self) -> pluggy.PluginManager:
        with self._lock:
            if self._manager is not None:
                return self._manager
            manager = pluggy.PluginManager(GROUP)
            manager.add_hookspecs(HookSpecs)
            self._infos = {}
            self._manager = manager
            for point in _entry_points():
                self._register(manager, point)
            return manager

    def _register(self, manager: pluggy.PluginManager, point: EntryPoint) -> None:
        distribution = point.dist
        source = (
            distribution.metadata["Name"] if distribution else OWN_DISTRIBUTION,
            distribution.version if distribution else "",
        )
        if point.name in self._infos:
            taken = self._infos[point.name].distribution
            self._leave_out(
                f"{point.name} ({point.value})",
                point.value,
                source,
                f"the name is already taken by a plugin of {taken}",
            )
            return
        try:
            module = point.load()
            manager.register(module, name=point.name)
        except (Exception, SystemExit) as error:  # a script that was named by mistake may exit
            self._leave_out(point.name, point.value, source, f"{type(error).__name__}: {error}")
            return
        hooks = tuple(caller.name for caller in manager.get_hookcallers(module) or ())
        self._infos[point.name] = PluginInfo(point.name, point.value, *source, hooks=hooks)

    def _leave_out(self, name: str, value: str, source: tuple[str, str], error: str) -> None:
        logger.warning("plugin %s of %s is left out: %s", name, source[0] or "unknown", error)
        self._infos[name] = PluginInfo(name, value, *source, error=error)

    def collect(self, hook: str, kind: type[T], key: Callable[[T], str]) -> dict[str, T]:
        """Ask every plugin in registration order; a faulty plugin is named and left out."""
        manager = self._load()
        found: dict[str, T] = {}
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            name = implementation.plugin_name
            try:
                items = _items(implementation.function(), kind)
            except (Exception, SystemExit) as error:
                self._fault(name, f"{hook}() raised {type(error).__name__}: {error}")
                continue
            for item in items:
                if key(item) in found:
                    self._fault(name, f"{hook}() gives the name {key(item)!r}, already taken")
                else:
                    found[key(item)] = item
        return found

    def _fault(self, name: str, error: str) -> None:
        info = self._infos.get(name) or PluginInfo(name, "", "unknown", "")
        if info.error == error:
            return
        logger.warning("plugin %s of %s: %s", name, info.distribution, error)
        self._infos[name] = PluginInfo(
            info.name, info.module, info.distribution, info.version, info.hooks, error
        )

    def infos(self) -> tuple[PluginInfo, ...]:
        self._load()
        for hook in ("g2p_backends", "attention_backends", "patches"):
            _COLLECTORS[hook]()
        return tuple(self._infos.values())

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin object directly, as an application that embeds the package may do."""
        self._load().register(plugin, name=name)
        module = getattr(plugin, "__name__", type(plugin).__name__)
        self._infos[name] = PluginInfo(name, module, "registered in code", "")
        _clear_caches()

    def unregister(self, name: str) -> None:
        self._load().unregister(name=name)
        self._infos.pop(name, None)
        _clear_caches()


def _items(given: object, kind: type[T]) -> Iterator[T]:
    if given is None:
        return iter(())
    if not isinstance(given, Iterable):
        raise TypeError(f"expected an iterable of {kind.__name__}, got {type(given).__name__}")
    items = list(given)
    for item in items:
        if not isinstance(item, kind):
            raise TypeError(f"expected {kind.__name__}, got {type(item).__name__}: {item!r}")
    return iter(items)


def _entry_points() -> list[EntryPoint]:
    """Our own plugins first, whatever order the installed distributions come in.

    ``COQUI_AMHARIC_PLUGINS=0`` leaves third-party plugins out, to find out whether one is to blame.
    """
    own = [
        EntryPoint(module.split(".")[1], module, GROUP)  # as declared in setup.cfg
        for module in _OWN_MODULES
    ]
    if os.environ.get("COQUI_AMHARIC_PLUGINS", "1").strip() == "0":
        return own
    declared = entry_points(group=GROUP)
    ours = {point.value for point in own}
    mine = [point for point in declared if point.value in ours]
    missing = [point for point in own if point.value not in {p.value for p in mine}]
    others = [point for point in declared if point.value not in ours]
    order = {module: position for position, module in enumerate(_OWN_MODULES)}
    return [*sorted((*mine, *missing), key=lambda p: order[p.value]), *others]


_registry = _Registry()


@lru_cache(maxsize=1)
def g2p_backends() -> dict[str, BackendSpec]:
    """Return every G2P backend by name, whether or not it is available here."""
    from coqui_amharic_ext.g2p.backend import BackendSpec

    return _registry.collect("g2p_backends", BackendSpec, lambda spec: spec.name)


@lru_cache(maxsize=1)
def attention_backends() -> dict[str, KernelSpec]:
    """Return every attention kernel by name, whether or not it is available here."""
    from coqui_amharic_ext.attention.kernel import KernelSpec

    return _registry.collect("attention_backends", KernelSpec, lambda spec: spec.name)


@lru_cache(maxsize=1)
def patches() -> dict[str, Patch]:
    """Return every guarded patch by name."""
    from coqui_amharic_ext.patching import Patch

    return _registry.collect("patches", Patch, lambda patch: patch.name)


_COLLECTORS: Final[dict[str, Any]] = {
    "g2p_backends": g2p_backends,
    "attention_backends": attention_backends,
    "patches": patches,
}


def _clear_caches() -> None:
    for collector in _COLLECTORS.values():
        collector.cache_clear()


def plugin_infos() -> tuple[PluginInfo, ...]:
    """Return every plugin with the distribution it came from, faulty ones with their error."""
    return _registry.infos()


def register(plugin: object, name: str) -> None:
    """Register a plugin object under a name, without an entry point."""
    _registry.register(plugin, name)


def unregister(name: str) -> None:
    """Remove a plugin that ``register`` added."""
    _registry.unregister(name)
