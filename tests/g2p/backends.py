"""Backends made for tests; registered the way an application registers its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coqui_amharic_ext import plugins
from coqui_amharic_ext.availability import Availability
from coqui_amharic_ext.g2p.backend import Backend, BackendSpec, Gives
from coqui_amharic_ext.settings import Settings

Read = Callable[[str], str]


class ScriptedBackend(Backend):
    """Transcribes by a function; counts its calls."""

    def __init__(
        self,
        settings: Settings,
        read: Read,
        availability: Availability,
        load: Callable[[], None] | None,
        calls: list[list[str]],
    ) -> None:
        super().__init__(settings)
        self._read = read
        self._availability = availability
        self._load_hook = load
        self.calls = calls

    def availability(self) -> Availability:
        return self._availability

    def version(self) -> str:
        return "1"

    def _load(self) -> None:
        if self._load_hook is not None:
            self._load_hook()

    def _transcribe(self, words: Sequence[str]) -> list[str]:
        self.calls.append(list(words))
        return [self._read(word) for word in words]


class Registrar:
    """Registers backends for one test and remembers their calls."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.calls: dict[str, list[list[str]]] = {}

    def __call__(
        self,
        name: str,
        read: Read,
        *,
        gives: Gives = "segments",
        availability: Availability | None = None,
        load: Callable[[], None] | None = None,
        factory: Callable[[Settings], Backend] | None = None,
    ) -> str:
        state = Availability(True) if availability is None else availability
        calls = self.calls.setdefault(name, [])

        def make(settings: Settings) -> Backend:
            return ScriptedBackend(settings, read, state, load, calls)

        spec = BackendSpec(name, "made for a test", gives, factory or make)

        class Plugin:
            @staticmethod
            @plugins.hookimpl
            def g2p_backends() -> list[BackendSpec]:
                return [spec]

        plugins.register(Plugin, f"test-{name}")
        self.names.append(f"test-{name}")
        return name

    def close(self) -> None:
        for name in self.names:
            plugins.unregister(name)
