"""Plugins: hook specifications, the manager, and what plugins contribute.

Our own G2P backends, attention kernels and patches come through the same hooks as anyone else's.
A plugin that cannot be imported or whose hook raises is left out and reported by name.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Final

try:
    import pluggy
except SystemExit as error:
    raise ImportError(f"pluggy ends the process when it is imported: {error!r}") from error

from coqui_amharic_ext.contribution import Contribution
from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.io.forking import ForkSafeLock
from coqui_amharic_ext.settings import ATTENTION_CHOICES, OWN_G2P_BACKENDS, Settings

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
    """Loads plugins once and asks each for its contributions, one fault at a time.

    Plugins are loaded by whoever needs them first. That may be several threads, each inside an
    import, so none waits for what another imports, except for the same module.
    """

    def __init__(self) -> None:
        self._loading = ForkSafeLock(rank=2)
        self._lock = ForkSafeLock(rank=4)
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(HookSpecs)
        self._seen: set[tuple[str, str]] = set()
        self._infos: dict[str, PluginInfo] = {}
        self._collected: dict[str, dict[str, Any]] = {}
        self._complete = False
        self._process = 0

    def _load(self) -> None:
        if self._complete:
            return
        if self._process not in (0, os.getpid()):
            return  # forked while loading: what another thread was importing cannot be imported
        self._process = os.getpid()
        with self._loading.patiently(0):
            registered = [self._register(point) for point in _entry_points()]
        if all(registered):
            self._complete = True

    def _register(self, point: EntryPoint) -> bool:
        """Import and register a plugin; False if it has to wait, for it is being imported."""
        distribution = point.dist
        source = (
            distribution.metadata["Name"] if distribution else OWN_DISTRIBUTION,
            distribution.version if distribution else "",
        )
        if (point.name, point.value) in self._seen:
            return True
        plugin, error = None, ""
        try:
            plugin = point.load()
        except (Exception, SystemExit) as problem:  # a script that was named by mistake may exit
            error = f"{type(problem).__name__}: {problem}"
        if _initialising(point.module):
            return False
        with self._lock:
            if (point.name, point.value) in self._seen:
                return True
            self._seen.add((point.name, point.value))
            name, taken = point.name, self._infos.get(point.name)
            if taken is not None:
                name = f"{point.name} ({point.value})"
                error = f"the name is already taken by a plugin of {taken.distribution}"
            elif not error:
                try:
                    self._manager.register(plugin, name=name)
                except (Exception, SystemExit) as problem:
                    error = f"{type(problem).__name__}: {problem}"
            callers = () if error else self._manager.get_hookcallers(plugin) or ()
            hooks = tuple(caller.name for caller in callers)
            self._infos[name] = PluginInfo(name, point.value, *source, hooks=hooks, error=error)
        if error:
            logger.warning("plugin %s of %s is left out: %s", name, source[0] or "unknown", error)
        return True

    def collect(self, hook: str) -> dict[str, Any]:
        """Ask every plugin in registration order; a faulty plugin is named and left out."""
        if hook in self._collected:
            return self._collected[hook]
        self._load()
        complete = self._complete
        found: dict[str, Any] = {}
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            name = implementation.plugin_name
            try:
                items = _items(implementation.function(), hook)
            except (Exception, SystemExit) as error:
                self._fault(name, f"{hook}() raised {type(error).__name__}: {error}")
                continue
            for item in items:
                if item.name in found:
                    self._fault(name, f"{hook}() gives the name {item.name!r}, already taken")
                else:
                    found[item.name] = item
        if complete:
            self._collected[hook] = found
        return found

    def _fault(self, name: str, error: str) -> None:
        info = self._infos.get(name) or PluginInfo(name, "", "unknown", "")
        if info.error == error:
            return
        logger.warning("plugin %s of %s: %s", name, info.distribution, error)
        self._infos[name] = replace(info, error=error)

    def infos(self) -> tuple[PluginInfo, ...]:
        for collector in (g2p_backends, attention_backends, patches):
            collector()
        return tuple(self._infos.values())

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin object directly, as an application that embeds the package may do."""
        self._load()
        self._manager.register(plugin, name=name)
        module = getattr(plugin, "__name__", type(plugin).__name__)
        self._infos[name] = PluginInfo(name, module, "registered in code", "")
        self._collected.clear()

    def unregister(self, name: str) -> None:
        self._load()
        self._manager.unregister(name=name)
        self._infos.pop(name, None)
        self._collected.clear()


def _initialising(module: str) -> bool:
    """Whether a module is not imported to its end, in this thread or in another."""
    spec = getattr(sys.modules.get(module), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))


def _items(given: object, hook: str) -> list[Contribution]:
    if given is None:
        return []
    if not isinstance(given, Iterable):
        raise TypeError(f"expected an iterable, got {type(given).__name__}")
    items = list(given)
    for item in items:
        if not isinstance(item, Contribution) or item.hook != hook:
            raise TypeError(f"expected what {hook} gives, got {type(item).__name__}: {item!r}")
    return items


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


def g2p_backends() -> dict[str, BackendSpec]:
    """Return every G2P backend by name, whether or not it is available here."""
    return _registry.collect("g2p_backends")


def attention_backends() -> dict[str, KernelSpec]:
    """Return every attention kernel by name, whether or not it is available here."""
    return _registry.collect("attention_backends")


def patches() -> dict[str, Patch]:
    """Return every guarded patch by name."""
    return _registry.collect("patches")


def require_known(settings: Settings) -> Settings:
    """Return settings whose backends and kernel somebody provides.

    Plugins are asked where a name is not one of ours alone: finding them reads the metadata of
    every installed distribution, which takes longer than a first sentence.

    Raises
    ------
    SettingsError
        Nobody provides one of them; the message lists the valid names.
    """
    for name in settings.g2p_backends:
        if name not in OWN_G2P_BACKENDS and name not in g2p_backends():
            raise _unknown("g2p_backends", name, tuple(g2p_backends()))
    if settings.attention not in ATTENTION_CHOICES and settings.attention not in (
        known := attention_backends()
    ):
        raise _unknown("attention", settings.attention, (*ATTENTION_CHOICES, *known))
    return settings


def _unknown(setting: str, name: str, known: tuple[str, ...]) -> SettingsError:
    valid = ", ".join(dict.fromkeys(known))
    return SettingsError(f"{setting}={name!r} is not valid; valid values: {valid}")


def plugin_infos() -> tuple[PluginInfo, ...]:
    """Return every plugin with the distribution it came from, faulty ones with their error."""
    return _registry.infos()


def register(plugin: object, name: str) -> None:
    """Register a plugin object under a name, without an entry point."""
    _registry.register(plugin, name)


def unregister(name: str) -> None:
    """Remove a plugin that ``register`` added."""
    _registry.unregister(name)
