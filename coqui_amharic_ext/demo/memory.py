"""Peak memory of a piece of work, exact on CUDA and on the CPU."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class PeakOnCpu(TorchDispatchMode):  # type: ignore[misc, unused-ignore]
    """Sums the live storages that operators return; the largest sum is the peak.

    Resident size would include memory that the allocator keeps, and vary from run to run. Scratch
    memory inside a kernel is not counted, in any variant.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self._current = 0
        self._sizes: dict[int, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operator and record its results."""
        before = {id(t.untyped_storage()) for t in tree_leaves(args) if isinstance(t, torch.Tensor)}
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor):
                self._note(tensor.untyped_storage(), before)
        return out

    def _note(self, storage: Any, before: set[int]) -> None:
        key = id(storage)
        if key in self._sizes or key in before:
            return
        self._sizes[key] = storage.nbytes()
        self._current += storage.nbytes()
        self.peak = max(self.peak, self._current)
        weakref.finalize(storage, self._forget, key)

    def _forget(self, key: int) -> None:
        self._current -= self._sizes.pop(key, 0)


class Peak:
    """Context: ``mib`` afterwards is the peak above what was allocated before, in MiB."""

    def __init__(self, device: str) -> None:
        self._cuda = device == "cuda"
        self._mode = PeakOnCpu()
        self.mib = 0.0

    def __enter__(self) -> Peak:
        if self._cuda:
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
            self._before = torch.cuda.memory_allocated()
        else:
            self._mode.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        if self._cuda:
            torch.cuda.synchronize()
            self.mib = (torch.cuda.max_memory_allocated() - self._before) / 2**20
        else:
            self._mode.__exit__(*raised)
            self.mib = self._mode.peak / 2**20
