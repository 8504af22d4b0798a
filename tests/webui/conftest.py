"""A running page and a real browser, where both are available."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / ".artifacts" / "webui"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def _browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _missing() -> str:
    if find_spec("gradio") is None:
        return "needs gradio: pip install .[webui]"
    if find_spec("playwright") is None:
        return "needs playwright: pip install playwright"
    return "" if _browser() else f"needs one of {', '.join(BROWSERS)} on the PATH"


def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    driven = [item for item in items if item.get_closest_marker("browser")]
    if not driven:
        return
    if "browser" not in str(config.getoption("-m")):
        for item in driven:
            item.add_marker(pytest.mark.skip(reason="drives Chromium; run with tox -e webui"))
    elif reason := _missing():
        raise pytest.UsageError(f"the browser's tests cannot be run: {reason}")


@dataclass(frozen=True)
class Served:
    """A running page: its address, its folder, and whom it contacted."""

    address: str
    work: Path
    seconds: float
    contacted: Path

    @property
    def root(self) -> str:
        return self.address.partition("?")[0].rstrip("/")

    @property
    def token(self) -> str:
        return self.address.partition("?token=")[2]


# Records every host that the page's process looks up or connects to.
WATCH = """
import os, sys
def watch(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect"):
        host = arguments[1] if event == "socket.connect" else arguments
        with open(os.environ["CONTACTED"], "a") as file:
            print(event, host, file=file)
sys.addaudithook(watch)
"""


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    work = tmp_path_factory.mktemp("webui")
    contacted = tmp_path_factory.mktemp("watch") / "contacted"
    contacted.touch()
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    code = f"{WATCH}\nfrom coqui_amharic_ext.cli import main; main()"
    started = time.monotonic()
    server = subprocess.Popen(
        [sys.executable, "-c", code, "webui", "--work", str(work), "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=work,
        env=clean
        | {"PYTHONPATH": str(ROOT), "COQUI_AMHARIC_TRANSPHONE_DIR": "models"}
        | {"CONTACTED": str(contacted)},
    )
    try:
        line = server.stdout.readline()  # type: ignore[union-attr]
        assert line, f"the page did not start; exit code {server.wait()}"
        address = json.loads(line)["address"]
        yield Served(address, work, time.monotonic() - started, contacted)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=60)
        except subprocess.TimeoutExpired:
            server.kill()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_browser(), args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Opened:
    """A separate session with the page, and the requests that it made."""

    page: Any
    foreign: list[str]
    faults: list[str]

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name, exact=True).click()
        # The page attaches what a tab's buttons do only when it is first shown.
        self.page.wait_for_timeout(500)

    def picture(self, name: str) -> None:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png")

    def until(self, expression: str, seconds: float = 30) -> None:
        # Playwright's own waiting takes 'unsafe-eval', which the page may come to do without.
        end = time.monotonic() + seconds
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, f"not true in {seconds} s: {expression}"
            self.page.wait_for_timeout(50)


@pytest.fixture
def visit(chromium: Any, served: Served) -> Iterator[Callable[..., Opened]]:
    contexts = []

    def open_page(width: int = 1280, height: int = 900, scheme: str = "light") -> Opened:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        opened = Opened(page, [], [])
        own = (served.root, "data:", "blob:")
        page.on(
            "request", lambda r: None if r.url.startswith(own) else opened.foreign.append(r.url)
        )
        page.on("pageerror", lambda error: opened.faults.append(str(error)))
        page.goto(served.address)
        opened.until("document.querySelector('#text-ipa textarea')?.value.length > 0", 60)
        return opened

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """Return axe-core's script, as axe-playwright-python carries it."""
    found = find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("needs axe-core: pip install axe-playwright-python")
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")
