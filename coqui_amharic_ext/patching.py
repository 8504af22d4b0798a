"""Guarded monkey patches of upstream objects: declare, check, apply, report, undo.

A patch declares what it wraps, the releases it was written for and a hash of the wrapped source
in each. Where the installed source differs, a behaviour probe decides. If the probe fails, that
one patch is skipped and upstream's code runs.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import logging
import pkgutil
import sys
import textwrap
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from coqui_amharic_ext.contribution import Contribution
from coqui_amharic_ext.io.forking import ForkSafeLock
from coqui_amharic_ext.report import PatchStatus, State
from coqui_amharic_ext.settings import Settings

logger = logging.getLogger(__name__)

MARK: Final = "__coqui_amharic_patch__"
"""Attribute of every replacement: the name of its patch."""

_CHANGED_BY_OTHERS: Final = "someone else has replaced it since"


class ProbeError(RuntimeError):
    """Upstream's code does not behave as a patch needs."""


class _Missing:
    def __repr__(self) -> str:
        return "<missing>"


MISSING: Final[Any] = _Missing()

Reference = str | Callable[..., Any]
"""A function, or ``"package.module:function"``, which is imported when it is needed."""


@dataclass(frozen=True, slots=True)
class Known:
    """An upstream release that a patch was written for, as ``fingerprint()`` describes it."""

    release: str
    source_hash: str
    signature: str


@dataclass(frozen=True, slots=True)
class Source:
    """Upstream code that a replacement stands in for or relies on, besides the patched attribute.

    Parameters
    ----------
    module, qualname : str
        Where the code is defined.
    hashes : tuple of str
        Hashes of the releases that it is known in, the oldest first.
    """

    module: str
    qualname: str
    hashes: tuple[str, ...]


def _always(settings: Settings) -> bool:
    return True


def _never(settings: Settings) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Patch(Contribution):
    """One change of one upstream attribute.

    Parameters
    ----------
    name : str
        Unique name, shown in ``status()``.
    module, qualname : str
        Where the attribute is, such as ``"TTS.tts.layers.xtts.gpt"`` and ``"GPT.forward"``.
    summary : str
        One sentence: what changes for the user.
    distribution : str
        The distribution that the attribute belongs to.
    known : tuple of Known
        Releases of that distribution that the patch was written for. Empty only for ``adds``.
    leans_on : tuple of Source
        Other upstream code that must be known, too.
    replace : str or callable
        ``"package.module:function"``, imported when the patch is applied, or the function. It
        takes the original attribute (``MISSING`` for ``adds``) and returns its replacement; a
        function for a staticmethod becomes one. It may import upstream modules, but none that
        imports the patched one, which may be locked. Two threads may call it at once; one result
        is used.
    probe : str or callable, optional
        Takes the original; raises if it does not behave as the patch needs. It runs when the
        source, or one of ``leans_on``, is not known.
    enabled : callable
        Takes the settings; False leaves the patch off.
    upstream_has : str or callable, optional
        Takes the original; True when upstream already has the change.
    exceeds : callable
        Takes the settings; True where they ask for more than upstream's own change offers, so
        that the patch is applied nevertheless.
    undo : str or callable, optional
        Called after the original is restored, to remove what the replacement left elsewhere.
    adds : bool
        The attribute does not exist upstream; if it does, upstream has the change already.
    """

    hook = "patches"

    name: str
    module: str
    qualname: str
    summary: str
    replace: Reference
    distribution: str = "coqui-tts"
    known: tuple[Known, ...] = ()
    leans_on: tuple[Source, ...] = ()
    probe: Reference | None = None
    enabled: Callable[[Settings], bool] = _always
    upstream_has: Reference | None = None
    exceeds: Callable[[Settings], bool] = _never
    undo: Reference | None = None
    adds: bool = False

    @property
    def target(self) -> str:
        """The full name of the patched attribute."""
        return f"{self.module}.{self.qualname}"


def load(reference: Reference) -> Callable[..., Any]:
    """Return the function that a reference names, importing its module if necessary."""
    if isinstance(reference, str):
        function: Callable[..., Any] = pkgutil.resolve_name(reference)
        return function
    return reference


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
    """Return a test of whether a function calls, or reads an attribute of, a name."""

    def test(attribute: Any) -> bool:
        code = getattr(_plain(attribute), "__code__", None)
        return code is not None and name in code.co_names

    return test


def expect(holds: bool, behaviour: str) -> None:
    """Raise ``ProbeError`` unless upstream's code still shows a behaviour.

    Parameters
    ----------
    holds : bool
        Whether it does.
    behaviour : str
        What upstream's code does in the releases that the patch was written for, as a predicate:
        ``"returns the losses"``.
    """
    if not holds:
        raise ProbeError(f"it no longer {behaviour}")


def takes(*names: str) -> Callable[[Any], None]:
    """Return a probe of the names of an attribute's first parameters."""

    def probe(attribute: Any) -> None:
        found = list(inspect.signature(_plain(attribute)).parameters)
        expect(found[: len(names)] == list(names), f"takes {', '.join(names)} first, but {found}")

    return probe


def _parameter(parameter: inspect.Parameter) -> str:
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return f"*{parameter.name}"
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return f"**{parameter.name}"
    return parameter.name


@dataclass(frozen=True, slots=True, eq=False)
class _Applied:
    patch: Patch
    owner: Any
    attribute: str
    original: Any
    replacement: Any
    spec: Any
    """The module's spec: a reload makes a new one."""

    def current(self) -> Any:
        return vars(self.owner).get(self.attribute, MISSING)

    def put_back(self) -> None:
        if self.original is MISSING:
            delattr(self.owner, self.attribute)
        else:
            setattr(self.owner, self.attribute, self.original)

    def outlived(self) -> bool:
        """Whether the module was executed again since, or another is imported in its place."""
        module = sys.modules.get(self.patch.module)
        return module is not None and getattr(module, "__spec__", None) is not self.spec


class Patcher:
    """Applies patches to modules that have finished importing, and restores the originals.

    Several threads may apply patches at once, each inside an import, so no thread waits for
    another while it imports or calls a patch's functions. Each prepares a replacement, and the
    first one installs it; only the installation holds the lock.
    """

    def __init__(self, patches: Iterable[Patch], settings: Settings) -> None:
        self.settings = settings
        self._lock = ForkSafeLock(rank=4)
        self._waiting: dict[str, Patch] = {}
        self._preparing: set[tuple[int, str]] = set()
        self._applied: list[_Applied] = []
        self._states: dict[str, tuple[Patch, State, str]] = {}
        self._closed = False
        self.add(patches)

    def add(self, patches: Iterable[Patch]) -> None:
        """Add the patches whose names are new."""
        for patch in patches:
            if patch.name in self._states:
                continue
            try:
                wanted, fault = patch.enabled(self.settings), ""
            except (Exception, SystemExit) as error:
                wanted, fault = False, f"enabled() raised {type(error).__name__}: {error}"
            with self._lock:
                if patch.name in self._states or self._closed:
                    continue
                if wanted:
                    self._wait(patch, f"{patch.module} is not imported yet")
                else:
                    self._set(patch, "off", "switched off by a setting")
            if fault:
                self._skip(patch, fault)

    def _set(self, patch: Patch, state: State, reason: str = "") -> None:
        self._states[patch.name] = (patch, state, reason)

    def _wait(self, patch: Patch, reason: str) -> None:
        self._waiting[patch.name] = patch
        self._set(patch, "pending", reason)

    def modules(self) -> set[str]:
        """Return the modules that patches wait for."""
        return {patch.module for patch in tuple(self._waiting.values())}

    def apply(
        self, complete: Callable[[str], bool], stillness: Callable[[], int | None] = lambda: 0
    ) -> None:
        """Apply every waiting patch whose module is fully imported, and each that was lost.

        Parameters
        ----------
        complete : callable
            Takes a module's name; whether it is fully imported.
        stillness : callable
            Returns a number that every import changes, ``None`` during an import. A patch that
            fails meanwhile is tried again: it may have seen a half-imported module.
        """
        self._find_lost(complete)
        thread = threading.get_ident()
        tried: set[str] = set()
        while ready := [
            patch
            for patch in tuple(self._waiting.values())
            # Preparing imports modules and may so come back here.
            if patch.name not in tried
            and (thread, patch.name) not in self._preparing
            and complete(patch.module)
        ]:
            for patch in ready:
                tried.add(patch.name)
                self._preparing.add((thread, patch.name))
                try:
                    for last in (False, False, True):
                        if self._apply_one(patch, stillness, last):
                            break
                finally:
                    self._preparing.discard((thread, patch.name))

    def _apply_one(self, patch: Patch, stillness: Callable[[], int | None], last: bool) -> bool:
        """Apply or refuse a patch; False if an import interfered and it may be tried again."""
        done: _Applied | None = None
        state: State
        before = stillness()
        try:
            spec = getattr(sys.modules[patch.module], "__spec__", None)
            owner, attribute = _locate(patch.module, patch.qualname)
            original = vars(owner).get(attribute, MISSING)
            state, reason = self._refuse(patch, owner, original) or ("applied", "")
            if state == "applied":
                replacement = _same_kind(original, load(patch.replace)(original))
                _mark(replacement, patch.name)
                done = _Applied(patch, owner, attribute, original, replacement, spec)
        except (Exception, SystemExit) as error:
            state, reason = "skipped", f"{type(error).__name__}: {error}"
        with self._lock:
            if patch.name not in self._waiting:  # another thread was first
                return True
            if state == "skipped":
                after = stillness()
                if after is None or self._prepared_elsewhere(patch):
                    self._set(patch, "pending", f"waits for other imports to finish: {reason}")
                    return True
                if after != before and not last:
                    return False
            if done is not None:
                if done.current() is not done.original:
                    return False
                try:
                    setattr(done.owner, done.attribute, done.replacement)
                except (Exception, SystemExit) as error:
                    state, reason = "skipped", f"{type(error).__name__}: {error}"
                else:
                    self._applied.append(done)
            del self._waiting[patch.name]
            self._set(patch, state, reason)
        if state == "skipped":
            self._skip(patch, reason)
        return True

    def _prepared_elsewhere(self, patch: Patch) -> bool:
        return sum(name == patch.name for _, name in tuple(self._preparing)) > 1

    def _refuse(self, patch: Patch, owner: Any, original: Any) -> tuple[State, str] | None:
        if patch.adds:
            return None if original is MISSING else ("upstream has it", "")
        if original is MISSING:
            raise AttributeError(f"{patch.target} does not exist in {_release(patch)}")
        # A second patch of the same attribute checks what upstream wrote, not our replacement.
        upstream = self._pristine(owner, patch.qualname.rpartition(".")[2], original)
        if (
            patch.upstream_has is not None
            and not patch.exceeds(self.settings)
            and load(patch.upstream_has)(upstream)
        ):
            return "upstream has it", ""
        change = self._change(patch, upstream)
        if not change:
            return None
        if patch.probe is None:
            raise RuntimeError(change)
        try:
            load(patch.probe)(upstream)
        except Exception as error:
            raise RuntimeError(
                f"{change} and its probe failed: {type(error).__name__}: {error}"
            ) from error
        logger.info("patch %s: %s, the probe passed", patch.name, change)
        return None

    def _change(self, patch: Patch, upstream: Any) -> str:
        """Return how the installed source differs from every known one, ``""`` if it does not."""
        written_for = ", ".join(k.release for k in patch.known) or "no release"
        found = fingerprint(upstream)
        if not any((k.source_hash, k.signature) == found for k in patch.known):
            return f"{_release(patch)} differs from what the patch was written for ({written_for})"
        changed = [s.qualname for s in patch.leans_on if self._hash(s) not in s.hashes]
        if not changed:
            return ""
        return f"{', '.join(changed)} differs from what the patch was written for ({written_for})"

    def _hash(self, source: Source) -> str:
        import_module(source.module)
        owner, attribute = _locate(source.module, source.qualname)
        return fingerprint(self._pristine(owner, attribute, getattr(owner, attribute)))[0]

    def _of(self, owner: Any, attribute: str) -> list[_Applied]:
        """Return the replacements of one attribute, in the order in which they were applied."""
        return [
            done
            for done in tuple(self._applied)
            if done.owner is owner and done.attribute == attribute
        ]

    def _pristine(self, owner: Any, attribute: str, current: Any) -> Any:
        return next((done.original for done in self._of(owner, attribute)), current)

    def _in_place(self, done: _Applied) -> bool:
        stack = self._of(done.owner, done.attribute)
        return bool(stack) and done.current() is stack[-1].replacement

    def _latest(self) -> list[_Applied]:
        """Return where each patch was applied last: a reload makes another class."""
        return list({done.patch.name: done for done in tuple(self._applied)}.values())

    def _find_lost(self, complete: Callable[[str], bool]) -> None:
        """Let patches wait again if their module was reloaded, or removed and imported again.

        The class from before the reload stays patched: objects of it may live on.
        """
        lost = [
            done
            for done in self._latest()
            if done.outlived() and complete(done.patch.module) and not self._holds(done)
        ]
        with self._lock:
            for done in lost:
                if done not in self._applied:
                    continue
                if not self._in_place(done):
                    self._applied.remove(done)
                self._wait(done.patch, f"{done.patch.module} was imported again")

    def _holds(self, done: _Applied) -> bool:
        """Whether a patch is applied to the attribute that its module has now."""
        try:
            owner, _ = _locate(done.patch.module, done.patch.qualname)
        except (AttributeError, KeyError):
            return False
        return owner is done.owner and self._in_place(done)

    def _skip_moved(self) -> None:
        """Skip patches that would wait forever: their package no longer has the module."""
        for patch in tuple(self._waiting.values()):
            package = patch.module.rpartition(".")[0]
            if package not in sys.modules or patch.module in sys.modules:
                continue
            if importlib.util.find_spec(patch.module) is None:
                if self._waiting.pop(patch.name, None) is not None:
                    self._skip(patch, f"{_release(patch)} has no {patch.module}")

    def _skip(self, patch: Patch, reason: str) -> None:
        logger.warning(
            "patch %s is skipped, %s stays as upstream has it: %s", patch.name, patch.target, reason
        )
        self._set(patch, "skipped", reason)

    def undo(self) -> list[str]:
        """Restore every upstream object; return messages about those that could not be."""
        problems, patches = self.put_back()
        return problems + self.clean_up(patches)

    def put_back(self) -> tuple[list[str], list[Patch]]:
        """Restore upstream's objects, calling nothing; return problems and restored patches."""
        problems = []
        back: dict[str, Patch] = {}
        with self._lock:
            for done in reversed(self._applied):
                if done.current() is done.replacement:
                    done.put_back()
                    back[done.patch.name] = done.patch
                elif not done.outlived():
                    problems.append(
                        f"{done.patch.target} was changed by someone else after "
                        f"{done.patch.name} and is left as it is"
                    )
            self._closed = True
            self._applied.clear()
            self._waiting.clear()
            for patch, state, _ in tuple(self._states.values()):
                if state in {"applied", "pending"}:
                    self._set(patch, "off", "deactivated")
        return problems, list(back.values())

    def clean_up(self, patches: Iterable[Patch]) -> list[str]:
        """Call ``undo()`` of restored patches; return problems."""
        problems = []
        for patch in patches:
            try:
                if patch.undo is not None:
                    load(patch.undo)()
            except (Exception, SystemExit) as error:
                problems.append(f"undo() of {patch.name} raised {type(error).__name__}: {error}")
        return problems

    def statuses(self) -> tuple[PatchStatus, ...]:
        """Return the state of each patch."""
        self._skip_moved()
        changed = {done.patch.name for done in self._latest() if not self._in_place(done)}
        return tuple(
            PatchStatus(patch.name, patch.target, "changed", _CHANGED_BY_OTHERS, patch.summary)
            if state == "applied" and patch.name in changed
            else PatchStatus(patch.name, patch.target, state, reason, patch.summary)
            for patch, state, reason in tuple(self._states.values())
        )


def _locate(module: str, qualname: str) -> tuple[Any, str]:
    """Return the object that holds an attribute of an imported module, and the attribute's name."""
    owner: Any = sys.modules[module]
    *path, attribute = qualname.split(".")
    for part in path:
        owner = getattr(owner, part)
    return owner, attribute


def _same_kind(original: Any, replacement: Any) -> Any:
    """Wrap a plain function as a staticmethod or classmethod where the original is one."""
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
