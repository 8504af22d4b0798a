"""One writer at a time for what a command writes.

The lock is the kernel's, on a hidden file beside the output, so it ends with the process that holds
it, however that ends. ``filelock`` locks in the same way, but leaves its file behind and does not
say who holds it.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import socket
import stat
import sys
import time
import weakref
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

from coqui_amharic_ext.errors import CoquiAmharicError

ENDING: Final = ".coqui-amharic-lock"
PATIENCE: Final = 0.5
"""Seconds for which a lock may be held by one who only looks, or by one who is just ending."""
_LONGEST: Final = 255
"""Bytes of a file's name."""
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_SAID_BYTES: Final = 4096
_NO_LOCKS: Final = frozenset(
    getattr(errno, name, errno.ENOSYS) for name in ("ENOSYS", "ENOLCK", "ENOTSUP", "EOPNOTSUPP")
)

logger = logging.getLogger("coqui_amharic_ext")
_held: weakref.WeakSet[Held] = weakref.WeakSet()


class BusyError(CoquiAmharicError, RuntimeError):
    """Another command is writing this output."""


def beside(path: Path, ending: str) -> Path:
    """Return a hidden name in the folder of ``path`` that says what it belongs to."""
    name = path.name
    if len(os.fsencode(name)) + len(ending) + 1 > _LONGEST:
        digest = blake2b(os.fsencode(name), digest_size=8).hexdigest()
        name = f"{os.fsencode(name)[:100].decode(errors='ignore')}~{digest}"
    return path.with_name(f".{name}{ending}")


class Held:
    """A file or folder that this process holds; nobody else gets it until it is let go.

    Processes that are forked from this one do not hold it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        _held.add(self)

    def write(self, text: str) -> None:
        """Put a text in the file, where there is room and it may be written to."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)
                os.lseek(self._descriptor, 0, os.SEEK_SET)
                os.write(self._descriptor, text.encode("utf-8", "replace"))

    def close(self) -> None:
        """Let it go."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    __del__ = close


def _forget() -> None:
    """In a forked child: a lock ends when all who share its descriptor have closed it."""
    for held in list(_held):
        held.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def hold(path: Path) -> Held | None:
    """Hold a file or folder that is there, or return None where a living process does.

    Raises
    ------
    OSError
        It is not there or a link, or its file system has no locks.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | _NO_LINK | getattr(os, "O_CLOEXEC", 0))
    except (IsADirectoryError, PermissionError):
        descriptor = os.open(path, os.O_RDONLY | _NO_LINK | getattr(os, "O_CLOEXEC", 0))
    return _locked(descriptor, path)


def _locked(descriptor: int, path: Path) -> Held | None:
    try:
        # Who held it may have removed it as it let go, and someone else made another of that name.
        if _lock(descriptor) and _is(descriptor, path):
            return Held(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _is(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        import msvcrt

        # Behind the end, so that what stands there can be read.
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


class OutputLock:
    """The right to write an output, taken when it is made; a context manager that gives it back.

    Where the file system has no locks, the log says so and there is none.

    Parameters
    ----------
    path : Path
        A file or folder, which need not be there; the folder around it must be.
    patience : float
        Seconds to wait for who holds it.
    inside : bool
        Keep the lock's file in the folder ``path``, which is there, and not beside it.

    Raises
    ------
    BusyError
        Another command holds it; the message names that process.
    OSError
        The folder cannot be written to.
    """

    def __init__(self, path: Path, patience: float = PATIENCE, *, inside: bool = False) -> None:
        self.path = Path(os.path.realpath(path))
        self._file = self.path / f".folder{ENDING}" if inside else beside(self.path, ENDING)
        self._held: Held | None = None
        until = time.monotonic() + patience
        try:
            while (held := self._try()) is None:
                if time.monotonic() > until:
                    raise BusyError(
                        f"{self.path} is being written by {_named(self._file)}; wait until it has "
                        "ended, or give another name"
                    )
                time.sleep(0.02)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            logger.warning(
                "%s: its file system has no locks (%s); see that nothing else writes it",
                self.path,
                error.strerror,
            )
            return
        self._held = held
        held.write(_self_description())

    def _try(self) -> Held | None:
        _require_own(self._file)
        try:
            os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o666))
        except PermissionError:
            if not self._file.exists():  # else another user's, which can be locked all the same
                raise
        with suppress(FileNotFoundError):
            return hold(self._file)
        return None

    def release(self) -> None:
        """Give it back; more than once does no harm."""
        held, self._held = self._held, None
        if held is not None:
            _remove(self._file, held)

    def __enter__(self) -> OutputLock:
        return self

    def __exit__(self, *raised: object) -> None:
        self.release()


def _require_own(file: Path) -> None:
    """Refuse a lock's file that leads elsewhere, as an unpacked archive may bring one.

    What it leads to would be written over.

    Raises
    ------
    OSError
        It is a link, has a second name, or is not a file.
    """
    with suppress(FileNotFoundError):
        found = file.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise OSError(
                errno.EINVAL,
                "is a link or no file, and not made by this package; remove it",
                str(file),
            )


def _remove(path: Path, held: Held) -> None:
    """Remove a file, then let it go: so nobody can take it in between."""
    if sys.platform == "win32":  # there what is open stays
        held.close()
    with suppress(OSError):
        path.unlink(missing_ok=True)
    held.close()


def _self_description() -> str:
    words = [Path(sys.argv[0]).name if sys.argv else "", *sys.argv[1:2]]
    command = re.sub(r"\s+", " ", " ".join(words)).strip()
    return f"{os.getpid()}\n{socket.gethostname()}\n{command}\n"


def _named(file: Path) -> str:
    """Say who holds a lock, as far as is known."""
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            pid, host, command = stream.read(_SAID_BYTES).split("\n")[:3]
    except (OSError, ValueError):
        return "another process"
    where = "" if host == socket.gethostname() else f" on {host}"
    return f"process {pid}{where}" + (f" ({command[:80]})" if command else "")
