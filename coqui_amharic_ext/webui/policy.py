"""What a browser may do with an answer: run the page's own scripts, and no other."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOTHING: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""For what is not the page itself and is opened like a page."""

# gradio's HTML component makes a function of its template, which takes 'unsafe-eval'.
_PAGE: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-eval' {scripts}; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; media-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
_SCRIPT: Final = re.compile(rb"<script(?P<attributes>[^>]*)>(?P<code>.*?)</script>", re.DOTALL)


class WithPolicy:
    """Middleware that names the scripts which stand in the page, so that no other can run there.

    gradio writes them for each request; what is added to the page later is not among them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            await (self._page if scope["path"] == "/" else self._other)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                headers["content-security-policy"] = NOTHING
                headers.setdefault("content-disposition", "attachment")
            await send(message)

        await self._app(scope, receive, answer)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A compressed page cannot be read here.
        plain = [(k, v) for k, v in scope["headers"] if k != b"accept-encoding"]
        start: Message = {}
        body = b""

        async def answer(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body", False):
                return
            headers = MutableHeaders(raw=start["headers"])
            headers["content-security-policy"] = policy(body)
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self._app({**scope, "headers": plain}, receive, answer)


def policy(page: bytes) -> str:
    """Return the policy of a page: its own files, and the scripts that stand in it."""
    hashes = (
        base64.b64encode(hashlib.sha256(found["code"]).digest()).decode()
        for found in _SCRIPT.finditer(page)
        if b"src=" not in found["attributes"]
    )
    return _PAGE.format(scripts=" ".join(f"'sha256-{value}'" for value in hashes))
