"""Whether a backend or kernel can serve here, and what a model asks of a kernel."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether something can serve here, and if not, why and what to do about it."""

    ok: bool
    reason: str = ""
    fix: str = ""

    def __bool__(self) -> bool:
        return self.ok


@dataclass(frozen=True, slots=True)
class Demand:
    """What a model asks of a kernel.

    Parameters
    ----------
    device : str
        Device type, such as ``"cuda"``.
    dtype : str
        Name of the dtype in which queries arrive (autocast counted), such as ``"bfloat16"``.
    head_dim : int
        Channels of one head.
    dropout : bool
        Whether attention probabilities are dropped.
    capability : tuple of int, optional
        Compute capability of the CUDA device, ``None`` elsewhere.
    platform : str
        ``sys.platform``.
    """

    device: str
    dtype: str
    head_dim: int
    dropout: bool
    capability: tuple[int, int] | None = None
    platform: str = field(default_factory=lambda: sys.platform)

    def __str__(self) -> str:
        dropout = "with" if self.dropout else "without"
        return f"{self.device}, {self.dtype}, head dimension {self.head_dim}, {dropout} dropout"
