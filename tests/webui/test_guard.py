"""Only the page itself, at its own address, is answered."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from coqui_amharic_ext.webui.guard import Guard, allowed


@pytest.mark.parametrize(
    ("host", "origin", "answer"),
    [
        ("127.0.0.1:7860", None, True),
        ("localhost:7860", "http://localhost:7860", True),
        ("127.0.0.1:7860", "http://127.0.0.1:7860", True),
        ("127.0.0.1:7860", "http://127.0.0.1:8000", False),
        ("127.0.0.1:7860", "https://evil.example", False),
        ("127.0.0.1:7860", "null", False),
        ("evil.example:7860", None, False),
        ("127.0.0.1.evil.example", None, False),
        ("", None, False),
    ],
)
def test_hosts_and_origins(host: str, origin: str | None, answer: bool) -> None:
    assert allowed(host, origin) is answer


def ask(headers: list[tuple[bytes, bytes]]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"page"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    asyncio.run(Guard(app)({"type": "http", "headers": headers}, receive, send))
    return sent


def test_another_sites_request_does_not_reach_the_page() -> None:
    sent = ask([(b"host", b"127.0.0.1:7860"), (b"origin", b"http://evil.example")])
    assert sent[0]["status"] == 403
    assert b"page" not in sent[1]["body"].split()[:1]


def test_the_page_may_load_nothing_from_elsewhere() -> None:
    sent = ask([(b"host", b"127.0.0.1:7860")])
    assert sent[0]["status"] == 200
    policy = dict(sent[0]["headers"])[b"content-security-policy"].decode()
    assert "default-src 'self'" in policy
    assert "http:" not in policy and "https:" not in policy and "*" not in policy
