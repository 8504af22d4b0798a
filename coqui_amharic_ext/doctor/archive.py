"""Unpacking an archive that somebody else made: plain files into one folder, nothing else."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

from coqui_amharic_ext.doctor.download import FetchError

LARGEST: Final = 8 << 30
"""Bytes unpacked; more is no model but a bomb."""


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a ``.tar.gz`` of plain files and folders into a new folder.

    The whole stream is read, so that gzip's own checksum is compared.

    Raises
    ------
    FetchError
        It is no such archive, it is damaged, or it holds links, devices, or paths that lead out.
    """
    folder.mkdir(parents=True)
    try:
        with gzip.open(archive) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as members:
                left = LARGEST
                for member in members:
                    left -= member.size
                    if left < 0:
                        raise FetchError(f"{archive}: it unpacks to more than {LARGEST} bytes")
                    _unpack_one(archive, members, member, folder)
            while stream.read(1 << 20):  # to the end, where the checksum is
                continue
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FetchError(
            f"{archive} is not a whole .tar.gz archive ({type(error).__name__}: {error}); fetch it "
            "again"
        ) from error


def _unpack_one(
    archive: Path, members: tarfile.TarFile, member: tarfile.TarInfo, folder: Path
) -> None:
    path = PurePosixPath(member.name)
    leads_out = (
        path.is_absolute() or ".." in path.parts or "\\" in member.name or ":" in member.name
    )
    if leads_out or not (member.isfile() or member.isdir()):
        raise FetchError(
            f"{archive} holds {member.name!r}, which is not a plain file below its folder; nothing "
            "of it was used"
        )
    target = folder.joinpath(*path.parts)
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source = members.extractfile(member)
    if source is None:
        raise FetchError(f"{archive}: {member.name!r} cannot be read")
    with source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
