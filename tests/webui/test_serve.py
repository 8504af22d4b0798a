"""The server takes a port of this computer alone and says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from coqui_amharic_ext.errors import UnavailableError
from coqui_amharic_ext.webui import serve
from coqui_amharic_ext.webui.workfolder import WorkFolderError


def test_only_this_computer_can_reach_it() -> None:
    with serve.listen(0) as taken:
        assert taken.getsockname()[0] == "127.0.0.1"


def test_the_first_free_port_is_taken_and_a_named_one_must_be_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serve.listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UnavailableError, match=f"port {port} is not available"):
            serve.listen(port)
        monkeypatch.setattr(serve, "FIRST_PORT", port)
        with serve.listen(None) as other:
            assert port < other.getsockname()[1] < port + serve.PORTS


def test_a_missing_gradio_is_said_with_its_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    with pytest.raises(UnavailableError, match=r"pip install .*\[webui\]"):
        serve.serve(tmp_path, None, print)


def test_a_port_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "require_gradio", lambda: None)
    with pytest.raises(WorkFolderError, match="70000"):
        serve.serve(tmp_path, 70000, print)
