"""What switches everything on and off: ``activate()``, ``deactivate()``, ``status()``."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from coqui_amharic_ext import plugins
from coqui_amharic_ext import settings as settings_module
from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.finder import finder
from coqui_amharic_ext.io.forking import PATIENCE, ForkSafeLock
from coqui_amharic_ext.patching import Patcher
from coqui_amharic_ext.report import BackendStatus, Chosen, Kind, Report
from coqui_amharic_ext.settings import ENVIRONMENT, Settings

logger = logging.getLogger("coqui_amharic_ext")
_HALF: Final = "partially initialized module 'coqui_amharic_ext"


class _State:
    """The process-wide switch.

    ``lock`` is held while fields change, never while anything is imported or called that is not
    ours. ``applying`` keeps forks off and is waited for by nobody who is inside an import.
    """

    def __init__(self) -> None:
        self.applying = ForkSafeLock(rank=0)
        self.lock = ForkSafeLock(rank=3)
        self.patcher: Patcher | None = None
        self.fault: str = ""
        self.notes: tuple[str, ...] = ()
        self.exported: dict[str, str | None] = {}


_state = _State()


def settled() -> None:
    """Apply what can be applied now; runs inside somebody's import and so never raises."""
    try:
        _apply(patience=0)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a broken dependency may end the process
        if _HALF in str(error):
            # Another thread imports it, and the interpreter lets neither wait for the other. What
            # is done here is done at the next import, and by that thread if it activates.
            logger.debug("a module of ours is being imported by another thread", exc_info=True)
            return
        fault = f"{type(error).__name__}: {error}"
        if fault != _state.fault:  # once, not with every import
            logger.error(
                "coqui-amharic-ext could not be activated; Coqui runs without it (%s)", fault
            )
            logger.debug("how it came to that", exc_info=True)
        _state.fault = fault


def _apply(patience: float) -> None:
    with _state.applying.patiently(patience):
        patches = plugins.patches().values()
        patcher = _state.patcher or _put_in_force(_make_patcher())
        if patcher is not None:
            patcher.add(patches)  # those of a plugin that was half imported before
            finder.watch(name.partition(".")[0] for name in patcher.modules())
            patcher.apply(finder.complete, finder.stillness)


def _make_patcher() -> Patcher:
    try:
        chosen = plugins.require_known(settings_module.get_settings())
    except SettingsError as error:
        # Remembered, and raised by get_settings() where the setting is first used: the patches
        # that ask for it must be in place for that.
        settings_module.refuse(error)
        chosen = Settings()
    return Patcher((), chosen)


def _put_in_force(made: Patcher) -> Patcher | None:
    """Return the patcher in force, which is the given one if there was none."""
    with _state.lock:
        if _state.patcher is None and finder.installed:  # nobody deactivated meanwhile
            _state.patcher = made
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
    if settings is not None and not isinstance(settings, Settings):
        raise TypeError(f"settings must be a Settings, got {type(settings).__name__}")
    chosen = plugins.require_known(settings or settings_module.of_this_process())
    with _state.applying.patiently(PATIENCE):
        _say(_exchange(chosen, export=settings is not None))
        _apply(PATIENCE)
    # Forks need not wait for this: asking the kernels imports torch, which takes seconds.
    return status()


def _exchange(chosen: Settings, *, export: bool) -> list[str]:
    """Put settings in force and take back what others made; return what could not be."""
    with _state.lock:
        settings_module.set_settings(chosen)
        _export(chosen if export else None)
        _state.fault = ""
        finder.settled = settled
        finder.install()
        old = _state.patcher
        if old is None:
            _state.notes = _late_notes()
            return []
        if old.settings == chosen:
            return []
        # Before anybody makes the next one, which must find upstream's objects.
        problems, patches = old.put_back()
        _state.patcher = None
    return problems + old.clean_up(patches)


def _say(problems: list[str]) -> None:
    for problem in problems:
        logger.warning("%s", problem)


def _late_notes() -> tuple[str, ...]:
    if "TTS.tts.utils.text.tokenizer" not in sys.modules:
        return ()
    return (
        "TTS was imported before activation: an Amharic tokenizer that was already built keeps "
        "upstream's phonemizer and characters; build it anew",
    )


def _export(chosen: Settings | None) -> None:
    """Make processes started from here do as this one does."""
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
    with _state.lock:
        finder.remove()
        patcher, _state.patcher = _state.patcher, None
        for variable, value in _state.exported.items():
            _set_variable(variable, value)
        _state.exported.clear()
        _state.notes = ()
        _state.fault = ""
        settings_module.set_settings(None)
    if patcher is not None:
        _say(patcher.undo())


def status() -> Report:
    """Return the state of every patch and backend; a remembered settings error is in it."""
    error = _state.fault or finder.fault
    chosen: Settings | None = None
    try:
        chosen = plugins.require_known(settings_module.get_settings())
    except SettingsError as problem:
        error = str(problem)
    patcher = _state.patcher
    if patcher is not None:
        patcher.apply(finder.complete, finder.stillness)
    return Report(
        active=finder.installed,
        settings={name: getattr(chosen, name) for name in ENVIRONMENT}
        if chosen is not None
        else {},
        settings_error=error,
        patches=patcher.statuses() if patcher is not None else (),
        backends=_backends(chosen),
        chosen=_chosen(),
        plugin_errors=tuple(f"{p.name}: {p.error}" for p in plugins.plugin_infos() if p.error),
        notes=_state.notes,
    )


def _backends(chosen: Settings | None) -> tuple[BackendStatus, ...]:
    # Loads what tries kernels, which no activation alone needs.
    from coqui_amharic_ext.attention.trial import availability

    chosen = chosen or Settings()
    found: list[BackendStatus] = []
    for name, backend in plugins.g2p_backends().items():
        found.append(_backend("g2p", name, partial(backend.availability, chosen)))
    for name, kernel in plugins.attention_backends().items():
        found.append(_backend("attention", name, partial(availability, kernel)))
    return tuple(found)


def _backend(kind: Kind, name: str, availability: Callable[[], Any]) -> BackendStatus:
    try:
        state = availability()
        return BackendStatus(kind, name, state.ok, state.reason, state.fix)
    except (Exception, SystemExit) as error:
        return BackendStatus(kind, name, False, f"{type(error).__name__}: {error}")


def _chosen() -> Chosen:
    """Ask the modules that were imported already what has served so far."""
    from coqui_amharic_ext.report import Chosen

    chain = sys.modules.get("coqui_amharic_ext.g2p.chain")
    selection = sys.modules.get("coqui_amharic_ext.attention.selection")
    # Another thread may still be importing either.
    words = getattr(chain, "answered", dict)
    kernels = getattr(selection, "choices", tuple)
    return Chosen(words(), kernels())
