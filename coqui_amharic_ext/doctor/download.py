"""Downloading one file: with a time-out, resumed where it broke off, its size checked."""

from __future__ import annotations

import http.client
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

from coqui_amharic_ext.errors import CoquiAmharicError

CHUNK: Final = 1 << 16
ATTEMPTS: Final = 4
"""Tries in a row without a single byte more; a slow line that goes on is not given up."""
PAUSE: Final = 1.0
"""Seconds before the second try; twice as many before each further one."""
LARGEST: Final = 4 << 30
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class FetchError(CoquiAmharicError, RuntimeError):
    """Something could not be fetched, or is not what it should be."""


class Unreachable(FetchError):
    """The server could not be reached, or stopped answering."""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file, whole, and what was compared to know that it is."""

    path: Path
    size: int
    sha256: str
    size_was_told: bool


class _Broken(Exception):
    """An attempt ended early; what came is kept."""


def download(
    url: str,
    target: Path,
    *,
    timeout: float,
    checked: bool = False,
    tell: Callable[[int, int | None], None] = lambda done, total: None,
) -> Downloaded:
    """Download a file to ``target``, going on with what an earlier try left there.

    What is unfinished lies in ``target`` with ``.part`` at its end, which is continued only where
    the server says that it still has the same file (``If-Range``).

    Parameters
    ----------
    url : str
        An ``https`` address; ``http`` only on this machine, or if ``checked``.
    target : Path
        Where it goes; replaced if it is there.
    timeout : float
        Seconds without a byte after which a try is given up.
    checked : bool
        Whether the caller compares a checksum known before.
    tell : callable
        Is told the bytes that are there and the bytes in all, if known.

    Raises
    ------
    Unreachable
        There is no way to the server, or it stopped answering; what came is kept.
    FetchError
        The server refuses, or the address is not one to trust.
    """
    _require_trustworthy(url, checked)
    opener = urllib.request.build_opener(_Redirects(checked))
    part = _Part(target, url)
    failures = 0
    while True:
        before = part.size
        try:
            total = _attempt(opener, part, timeout, tell)
        except (_Broken, OSError, http.client.HTTPException) as error:
            if isinstance(error, urllib.error.HTTPError) and not _passing(error.code):
                raise FetchError(f"{url}: the server says {error.code} {error.reason}") from error
            failures = 0 if part.size > before else failures + 1
            if failures >= ATTEMPTS or _hopeless(error):
                raise Unreachable(f"{url} cannot be fetched: {_reason(error, timeout)}") from error
            time.sleep(PAUSE * 2**failures)
            continue
        return part.finish(total)


def _attempt(
    opener: urllib.request.OpenerDirector,
    part: _Part,
    timeout: float,
    tell: Callable[[int, int | None], None],
) -> int | None:
    request = urllib.request.Request(part.url, headers=part.headers())  # noqa: S310 - checked
    try:
        response = opener.open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise
        # Nothing is left to send, or the file is another one now.
        total = _number(error.headers.get("Content-Range", "").rpartition("/")[2])
        error.close()
        if total is not None and total == part.size:
            return total
        part.begin(None, {})
        raise _Broken("the server has another file now") from error
    with response:
        total = part.accept(response)
        if total is not None and total > LARGEST:
            raise FetchError(f"{part.url}: {total} bytes are more than is expected here")
        with part.open() as sink:
            while True:
                tell(part.size, total)
                data = response.read1(CHUNK)
                if not data:
                    break
                sink.write(data)
                part.size += len(data)
                if part.size > (total or LARGEST):
                    raise FetchError(f"{part.url}: more came than the server said")
    if total is not None and part.size < total:
        raise _Broken(f"the connection ended after {part.size} of {total} bytes")
    return total


class _Part:
    """The unfinished file, and the server's mark of which file it is a part of."""

    def __init__(self, target: Path, url: str) -> None:
        self.target, self.url = target, url
        self.path = target.with_name(target.name + ".part")
        self._record = target.with_name(target.name + ".part.json")
        self._mark = ""
        self.size = 0
        try:
            record = json.loads(self._record.read_text(encoding="utf-8"))
            if record["url"] == url and record["mark"]:
                self._mark, self.size = str(record["mark"]), self.path.stat().st_size
        except (OSError, ValueError, KeyError, TypeError):
            self._mark, self.size = "", 0

    def headers(self) -> dict[str, str]:
        found = {"User-Agent": "coqui-amharic-ext", "Accept-Encoding": "identity"}
        if self.size and self._mark:
            found |= {"Range": f"bytes={self.size}-", "If-Range": self._mark}
        return found

    def accept(self, response: Any) -> int | None:
        """Go on with the part, or begin anew, as the server answers; return the whole size."""
        if response.status == 206:
            first, _, total = response.headers.get("Content-Range", "").partition("/")
            start = _number(first.removeprefix("bytes ").partition("-")[0])
            if start == self.size:
                return _number(total)
            self.begin(None, {})
            raise _Broken("the server sent another part than was asked for")
        total_size = _number(response.headers.get("Content-Length", ""))
        self.begin(total_size, response.headers)
        return total_size

    def begin(self, total: int | None, headers: Any) -> None:
        """Drop what is there."""
        strong = headers.get("ETag", "")
        self._mark = strong if strong and not strong.startswith("W/") else ""
        self._mark = self._mark or headers.get("Last-Modified", "")
        self.size = 0
        self.path.write_bytes(b"")
        record = {"url": self.url, "mark": self._mark, "total": total}
        self._record.write_text(json.dumps(record), encoding="utf-8")

    def open(self) -> IO[bytes]:
        return self.path.open("ab")

    def finish(self, total: int | None) -> Downloaded:
        digest = digest_of(self.path)
        self.path.replace(self.target)
        self._record.unlink(missing_ok=True)
        return Downloaded(self.target, self.size, digest, total is not None)


def digest_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    found = sha256()
    with path.open("rb") as stream:
        while data := stream.read(1 << 20):
            found.update(data)
    return found.hexdigest()


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirections to addresses that could have been given in the first place."""

    def __init__(self, checked: bool) -> None:
        self._checked = checked

    def redirect_request(
        self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any
    ) -> Any:
        _require_trustworthy(newurl, self._checked)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _require_trustworthy(url: str, checked: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (
        parts.scheme == "http" and (checked or parts.hostname in _LOOPBACK)
    ):
        return
    raise FetchError(
        f"{url} is not an https address; what comes from it could be anybody's. Give https, or "
        "with --sha256 what its checksum has to be"
    )


def _passing(code: int) -> bool:
    return code in (408, 429) or code >= 500


def _hopeless(error: BaseException) -> bool:
    """Return whether trying again at once cannot help: no such name, no network, no listener."""
    reason = getattr(error, "reason", error)
    return isinstance(reason, (socket.gaierror, ConnectionRefusedError)) or (
        isinstance(reason, OSError) and "unreachable" in str(reason)
    )


def _reason(error: BaseException, timeout: float) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(error, urllib.error.HTTPError):
        return f"the server says {error.code} {error.reason}"
    if isinstance(reason, socket.gaierror):
        return "the server's name cannot be looked up; this machine seems to be offline"
    if isinstance(reason, TimeoutError):
        return f"no answer within {timeout:g} s"
    return str(reason) or type(reason).__name__


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
