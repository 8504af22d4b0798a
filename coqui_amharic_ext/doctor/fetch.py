"""Fetching transphone's model: the one place that downloads a model, on command only.

Transphone publishes no checksum. The result lists what was compared: the size that the server
announced, gzip's checksum, the model's files, that the weights load as weights and nothing else,
and, after an earlier fetch, that the archive is the same.
"""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pooch

from coqui_amharic_ext.doctor.archive import unpack
from coqui_amharic_ext.doctor.download import FetchError, Tell, Unreachable, download
from coqui_amharic_ext.g2p.backends.transphone_files import (
    LANGUAGE,
    PUBLISHED,
    MissingModel,
    ModelFiles,
    locate,
    package_data,
)
from coqui_amharic_ext.io.files import only_writer

URL: Final = f"https://github.com/xinjli/transphone/releases/download/v1.0/{PUBLISHED}.tar.gz"
"""Where transphone 1.5.3 itself downloads from (``transphone/bin/download_model.py``)."""
TIMEOUT: Final = 30.0
RECORD: Final = "fetched.json"
_VOCABULARIES: Final = ("grapheme.vocab", "phoneme.vocab")


@dataclass(frozen=True, slots=True)
class Fetched:
    """An installed model.

    Attributes
    ----------
    folder, source : str
        Where the model is, and where it came from.
    size, sha256
        Of the archive.
    verified : tuple of str
        What was compared.
    languages : int
        Number of languages in its training data.
    knows_amharic : bool
        Whether Amharic is one of them; if not, the chain does not use the model.
    already_there : bool
        Whether it was installed before.
    """

    folder: str
    source: str
    size: int
    sha256: str
    verified: tuple[str, ...]
    languages: int
    knows_amharic: bool
    already_there: bool = False


def fetch_transphone(
    to: str | None = None,
    *,
    source: str = URL,
    sha256: str | None = None,
    timeout: float = TIMEOUT,
    force: bool = False,
    tell: Tell = lambda done, total: None,
) -> Fetched:
    """Install transphone's model where the backend looks for it.

    Parameters
    ----------
    to : str, optional
        The data folder, ``Settings.transphone_dir``; transphone's own by default.
    source : str
        An address, or a file that was downloaded elsewhere.
    sha256 : str, optional
        The archive's expected SHA-256.
    timeout : float
        Seconds without a byte that end an attempt.
    force : bool
        Fetch the model even if it is installed.
    tell : callable
        Called with the bytes received and the bytes in all, if known.

    Raises
    ------
    FetchError
        The model cannot be fetched or installed, or is not what it should be.
    """
    data = _data_folder(to)
    folder = data / "model" / PUBLISHED
    before = _record(folder)
    if not force:
        with suppress(MissingModel):
            files = locate(str(data))
            languages = files.supervised_languages()
            return Fetched(
                str(files.checkpoint.parent),
                str(before.get("source", "")),
                int(before.get("size", 0)),
                str(before.get("sha256", "")),
                (),
                len(languages),
                LANGUAGE in languages,
                already_there=True,
            )
    try:
        (data / "model").mkdir(parents=True, exist_ok=True)
        with only_writer(folder):
            archive, verified = _get(source, data / "model", sha256, timeout, tell)
            try:
                size, found = archive.stat().st_size, pooch.file_hash(str(archive))
                verified += _compare(found, str(before.get("sha256", "")), sha256, source)
                languages = _install(archive, folder, verified)
            finally:
                if archive.parent == data / "model":
                    archive.unlink()
    except PermissionError as error:
        raise FetchError(
            f"{error.filename or data} cannot be written; give another folder with --to, and set "
            "COQUI_AMHARIC_TRANSPHONE_DIR to it"
        ) from error
    except OSError as error:
        raise FetchError(f"{data}: {error}") from error
    known = len(languages), LANGUAGE in languages
    result = Fetched(str(folder), source, size, found, tuple(verified), *known)
    record = asdict(result) | {"fetched": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    (folder / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
    return result


def _data_folder(to: str | None) -> Path:
    """Return the folder that has, or will have, ``model/``."""
    if to is not None:
        given = Path(to).expanduser()
        nested = (given, given / "transphone", given / "transphone" / "data")
        return next((f for f in nested if (f / "model").is_dir() or (f / "exp").is_dir()), given)
    found = package_data()
    if found is None:
        raise FetchError(
            "transphone is not installed, so the folder for its model is not known: "
            "pip install 'coqui-amharic-ext[transphone]', or give a folder with --to"
        )
    return found


def _record(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _get(
    source: str, folder: Path, sha256: str | None, timeout: float, tell: Tell
) -> tuple[Path, list[str]]:
    """Return the archive, downloaded into ``folder`` if need be, and what was compared."""
    if len(urlsplit(source).scheme) < 2:  # a path; one letter is a Windows drive
        path = Path(source).expanduser()
        if not path.is_file():
            raise FetchError(f"{path} does not exist; give the archive {PUBLISHED}.tar.gz")
        return path, []
    target = folder / f".{PUBLISHED}.tar.gz"
    try:
        compared = download(source, target, timeout=timeout, checked=bool(sha256), tell=tell)
        return target, ["size announced by the server"] if compared else []
    except Unreachable as error:
        raise Unreachable(
            f"{error}. The next attempt resumes the download. Without network access: download "
            f"{source} on another machine, then run "
            f"coqui-amharic doctor --fetch transphone --from {PUBLISHED}.tar.gz"
        ) from error


def _compare(found: str, before: str, wanted: str | None, source: str) -> list[str]:
    """Compare checksums; return what was compared."""
    if wanted is not None:
        if found != wanted.strip().lower():
            raise FetchError(
                f"{source} has the SHA-256 {found}, not {wanted}; nothing was installed"
            )
        return ["given SHA-256"]
    if before and before != found:
        raise FetchError(
            f"{source} is not the archive of the earlier fetch (SHA-256 {before} then, {found} "
            f"now); if that is right, give --sha256 {found}"
        )
    return ["same SHA-256 as in the earlier fetch"] if before else []


def _install(archive: Path, folder: Path, verified: list[str]) -> tuple[str, ...]:
    """Unpack beside ``folder``, check the model, then move it; return its languages."""
    new, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    try:
        unpack(archive, new)
        verified.append("gzip checksum")
        models = sorted(path.parent for path in new.rglob(_VOCABULARIES[0]))
        if len(models) != 1:
            raise FetchError(f"{archive} holds {len(models)} models where one is expected")
        languages = _check_model(models[0], verified)
        if folder.exists():
            folder.replace(old)
        models[0].replace(folder)
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
    return languages


def _check_model(folder: Path, verified: list[str]) -> tuple[str, ...]:
    weights = [folder / "model.pt", *sorted(folder.glob("model_*.pt"))]
    checkpoint = next((path for path in weights if path.is_file()), None)
    missing = [name for name in _VOCABULARIES if not (folder / name).is_file()]
    if checkpoint is None or missing:
        lacking = ", ".join([*missing, *([] if checkpoint else ["model.pt"])])
        raise FetchError(f"the archive's model lacks {lacking}; nothing was installed")
    verified.append("the model's files")
    vocabularies = [folder / name for name in _VOCABULARIES]
    try:
        languages = ModelFiles(
            folder.name, folder / "", checkpoint, *vocabularies
        ).supervised_languages()
        for vocabulary in vocabularies:
            vocabulary.read_text(encoding="utf-8")
    except (MissingModel, UnicodeDecodeError) as error:
        reason = error.__cause__ or error
        raise FetchError(f"the archive's vocabularies are not text: {reason}") from error
    if _load_weights(checkpoint):
        verified.append("weights load (weights_only)")
    return languages


def _load_weights(checkpoint: Path) -> bool:
    """Load the weights as weights only; return False where torch is not installed."""
    try:
        import torch
    except ImportError:
        return False
    try:
        weights = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:
        first = str(error).strip().split("\n", 1)[0]
        raise FetchError(
            f"{checkpoint.name} cannot be loaded as weights ({type(error).__name__}: {first}); "
            "nothing was installed"
        ) from error
    if not isinstance(weights, dict) or not weights:
        raise FetchError(f"{checkpoint.name} holds no weights; nothing was installed")
    return True
