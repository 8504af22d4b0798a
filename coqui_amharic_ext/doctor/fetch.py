"""Fetching transphone's model: the one place where models are downloaded, on command only.

Transphone publishes no checksum. So what is compared is said, not more than that: the size that
the server told, gzip's checksum, the files that belong to a model, that the weights load as
weights and nothing else, and, where the model was fetched before, that it is the same archive.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from coqui_amharic_ext.doctor.archive import unpack
from coqui_amharic_ext.doctor.download import (
    Downloaded,
    FetchError,
    Unreachable,
    digest_of,
    download,
)
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
    """A model that lies where it is looked for.

    Attributes
    ----------
    folder : str
        Where it lies.
    source : str
        Where it came from.
    size, sha256
        Of the archive.
    verified : tuple of str
        What was compared.
    languages : int
        How many languages it was trained on.
    knows_amharic : bool
        Whether Amharic is one of them; if not, it is not used for Amharic.
    already_there : bool
        Whether nothing had to be done.
    """

    folder: str
    source: str
    size: int
    sha256: str
    verified: tuple[str, ...]
    languages: int
    knows_amharic: bool
    already_there: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, for JSON."""
        return asdict(self)


def data_folder(to: str | None) -> Path:
    """Return the folder that has, or will have, ``model/``.

    Raises
    ------
    FetchError
        None is given and transphone is not installed.
    """
    if to is not None:
        given = Path(to).expanduser()
        for folder in (given, given / "transphone", given / "transphone" / "data"):
            if (folder / "model").is_dir() or (folder / "exp").is_dir():
                return folder
        return given
    found = package_data()
    if found is None:
        raise FetchError(
            "transphone is not installed, so that it is not known where its model belongs: "
            "pip install 'coqui-amharic-ext[transphone]', or give a folder with --to"
        )
    return found


def fetch_transphone(
    to: str | None = None,
    *,
    source: str = URL,
    sha256: str | None = None,
    timeout: float = TIMEOUT,
    anew: bool = False,
    tell: Callable[[int, int | None], None] = lambda done, total: None,
) -> Fetched:
    """Put transphone's model where the backend looks for it.

    Parameters
    ----------
    to : str, optional
        The data folder, ``Settings.transphone_dir``; transphone's own by default.
    source : str
        An address, or a file that was downloaded elsewhere.
    sha256 : str, optional
        What the archive's SHA-256 has to be.
    timeout : float
        Seconds without a byte after which a try is given up.
    anew : bool
        Fetch it although it is there.
    tell : callable
        Is told the bytes that are there and the bytes in all, if known.

    Raises
    ------
    FetchError
        It could not be fetched, is not what it should be, or cannot be put in its place.
    """
    data = data_folder(to)
    folder = data / "model" / PUBLISHED
    if not anew:
        with suppress(MissingModel):
            return _there(locate(str(data)))
    try:
        (data / "model").mkdir(parents=True, exist_ok=True)
        with only_writer(folder):
            archive, ours = _get(source, data / "model", sha256, timeout, tell)
            try:
                verified = _check_sum(archive, folder, sha256, source)
                languages = _install(archive.path, folder, verified)
            finally:
                if ours:
                    archive.path.unlink()
    except PermissionError as error:
        raise FetchError(
            f"{error.filename or data} cannot be written; give a folder of your own with --to, and "
            "set COQUI_AMHARIC_TRANSPHONE_DIR to it"
        ) from error
    except OSError as error:
        raise FetchError(f"{data}: {error}") from error
    result = Fetched(
        str(folder),
        source,
        archive.size,
        archive.sha256,
        tuple(verified),
        len(languages),
        LANGUAGE in languages,
    )
    record = result.to_dict() | {"fetched": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    (folder / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
    return result


def _there(files: ModelFiles) -> Fetched:
    folder = files.checkpoint.parent
    languages = files.supervised_languages()
    before = _record(folder)
    return Fetched(
        str(folder),
        str(before.get("source", "")),
        int(before.get("size", 0)),
        str(before.get("sha256", "")),
        (),
        len(languages),
        LANGUAGE in languages,
        already_there=True,
    )


def _record(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _get(
    source: str,
    folder: Path,
    sha256: str | None,
    timeout: float,
    tell: Callable[[int, int | None], None],
) -> tuple[Downloaded, bool]:
    """Return the archive, and whether it was downloaded and is ours to delete."""
    if len(urlsplit(source).scheme) < 2:  # a path; one letter is a Windows drive
        path = Path(source).expanduser()
        if not path.is_file():
            raise FetchError(f"{path} is not there; give the archive {PUBLISHED}.tar.gz")
        return Downloaded(path, path.stat().st_size, digest_of(path), False), False
    target = folder / f".{PUBLISHED}.tar.gz"
    try:
        return download(source, target, timeout=timeout, checked=bool(sha256), tell=tell), True
    except Unreachable as error:
        raise Unreachable(
            f"{error}. What came is kept and the next try goes on with it. Without a way out: "
            f"download {source} on another machine, then "
            f"coqui-amharic doctor --fetch transphone --from {PUBLISHED}.tar.gz"
        ) from error


def _check_sum(archive: Downloaded, folder: Path, wanted: str | None, source: str) -> list[str]:
    verified = ["size told by the server"] if archive.size_was_told else []
    before = str(_record(folder).get("sha256", ""))
    if wanted is not None:
        if archive.sha256 != wanted.strip().lower():
            raise FetchError(
                f"{source} has the SHA-256 {archive.sha256}, not {wanted}; nothing was installed"
            )
        verified.append("SHA-256 given")
    elif before and before != archive.sha256:
        raise FetchError(
            f"{source} is not the archive that was fetched before (SHA-256 {before} then, "
            f"{archive.sha256} now); if that is right, give --sha256 {archive.sha256}"
        )
    elif before:
        verified.append("same SHA-256 as when it was first fetched")
    return verified


def _install(archive: Path, folder: Path, verified: list[str]) -> tuple[str, ...]:
    """Unpack beside, check, and only then give the folder its name."""
    new, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    try:
        unpack(archive, new)
        verified.append("gzip checksum")
        model = _model_in(new, archive)
        languages = _check_model(model, verified)
        if folder.exists():
            folder.replace(old)
        model.replace(folder)
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
    return languages


def _model_in(unpacked: Path, archive: Path) -> Path:
    found = sorted(unpacked.rglob(_VOCABULARIES[0]))
    if len(found) != 1:
        raise FetchError(f"{archive} holds {len(found)} models where one is expected")
    return found[0].parent


def _check_model(folder: Path, verified: list[str]) -> tuple[str, ...]:
    weights = [folder / "model.pt", *sorted(folder.glob("model_*.pt"))]
    checkpoint = next((path for path in weights if path.is_file()), None)
    missing = [name for name in _VOCABULARIES if not (folder / name).is_file()]
    if checkpoint is None or missing:
        lacking = ", ".join([*missing, *([] if checkpoint else ["model.pt"])])
        raise FetchError(f"the archive's model lacks {lacking}; nothing was installed")
    verified.append("the model's files")
    files = ModelFiles(
        folder.name, folder / "", checkpoint, *(folder / name for name in _VOCABULARIES)
    )
    try:
        languages = files.supervised_languages()
        for vocabulary in (files.graphemes, files.phonemes):
            vocabulary.read_text(encoding="utf-8")
    except (MissingModel, UnicodeDecodeError) as error:
        reason = error.__cause__ or error
        raise FetchError(f"the archive's vocabularies are not text: {reason}") from error
    if _load_weights(checkpoint):
        verified.append("weights load (weights_only)")
    return languages


def _load_weights(checkpoint: Path) -> bool:
    """Load the weights as nothing but weights; False where there is no torch to do it."""
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
