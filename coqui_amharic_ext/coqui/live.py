"""Class attributes that add an entry to a value that upstream keeps per object.

A data descriptor on the class also covers objects built before activation, and removing it from the
class restores in every object the value that upstream stored.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


class AddedEntry:
    """A data descriptor over an attribute that upstream sets in ``__init__``.

    Parameters
    ----------
    name : str
        The attribute.
    add : callable
        Takes the stored value; returns it with the entry, or unchanged if it has the entry.
    remove : callable
        Takes the stored value and returns it without the entry.
    default : callable, optional
        Takes the object and returns upstream's initial value.
    """

    def __init__(
        self,
        name: str,
        add: Callable[[Any], Any],
        remove: Callable[[Any], Any],
        default: Callable[[Any], Any] | None = None,
    ) -> None:
        self._name = name
        self._add = add
        self._remove = remove
        self._default = default
        # By id, since config objects compare by value and so cannot be hashed.
        self._changed: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        try:
            stored = instance.__dict__[self._name]
        except KeyError:
            raise AttributeError(
                f"{type(instance).__name__!r} object has no attribute {self._name!r}"
            ) from None
        return self._store(instance, stored)

    def __set__(self, instance: Any, value: Any) -> None:
        if value is self and self._default is not None:
            # Config classes look defaults up on the class, where they find this descriptor.
            value = self._default(instance)
        self._store(instance, value)

    def __delete__(self, instance: Any) -> None:
        instance.__dict__.pop(self._name, None)

    def _store(self, instance: Any, value: Any) -> Any:
        added = self._add(value)
        if added is not value:
            self._changed[id(instance)] = instance
        instance.__dict__[self._name] = added
        return added

    def withdraw(self) -> None:
        """Remove the entry from every living object that did not have it before."""
        for instance in list(self._changed.values()):
            if self._name in instance.__dict__:
                instance.__dict__[self._name] = self._remove(instance.__dict__[self._name])
        self._changed.clear()
