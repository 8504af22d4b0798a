"""Each patch knows the installed upstream, and has a probe that tells one that changed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("TTS")

import coqui_amharic_ext as am  # noqa: E402
from coqui_amharic_ext.patching import Patch, fingerprint, load  # noqa: E402
from coqui_amharic_ext.training.patches import PATCHES  # noqa: E402
from tests.patched import IN_PLACE, stock_only  # noqa: E402


def _upstream(patch: Patch) -> Any:
    owner: Any = importlib.import_module(patch.module)
    *path, name = patch.qualname.split(".")
    for part in path:
        owner = getattr(owner, part)
    return vars(owner)[name]


by_name = pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)


@stock_only
@by_name
def test_the_declared_hash_is_that_of_the_installed_release(inactive: None, patch: Patch) -> None:
    found = fingerprint(_upstream(patch))
    known = {(k.source_hash, k.signature) for k in patch.known}
    assert found in known, f"{patch.distribution} {version(patch.distribution)}: {found}"


@pytest.mark.parametrize("patch", [p for p in PATCHES if p.probe], ids=lambda patch: patch.name)
def test_the_probe_passes_on_the_installed_release(inactive: None, patch: Patch) -> None:
    assert patch.probe is not None
    load(patch.probe)(_upstream(patch))


def _nothing(*args: Any, **kwargs: Any) -> None:
    return None


BROKEN: dict[str, Any] = {
    "xtts-dataset-bad-samples": lambda self, index: {"text": torch.ones(1), "wav": torch.ones(1)},
    "xtts-dataset-eval-check": _nothing,
    "xtts-index-true-loader": lambda *a, **k: SimpleNamespace(
        dataset=SimpleNamespace(samples=[]), collate_fn=None
    ),
    "xtts-loader-epoch": _nothing,
    "trainer-precision": staticmethod(lambda config: None),
    "trainer-fused-optimizer": lambda self: [],
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_probe_fails_on_a_release_that_behaves_otherwise(inactive: None, name: str) -> None:
    (patch,) = (patch for patch in PATCHES if patch.name == name)
    assert patch.probe is not None
    with pytest.raises((RuntimeError, TypeError, AttributeError)):
        load(patch.probe)(BROKEN[name])


def _steps_first(self: Any, batch: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
    """Stand for a trainer that steps before it calls anything that we wrap."""
    self._compute_loss()[1]["loss"].backward()
    optimizer.step()
    self.callbacks.before_gradient_clipping(self)


@pytest.mark.parametrize("name", [patch.name for patch in PATCHES if "gradient-sync" in patch.name])
def test_the_gradient_probe_fails_where_the_order_changed(
    inactive: None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trainer.trainer import Trainer

    monkeypatch.setattr(Trainer, "optimize", _steps_first)
    (patch,) = (patch for patch in PATCHES if patch.name == name)
    assert patch.probe is not None
    with pytest.raises(RuntimeError, match="no longer calls"):
        load(patch.probe)(_upstream(patch))


def test_all_are_applied_and_put_back(activate: Callable[..., Any], inactive: None) -> None:
    for patch in PATCHES:
        importlib.import_module(patch.module)
    before = {patch.name: _upstream(patch) for patch in PATCHES}
    report = activate(fused_adamw=True, batch_tokens=400, freeze="mel")
    states = {status.name: status.state for status in report.patches}
    assert {states[patch.name] for patch in PATCHES} == IN_PLACE
    for patch in PATCHES:
        changed = _upstream(patch) is not before[patch.name]
        assert changed == (states[patch.name] == "applied"), patch.name
    am.deactivate()
    assert all(_upstream(patch) is before[patch.name] for patch in PATCHES)
