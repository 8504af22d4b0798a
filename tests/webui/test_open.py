"""``webui --open``: the browser is led to the page, and nobody reads the token on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

pytest.importorskip("gradio", reason="needs gradio, the extra webui")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for a browser is a script")
def test_the_token_is_not_on_the_command_line_of_the_browser(tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s" "$1" > {opened}.new\nmv {opened}.new {opened}\n')
    browser.chmod(0o755)
    server = subprocess.Popen(
        [sys.executable, "-m", "coqui_amharic_ext", "webui", "--port", "0", "--json", "--open"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "BROWSER": f"{browser} %s"},
    )
    try:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["address"]
        until = time.monotonic() + 30
        while not opened.exists():
            assert time.monotonic() < until, "no browser was started"
            time.sleep(0.05)
        given = opened.read_text()
        assert given.startswith("file:") and address.partition("token=")[2] not in given
        page = Path(url2pathname(urlsplit(given).path))
        assert address in page.read_text()
        assert page.stat().st_mode & 0o077 == 0
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
    assert not page.exists()
