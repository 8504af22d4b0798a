"""What plugins contribute, as far as the ground knows it: a name, and the hook that returns it."""

from __future__ import annotations

from typing import ClassVar


class Contribution:
    """Base class of what a hook returns.

    Parameters
    ----------
    name : str
        Unique among the contributions of one hook.
    """

    __slots__ = ()

    hook: ClassVar[str]
    """The hook that returns it; see ``plugins.HookSpecs``."""

    name: str
