"""Guarded monkey patches of upstream objects: declare, check, apply, report, undo.

A patch says what it wraps, for which releases it was written and what the wrapped source looked
like there. Where the installed source differs, a behaviour probe decides; if it fails, that one
patch is skipped and upstream's behaviour stays.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import logging
import sys
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from coqui_amharic_ext.report import PatchStatus, State
from coqui_amharic_ext.settings import Settings

logger = logging.getLogger(__name__)

MARK: Final = "__coqui_amharic_patch__"
"""Attribute of every replacement: the name of the patch that made it."""


class _Missing:
    def __repr__(self) -> str:
        return "<missing>"


MISSING: Final[Any] = _Missing()


@dataclass(frozen=True, slots=True)
class Known:
    """An upstream release that a patch was written for, as ``fingerprint()`` describes it."""

    release: str
    source_hash: str
    signature: str


def _always(settings: Settings) -> bool:
    return True


def _never(settings: Settings) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Patch:
    """One change of one upstream attribute.

    Parameters
    ----------
    name : str
        Unique name, shown in ``status()``.
    module, qualname : str
        Where the attribute lives, such as ``"TTS.tts.layers.xtts.gpt"`` and ``"GPT.forward"``.
    summary : str
        One sentence: what changes for the user.
    distribution : str
        The distribution whose release is compared with ``known``.
    known : tuple of Known
        Releases that the patch was written for. Empty only for ``adds``.
    replace : callable
        Takes the original attribute (``MISSING`` for ``adds``) and returns its replacement; a
        function for a staticmethod becomes one. It is called at activation and may import
        upstream modules.
    probe : callable, optional
        Takes the original; raises if it does not behave as the patch needs. Run when the source
        is not a known one.
    enabled : callable
        Takes the settings; False leaves the patch off.
    upstream_has : callable, optional
        Takes the original; True when upstream already has the change.
    exceeds : callable
        Takes the settings; True where they ask for more than upstream's own change gives, so that
        the patch is put in place all the same.
    undo : callable, optional
        Called after the original is back, for what the replacement left elsewhere.
    adds : bool
        The attribute does not exist upstream; if it does, upstream has the change already.
    """

    name: str
    module: str
    qualname: str
    summary: str
    replace: Callable[[Any], Any]
    distribution: str = "coqui-tts"
    known: tuple[Known, ...] = ()
    probe: Callable[[Any], None] | None = None
    enabled: Callable[[Settings], bool] = _always
    upstream_has: Callable[[Any], bool] | None = None
    exceeds: Callable[[Settings], bool] = _never
    undo: Callable[[], None] | None = None
    adds: bool = False

    @property
    def target(self) -> str:
        """The patched attribute's full name."""
        return f"{self.module}.{self.qualname}"


def _describe(node: object, out: list[str]) -> None:
    if isinstance(node, ast.AST):
        out.append(type(node).__name__)
        for name, value in ast.iter_fields(node):
            # Empty fields come and go between Python versions; ctx and kind carry no meaning.
            if value is None or value == [] or name in {"ctx", "kind", "type_comment"}:
                continue
            out.append(f"{name}=(")
            _describe(value, out)
            out.append(")")
    elif isinstance(node, list):
        for item in node:
            _describe(item, out)
            out.append(",")
    else:
        out.append(repr(node))


def source_hash(source: str) -> str:
    """Hash source by its syntax tree.

    Layout, comments, docstrings and the annotations of parameters and results do not count: they
    change between releases and do nothing.
    """
    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:] or [ast.Pass()]
    parts: list[str] = []
    _describe(tree, parts)
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:16]


def _plain(attribute: Any) -> Any:
    """Return the function behind a staticmethod, classmethod or property."""
    if isinstance(attribute, (staticmethod, classmethod)):
        return attribute.__func__
    if isinstance(attribute, property):
        return attribute.fget
    return attribute


def fingerprint(attribute: Any) -> tuple[str, str]:
    """Return the source hash and signature of an upstream attribute, ``""`` where it has none."""
    plain = _plain(attribute)
    try:
        digest = source_hash(inspect.getsource(plain))
    except (OSError, TypeError, SyntaxError):
        digest = ""
    try:
        # Annotations and defaults are in the hash; their repr differs between Python versions.
        parameters = inspect.signature(plain).parameters.values()
        signature = f"({', '.join(map(_parameter, parameters))})"
    except (TypeError, ValueError):
        signature = ""
    return digest, signature


def calls(name: str) -> Callable[[Any], bool]:
    """Return a test of whether a function calls something, or reads an attribute, of that name."""

    def test(attribute: Any) -> bool:
        code = getattr(_plain(attribute), "__code__", None)
        return code is not None and name in code.co_names

    return test


def _parameter(parameter: inspect.Parameter) -> str:
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return f"*{parameter.name}"
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return f"**{parameter.name}"
    return parameter.name


@dataclass(slots=True)
class _Applied:
    patch: Patch
    owner: Any
    attribute: str
    original: Any
    replacement: Any


class Patcher:
    """Applies patches to modules that have finished importing, and takes them back."""

    def __init__(self, patches: Iterable[Patch], settings: Settings) -> None:
        self._settings = settings
        self._waiting: dict[str, Patch] = {}
        self._applied: list[_Applied] = []
        self._states: dict[str, tuple[Patch, State, str]] = {}
        for patch in patches:
            try:
                wanted = patch.enabled(settings)
            except (Exception, SystemExit) as error:
                self._skip(patch, f"enabled() raised {type(error).__name__}: {error}")
                continue
            if wanted:
                self._waiting[patch.name] = patch
                self._set(patch, "pending", f"{patch.module} is not imported yet")
            else:
                self._set(patch, "off", "switched off by a setting")

    def _set(self, patch: Patch, state: State, reason: str = "") -> None:
        self._states[patch.name] = (patch, state, reason)

    @property
    def waiting(self) -> bool:
        """Whether a patch still waits for its module."""
        return bool(self._waiting)

    def modules(self) -> set[str]:
        """Return the modules that patches wait for."""
        return {patch.module for patch in self._waiting.values()}

    def apply(self, complete: Callable[[str], bool]) -> None:
        """Apply every waiting patch whose module ``complete()`` calls fully imported."""
        progress = True
        while progress:
            ready = [p for p in self._waiting.values() if complete(p.module)]
            for patch in ready:
                # Taken out first: applying may import modules and so come back here.
                if self._waiting.pop(patch.name, None) is not None:
                    self._apply_one(patch)
            progress = bool(ready)

    def _apply_one(self, patch: Patch) -> None:
        try:
            owner, attribute = _resolve(patch)
            original = vars(owner).get(attribute, MISSING)
            refusal = self._refuse(patch, original)
            if refusal is not None:
                self._set(patch, *refusal)
                return
            replacement = _same_kind(original, patch.replace(original))
            _mark(replacement, patch.name)
            setattr(owner, attribute, replacement)
        except (Exception, SystemExit) as error:
            self._skip(patch, f"{type(error).__name__}: {error}")
            return
        self._applied.append(_Applied(patch, owner, attribute, original, replacement))
        self._set(patch, "applied")

    def _refuse(self, patch: Patch, original: Any) -> tuple[State, str] | None:
        if patch.adds:
            return None if original is MISSING else ("upstream has it", "")
        if original is MISSING:
            raise AttributeError(f"{patch.target} does not exist in {_release(patch)}")
        # A second patch of the same attribute checks what upstream wrote, not our replacement.
        upstream = self._pristine(patch, original)
        if (
            patch.upstream_has is not None
            and not patch.exceeds(self._settings)
            and patch.upstream_has(upstream)
        ):
            return "upstream has it", ""
        found = fingerprint(upstream)
        if any((k.source_hash, k.signature) == found for k in patch.known):
            return None
        written_for = ", ".join(k.release for k in patch.known) or "no release"
        if patch.probe is None:
            raise RuntimeError(
                f"{_release(patch)} differs from what the patch was written for ({written_for})"
            )
        try:
            patch.probe(upstream)
        except Exception as error:
            raise RuntimeError(
                f"{_release(patch)} differs from what the patch was written for ({written_for}) "
                f"and its probe failed: {type(error).__name__}: {error}"
            ) from error
        logger.info("patch %s: source in %s is new, the probe passed", patch.name, _release(patch))
        return None

    def _pristine(self, patch: Patch, current: Any) -> Any:
        for done in self._applied:
            if done.patch.target == patch.target:
                return done.original
        return current

    def _skip_moved(self) -> None:
        """Name patches that would wait forever: their module is no longer part of its package."""
        for patch in list(self._waiting.values()):
            package = patch.module.rpartition(".")[0]
            if package not in sys.modules or patch.module in sys.modules:
                continue
            if importlib.util.find_spec(patch.module) is None:
                del self._waiting[patch.name]
                self._skip(patch, f"{patch.module} is not there in {_release(patch)}")

    def _skip(self, patch: Patch, reason: str) -> None:
        logger.warning(
            "patch %s is skipped, %s stays as upstream has it: %s", patch.name, patch.target, reason
        )
        self._set(patch, "skipped", reason)

    def undo(self) -> list[str]:
        """Put every upstream object back; return what could not be, in words."""
        problems = []
        for done in reversed(self._applied):
            current = vars(done.owner).get(done.attribute, MISSING)
            if current is not done.replacement:
                problems.append(
                    f"{done.patch.target} was changed by someone else after "
                    f"{done.patch.name} and is left as it is"
                )
                continue
            if done.original is MISSING:
                delattr(done.owner, done.attribute)
            else:
                setattr(done.owner, done.attribute, done.original)
            if done.patch.undo is not None:
                try:
                    done.patch.undo()
                except (Exception, SystemExit) as error:
                    problems.append(
                        f"undo() of {done.patch.name} raised {type(error).__name__}: {error}"
                    )
        self._applied.clear()
        for name, (patch, state, _) in list(self._states.items()):
            if state in {"applied", "pending"}:
                self._states[name] = (patch, "off", "deactivated")
        self._waiting.clear()
        return problems

    def statuses(self) -> tuple[PatchStatus, ...]:
        """Return where each patch stands."""
        self._skip_moved()
        return tuple(
            PatchStatus(patch.name, patch.target, state, reason, patch.summary)
            for patch, state, reason in self._states.values()
        )


def _resolve(patch: Patch) -> tuple[Any, str]:
    owner: Any = sys.modules[patch.module]
    *path, attribute = patch.qualname.split(".")
    for part in path:
        owner = getattr(owner, part)
    return owner, attribute


def _same_kind(original: Any, replacement: Any) -> Any:
    """Keep a staticmethod one, and a classmethod one, when the replacement is a plain function."""
    kind = type(original)
    if kind in (staticmethod, classmethod) and inspect.isfunction(replacement):
        return kind(replacement)
    return replacement


def _mark(replacement: Any, name: str) -> None:
    plain = _plain(replacement)
    if inspect.isfunction(plain) or inspect.isclass(plain):
        setattr(plain, MARK, name)


def _release(patch: Patch) -> str:
    try:
        return f"{patch.distribution} {version(patch.distribution)}"
    except PackageNotFoundError:
        return f"{patch.distribution} (release unknown)"
