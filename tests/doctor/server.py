"""A server on this machine that serves one file, in all the ways that servers fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """What is served, how it fails, and what was asked.

    ``cuts`` are bytes after which one connection after the other ends; before it ends, ``stall``
    seconds go by.
    """

    data: bytes
    etag: str | None = '"one"'
    ranges: bool = True
    tell_size: bool = True
    cuts: list[int] = field(default_factory=list)
    stall: float = 0.0
    status: int = 200
    failures: int = 0
    redirect: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append({key.lower(): value for key, value in handler.headers.items()})
        if self.redirect:
            handler.send_response(302)
            handler.send_header("Location", self.redirect)
            handler.end_headers()
            return
        if self.status != 200 and self.failures > 0:
            self.failures -= 1
            handler.send_error(self.status)
            return
        start = self._start(handler)
        if start is not None and start >= len(self.data):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(self.data)}")
            handler.end_headers()
            handler.wfile.write(b"<html>Requested Range Not Satisfiable</html>")
            return
        body = self.data[start or 0 :]
        handler.send_response(200 if start is None else 206)
        if start is not None:
            last = len(self.data) - 1
            handler.send_header("Content-Range", f"bytes {start}-{last}/{len(self.data)}")
        if self.etag:
            handler.send_header("ETag", self.etag)
        if self.tell_size:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if self.cuts:
            handler.wfile.write(body[: self.cuts.pop(0)])
            handler.wfile.flush()
            time.sleep(self.stall)
            return
        handler.wfile.write(body)

    def _start(self, handler: BaseHTTPRequestHandler) -> int | None:
        wanted = handler.headers.get("Range")
        same = handler.headers.get("If-Range") == self.etag
        if not wanted or not self.ranges or not same:
            return None
        return int(wanted.removeprefix("bytes=").rstrip("-"))


@contextmanager
def serving(served: Served) -> Iterator[Served]:
    """Serve on a free port of the loopback address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                served.answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    served.url = f"http://127.0.0.1:{server.server_port}/042801_base.tar.gz"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
