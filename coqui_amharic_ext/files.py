"""Files that appear under their name only when they are whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

FULL: Final = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""No room on the disk, a file larger than allowed, no room left to this user."""
REFUSED: Final = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


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
    return any(name == path or path in name.parents for name in names for path in paths)


def _is_path(name: object) -> bool:
    return isinstance(name, (str, bytes, os.PathLike))


def require_folder(path: Path) -> None:
    """Raise ``FileNotFoundError`` if the folder that a file is to be written to does not exist."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} of {path.name} does not exist")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file beside ``path`` to write to; it replaces ``path`` once it is on the disk.

    On any error the new file goes and ``path`` stays as it was; that the disk is full or cannot
    be written to is told with the name of ``path``.
    """
    # The dot keeps it out of the trainer's globs for checkpoint_* and *.pth.
    partial = path.with_name(f".{path.name}.partial")
    try:
        with naming(path, partial):
            yield partial
            with partial.open("rb") as written:
                os.fsync(written.fileno())
            os.replace(partial, path)
    except BaseException:
        # On a disk that can only be read even the removal of what is not there is an error.
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
