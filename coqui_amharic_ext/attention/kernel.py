"""The declaration of an attention kernel: what it computes and where it can serve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from coqui_amharic_ext.availability import Demand
from coqui_amharic_ext.contribution import Contribution

if TYPE_CHECKING:
    from coqui_amharic_ext.attention.layout import PackedLayout

EVERYWHERE: Final = ("cpu", "cuda", "mps", "xpu")
PLATFORMS: Final = ("linux", "darwin", "win32")
HALF: Final = ("bfloat16", "float16")
DTYPES: Final = (*HALF, "float32", "float64")


class PackedAttention(Protocol):
    """Causal self-attention on packed tensors.

    ``query``, ``key`` and ``value`` are (total_tokens, heads, head_dim), the sequences of
    ``layout`` one after another; so is what is returned. ``dropout`` is a probability, 0 in
    evaluation; ``scale`` multiplies the scores before the softmax.
    """

    def __call__(
        self,
        query: Any,
        key: Any,
        value: Any,
        layout: PackedLayout,
        *,
        dropout: float,
        scale: float,
    ) -> Any:
        """Attend within each sequence."""


@dataclass(frozen=True, kw_only=True)
class KernelSpec(Contribution):
    """The declaration of one kernel, cheap to make; nothing heavy is imported before ``load``.

    Parameters
    ----------
    name : str
        What ``Settings.attention`` calls it.
    summary : str
        One sentence for ``status()`` and the documentation.
    load : callable
        Imports what is needed and returns the kernel; raises where that fails.
    install : str
        The command that installs what is missing.
    devices, dtypes, platforms : tuple of str
        Device types, dtype names and ``sys.platform`` values it serves.
    head_dims : range
        Head dimensions it serves, as a range with a step.
    dropout : bool
        Whether it honours dropout of attention probabilities.
    capabilities : tuple of (int, int)
        Majors of compute capability, first and last, on CUDA.
    """

    hook = "attention_backends"

    name: str
    summary: str
    load: Callable[[], PackedAttention]
    install: str = ""
    devices: tuple[str, ...] = ("cpu", "cuda")
    dtypes: tuple[str, ...] = DTYPES
    platforms: tuple[str, ...] = PLATFORMS
    head_dims: range = range(1, 1 << 16)
    dropout: bool = True
    capabilities: tuple[int, int] = (0, 99)

    def refusal(self, demand: Demand) -> str:
        """Return why the kernel does not serve a demand, ``""`` if it does."""
        if demand.platform not in self.platforms:
            return f"it runs on {_or(self.platforms)}, this is {demand.platform}"
        if demand.device not in self.devices:
            return f"it runs on {_or(self.devices)}, the model is on {demand.device}"
        if demand.dtype not in self.dtypes:
            return f"it takes {_or(self.dtypes)}, the model computes in {demand.dtype}"
        if demand.head_dim not in self.head_dims:
            return (
                f"it takes head dimensions {_describe(self.head_dims)}, the model has "
                f"{demand.head_dim}"
            )
        if demand.dropout and not self.dropout:
            return (
                "it has no attention dropout and the model trains with it "
                '(attention_dropout="zero" switches it off)'
            )
        low, high = self.capabilities
        if demand.capability is not None and not low <= demand.capability[0] <= high:
            major, minor = demand.capability
            wanted = (
                f"{low}.x"
                if low == high
                else f"{low}.x to {high}.x"
                if high < 99
                else f"{low}.0 or later"
            )
            return f"it needs compute capability {wanted}, the device has {major}.{minor}"
        return ""


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(names)


def _describe(dims: range) -> str:
    step = f" in steps of {dims.step}" if dims.step > 1 else ""
    return f"{dims.start} to {dims[-1]}{step}"
