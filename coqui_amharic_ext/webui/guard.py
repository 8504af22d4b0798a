"""Requests are answered only if they come from the page itself, and the page asks nobody else."""

from __future__ import annotations

import logging
import re
import secrets
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coqui_amharic_ext.webui.policy import NOTHING, WithPolicy

HOSTS: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
TOKEN: Final = "token"  # noqa: S105 - the name of it
COOKIE: Final = "coqui-amharic-"

_READ: Final = re.compile(
    r"/|/config|/theme\.css|/favicon\.ico|/(assets|static)(/\w[\w.-]*)+|/speech/[\w-]+\.wav"
    r"|/gradio_api/(info|app_id|queue/data|upload_progress|heartbeat/\w+)",
    re.ASCII,
)
_WRITE: Final = re.compile(r"/gradio_api/(queue/join|run/predict|upload|cancel|reset)", re.ASCII)
ROUTES: Final = {"GET": _READ, "HEAD": _READ, "POST": _WRITE}
"""What the page uses of gradio, which has routes that fetch, serve and proxy whatever they are
asked for; those are not here."""

logger = logging.getLogger(__name__)

_HEADERS: Final = {
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Middleware that answers the browser which was given the page's token, and nobody else.

    Other sites that are open in the same browser can send requests to this address, by its name or
    under a name of their own that they have lead here; other people who use the same computer can
    send any request. The token comes with the address that the page prints. A cookie takes its
    place, so that it does not stay in the address.

    Parameters
    ----------
    app : ASGI application
        What is guarded.
    token : str
        Made for one start of the page.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = WithPolicy(app)
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                # gradio's word for input that does not fit; the page's own functions raise nothing.
                if message["status"] >= 500:
                    message["status"] = 400
                headers = MutableHeaders(raw=message["headers"])
                headers.update(_HEADERS)
                headers.setdefault("content-security-policy", NOTHING)
            await send(message)

        request = Request(scope)
        instead = self._instead(request)
        try:
            await (self._app if instead is None else instead)(scope, receive, answer)
        except Exception as error:
            if started:
                raise
            logger.warning(
                "%s %s was not understood (%s)",
                request.method,
                ascii(scope["path"])[:200],
                ascii(str(error) or type(error).__name__)[:200],
            )
            await _refusal("The page does not understand this.", 400)(scope, receive, answer)

    def _instead(self, request: Request) -> Response | None:
        """Return what is answered in the page's place."""
        path, given = request.scope["path"], request.query_params.getlist(TOKEN)
        entering = path == "/" and request.method in ("GET", "HEAD") and bool(given)
        if entering and follows_link(request.headers) and self._is_token(given[0]):
            return self._entered_from_elsewhere(request)
        if not same_site(request.headers):
            return _refusal("This page answers only itself, at the address that it printed.")
        if entering and self._is_token(given[0]):
            return self._entered(request)
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

    def _entered(self, request: Request) -> Response:
        """Return the way to the page, with the cookie in the token's place."""
        rest = [(k, v) for k, v in request.query_params.multi_items() if k != TOKEN]
        return self._with_cookie(
            request, RedirectResponse(f"/?{urlencode(rest)}" if rest else "/", status_code=303)
        )

    def _entered_from_elsewhere(self, request: Request) -> Response:
        """Return a page that goes on to ours: a redirect would come without the strict cookie."""
        found = HTMLResponse('<!doctype html><meta http-equiv="refresh" content="0; url=/">')
        # Without "sandbox", in which nothing is refreshed.
        found.headers["content-security-policy"] = "default-src 'none'; frame-ancestors 'none'"
        return self._with_cookie(request, found)

    def _with_cookie(self, request: Request, found: Response) -> Response:
        found.set_cookie(
            cookie_name(request.headers), self._token, httponly=True, samesite="strict"
        )
        found.headers["cache-control"] = "no-store"
        return found


def same_site(headers: Headers) -> bool:
    """Whether a request names this computer and, if it says where it is from, the page itself."""
    if not _names_this_computer(headers):
        return False
    hosts = headers.getlist("host")
    return set(headers.getlist("origin")) <= {f"http://{hosts[0]}"} and set(
        headers.getlist("sec-fetch-site")
    ) <= {"same-origin", "none"}


def follows_link(headers: Headers) -> bool:
    """Whether a browser came here from a file or another site, to show the page in a window.

    ``webui --open`` sends it so: on the command line of a browser others would read the token.
    """
    return (
        _names_this_computer(headers)
        and headers.getlist("sec-fetch-site") == ["cross-site"]
        and headers.getlist("sec-fetch-mode") == ["navigate"]
        and headers.getlist("sec-fetch-dest") == ["document"]
    )


def _names_this_computer(headers: Headers) -> bool:
    hosts = headers.getlist("host")
    return len(hosts) == 1 and _split(hosts[0])[0] in HOSTS


def cookie_name(headers: Headers) -> str:
    """Return the name of the cookie, which pages at other ports of a host do not overwrite.

    The port is the one that the browser knows, at this end of a tunnel.
    """
    return COOKIE + _split(headers.get("host", ""))[1]


def _split(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isdecimal() and port.isascii() else (host, "80")


def _refusal(words: str, status: int = 403) -> Response:
    return PlainTextResponse(f"{words}\n", status_code=status)
