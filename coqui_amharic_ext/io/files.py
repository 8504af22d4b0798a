"""Files that appear under their name only when they are whole."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from coqui_amharic_ext.io.locks import ENDING, Held, OutputLock, beside, hold

FULL: Final = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""No room on the disk, a file larger than allowed, no room left to this user."""
REFUSED: Final = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_LEFT: Final = re.compile(rf"\..*(?:\.partial-[0-9a-f]{{16}}|{re.escape(ENDING)})")
_SWEEP_EVERY: Final = 60.0
_swept: dict[str, float] = {}
"""When each folder was swept last."""


def explained(error: OSError, path: Path) -> OSError:
    """Return an error of writing with the name of the file that was to be written, and advice.

    The system names no file where the disk is full, and a temporary one where it may not be made.
    """
    reason = error.strerror or str(error)
    if error.errno in FULL:
        reason += f" (make room in {path.parent}, or write elsewhere)"
    elif error.errno in REFUSED:
        reason += f" (nothing can be written in {path.parent}; write elsewhere)"
    return OSError(error.errno, reason, str(path))


@contextmanager
def naming(path: Path, *others: Path) -> Iterator[None]:
    """Raise errors of writing ``path`` with its name and advice.

    ``others`` are temporary files and folders that are written for it.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL | REFUSED | {errno.EIO} and _of(error, (path, *others)):
            raise explained(error, path) from error
        raise


def _of(error: OSError, paths: tuple[Path, ...]) -> bool:
    """Whether an error is of these files or what is in them; the system may name no file."""
    # Copying names what was copied first, and second where to.
    names = [Path(os.fsdecode(n)) for n in (error.filename, error.filename2) if _is_path(n)]
    if not names:
        return True
    # A lock names its file from the root, whatever name it was given.
    names, whole = ([Path(os.path.abspath(p)) for p in given] for given in (names, paths))
    return any(name == path or path in name.parents for name in names for path in whole)


def _is_path(name: object) -> bool:
    return isinstance(name, (str, bytes, os.PathLike))


def require_folder(path: Path) -> None:
    """Raise ``FileNotFoundError`` if the folder that a file is to be written to does not exist."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} of {path.name} does not exist")


def _require_regular(path: Path) -> None:
    """Refuse a folder, a device or a pipe, which a file must not take the place of."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; give a file", str(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "is not a regular file; give another name", str(path))


def only_writer(path: Path) -> OutputLock:
    """Take the right to write a file or folder, until the lock is given back.

    Raises
    ------
    BusyError
        Another command is writing it; the message names that process.
    OSError
        The folder around it does not exist or cannot be written to.
    """
    require_folder(path)
    with naming(path, path.parent):
        return OutputLock(path)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file beside ``path`` to write to; it replaces ``path`` once it is on the disk.

    On any error the new file goes and ``path`` stays as it was; that the disk is full or cannot
    be written to is told with the name of ``path``. A link stays one: what it leads to is replaced.
    What killed processes left in the folder is removed.
    """
    path = Path(os.path.realpath(path))
    require_folder(path)
    _require_regular(path)
    sweep(path.parent)
    with naming(path, path.parent):
        partial, held = _partial(path, lambda name: os.close(os.open(name, _NEW, 0o666)))
    try:
        with naming(path, partial):
            yield partial
            with partial.open("rb+") as written:
                os.fsync(written.fileno())
            if sys.platform == "win32" and held is not None:
                held.close()
            os.replace(partial, path)
    except BaseException:
        # On a disk that can only be read even the removal of what is not there is an error.
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    finally:
        if held is not None:
            held.close()


@contextmanager
def filling(path: Path) -> Iterator[Path]:
    """Give a new folder beside ``path``, which is held while it is filled and removed on errors."""
    sweep(path.parent)
    with naming(path, path.parent):
        partial, held = _partial(path, os.mkdir)
    try:
        with naming(path, partial):
            yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        if held is not None:
            held.close()


def _partial(path: Path, make: Callable[[Path], None]) -> tuple[Path, Held | None]:
    """Make something of a new name beside ``path`` and hold it, where that can be done."""
    while True:
        # The dot keeps it out of the trainer's globs for checkpoint_* and *.pth.
        partial = beside(path, f".partial-{secrets.token_hex(8)}")
        try:
            make(partial)
        except FileExistsError:
            continue
        try:
            held = hold(partial)
        except FileNotFoundError:
            continue  # it was taken for a dead process's between the two
        except OSError:
            return partial, None
        if held is not None:
            return partial, held


def sweep(folder: Path, *, now: bool = False) -> list[Path]:
    """Remove what processes that were killed have left of files half written in a folder.

    What a living process holds stays, and what is not named as this package names it. A folder is
    looked at once a minute at most, unless it is to be ``now``.

    Returns
    -------
    list of Path
        What was removed.
    """
    key = os.path.realpath(folder)
    if not now and time.monotonic() - _swept.get(key, -_SWEEP_EVERY) < _SWEEP_EVERY:
        return []
    _swept[key] = time.monotonic()
    removed = []
    with suppress(OSError), os.scandir(folder) as entries:
        found = [Path(entry.path) for entry in entries if _LEFT.fullmatch(entry.name)]
        for path in found:
            with suppress(OSError):
                held = hold(path)
                if held is None:
                    continue
                try:
                    _remove(path)
                finally:
                    held.close()
                removed.append(path)
    return removed


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
