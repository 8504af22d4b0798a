"""A folder of made-up distributions that the doctor examines instead of the real ones."""

from __future__ import annotations

import textwrap
from pathlib import Path

from coqui_amharic_ext.doctor import Diagnosis, Environment, Problem, diagnose

TORCH = """
__version__ = {version!r}
class version: cuda = {cuda!r}; hip = None
class cuda:
    is_available = staticmethod(lambda: {available!r})
    device_count = staticmethod(lambda: {count})
    get_device_properties = staticmethod(
        lambda index: type("P", (), dict(name="NVIDIA Made-up", total_memory=8 << 30))
    )
    get_device_capability = staticmethod(lambda index: {capability!r})
    get_arch_list = staticmethod(lambda: {architectures!r})
"""
TORCHCODEC = """
class AudioDecoder:
    def __init__(self, data): pass
    def get_all_samples(self):
        data = type("T", (), dict(shape=(1, 800)))
        return type("S", (), dict(data=data))
"""
EPITRAN = """
class Epitran:
    def __init__(self, code): assert code == "amh-Ethi"
    def transliterate(self, word): return "səlam"
"""
EXTENSION = """
import json
from pathlib import Path
class Report:
    active = {active!r}
    def to_dict(self):
        return {report!r}
def status(): return Report()
"""
OWN_REQUIRES = (
    "coqui-tts<0.29,>=0.28",
    "torch!=2.13.0,<2.15,>=2.11",
    "torchaudio<2.12,>=2.11",
    "torchcodec>=0.12",
    "six",
    "epitran>=1.26",
    'xformers>=0.0.35; extra == "xformers"',
)
REPORT = {
    "active": True,
    "settings_error": "",
    "patches": [],
    "backends": [{"kind": "g2p", "name": "rules", "available": True, "reason": "", "fix": ""}],
    "plugin_errors": [],
}


class FakeSite:
    """An installation in which all is well, and ways to spoil it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.distribution("coqui-amharic-ext", "0.1.0", requires=OWN_REQUIRES)
        self.distribution("coqui-tts", "0.28.0", requires=("coqui-tts-trainer<0.5.0,>=0.4.0",))
        self.distribution("coqui-tts-trainer", "0.4.0")
        self.distribution("transformers", "5.23.0")
        self.distribution("torchcodec", "0.17.0")
        self.distribution("epitran", "1.35.3")
        self.distribution("six", "1.17.0")
        self.module("TTS", "import torch, torchaudio, six")
        self.module("trainer")
        self.module("transformers")
        self.module("torchcodec")
        self.module("torchcodec/decoders", TORCHCODEC)
        self.module("epitran", EPITRAN)
        self.module("six")
        self.module("pip")
        self.module("coqui_amharic_ext/plugins", "def patches(): return {}")
        self.torch()
        self.torchaudio("2.11.0")
        self.extension()

    def distribution(self, name: str, version: str, requires: tuple[str, ...] = ()) -> None:
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        for old in self.folder.glob(f"{name.replace('-', '_')}-[0-9]*.dist-info"):
            (old / "METADATA").unlink()
            old.rmdir()
        info.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {wanted}" for wanted in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")

    def without(self, name: str, module: str | None = None) -> None:
        for info in self.folder.glob(f"{name.replace('-', '_')}-[0-9]*.dist-info"):
            (info / "METADATA").unlink()
            info.rmdir()
        module = module or name
        for path in sorted(self.folder.glob(f"{module}*"), reverse=True):
            if path.suffix == ".py":
                path.unlink()

    def module(self, name: str, code: str = "") -> None:
        """Write a module; ``a/b`` is one of a package, which is made too."""
        path = self.folder / f"{name}.py"
        if "/" in name:
            path.parent.mkdir(exist_ok=True)
            (path.parent / "__init__.py").touch()
            flat = self.folder / f"{name.partition('/')[0]}.py"
            if flat.exists():
                (path.parent / "__init__.py").write_text(flat.read_text(encoding="utf-8"))
                flat.unlink()
        elif (self.folder / name).is_dir():
            path = self.folder / name / "__init__.py"
        path.write_text(textwrap.dedent(code), encoding="utf-8")

    def torch(
        self,
        version: str = "2.14.1",
        *,
        cuda: str | None = "13.0",
        available: bool = False,
        capability: tuple[int, int] = (8, 0),
        architectures: tuple[str, ...] = ("sm_80", "sm_90"),
    ) -> None:
        self.distribution("torch", version)
        count = int(available)
        code = TORCH.format(**{k: v for k, v in locals().items() if k != "self"})
        self.module("torch", code)

    def torchaudio(self, version: str, code: str = "import torch") -> None:
        self.distribution("torchaudio", version)
        self.module("torchaudio", code)

    def extension(self, active: bool = True, **changes: object) -> None:
        code = EXTENSION.format(active=active, report=REPORT | changes)
        self.module("coqui_amharic_ext", code)

    def diagnose(self) -> Diagnosis:
        return diagnose(Environment(path=(str(self.folder),)))

    def problem(self, name: str) -> Problem:
        """Return the problem of that name, which has to be the only one that is serious."""
        found = {problem.name: problem for problem in self.diagnose().problems}
        serious = [n for n, problem in found.items() if problem.severity != "note" and n != name]
        assert not serious, found
        return found[name]
