"""A page that is really served, asked as those would ask who must not be answered."""

from __future__ import annotations

import http.client
import json
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.webui.conftest import Served

pytestmark = pytest.mark.skipif(
    find_spec("gradio") is None, reason="needs gradio: pip install .[webui]"
)
JOIN = "/gradio_api/queue/join"


def ask(
    served: Served,
    path: str,
    headers: dict[str, str] | None = None,
    *,
    method: str = "GET",
    body: bytes | None = None,
    known: bool = True,
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Send a request as it is written here; ``known`` adds the cookie."""
    place = urlsplit(served.root)
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 0, timeout=30)
    sent = {"Cookie": f"coqui-amharic-{place.port}={served.token}"} if known else {}
    try:
        connection.putrequest(method, path, skip_host="Host" in (headers or {}))
        for name, value in {**sent, **(headers or {})}.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://[::1"},
        {"Origin": "\xff\xfe"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.nip.io:7860"},
        {"Host": "[::1"},
        {"Host": "\xff"},
        {"Host": ""},
    ],
    ids=str,
)
def test_other_sites_are_refused_even_with_the_cookie(
    served: Served, headers: dict[str, str]
) -> None:
    for method, path in (("GET", "/"), ("GET", "/config"), ("POST", JOIN)):
        refused = (400, 403) if "Host" in headers else (403,)
        assert ask(served, path, headers, method=method, body=b"{}")[0] in refused


@pytest.mark.parametrize(
    "cookie",
    ["", "coqui-amharic-{port}=wrong", "coqui-amharic-{other}={token}", "access-token={token}"],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/?token=wrong"),
        ("GET", "/config"),
        ("GET", "/theme.css"),
        ("GET", "/assets/x.js"),
        ("GET", "/speech/x.wav"),
        ("GET", "/gradio_api/info"),
        ("GET", "/gradio_api/heartbeat/abc"),
        ("GET", "/gradio_api/queue/data?session_hash=abc"),
        ("GET", "/gradio_api/upload_progress?upload_id=abc"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/run/predict"),
        ("POST", JOIN),
        ("OPTIONS", JOIN),
        ("DELETE", "/"),
    ],
)
def test_without_the_token_nothing_is_answered(
    served: Served, method: str, path: str, cookie: str
) -> None:
    port = urlsplit(served.root).port or 0
    said = cookie.format(port=port, other=port + 1, token=served.token)
    status, headers, body = ask(
        served, path, {"Cookie": said}, method=method, body=b"{}", known=False
    )
    assert status == 403
    assert "Set-Cookie" not in headers
    assert len(body) < 300


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://127.0.0.1:9/x.png",
        "/gradio_api/file=HTTPS://evil.example/x.png",
        "/gradio_api/file=http%3A%2F%2Fevil.example%2Fx.png",
        "/gradio_api/file=%68ttp://evil.example/x.png",
        "/gradio_api/file=//evil.example/x.png",
        "/gradio_api/%66ile=http://evil.example/x.png",
        "//gradio_api/file=http://evil.example/x.png",
        "/gradio_api/file=%2e%2e/%2e%2e/etc/passwd",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/proxy=http://evil.example/",
        "/gradio_api/proxy=https%3A%2F%2Fevil.hf.space%2F",
        "/assets/%2e%2e/%2e%2e/config.py",
        "/assets/..%2f..%2fgradio_api/file=/etc/passwd",
        "/static/%2e%2e/index.html",
        "/speech/..%2f..%2fetc.wav",
        "/gradio_api/stream/a/b/c/playlist.m3u8",
        "/gradio_api/custom_component/a/client/b/c",
        "/gradio_api/run-history/buckets",
        "/gradio_api/profiling/traces",
        "/gradio_api/vibe-code",
        "/gradio_api/mcp/",
        "/monitoring",
        "/manifest.json",
        "/robots.txt",
        "http://evil.example/",
    ],
)
def test_nothing_is_fetched_proxied_or_served_from_elsewhere(served: Served, path: str) -> None:
    before = served.contacted.read_text()
    for method in ("GET", "HEAD", "POST"):
        assert ask(served, path, method=method)[0] in (400, 403, 404)
    assert served.contacted.read_text() == before


def test_an_upload_is_not_served_again(served: Served) -> None:
    page = b"<html><script>alert(1)</script></html>"
    body = (
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.html"\r\n'
        b"Content-Type: text/html\r\n\r\n" + page + b"\r\n--b--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    status, _, answer = ask(served, "/gradio_api/upload", kind, method="POST", body=body)
    assert status == 200
    (stored,) = json.loads(answer)
    assert Path(stored).read_bytes() == page
    assert ask(served, f"/gradio_api/file={stored}")[0] == 403


def test_an_address_in_a_files_place_is_neither_looked_up_nor_fetched(served: Served) -> None:
    """gradio asks a public resolver for names that are private, and tells them by asking."""
    config = json.loads(ask(served, "/config")[2])
    components = config["components"]
    (upload,) = (c["id"] for c in components if c["props"].get("elem_id") == "synthesis-upload")
    (event,) = (d for d in config["dependencies"] if d["inputs"] == [upload])
    kind = {"Content-Type": "application/json"}
    for address in ("http://intranet.corp.example/x.wav", "https://10.0.0.1/x.wav"):
        file = {"path": address, "meta": {"_type": "gradio.FileData"}}
        said = {"data": [file], "fn_index": event["id"], "session_hash": "attack"}
        body = json.dumps(said).encode()
        assert ask(served, JOIN, kind, method="POST", body=body)[0] == 200
        _, _, told = ask(served, "/gradio_api/queue/data?session_hash=attack")
        assert b"fetches nothing" in told
    contacted = served.contacted.read_text()
    assert "intranet" not in contacted and "dns.google" not in contacted
    assert "10.0.0.1" not in contacted


def test_the_page_contacts_nobody(served: Served) -> None:
    ask(served, "/")
    own = ("127.0.0.1", "localhost", "b'127.0.0.1'", "::1", "/")
    foreign = [
        line
        for line in served.contacted.read_text().splitlines()
        if not any(f"'{host}" in line for host in own) and "None" not in line
    ]
    assert foreign == []


def test_what_the_page_answers_says_how_it_may_be_used(served: Served) -> None:
    _, page, html = ask(served, "/")
    assert "'unsafe-inline'" not in page["Content-Security-Policy"].partition("style-src")[0]
    assert html.count(b"<script") > page["Content-Security-Policy"].count("sha256-") > 2
    for path in ("/config", "/theme.css", "/speech/x.wav"):
        _, headers, _ = ask(served, path)
        assert "sandbox" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Disposition"]


_JSON = "application/json"
_FORM = "multipart/form-data; boundary="


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        (JOIN, _JSON, b'{"data":[],"fn_index":99999,"session_hash":"a"}'),
        (JOIN, _JSON, b'{"data":[],"fn_index":1e400,"session_hash":"a"}'),
        (JOIN, _JSON, b'{"data":[],"fn_index":0,"session_hash":"a","trigger_id":"\\ud800"}'),
        ("/gradio_api/run/predict", _JSON, b'{"data":[],"fn_index":-1}'),
        ("/gradio_api/run/predict", _JSON, b'{"data":[],"fn_index":0,"session_hash":"a"}'),
        ("/gradio_api/run/predict", _JSON, b'{"data":[NaN],"fn_index":0}'),
        ("/gradio_api/cancel", _JSON, b'{"event_id":NaN}'),
        ("/gradio_api/reset", _JSON, b'{"event_id":NaN}'),
        ("/gradio_api/upload", _FORM + "b" * 5000, b"--b--\r\n"),
        (
            "/gradio_api/upload",
            _FORM + "b",
            b"--b\r\nContent-Disposition: form-data; name=\"files\"; filename*=UTF-8''..%2F..%2Fx"
            b"\r\n\r\ny\r\n--b--\r\n",
        ),
        ("/assets/" + "a" * 300, "", None),
        ("/assets/" + "a/" * 3000 + "a", "", None),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_does_not_fit_is_refused_and_the_page_goes_on(
    served: Served, path: str, kind: str, body: bytes | None
) -> None:
    method = "GET" if body is None else "POST"
    status, headers, answer = ask(served, path, {"Content-Type": kind}, method=method, body=body)
    assert 400 <= status < 600
    assert b"Traceback" not in answer
    assert "sandbox" in headers["Content-Security-Policy"]
    assert ask(served, "/config")[0] == 200


@pytest.mark.parametrize("value", [{"a": 1}, ["a"], 5, True], ids=str)
@pytest.mark.parametrize("button", ["data-go", "train-start", "synthesis-speak", "text-go"])
def test_a_value_of_the_wrong_type_is_named_in_words(
    served: Served, button: str, value: object
) -> None:
    config = json.loads(ask(served, "/config")[2])
    (target,) = (c["id"] for c in config["components"] if c["props"].get("elem_id") == button)
    events = [d for d in config["dependencies"] if [target, "click"] in d["targets"]]
    events += [d for d in config["dependencies"] if d["trigger_after"] == events[0]["id"]]
    event = next(d for d in events if d["inputs"])
    session = f"{button}{value}".translate(str.maketrans("", "", "{}[]' :,-"))
    said = {"data": [value] * len(event["inputs"]), "fn_index": event["id"]}
    body = json.dumps(said | {"session_hash": session}).encode()
    kind = {"Content-Type": "application/json"}
    assert ask(served, JOIN, kind, method="POST", body=body)[0] == 200
    told = ask(served, f"/gradio_api/queue/data?session_hash={session}")[2].decode()
    assert "process_completed" in told
    assert "unexpected error" not in told, told
