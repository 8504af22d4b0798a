"""The ``transphone`` backend: transphone's neural model, where it was trained on Amharic.

Transphone's own entry points download without a timeout, keep the first model loaded in a
singleton, choose CUDA, reseed torch, map every phone to the nearest Amharic one (which hides a
guess as a plausible word), romanise letters they don't know, look for a folder named ``amh`` in
the working directory, and stop after five more phones than letters. So only its model class and
vocabularies are used here, and the words are decoded without those limits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as distribution_version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from coqui_amharic_ext.availability import Availability
from coqui_amharic_ext.g2p.backend import Backend
from coqui_amharic_ext.g2p.backends.transphone_files import (
    BROKEN_FIX,
    LANGUAGE,
    MissingModel,
    ModelFiles,
    locate,
)
from coqui_amharic_ext.g2p.backends.utf8_files import utf8_by_default

if TYPE_CHECKING:
    from pathlib import Path

    import torch

_END: Final = 1
_BATCH: Final = 32
_SIZES: Final = ("num_encoder", "num_decoder", "embed_size", "num_head", "hidden_size")
_UNKNOWN: Final = "\ufffd"
_LANGUAGES_SHOWN: Final = 10
_INSTALL: Final = "pip install 'coqui-amharic-ext[transphone]'"


class TransphoneBackend(Backend):
    """Words through a transphone model on the CPU."""

    name = "transphone"

    def availability(self) -> Availability:
        """Return whether transphone, its model's files and its knowledge of Amharic are there."""
        for module in ("transphone", "torch", "yaml"):
            if find_spec(module) is None:
                return Availability(False, f"{module} is not installed", _INSTALL)
        try:
            files = locate(self.settings.transphone_dir)
            languages = files.supervised_languages()
        except MissingModel as error:
            return Availability(False, error.reason, error.fix)
        if LANGUAGE not in languages:
            return Availability(False, _untrained(files, languages), "use a model that has <amh>")
        return Availability(True)

    def version(self) -> str:
        """Return transphone's version and the model's name."""
        try:
            installed = distribution_version("transphone")
        except PackageNotFoundError:
            return ""
        try:
            return f"{installed}, model {locate(self.settings.transphone_dir).name}"
        except MissingModel:
            return installed

    def identity(self) -> str:
        """Return the version and what tells another model of the same name."""
        try:
            checkpoint = locate(self.settings.transphone_dir).checkpoint.stat()
        except (MissingModel, OSError):
            return self.version()
        return f"{self.version()}, {checkpoint.st_size} {checkpoint.st_mtime_ns}"

    def _load(self) -> None:
        with utf8_by_default():
            self._load_files()

    def _load_files(self) -> None:
        import torch
        from transphone.model.checkpoint_utils import torch_load
        from transphone.model.transformer import TransformerG2P
        from transphone.model.vocab import Vocab

        files = locate(self.settings.transphone_dir)
        if LANGUAGE not in files.supervised_languages():
            raise RuntimeError(_untrained(files, files.supervised_languages()))
        with _naming(files.config):
            config = import_module("yaml").safe_load(files.config.read_text(encoding="utf-8"))
            sizes = [config[name] for name in _SIZES]
        with _naming(files.graphemes):
            self._graphemes: dict[str, int] = Vocab.read(files.graphemes).map
        with _naming(files.phonemes):
            self._phonemes: list[str] = Vocab.read(files.phonemes).words
        *first, hidden = sizes
        with _naming(files.checkpoint):
            with torch.random.fork_rng(devices=[]):  # building a model draws random weights
                model = TransformerG2P(
                    *first, len(self._graphemes) + 1, len(self._phonemes) + 1, hidden
                )
            torch_load(model, files.checkpoint)  # weights alone; code in it is not run
        self._model: Any = model.eval()

    def _transcribe(self, words: Sequence[str]) -> list[str]:
        """Decode words of the same size together; a word with an unknown letter gives ``""``."""
        found = [""] * len(words)
        by_size: dict[int, list[tuple[int, list[int]]]] = defaultdict(list)
        tag = self._graphemes[f"<{LANGUAGE}>"]
        for position, word in enumerate(words):
            ids = [self._graphemes.get(letter.lower()) for letter in word]
            known = [i for i in ids if i is not None]
            if known and len(known) == len(ids):
                by_size[len(ids)].append((position, [tag, *known]))
        for group in by_size.values():
            for start in range(0, len(group), _BATCH):
                batch = group[start : start + _BATCH]
                decoded = self._decode([ids for _, ids in batch])
                for (position, _), phones in zip(batch, decoded, strict=True):
                    found[position] = "".join(phones)
        return found

    def _decode(self, sources: list[list[int]]) -> list[list[str]]:
        """Decode greedily: at each step the likeliest phone, until every word has ended."""
        import torch

        with torch.inference_mode():
            source = torch.tensor(sources).transpose(0, 1)
            size = source.shape[0]
            memory = self._model.encode(source, torch.zeros(size, size, dtype=torch.bool))
            phones = torch.full((1, len(sources)), _END)
            ended = torch.zeros(len(sources), dtype=torch.bool)
            for _ in range(3 * size):  # the quality check allows 2.5 phones a letter
                last = self._next(phones, memory)
                last[ended] = _END
                ended |= last == _END
                phones = torch.cat([phones, last.unsqueeze(0)])
                if bool(ended.all()):
                    break
        return [
            [self._phone(i) for i in column[1:] if i != _END]
            for column in phones.transpose(0, 1).tolist()
        ]

    def _next(self, phones: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
        import torch

        size = phones.shape[0]
        later = torch.ones(size, size, dtype=torch.bool).triu(1)
        hidden = self._model.decode(phones, memory, later)
        best: torch.Tensor = self._model.generator(hidden[-1]).argmax(dim=1)
        return best

    def _phone(self, index: int) -> str:
        """Return the phone; the model has one output more than its vocabulary."""
        return self._phonemes[index] if index < len(self._phonemes) else _UNKNOWN


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    """Name the file of the model that is at fault; libraries say what is wrong and not where."""
    try:
        yield
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        reason = f"{type(error).__name__}: {lines[0]}".removesuffix(": ")
        raise RuntimeError(f"{file} is broken or does not fit ({reason}); {BROKEN_FIX}") from error


def _untrained(files: ModelFiles, languages: tuple[str, ...]) -> str:
    shown = ", ".join(languages[:_LANGUAGES_SHOWN]) or "none"
    more = ", …" if len(languages) > _LANGUAGES_SHOWN else ""
    return (
        f"the model {files.name} was not trained on Amharic (its vocabulary has no <{LANGUAGE}>; "
        f"languages: {shown}{more}); transphone would guess from related languages, and such "
        "guesses are not used"
    )
