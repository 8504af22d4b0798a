"""Only the browser that was given the token is answered, at the page's own address."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs starlette, which comes with the extra webui")

from coqui_amharic_ext.webui.guard import NOTHING, Guard, policy

TOKEN = "the-token-of-this-start"
HOST = (b"host", b"127.0.0.1:7860")
COOKIE = (b"cookie", f"coqui-amharic-7860={TOKEN}".encode())
REFUSED = (400, 403)  # Starlette's word for a host, and ours for the rest
PAGE = b"<html><script>let a = 1;</script><script src='x.js'></script></html>"


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ([("host", "127.0.0.1:7860")], True),
        ([("host", "localhost:7860"), ("origin", "http://localhost:7860")], True),
        ([("host", "[::1]:7860"), ("origin", "http://[::1]:7860")], True),
        ([("host", "127.0.0.1:7860"), ("origin", "http://127.0.0.1:8000")], False),
        ([("host", "127.0.0.1:7860"), ("origin", "https://evil.example")], False),
        ([("host", "127.0.0.1:7860"), ("origin", "http://127.0.0.1:7860@evil.example")], False),
        ([("host", "127.0.0.1:7860"), ("origin", "null")], False),
        ([("host", "127.0.0.1:7860"), ("origin", "")], False),
        ([("host", "127.0.0.1:7860"), ("origin", "http://[::1")], False),
        (
            [("host", "127.0.0.1:7860"), ("origin", "http://127.0.0.1:7860"), ("origin", "null")],
            False,
        ),
        ([("host", "evil.example:7860")], False),
        ([("host", "evil.example"), ("host", "127.0.0.1:7860")], False),
        ([("host", "127.0.0.1.evil.example")], False),
        ([("host", "[::1")], False),
        ([("host", "")], False),
        ([], False),
        ([("host", "127.0.0.1:7860"), ("sec-fetch-site", "same-origin")], True),
        ([("host", "127.0.0.1:7860"), ("sec-fetch-site", "none")], True),
        ([("host", "127.0.0.1:7860"), ("sec-fetch-site", "same-site")], False),
        ([("host", "127.0.0.1:7860"), ("sec-fetch-site", "cross-site")], False),
        ([("host", "127.0.0.1:7860"), ("sec-fetch-site", "other")], False),
    ],
)
def test_hosts_origins_and_sites(headers: list[tuple[str, str]], answer: bool) -> None:
    sent = [(name.encode(), value.encode()) for name, value in headers]
    status, found, body = ask("/", *sent, COOKIE)
    assert (status == 200) is answer
    assert answer or (status in REFUSED and PAGE not in body)
    assert answer or found["content-security-policy"] == NOTHING


def ask(
    path: str = "/",
    *headers: tuple[bytes, bytes],
    method: str = "GET",
    query: bytes = b"",
    kind: str = "http",
    app: Any = None,
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body."""
    sent: list[dict[str, Any]] = []

    async def page(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": PAGE[:9], "more_body": True})
        await send({"type": "http.response.body", "body": PAGE[9:]})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {"type": kind, "path": path, "method": method, "query_string": query}
    asyncio.run(Guard(app or page, TOKEN)({**scope, "headers": list(headers)}, receive, send))
    if kind == "websocket":
        assert sent == [{"type": "websocket.close", "code": 1008}]
        return 403, {}, b""
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(message["body"] for message in sent[1:])


def test_the_token_is_exchanged_for_a_cookie_and_leaves_the_address() -> None:
    query = f"__theme=dark&token={TOKEN}&x=%26".encode()
    status, headers, _ = ask("/", HOST, query=query)
    assert (status, headers["location"]) == (303, "/?__theme=dark&x=%26")
    assert headers["cache-control"] == "no-store"
    parts = {part.strip().lower() for part in headers["set-cookie"].split(";")}
    assert parts == {f"coqui-amharic-7860={TOKEN}", "httponly", "path=/", "samesite=strict"}
    assert ask("/", HOST, COOKIE)[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((b"cookie", b"coqui-amharic-7860=wrong"),),
        ((b"cookie", b"coqui-amharic-7860="),),
        ((b"cookie", f"coqui-amharic-7861={TOKEN}".encode()),),
        ((b"cookie", f"coqui-amharic-={TOKEN}".encode()),),
        ((b"cookie", b"coqui-amharic-7860=\xff\xfe"),),
        ((b"authorization", f"Bearer {TOKEN}".encode()),),
    ],
)
def test_without_its_cookie_nothing_is_answered(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    for path, method in (("/", "GET"), ("/config", "GET"), ("/gradio_api/queue/join", "POST")):
        status, found, body = ask(path, HOST, *headers, method=method)
        assert status == 403
        assert b"token=" in body and PAGE not in body
        assert found["content-security-policy"] == NOTHING
        assert "set-cookie" not in found


@pytest.mark.parametrize("query", [b"token=", b"token=wrong", b"token=%FF", b"token=\xff&a=%"])
def test_a_wrong_token_gives_no_cookie(query: bytes) -> None:
    status, headers, _ = ask("/", HOST, query=query)
    assert status == 403 and "set-cookie" not in headers


def test_the_token_opens_the_page_alone() -> None:
    query = f"token={TOKEN}".encode()
    assert ask("/config", HOST, query=query)[0] == 403
    assert ask("/", HOST, query=query, method="POST")[0] == 403
    assert ask("/", (b"host", b"evil.example"), query=query)[0] in REFUSED
    assert ask("/", HOST, (b"sec-fetch-site", b"cross-site"), query=query)[0] == 403


NAVIGATION = (
    (b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"navigate"),
    (b"sec-fetch-dest", b"document"),
)  # fmt: skip


def test_a_browser_that_a_file_leads_here_is_led_on_with_its_cookie() -> None:
    status, headers, body = ask("/", HOST, *NAVIGATION, query=f"token={TOKEN}".encode())
    assert status == 200
    assert b"refresh" in body and PAGE not in body and TOKEN.encode() not in body
    assert "samesite=strict" in headers["set-cookie"].lower()
    assert "script" not in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "sent", "query"),
    [
        ("/", (HOST, *NAVIGATION), b""),
        ("/", (HOST, *NAVIGATION), b"token=wrong"),
        ("/", (HOST, COOKIE, *NAVIGATION), b""),
        ("/config", (HOST, COOKIE, *NAVIGATION), f"token={TOKEN}".encode()),
        ("/", (HOST, *NAVIGATION[:2]), f"token={TOKEN}".encode()),
        ("/", (HOST, NAVIGATION[0], NAVIGATION[2]), f"token={TOKEN}".encode()),
        (
            "/",
            (HOST, *NAVIGATION[:2], (b"sec-fetch-dest", b"iframe")),
            f"token={TOKEN}".encode(),
        ),
        ("/", ((b"host", b"evil.example:7860"), *NAVIGATION), f"token={TOKEN}".encode()),
    ],
)
def test_nobody_else_comes_from_another_site(
    path: str, sent: tuple[tuple[bytes, bytes], ...], query: bytes
) -> None:
    assert ask(path, *sent, query=query)[0] in REFUSED


def test_each_port_has_a_cookie_of_its_own() -> None:
    query = f"token={TOKEN}".encode()
    names = {
        ask("/", (b"host", host), query=query)[1]["set-cookie"].partition("=")[0]
        for host in (b"127.0.0.1:7860", b"127.0.0.1:7861", b"localhost", b"[::1]:9000")
    }
    assert names == {f"coqui-amharic-{port}" for port in (7860, 7861, 80, 9000)}


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/assets/index-a_b.js", 200),
        ("GET", "/static/js/a.min.js", 200),
        ("GET", "/speech/aB-_9.wav", 200),
        ("GET", "/gradio_api/heartbeat/abc123", 200),
        ("GET", "/gradio_api/queue/data", 200),
        ("POST", "/gradio_api/queue/join", 200),
        ("POST", "/gradio_api/upload", 200),
        ("GET", "/gradio_api/file=http://evil.example/x.png", 403),
        ("GET", "/gradio_api/file=//evil.example/x.png", 403),
        ("GET", "/gradio_api/file=/tmp/x.wav", 403),
        ("HEAD", "/gradio_api/file=http://evil.example/x.png", 403),
        ("GET", "/gradio_api/file/http://evil.example/x.png", 403),
        ("GET", "/gradio_api/proxy=http://evil.example/", 403),
        ("GET", "/gradio_api/stream/a/0/1/playlist.m3u8", 403),
        ("GET", "/gradio_api/deep_link", 403),
        ("GET", "/gradio_api/runs", 403),
        ("GET", "/gradio_api/openapi.json", 403),
        ("POST", "/gradio_api/component_server", 403),
        ("POST", "/gradio_api/process_recording", 403),
        ("POST", "/gradio_api/vibe-edit", 403),
        ("POST", "/gradio_api/api/predict", 403),
        ("POST", "/gradio_api/call/predict", 403),
        ("GET", "/monitoring", 403),
        ("POST", "/login", 403),
        ("POST", "/", 403),
        ("PUT", "/", 403),
        ("OPTIONS", "/", 403),
        ("GET", "/gradio_api/queue/join", 403),
        ("GET", "/assets/../config", 403),
        ("GET", "/assets/.hidden", 403),
        ("GET", "/assets//etc/passwd", 403),
        ("GET", "/config\n", 403),
        ("GET", "/speech/../a.wav", 403),
    ],
)
def test_only_what_the_page_uses_is_answered(method: str, path: str, answer: int) -> None:
    assert ask(path, HOST, COOKIE, method=method)[0] == answer


def test_a_websocket_is_closed() -> None:
    ask("/", HOST, COOKIE, kind="websocket")


def test_the_page_runs_its_own_scripts_and_loads_nothing_from_elsewhere() -> None:
    status, headers, body = ask("/", HOST, COOKIE)
    assert (status, body) == (200, PAGE)
    said = headers["content-security-policy"]
    parts = dict(part.strip().split(" ", 1) for part in said.split(";"))
    assert "'unsafe-inline'" not in parts["script-src"]
    code = base64.b64encode(hashlib.sha256(b"let a = 1;").digest()).decode()
    assert parts["script-src"].split() == ["'self'", "'unsafe-eval'", f"'sha256-{code}'"]
    assert parts["default-src"] == "'none'" and parts["frame-ancestors"] == "'none'"
    assert "http:" not in said and "https:" not in said and "*" not in said


def test_a_script_that_is_not_in_the_page_is_not_in_its_policy() -> None:
    assert policy(b"<script>a</script>") != policy(b"<script>b</script>")
    assert policy(b"<SCRIPT>a</SCRIPT>") == policy(b"")


def test_what_is_not_the_page_cannot_be_one() -> None:
    headers = ask("/speech/a.wav", HOST, COOKIE)[1]
    assert headers["content-security-policy"] == NOTHING
    assert headers["content-disposition"] == "attachment"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("status", [500, 503])
def test_a_fault_of_the_page_is_answered_as_one(status: int) -> None:
    async def faulty(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("a fault")

    assert ask("/config", HOST, COOKIE, app=faulty)[0] == status
    found, headers, body = ask("/config", HOST, COOKIE, app=failing)
    assert found == 500 and headers["content-security-policy"] == NOTHING
    assert b"a fault" not in body
