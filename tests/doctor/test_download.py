"""Downloads: resumed exactly, given up in time, and never taken for whole when they are not."""

from __future__ import annotations

import json
import random
import socket
import time
from pathlib import Path

import pytest

from coqui_amharic_ext.doctor import download as module
from coqui_amharic_ext.doctor.download import FetchError, Unreachable, download
from tests.doctor.server import Served, serving

DATA = random.Random(0).randbytes(300_000)
CUT = 100_000
KEPT = CUT // module.CHUNK * module.CHUNK
"""What is kept of ``CUT`` bytes; the rest is received again."""


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def fetch(served: Served, folder: Path, timeout: float = 5) -> bytes:
    size_compared = download(served.url, folder / "file", timeout=timeout)
    assert size_compared == served.tell_size
    assert [path.name for path in folder.iterdir()] == ["file"]
    return (folder / "file").read_bytes()


@pytest.mark.parametrize("tell_size", [True, False])
def test_a_file_comes_whole(tmp_path: Path, tell_size: bool) -> None:
    seen: list[tuple[int, int | None]] = []
    with serving(Served(DATA, tell_size=tell_size)) as served:
        assert fetch(served, tmp_path) == DATA
        download(served.url, tmp_path / "file", timeout=5, tell=lambda *now: seen.append(now))
    assert seen[0] == (0, len(DATA) if tell_size else None)
    assert seen[-1][0] == len(DATA)


def test_it_resumes_where_the_connection_broke(tmp_path: Path) -> None:
    with serving(Served(DATA, cuts=[CUT, CUT])) as served:
        assert fetch(served, tmp_path) == DATA
    assert [request.get("range") for request in served.asked] == [
        None,
        f"bytes={KEPT}-",
        f"bytes={(KEPT + CUT) // module.CHUNK * module.CHUNK}-",
    ]


def test_a_later_run_resumes_too(tmp_path: Path) -> None:
    nothing_more = [0] * module.ATTEMPTS
    with serving(Served(DATA, cuts=[CUT, *nothing_more])) as served:
        with pytest.raises(Unreachable, match=f"after {KEPT} of 300000 bytes"):
            fetch(served, tmp_path)
        assert (tmp_path / "file.part").read_bytes() == DATA[:KEPT]
        assert fetch(served, tmp_path) == DATA
    assert served.asked[-1]["range"] == f"bytes={KEPT}-"


def leave_part(folder: Path, url: str, data: bytes, etag: str) -> None:
    (folder / "file.part").write_bytes(data)
    (folder / "file.part.json").write_text(json.dumps({"url": url, "mark": etag, "total": None}))


def test_a_part_of_another_file_is_dropped(tmp_path: Path) -> None:
    with serving(Served(DATA)) as served:
        leave_part(tmp_path, served.url, DATA[::-1][:50_000], '"older"')
        assert fetch(served, tmp_path) == DATA
    assert served.asked[0]["if-range"] == '"older"'


@pytest.mark.parametrize("served", [Served(DATA, ranges=False), Served(DATA, etag=None)])
def test_a_server_that_cannot_resume_starts_again(tmp_path: Path, served: Served) -> None:
    served.cuts = [CUT]
    with serving(served):
        assert fetch(served, tmp_path) == DATA


def test_a_whole_part_needs_no_byte_more(tmp_path: Path) -> None:
    with serving(Served(DATA)) as served:
        leave_part(tmp_path, served.url, DATA, '"one"')
        assert fetch(served, tmp_path) == DATA
    assert len(served.asked) == 1


def test_a_server_that_stops_sending_is_given_up_in_time(tmp_path: Path) -> None:
    with serving(Served(DATA, cuts=[0] * 99, stall=30)) as served:
        started = time.monotonic()
        with pytest.raises(Unreachable, match=r"no answer within 0\.3 s"):
            download(served.url, tmp_path / "file", timeout=0.3)
    assert time.monotonic() - started < 10
    assert not (tmp_path / "file").exists()


def test_a_server_that_accepts_and_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(Unreachable, match=r"no answer within 0\.2 s"):
            download(f"http://127.0.0.1:{port}/x", tmp_path / "file", timeout=0.2)


def test_no_server_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable, match="refused"):
        download(f"http://127.0.0.1:{port}/x", tmp_path / "file", timeout=5)

    def offline(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    with pytest.raises(Unreachable, match="seems to be offline"):
        download("https://example.org/x", tmp_path / "file", timeout=5)


def test_a_server_that_is_busy_is_asked_again_and_a_refusal_is_not(tmp_path: Path) -> None:
    with serving(Served(DATA, status=503, failures=2)) as served:
        assert fetch(served, tmp_path) == DATA
    with serving(Served(DATA, status=404, failures=9)) as served:
        with pytest.raises(FetchError, match="404"):
            download(served.url, tmp_path / "other", timeout=5)
        assert len(served.asked) == 1


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://127.0.0.1/x", "file:///etc/passwd"])
def test_only_https_is_trusted(tmp_path: Path, url: str) -> None:
    with pytest.raises(FetchError, match="not an https address"):
        download(url, tmp_path / "file", timeout=1)
    with serving(Served(DATA, redirect=url)) as served:
        with pytest.raises(FetchError, match=r"not an https address|not allowed"):
            download(served.url, tmp_path / "file", timeout=1)


def test_a_redirection_keeps_the_range(tmp_path: Path) -> None:
    with serving(Served(DATA, cuts=[CUT])) as target:
        with serving(Served(b"", redirect=target.url)) as served:
            download(served.url, tmp_path / "file", timeout=5)
    assert (tmp_path / "file").read_bytes() == DATA
    assert target.asked[1]["range"] == f"bytes={KEPT}-"
