"""Patches apply only where they fit, and come off without a trace."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from coqui_amharic_ext.patching import (
    MISSING,
    Known,
    Patch,
    Patcher,
    ProbeError,
    Source,
    calls,
    expect,
    fingerprint,
    load,
    source_hash,
    takes,
)
from coqui_amharic_ext.settings import Settings

SOURCE = '''
class Upstream:
    """Somebody else's class."""

    def method(self, x):
        return x + 1

    @staticmethod
    def static(x):
        return x * 2


def function(x):
    return x
'''


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    (tmp_path / "patched_upstream.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("patched_upstream")
    del sys.modules["patched_upstream"]


def add_ten(original: Callable[..., int]) -> Callable[..., int]:
    def method(self: object, x: int) -> int:
        return original(self, x) + 10

    return method


def patch(**changes: Any) -> Patch:
    given: dict[str, Any] = {
        "name": "add-ten",
        "module": "patched_upstream",
        "qualname": "Upstream.method",
        "summary": "adds ten",
        "replace": add_ten,
        "probe": lambda original: None,
    }
    return Patch(**(given | changes))


def apply(*patches: Patch, settings: Settings | None = None) -> Patcher:
    patcher = Patcher(patches, settings or Settings())
    patcher.apply(lambda module: module in sys.modules)
    return patcher


def state(patcher: Patcher, name: str = "add-ten") -> tuple[str, str]:
    found = {s.name: s for s in patcher.statuses()}[name]
    return found.state, found.reason


def test_objects_built_before_are_covered_and_the_identical_function_comes_back(
    upstream: ModuleType,
) -> None:
    built_before = upstream.Upstream()
    original = vars(upstream.Upstream)["method"]
    patcher = apply(patch())
    assert built_before.method(1) == 12
    assert state(patcher) == ("applied", "")
    assert patcher.undo() == []
    assert vars(upstream.Upstream)["method"] is original
    assert built_before.method(1) == 2
    assert state(patcher)[0] == "off"


@pytest.mark.parametrize("kind", [staticmethod, lambda function: function])
def test_staticmethods_stay_staticmethods(
    upstream: ModuleType, kind: Callable[..., object]
) -> None:
    original = vars(upstream.Upstream)["static"]
    patcher = apply(
        patch(qualname="Upstream.static", replace=lambda old: kind(lambda x: old(x) + 1))
    )
    assert upstream.Upstream.static(2) == 5
    assert upstream.Upstream().static(2) == 5
    patcher.undo()
    assert vars(upstream.Upstream)["static"] is original


def test_patches_of_the_same_attribute_stack_and_come_off_in_reverse(upstream: ModuleType) -> None:
    original = upstream.Upstream.method
    known = (Known("1", *fingerprint(original)),)
    patcher = apply(patch(known=known, probe=None), patch(name="twice", known=known, probe=None))
    assert upstream.Upstream().method(1) == 22
    patcher.undo()
    assert upstream.Upstream.method is original


def test_a_known_source_needs_no_probe(upstream: ModuleType) -> None:
    def refuse(original: object) -> None:
        raise AssertionError("must not run")

    known = (Known("patched 1.0", *fingerprint(upstream.Upstream.method)),)
    assert state(apply(patch(known=known, probe=refuse))) == ("applied", "")


def test_an_unknown_source_whose_probe_fails_is_skipped_by_name(
    upstream: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(original: object) -> None:
        raise RuntimeError("returns something else now")

    original = upstream.Upstream.method
    patcher = apply(
        patch(probe=refuse), patch(name="other", qualname="function", replace=lambda _: len)
    )
    found, reason = state(patcher)
    assert found == "skipped"
    assert "returns something else now" in reason
    assert upstream.Upstream.method is original
    assert "add-ten" in caplog.text
    assert "patched_upstream.Upstream.method" in caplog.text
    assert state(patcher, "other")[0] == "applied"


def test_an_unknown_source_without_a_probe_is_skipped(upstream: ModuleType) -> None:
    assert state(apply(patch(probe=None)))[0] == "skipped"


def test_a_changed_source_that_a_replacement_leans_on_needs_the_probe(
    upstream: ModuleType,
) -> None:
    known = (Known("1", *fingerprint(upstream.Upstream.method)),)
    digest = fingerprint(upstream.function)[0]
    probed: list[object] = []

    def leaning(*hashes: str, **changes: Any) -> tuple[str, str]:
        source = Source("patched_upstream", "function", hashes)
        patcher = apply(patch(known=known, leans_on=(source,), **changes))
        found = state(patcher)
        patcher.undo()
        return found

    def fail(original: object) -> None:
        expect(False, "adds one")

    assert leaning("of an older release", digest, probe=fail) == ("applied", "")
    assert leaning("another", probe=probed.append) == ("applied", "")
    assert len(probed) == 1
    found, reason = leaning("another", probe=fail)
    assert found == "skipped"
    assert "function differs from what the patch was written for (1)" in reason
    assert "ProbeError: it no longer adds one" in reason
    assert leaning("another", probe=None)[0] == "skipped"


def test_functions_named_by_their_path_are_imported_when_they_are_needed(
    upstream: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "patched_ours.py").write_text(
        "undone = []\n"
        "def replace(original):\n    return lambda self, x: original(self, x) + 10\n"
        "def undo():\n    undone.append(True)\n"
    )
    named = patch(
        replace="patched_ours:replace", undo="patched_ours:undo", probe=takes("self", "x")
    )
    patcher = Patcher([named], Settings())
    assert "patched_ours" not in sys.modules
    patcher.apply(lambda module: module in sys.modules)
    try:
        assert upstream.Upstream().method(1) == 12
        patcher.undo()
        assert sys.modules["patched_ours"].undone == [True]
    finally:
        del sys.modules["patched_ours"]


def test_a_path_that_leads_nowhere_skips_the_patch(upstream: ModuleType) -> None:
    found, reason = state(apply(patch(replace="nowhere_at_all:replace")))
    assert found == "skipped"
    assert "nowhere_at_all" in reason


def test_our_own_patches_are_declared_alike() -> None:
    pytest.importorskip("TTS")
    from coqui_amharic_ext import plugins

    for own in plugins.patches().values():
        assert isinstance(own.replace, str), own.name
        assert own.adds or own.known, own.name
        for reference in (own.replace, own.probe, own.upstream_has, own.undo):
            assert reference is None or callable(load(reference)), (own.name, reference)
        for known in own.known:
            assert known.release[0].isdigit(), own.name


def test_a_renamed_first_parameter_fails_the_probe_of_names() -> None:
    takes("text", "lang")(staticmethod(lambda text, lang, more=None: None))
    with pytest.raises(ProbeError, match="no longer takes text, lang first"):
        takes("text", "lang")(lambda txt, lang: None)


def test_a_renamed_parameter_is_an_unknown_source(upstream: ModuleType) -> None:
    digest, signature = fingerprint(upstream.Upstream.method)
    assert signature == "(self, x)"
    assert state(apply(patch(probe=None, known=(Known("1", digest, "(self, y)"),))))[0] == "skipped"


@pytest.mark.parametrize("qualname", ["Upstream.gone", "Gone.method", "gone"])
def test_a_moved_target_is_skipped(upstream: ModuleType, qualname: str) -> None:
    assert state(apply(patch(qualname=qualname)))[0] == "skipped"


def test_what_upstream_has_already_is_left_alone(upstream: ModuleType) -> None:
    original = upstream.Upstream.method
    assert state(apply(patch(upstream_has=lambda found: found is original)))[0] == "upstream has it"
    assert upstream.Upstream.method is original
    adds = patch(name="adds", qualname="function", adds=True, replace=lambda _: len)
    assert state(apply(adds), "adds")[0] == "upstream has it"


def test_what_upstream_has_is_replaced_where_the_settings_ask_for_more(
    upstream: ModuleType,
) -> None:
    more = patch(upstream_has=lambda _: True, exceeds=lambda settings: settings.checkpointing > 0)
    assert state(apply(more))[0] == "upstream has it"
    patcher = apply(more, settings=Settings(checkpointing=2))
    assert state(patcher)[0] == "applied"
    assert upstream.Upstream().method(1) == 12
    patcher.undo()


@pytest.mark.parametrize(
    ("attribute", "name", "expected"),
    [
        (lambda x: x.split(), "split", True),
        (lambda x: x.split(), "join", False),
        (staticmethod(lambda x: len(x)), "len", True),
        (len, "len", False),  # no Python code to read
    ],
)
def test_what_a_function_calls_is_read_off_its_code(
    attribute: Any, name: str, expected: bool
) -> None:
    assert calls(name)(attribute) is expected


def test_an_added_attribute_goes_again(upstream: ModuleType) -> None:
    given: list[object] = []

    def make(original: object) -> object:
        given.append(original)
        return len

    patcher = apply(patch(qualname="new_function", adds=True, replace=make))
    assert upstream.new_function is len
    assert given == [MISSING]
    patcher.undo()
    assert not hasattr(upstream, "new_function")


def test_a_setting_switches_a_patch_off(upstream: ModuleType) -> None:
    original = upstream.Upstream.method
    patcher = apply(
        patch(enabled=lambda settings: settings.packing), settings=Settings(packing=False)
    )
    assert state(patcher)[0] == "off"
    assert upstream.Upstream.method is original


def test_a_patch_waits_for_its_module(upstream: ModuleType) -> None:
    patcher = Patcher([patch()], Settings())
    patcher.apply(lambda module: False)
    assert state(patcher)[0] == "pending"
    assert patcher.modules() == {"patched_upstream"}
    patcher.apply(lambda module: True)
    assert state(patcher)[0] == "applied"
    assert not patcher.modules()


def test_what_somebody_else_changed_later_is_left_and_named(upstream: ModuleType) -> None:
    patcher = apply(patch())
    upstream.Upstream.method = somebody_elses = lambda self, x: x
    (problem,) = patcher.undo()
    assert "patched_upstream.Upstream.method" in problem
    assert upstream.Upstream.method is somebody_elses


THREE = (
    {},
    {"name": "function", "qualname": "function", "replace": lambda _: len},
    {"name": "added", "qualname": "Upstream.added", "adds": True, "replace": lambda _: len},
    {"name": "added-function", "qualname": "added", "adds": True, "replace": lambda _: len},
    {"name": "twice"},
)


def imported_again(upstream: ModuleType) -> ModuleType:
    del sys.modules["patched_upstream"]
    return importlib.import_module("patched_upstream")


@pytest.mark.parametrize("again", [importlib.reload, imported_again])
def test_what_a_reload_lost_is_put_in_place_again_and_comes_off(
    upstream: ModuleType, again: Callable[[ModuleType], ModuleType]
) -> None:
    def complete(module: str) -> bool:
        return module in sys.modules

    before = upstream.Upstream
    stock = vars(before)["method"]
    patcher = apply(*(patch(**changes) for changes in THREE))
    for _ in range(2):
        module = again(upstream)
        assert module.Upstream().method(1) == 2
        patcher.apply(complete)
        assert module.Upstream().method(1) == 22
        assert module.function is module.Upstream.added is module.added is len
        assert {found.state for found in patcher.statuses()} == {"applied"}
        assert before().method(1) == 22, "objects of the class that was there before live on"
    assert patcher.undo() == []
    assert module.Upstream().method(1) == 2
    assert module.function(3) == 3
    assert not hasattr(module, "added") and not hasattr(module.Upstream, "added")
    assert vars(before)["method"] is stock


def test_a_target_that_a_reload_took_away_is_skipped(upstream: ModuleType) -> None:
    patcher = apply(patch())
    path = Path(str(upstream.__file__))
    path.write_text("something_else = 'of another length'\n")
    importlib.reload(upstream)
    del upstream.Upstream  # a reload keeps what the source has no longer
    patcher.apply(lambda module: module in sys.modules)
    found, reason = state(patcher)
    assert found == "skipped"
    assert "Upstream" in reason
    assert patcher.undo() == []


def test_what_somebody_else_put_in_its_place_is_not_called_applied(
    upstream: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    patcher = apply(patch())
    with monkeypatch.context() as there:
        there.setattr(upstream.Upstream, "method", lambda self, x: x)
        patcher.apply(lambda module: True)
        assert state(patcher)[0] == "changed"
        assert upstream.Upstream().method(1) == 1, "it is theirs now"
    assert state(patcher) == ("applied", "")


def test_a_patch_that_fails_while_others_import_is_tried_again(upstream: ModuleType) -> None:
    importing = [True]

    def replace(original: object) -> object:
        if importing[0]:
            raise ImportError("cannot import name from partially initialized module")
        return len

    patcher = Patcher([patch(replace=replace)], Settings())
    patcher.apply(lambda module: True, lambda: None if importing[0] else 0)
    assert state(patcher)[0] == "pending"
    importing[0] = False
    patcher.apply(lambda module: True, lambda: 0)
    assert state(patcher) == ("applied", "")


def test_two_threads_that_apply_at_once_apply_once(upstream: ModuleType) -> None:
    both = threading.Barrier(2)

    def replace(original: Callable[..., int]) -> Callable[..., int]:
        both.wait(10)
        return add_ten(original)

    patcher = Patcher([patch(replace=replace)], Settings())
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(lambda _: patcher.apply(lambda module: True), range(2)):
            pass
    assert upstream.Upstream().method(1) == 12
    assert patcher.undo() == []
    assert upstream.Upstream().method(1) == 2


def test_nothing_is_applied_once_patches_were_taken_back(upstream: ModuleType) -> None:
    """What another thread was preparing meanwhile is dropped."""

    def replace(original: object) -> object:
        patcher.undo()
        return len

    patcher = Patcher([patch(replace=replace)], Settings())
    patcher.apply(lambda module: True)
    patcher.add([patch(name="late")])
    patcher.apply(lambda module: True)
    assert upstream.Upstream().method(1) == 2
    assert state(patcher)[0] == "off"


def test_undo_cleans_up_what_a_replacement_left_elsewhere(upstream: ModuleType) -> None:
    undone: list[str] = []
    apply(patch(undo=lambda: undone.append("yes"))).undo()
    assert undone == ["yes"]


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ("def f(x):\n    # a comment\n    return (x\n        + 1)", True),
        ('def f(x):\n    """A docstring."""\n    return x + 1', True),
        ("def f(x):\n    return x + 2", False),
        ("def f(y):\n    return y + 1", False),
        ("def f(x=0):\n    return x + 1", False),
        ("def f(x: int) -> int:\n    return x + 1", True),
        ("def f(x: int = 0) -> int:\n    return x + 1", False),
    ],
)
def test_the_hash_sees_meaning_not_layout(changed: str, same: bool) -> None:
    assert (source_hash(changed) == source_hash("def f(x):\n    return x + 1")) is same
