from __future__ import annotations

from pathlib import Path

import pytest

from coqui_amharic_ext.files import replacing


def test_replacing_keeps_the_name_for_whole_files_only(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with replacing(path) as partial:
        partial.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    with pytest.raises(KeyboardInterrupt), replacing(path) as partial:
        partial.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "whole"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
