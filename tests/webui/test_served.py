"""The page is served whole, also where there is no browser to look at it."""

from __future__ import annotations

import json
import urllib.request
from importlib.util import find_spec

import pytest

from tests.webui.conftest import Served

pytestmark = pytest.mark.skipif(
    find_spec("gradio") is None, reason="needs gradio: pip install .[webui]"
)


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.status == 200
        text: str = answer.read().decode("utf-8")
        return text


def test_the_address_that_is_printed_answers_with_every_tab(served: Served) -> None:
    assert served.address.startswith("http://127.0.0.1:")
    assert "<html" in _get(served.address)
    config = json.loads(_get(f"{served.address.rstrip('/')}/config"))
    tabs = [c["props"]["label"] for c in config["components"] if c["type"] == "tabitem"]
    assert tabs == ["Text", "Train", "Data", "Performance", "Synthesis"]


def test_no_function_of_the_page_is_offered_as_an_api(served: Served) -> None:
    said = json.loads(_get(f"{served.address.rstrip('/')}/gradio_api/info"))
    assert said["named_endpoints"] == {}
