"""What switches everything on and off: ``activate()``, ``deactivate()``, ``status()``."""

from __future__ import annotations

import logging
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from coqui_amharic_ext.autoload import ROOTS, AwaitCoqui
from coqui_amharic_ext.finder import PostImportFinder
from coqui_amharic_ext.forking import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from coqui_amharic_ext.patching import Patcher
    from coqui_amharic_ext.report import BackendStatus, Kind, Report
    from coqui_amharic_ext.settings import Settings

logger = logging.getLogger("coqui_amharic_ext")


class _State:
    """The process-wide switch."""

    def __init__(self) -> None:
        self.lock = ForkSafeLock(rank=0)
        self.finder: PostImportFinder | None = None
        self.patcher: Patcher | None = None
        self.fault: str = ""
        self.notes: tuple[str, ...] = ()
        self.exported: dict[str, str | None] = {}


_state = _State()


def take_over() -> PostImportFinder:
    """Put the finder that applies patches where autoload's placeholder stands."""
    with _state.lock:
        return _install_finder()


def _fail(error: Exception) -> None:
    _state.fault = f"{type(error).__name__}: {error}"
    logger.exception("coqui-amharic-ext could not be activated; Coqui runs without it")


def _install_finder() -> PostImportFinder:
    with _state.lock:
        if _state.finder is None:
            _state.finder = PostImportFinder(set(ROOTS), _settled)
        _state.finder.install()
        sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, AwaitCoqui)]
        return _state.finder


def _settled() -> None:
    """Apply what can be applied now; runs inside somebody's import and so never raises."""
    try:
        with _state.lock:
            patcher = _state.patcher or _make_patcher()
            if patcher is not None and _state.finder is not None:
                patcher.apply(_state.finder.complete)
    except Exception as error:
        _fail(error)


def _make_patcher() -> Patcher | None:
    from coqui_amharic_ext import plugins, settings
    from coqui_amharic_ext.errors import SettingsError
    from coqui_amharic_ext.patching import Patcher

    try:
        chosen = settings.get_settings()
    except SettingsError:
        # Remembered, and raised by get_settings() where the setting is first used: the patches
        # that ask for it must be in place for that.
        chosen = settings.Settings()
    _state.patcher = Patcher(plugins.patches().values(), chosen)
    if _state.finder is not None:
        _state.finder.roots.update(name.partition(".")[0] for name in _state.patcher.modules())
    return _state.patcher


def activate(settings: Settings | None = None) -> Report:
    """Switch the extension on in this process; idempotent, before or after ``TTS`` is imported.

    Parameters
    ----------
    settings : Settings, optional
        Without it, settings come from ``COQUI_AMHARIC_*`` variables and defaults. Settings given
        here are exported to those variables, and ``COQUI_AMHARIC_AUTOLOAD`` is set to 1, so that
        processes started later (data loader workers, other ranks) do the same.

    Raises
    ------
    SettingsError
        A setting, or a ``COQUI_AMHARIC_*`` variable, has a value that is not valid.
    """
    from coqui_amharic_ext import settings as settings_module

    with _state.lock:
        if settings is not None and not isinstance(settings, settings_module.Settings):
            raise TypeError(f"settings must be a Settings, got {type(settings).__name__}")
        chosen = settings or settings_module.of_this_process()
        changed = _state.patcher is not None and chosen != settings_module.get_settings_or_none()
        if changed and _state.patcher is not None:
            _state.patcher.undo()
            _state.patcher = None
        settings_module.set_settings(chosen)
        _export(chosen if settings is not None else None)
        late = _late_notes() if _state.patcher is None else _state.notes
        _state.fault = ""
        finder = _install_finder()
        patcher = _state.patcher or _make_patcher()
        if patcher is not None:
            patcher.apply(finder.complete)
        _state.notes = late
    # Not under the lock: asking the kernels imports torch, which takes seconds.
    return status()


def _late_notes() -> tuple[str, ...]:
    if "TTS.tts.utils.text.tokenizer" not in sys.modules:
        return ()
    return (
        "TTS was imported before activation: an Amharic tokenizer that was already built keeps "
        "upstream's phonemizer and characters; build it anew",
    )


def _export(chosen: Settings | None) -> None:
    """Make processes started from here do as this one does."""
    from coqui_amharic_ext.settings import ENVIRONMENT

    wanted: dict[str, str | None] = {"COQUI_AMHARIC_AUTOLOAD": "1"}
    if chosen is not None:
        wanted |= dict.fromkeys(ENVIRONMENT.values()) | chosen.to_environment()
    for variable, value in wanted.items():
        _state.exported.setdefault(variable, os.environ.get(variable))
        _set_variable(variable, value)


def _set_variable(variable: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = value


def deactivate() -> None:
    """Put every upstream object back and take the finder out; live models run upstream's code."""
    from coqui_amharic_ext import settings

    with _state.lock:
        if _state.patcher is not None:
            for problem in _state.patcher.undo():
                logger.warning("%s", problem)
        if _state.finder is not None:
            _state.finder.remove()
        sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, AwaitCoqui)]
        for variable, value in _state.exported.items():
            _set_variable(variable, value)
        _state.exported.clear()
        _state.patcher = None
        _state.finder = None
        _state.notes = ()
        _state.fault = ""
        settings.set_settings(None)


def status() -> Report:
    """Return the state of every patch and backend; a remembered settings error is in it."""
    from coqui_amharic_ext import plugins
    from coqui_amharic_ext import settings as settings_module
    from coqui_amharic_ext.errors import SettingsError
    from coqui_amharic_ext.report import Report

    error = _state.fault or (_state.finder.fault if _state.finder is not None else "")
    chosen: Settings | None = None
    try:
        chosen = settings_module.get_settings()
    except SettingsError as problem:
        error = str(problem)
    with _state.lock:
        if _state.finder is not None and _state.patcher is not None:
            _state.patcher.apply(_state.finder.complete)
        patches = _state.patcher.statuses() if _state.patcher is not None else ()
    return Report(
        active=_active(),
        settings={name: getattr(chosen, name) for name in settings_module.ENVIRONMENT}
        if chosen is not None
        else {},
        settings_error=error,
        patches=patches,
        backends=_backends(chosen),
        chosen=_chosen(),
        plugin_errors=tuple(f"{p.name}: {p.error}" for p in plugins.plugin_infos() if p.error),
        notes=_state.notes,
    )


def _active() -> bool:
    """Whether the finder, or autoload's placeholder for it, is in place."""
    return _state.finder is not None or any(isinstance(f, AwaitCoqui) for f in sys.meta_path)


def _backends(chosen: Settings | None) -> tuple[BackendStatus, ...]:
    from coqui_amharic_ext import plugins
    from coqui_amharic_ext.settings import Settings

    chosen = chosen or Settings()
    found: list[BackendStatus] = []
    for name, backend in plugins.g2p_backends().items():
        found.append(_backend("g2p", name, partial(backend.availability, chosen)))
    for name, kernel in plugins.attention_backends().items():
        found.append(_backend("attention", name, kernel.availability))
    return tuple(found)


def _backend(kind: Kind, name: str, availability: Callable[[], Any]) -> BackendStatus:
    from coqui_amharic_ext.report import BackendStatus

    try:
        state = availability()
        return BackendStatus(kind, name, state.ok, state.reason, state.fix)
    except (Exception, SystemExit) as error:
        return BackendStatus(kind, name, False, f"{type(error).__name__}: {error}")


def _chosen() -> dict[str, str]:
    """Ask the modules that were imported anyway what was really used so far."""
    found: dict[str, str] = {}
    for name in ("coqui_amharic_ext.g2p.chain", "coqui_amharic_ext.attention.selection"):
        describe = getattr(sys.modules.get(name), "chosen", None)
        if describe is not None:
            found.update(describe())
    return found
