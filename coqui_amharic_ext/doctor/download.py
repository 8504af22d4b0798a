"""Download a file with pooch: resumed where it stopped, with a timeout, its size checked."""

from __future__ import annotations

import errno
import json
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import pooch
import requests

from coqui_amharic_ext.errors import CoquiAmharicError

CHUNK: Final = 1 << 13
"""Bytes written at once; a broken connection loses no more."""
ATTEMPTS: Final = 4
"""Attempts in a row without a byte; a slow connection that delivers is not given up."""
PAUSE: Final = 1.0
"""Seconds before the second attempt; the pause doubles with each further one."""
LARGEST: Final = 4 << 30
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_TRANSIENT: Final = (408, 429, *range(500, 600))
_UNREACHABLE: Final = (errno.ENETUNREACH, errno.EHOSTUNREACH)

Tell = Callable[[int, "int | None"], None]


class FetchError(CoquiAmharicError, RuntimeError):
    """Something could not be fetched, or is not what it should be."""


class Unreachable(FetchError):
    """The server could not be reached, or stopped answering."""


def download(
    url: str,
    target: Path,
    *,
    timeout: float,
    checked: bool = False,
    tell: Tell = lambda done, total: None,
) -> bool:
    """Download a file, or resume an earlier download.

    Until it is complete, the file is called ``target`` with ``.part`` at the end. It is resumed
    only if the server confirms that it still has the same file (``If-Range``).

    Parameters
    ----------
    url : str
        An ``https`` address; ``http`` only on this machine, or if ``checked``.
    target : Path
        The file to write or replace.
    timeout : float
        Seconds without a byte that end an attempt.
    checked : bool
        Whether the caller compares a known checksum.
    tell : callable
        Called with the bytes received and the bytes in all, if known.

    Returns
    -------
    bool
        Whether the server announced the size, so that it was compared.

    Raises
    ------
    Unreachable
        The server cannot be reached or stopped answering; what was received is kept.
    FetchError
        The server refuses, or the address is not trustworthy.
    """
    _require_trustworthy(url, checked)
    part = _Part(url, target, checked, tell)
    failures = 0
    while not part.complete:
        before = part.size
        try:
            part.fetch(timeout)
        except requests.RequestException as error:
            if error.response is not None and error.response.status_code not in _TRANSIENT:
                raise FetchError(f"{url}: {_reason(error, part, timeout)}") from error
            failures = 0 if part.size > before else failures + 1
            if failures >= ATTEMPTS or _hopeless(_root(error)):
                reason = _reason(error, part, timeout)
                raise Unreachable(f"{url} cannot be fetched: {reason}") from error
            time.sleep(PAUSE * 2**failures)
    return part.finish()


class _Part:
    """The unfinished file that pooch writes to, and the server's mark of the file it is part of."""

    def __init__(self, url: str, target: Path, checked: bool, tell: Tell) -> None:
        self.url, self.target, self._checked, self._tell = url, target, checked, tell
        self.path = target.with_name(target.name + ".part")
        self._record = target.with_name(target.name + ".part.json")
        self.size, self.complete = 0, False
        self.total: int | None = None
        self._mark = ""
        try:
            record = json.loads(self._record.read_text(encoding="utf-8"))
            if record["url"] == url and record["mark"]:
                self._mark, self.size = str(record["mark"]), self.path.stat().st_size
        except (OSError, ValueError, KeyError, TypeError):
            self._mark, self.size = "", 0

    def fetch(self, timeout: float) -> None:
        headers = {"User-Agent": "coqui-amharic-ext", "Accept-Encoding": "identity"}
        if self.size and self._mark:
            headers |= {"Range": f"bytes={self.size}-", "If-Range": self._mark}
        options = {"headers": headers, "hooks": {"response": self._accept}, "timeout": timeout}
        pooch.HTTPDownloader(chunk_size=CHUNK, **options)(self.url, self, None)
        self.complete = True

    def _accept(self, response: requests.Response, **_: Any) -> None:
        """Resume or start again, as the server answers."""
        if response.is_redirect:
            _require_trustworthy(urljoin(response.url, response.headers["Location"]), self._checked)
        elif response.status_code in (206, 416):
            start, self.total = _range(response)
            if response.status_code == 416 and self.total == self.size:
                response.status_code = 200  # nothing is left to send; the body is a message
                self.complete = True
            elif start != self.size:
                self._begin({})
                raise requests.ConnectionError("the server has another file now")
        elif response.ok:
            self._begin(response.headers)
            self.total = _number(response.headers.get("Content-Length", ""))
        if self.total is not None and self.total > LARGEST:
            raise FetchError(f"{self.url}: {self.total} bytes are more than expected")
        self._tell(self.size, self.total)

    def _begin(self, headers: Mapping[str, str]) -> None:
        """Drop what was received, and remember the server's mark of the file that follows."""
        strong = headers.get("ETag", "")
        weak = strong.startswith("W/")
        self._mark = headers.get("Last-Modified", "") if weak or not strong else strong
        self.size, self.total = 0, None
        self.path.write_bytes(b"")
        self._record.write_text(json.dumps({"url": self.url, "mark": self._mark}), encoding="utf-8")

    def write(self, data: bytes) -> None:
        """Append what pooch has received."""
        if self.complete:
            return
        self.size += len(data)
        if self.size > (self.total or LARGEST):
            raise FetchError(f"{self.url}: the server sent more than it announced")
        with self.path.open("ab") as sink:
            sink.write(data)
        self._tell(self.size, self.total)

    def flush(self) -> None:
        """Do nothing; pooch calls it."""

    def finish(self) -> bool:
        """Give the file its name; return whether its size was compared."""
        self.path.replace(self.target)
        self._record.unlink(missing_ok=True)
        return self.total is not None


def _require_trustworthy(url: str, checked: bool) -> None:
    parts = urlsplit(url)
    local = checked or parts.hostname in _LOOPBACK
    if not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise FetchError(
            f"{url} is not an https address, so anybody could have sent what comes from it; give "
            "https, or the expected checksum with --sha256"
        )


def _range(response: requests.Response) -> tuple[int | None, int | None]:
    """Return where the response starts, and the size of the whole file."""
    range_, _, total = response.headers.get("Content-Range", "").partition("/")
    return _number(range_.removeprefix("bytes ").partition("-")[0]), _number(total)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _root(error: BaseException) -> BaseException:
    """Return the socket's error below those of urllib3 and requests."""
    while below := error.__cause__ or error.__context__:
        error = below
    return error


def _hopeless(error: BaseException) -> bool:
    """Return whether another attempt cannot help: no such name, no network, no listener."""
    unreachable = isinstance(error, OSError) and error.errno in _UNREACHABLE
    return unreachable or isinstance(error, (socket.gaierror, ConnectionRefusedError))


def _reason(error: requests.RequestException, part: _Part, timeout: float) -> str:
    root = _root(error)
    if error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}"
    if isinstance(root, socket.gaierror):
        return "the server's name cannot be resolved; this machine seems to be offline"
    if isinstance(root, TimeoutError):
        return f"no answer within {timeout:g} s"
    if part.total is not None and part.size < part.total and not isinstance(root, OSError):
        return f"the connection ended after {part.size} of {part.total} bytes"
    return str(root) or type(root).__name__
