"""Unpacking an archive from elsewhere: plain files into one folder, nothing else."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

from coqui_amharic_ext.doctor.download import FetchError

LARGEST: Final = 8 << 30
"""Bytes unpacked; an archive with more is no model but a bomb."""


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a ``.tar.gz`` of plain files and folders into a new folder.

    The stream is read to its end, where gzip's checksum is.

    Raises
    ------
    FetchError
        It is not such an archive, it is damaged, or it holds links, devices, or paths that lead
        out of the folder.
    """
    folder.mkdir(parents=True)
    left = LARGEST
    try:
        with gzip.open(archive) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as members:
                # Python's later bugfix releases have it; the checks below do not rely on it.
                members.extraction_filter = getattr(tarfile, "data_filter", None)
                for member in members:
                    left -= member.size
                    if left < 0:
                        raise FetchError(f"{archive}: it unpacks to more than {LARGEST} bytes")
                    _require_plain(archive, member)
                    members.extract(member, folder)
            while stream.read(1 << 20):
                continue
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FetchError(
            f"{archive} is not a whole .tar.gz archive ({type(error).__name__}: {error}); fetch it "
            "again"
        ) from error


def _require_plain(archive: Path, member: tarfile.TarInfo) -> None:
    path = PurePosixPath(member.name)
    leads_out = path.is_absolute() or ".." in path.parts or set("\\:") & set(member.name)
    if leads_out or not (member.isfile() or member.isdir()):
        raise FetchError(
            f"{archive} holds {member.name!r}, which is not a plain file below its folder; nothing "
            "was installed"
        )
