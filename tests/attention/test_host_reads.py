"""How often the host waits for the device in a step."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import coqui_amharic_ext as am
from tests.attention.models import batch_of, small_gpt, step
from tests.patched import ours_by_default

ALLOWED = 4
_READS = {
    "item", "tolist", "numpy", "cpu", "nonzero", "unique", "masked_select", "__bool__", "__int__",
    "__index__", "__float__", "__contains__", "equal", "allclose",
}  # fmt: skip


class OnDevice(torch.Tensor):
    """A tensor that stands for one on a device: reading its numbers would be a wait.

    What is computed from it is on the device too; what the host builds from plain numbers is not.
    """

    reads: list[str] = []  # noqa: RUF012

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name = getattr(function, "__name__", "")
        if name in _READS:
            cls.reads.append(name)
        elif name in {"__getitem__", "__setitem__"}:
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            bounds = [b for i in index if isinstance(i, slice) for b in (i.start, i.stop)]
            masks = [i for i in index if isinstance(i, torch.Tensor) and i.dtype == torch.bool]
            reads = [b for b in bounds if isinstance(b, torch.Tensor)] + masks
            cls.reads.extend([name] * len(reads))
            with torch._C.DisableTorchFunctionSubclass():
                result = function(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor) and not isinstance(result, cls):
                return result.as_subclass(cls)
            return result
        return super().__torch_function__(function, types, args, kwargs or {})


def _count(gpt: Any, batch: dict[str, Any]) -> list[str]:
    OnDevice.reads = []
    wrapped = {
        k: v.clone().as_subclass(OnDevice) if isinstance(v, torch.Tensor) else v
        for k, v in batch.items()
    }
    text, mel, _ = gpt(**wrapped)
    (0.01 * text + mel).backward()
    return OnDevice.reads


@ours_by_default
@pytest.mark.parametrize("cond_idxs", [False, True])
def test_a_packed_step_reads_lengths_once(cond_idxs):
    gpt = small_gpt()
    batch = batch_of([5, 20, 13, 9], [30, 4, 17, 25], cond_idxs=cond_idxs)
    before = _count(gpt, batch)
    assert len(before) > 15, "upstream reads in loops; if it no longer does, this counts nothing"
    am.activate(am.Settings())
    found = _count(gpt, batch)
    assert 1 <= len(found) <= ALLOWED, found


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("kernel", ["auto", "sdpa"])
def test_on_cuda_a_packed_step_waits_at_most_four_times(kernel, recwarn):
    gpt = small_gpt().cuda()
    batch = {
        k: v.cuda() if isinstance(v, torch.Tensor) else v
        for k, v in batch_of([5, 20, 13, 9], [30, 4, 17, 25]).items()
    }
    am.activate(am.Settings(attention=kernel))
    step(gpt, batch)  # chooses and tries the kernel
    recwarn.clear()
    torch.cuda.set_sync_debug_mode("warn")
    try:
        text, mel, _ = gpt(**batch)
        (0.01 * text + mel).backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    waits = [w for w in recwarn.list if "synchroniz" in str(w.message)]
    assert len(waits) <= ALLOWED
