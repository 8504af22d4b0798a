"""The page is served whole, also where there is no browser to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from tests.webui.conftest import Served

pytestmark = pytest.mark.skipif(
    find_spec("gradio") is None, reason="needs gradio: pip install .[webui]"
)


@pytest.fixture
def client(served: Served) -> Iterator[Any]:
    import httpx

    with httpx.Client(base_url=served.root, follow_redirects=True) as client:
        yield client


def test_the_address_that_is_printed_opens_every_tab(served: Served, client: Any) -> None:
    assert served.address.startswith("http://127.0.0.1:")
    answer = client.get(served.address)
    assert answer.status_code == 200 and "<html" in answer.text
    assert str(answer.url) == f"{served.root}/"
    tabs = [
        c["props"]["label"]
        for c in client.get("/config").json()["components"]
        if c["type"] == "tabitem"
    ]
    assert tabs == ["Text", "Train", "Data", "Performance", "Synthesis"]


def test_no_function_of_the_page_is_offered_as_an_api(served: Served, client: Any) -> None:
    client.get(served.address)
    assert client.get("/gradio_api/info").json()["named_endpoints"] == {}
