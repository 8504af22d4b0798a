"""``bench``: the scripts of the source tree, where they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import run

SCRIPT = '''"""Draws a plot.

More about it.
"""
import sys
from pathlib import Path

print("drawing", sys.argv[1:])
if __name__ == "__main__":
    (Path(__file__).parent / "results" / "new.png").write_bytes(b"")
    sys.exit(int(sys.argv[1]))
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "benchmarks"
    (found / "results").mkdir(parents=True)
    (found / "results" / "old.png").write_bytes(b"")
    (found / "toy_bench.py").write_text(SCRIPT)
    (found / "common.py").write_text("no script\n")
    return found


def test_the_projects_own_are_listed_with_what_they_measure() -> None:
    code, out, _ = run("bench", "--json")
    assert code == 0
    found = {item["name"]: item for item in json.loads(out)}
    assert "g2p" in found
    for item in found.values():
        assert Path(item["path"]).is_file()
        assert item["summary"]
    _, out, _ = run("bench")
    for name in found:
        assert name in out


def test_it_is_run_with_its_own_options_and_its_exit_code(folder: Path) -> None:
    code, out, _ = run("bench", "--folder", str(folder), "toy", "3", "--types", "5")
    assert (code, out) == (3, "drawing ['3', '--types', '5']\n")
    code, out, err = run("bench", "--folder", str(folder.parent), "--json", "toy", "0")
    assert code == 0
    assert json.loads(out)["plots"] == [str(folder / "results" / "new.png")]
    assert "drawing" in err


def test_a_wrong_name_or_folder_says_what_there_is(folder: Path, tmp_path: Path) -> None:
    code, _, err = run("bench", "--folder", str(folder), "speed")
    assert code == 2
    assert "there are: toy" in err
    code, _, err = run("bench", "--folder", str(folder / "results"), "toy")
    assert code == 2
    assert "has no benchmarks" in err


def test_without_the_source_tree_it_says_where_they_are(run_python) -> None:  # type: ignore[no-untyped-def]
    done = run_python(
        """
        import sys
        from pathlib import Path
        from coqui_amharic_ext.cli import bench, main
        bench._ROOT = Path("/nonexistent")
        sys.argv = ["coqui-amharic", "bench"]
        main()
        """,
        check=False,
    )
    assert done.returncode == 2
    assert "folder benchmarks/ of the source" in done.stderr
    assert "--folder" in done.stderr
