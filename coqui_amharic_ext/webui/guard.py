"""The guard in front of the page: one browser, its own requests, and only the page's scripts.

Other sites that are open in the same browser can send requests to this address, also under a name
that they point here; other users of the computer can send any request. ``TrustedHostMiddleware``
refuses other names; the origin check refuses other sites; the token, which is in the printed
address and then in a cookie, keeps out other users.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import secrets
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
TOKEN: Final = "token"  # noqa: S105 - its name
COOKIE: Final = "coqui-amharic-"
NOTHING: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""The policy for everything but the page: opened like a page, it can do nothing."""

_READ: Final = re.compile(
    r"/|/config|/theme\.css|/favicon\.ico|/(assets|static)(/\w[\w.-]*)+|/speech/[\w-]+\.wav"
    r"|/gradio_api/(info|app_id|queue/data|upload_progress|heartbeat/\w+)",
    re.ASCII,
)
_WRITE: Final = re.compile(r"/gradio_api/(queue/join|run/predict|upload|cancel|reset)", re.ASCII)
ROUTES: Final = {"GET": _READ, "HEAD": _READ, "POST": _WRITE}
"""The routes that the page uses; gradio has others that fetch, serve and proxy any address."""

_HEADERS: Final = {
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
# gradio compiles the template of its HTML component, and Vega its plots: hence 'unsafe-eval'.
_PAGE: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-eval' {scripts}; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; media-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
_SCRIPT: Final = re.compile(rb"<script(?P<attributes>[^>]*)>(?P<code>.*?)</script>", re.DOTALL)

logger = logging.getLogger(__name__)


class Guard:
    """Middleware that answers the browser with the page's token, and nobody else."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._page = app
        self._token = token
        self._checked = TrustedHostMiddleware(self._answer, HOSTS, www_redirect=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._page(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        started = False

        async def secured(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(raw=message["headers"])
                headers.update(_HEADERS)
                headers.setdefault("content-security-policy", NOTHING)
            await send(message)

        try:
            await self._checked(scope, receive, secured)
        except Exception as error:
            if started:
                raise
            path = ascii(scope["path"])[:200]
            logger.warning("%s %s failed", scope["method"], path, exc_info=error)
            await _refusal("The page cannot answer this request.", 500)(scope, receive, secured)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal_of(Request(scope))
        if refusal is not None:
            await refusal(scope, receive, send)
        elif scope["path"] == "/":
            await self._html(scope, receive, send)
        else:
            await self._file(scope, receive, send)

    def _refusal_of(self, request: Request) -> Response | None:
        """Return the answer to a request that does not reach the page."""
        path, given = request.scope["path"], request.query_params.getlist(TOKEN)
        enters = path == "/" and request.method in ("GET", "HEAD") and given != []
        known = enters and self._is_token(given[0])
        if known and follows_link(request.headers):
            return self._with_cookie(request, _forward())
        if not same_site(request.headers):
            return _refusal("This page answers only itself, at the address that it printed.")
        if known:
            rest = [(k, v) for k, v in request.query_params.multi_items() if k != TOKEN]
            target = f"/?{urlencode(rest)}" if rest else "/"
            return self._with_cookie(request, RedirectResponse(target, status_code=303))
        if not self._is_token(request.cookies.get(cookie_name(request.headers), "")):
            return _refusal(
                "Open the page at the address that it printed when it was started, the one with "
                f"?{TOKEN}= in it. Each start has a new one."
            )
        route = ROUTES.get(request.method)
        if route is None or not route.fullmatch(path):
            return _refusal("The page has no such address.")
        return None

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode("utf-8", "replace"), self._token.encode())

    def _with_cookie(self, request: Request, response: Response) -> Response:
        name = cookie_name(request.headers)
        response.set_cookie(name, self._token, httponly=True, samesite="strict")
        response.headers["cache-control"] = "no-store"
        return response

    async def _file(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def attached(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                headers["content-security-policy"] = NOTHING
                headers.setdefault("content-disposition", "attachment")
            await send(message)

        await self._page(scope, receive, attached)

    async def _html(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page; its policy names the inline scripts that gradio writes into it."""
        start: Message = {}
        body = b""

        async def collected(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                MutableHeaders(raw=start["headers"])["content-security-policy"] = policy(body)
                await send(start)
                await send({"type": "http.response.body", "body": body})

        # A compressed page could not be searched for scripts.
        plain = [(k, v) for k, v in scope["headers"] if k != b"accept-encoding"]
        await self._page({**scope, "headers": plain}, receive, collected)


def policy(page: bytes) -> str:
    """Return the policy of a page: its files, and the inline scripts that it was sent with."""
    hashes = (
        base64.b64encode(hashlib.sha256(found["code"]).digest()).decode()
        for found in _SCRIPT.finditer(page)
        if b"src=" not in found["attributes"]
    )
    return _PAGE.format(scripts=" ".join(f"'sha256-{value}'" for value in hashes))


def same_site(headers: Headers) -> bool:
    """Whether a request, if it says where it comes from, comes from the page."""
    origin = f"http://{headers.get('host')}"
    return set(headers.getlist("origin")) <= {origin} and set(
        headers.getlist("sec-fetch-site")
    ) <= {"same-origin", "none"}


def follows_link(headers: Headers) -> bool:
    """Whether a file or another site opened the page in a browser window.

    ``webui --open`` does so: other users can read the command line of a browser.
    """
    found = [headers.getlist(f"sec-fetch-{name}") for name in ("site", "mode", "dest")]
    return found == [["cross-site"], ["navigate"], ["document"]]


def cookie_name(headers: Headers) -> str:
    """Return the name of the cookie, which differs from that of pages at other ports.

    The port is the one that the browser knows, which may be the end of a tunnel.
    """
    _, colon, port = headers.get("host", "").rpartition(":")
    return COOKIE + (port if colon and port.isdecimal() and port.isascii() else "80")


def _forward() -> Response:
    """Return a page that leads to ours: a redirect would not send the strict cookie."""
    response = HTMLResponse('<!doctype html><meta http-equiv="refresh" content="0; url=/">')
    # In a sandbox nothing is refreshed.
    response.headers["content-security-policy"] = NOTHING.removesuffix("; sandbox")
    return response


def _refusal(words: str, status: int = 403) -> Response:
    return PlainTextResponse(f"{words}\n", status_code=status)
