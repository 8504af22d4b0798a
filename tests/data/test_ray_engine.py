"""A corpus through Ray: the same as in one process, whatever happens to the workers."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coqui_amharic_ext as am
from coqui_amharic_ext.data import ray_engine
from coqui_amharic_ext.data.ray_engine import lines_between
from coqui_amharic_ext.data.transcriber import Transcriber
from coqui_amharic_ext.errors import DataError
from tests.cli.command import COMMAND, environment, run

RULES = am.Settings(g2p_backends=("rules",))
COUNT = 6000
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None,
    reason="Ray is not installed (pip install 'coqui-amharic-ext[ray]')",
)


@given(
    st.lists(st.text(st.characters(exclude_characters="\n\r", codec="utf-8"), max_size=8)),
    st.booleans(),
    st.integers(1, 20),
)
def test_every_line_is_in_one_range_and_in_one_alone(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], ended: bool, size: int
) -> None:
    path = tmp_path_factory.mktemp("ranges") / "lines.txt"
    data = "\n".join(lines).encode() + (b"\n" if ended and lines else b"")
    path.write_bytes(data)
    expected = [line.rstrip(b"\n") for line in path.open("rb")]
    found = [
        line.decode()
        for piece in ray_engine._ranges([path], size)
        for _, line in lines_between(piece["path"], piece["start"], piece["stop"])
    ]
    assert found == [line.decode() for line in expected]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["nowhere.txt"], "does not exist"),
        (["table.csv"], r"text \(.txt\), JSON lines \(.jsonl\) and Parquet"),
        (["a.txt", "a.jsonl"], "of one kind, got json, text"),
        ([], "got none"),
    ],
)
def test_files_that_ray_does_not_read_are_named_before_it_starts(
    tmp_path: Path, names: list[str], says: str
) -> None:
    for name in {"table.csv", "a.txt", "a.jsonl"}:
        (tmp_path / name).write_text("x\n")
    with pytest.raises(DataError, match=says):
        ray_engine.run([tmp_path / name for name in names], tmp_path / "out", Transcriber())


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("ሰላም\n", encoding="utf-8")
    (tmp_path / "out.part").mkdir()
    with pytest.raises(DataError, match=r"out\.part already exists; --force"):
        ray_engine.run([tmp_path / "a.txt"], tmp_path / "out", Transcriber())


def _table(path: Path, **columns: Any) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path.parent.mkdir(exist_ok=True)
    parquet.write_table(pyarrow.table(columns), path)


TABLES: dict[str, tuple[dict[str, Any], str]] = {
    "no such column": ({"words": ["ሰላም"], "id": [1]}, "has no column 'text'; there are: words, id"),
    "numbers": ({"text": [1, 2]}, "the column 'text' holds int64, not text"),
    "taken": ({"text": ["ሰላም"], "ipa": ["x"]}, "has columns named ipa already"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_cannot_be_used_is_named_before_ray_starts(tmp_path: Path, name: str) -> None:
    """One among good ones, in a folder: not after hours."""
    columns, says = TABLES[name]
    _table(tmp_path / "tables" / "0.parquet", text=["ሰላም"])
    _table(tmp_path / "tables" / "1.parquet", **columns)
    with pytest.raises(DataError, match=re.escape(says)) as error:
        ray_engine.run([tmp_path / "tables"], tmp_path / "out", Transcriber())
    assert str(tmp_path / "tables" / "1.parquet") in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


@pytest.mark.parametrize("data", [b"", b"PAR1", b"no table\n" * 9])
def test_a_table_that_is_cut_off_is_named(tmp_path: Path, data: bytes) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "torn.parquet").write_bytes(data)
    with pytest.raises(DataError, match=r"torn\.parquet is cut off or no Parquet file"):
        ray_engine.run([tmp_path / "torn.parquet"], tmp_path / "out", Transcriber())


def test_a_folder_without_tables_is_named(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty has no Parquet files"):
        ray_engine.run([tmp_path / "empty"], tmp_path / "out", Transcriber())


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_with_content_stays_as_it_is_unless_it_is_given_up(
    tmp_path: Path, force: bool
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").write_text("x")
    given = tmp_path / "a.txt"
    given.write_bytes(b"\xff\n" if force else "ሰላም\n".encode())
    if force and importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed (pip install 'coqui-amharic-ext[ray]')")
    with pytest.raises(DataError, match="not UTF-8" if force else "--force replaces it"):
        ray_engine.run([given], tmp_path / "out", Transcriber(settings=RULES), force=force)
    assert (tmp_path / "out" / "precious").exists()


GIVEN = ("--engine", "ray", "--file", "a.txt", "--out", "o")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--engine", "spark", "ሰላም"), "give local or ray"),
        (("--engine", "ray", "ሰላም"), "--file FILE and writes to --out"),
        (("--engine", "ray", "--file", "a.txt"), "--file FILE and writes to --out"),
        ((*GIVEN, "--resume"), "--resume is not for"),
        ((*GIVEN, "--column", "a", "--delimiter", ","), "--delimiter is not for"),
        ((*GIVEN, "--workers", "0"), "1 or more"),
        (("--ray-address", "auto", "ሰላም"), "--ray-address is for --engine ray"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(arguments: tuple[str, ...], says: str) -> None:
    code, out, err = run("phonemize", *arguments)
    assert (code, out) == (2, "")
    assert says in err


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_the_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("ሰላም\n", encoding="utf-8")
    arguments = ("--file", str(tmp_path / "a.txt"), "--out", str(tmp_path / "out"))
    code, _, err = run("phonemize", "--engine", "ray", *arguments)
    assert code == 2
    assert "pip install 'coqui-amharic-ext[ray]'" in err


def _texts() -> list[str]:
    return [f"ሰላም {n} ቤት፣ {n * 7919 % 99991} ብር ነው።" for n in range(COUNT)]


@pytest.fixture(scope="module")
def serial() -> list[str]:
    return list(am.phonemize_many(_texts(), settings=RULES))


def _read(folder: Path) -> Any:
    import pyarrow
    from pyarrow import parquet

    return pyarrow.concat_tables([parquet.read_table(path) for path in sorted(folder.iterdir())])


@needs_ray
@pytest.mark.parametrize("kind", ["txt", "jsonl", "parquet"])
def test_two_workers_give_what_one_process_gives_in_its_order(
    tmp_path: Path, serial: list[str], kind: str
) -> None:
    import pyarrow
    from pyarrow import parquet

    rows = [{"id": n, "text": text} for n, text in enumerate(_texts())]
    path = tmp_path / f"corpus.{kind}"
    if kind == "txt":
        path.write_text("\n".join(_texts()) + "\n", encoding="utf-8")
    elif kind == "jsonl":
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        path.write_text("\n".join(lines), encoding="utf-8")
    else:
        parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=500)
    out = tmp_path / "out"
    done = ray_engine.run([path], out, Transcriber(settings=RULES), workers=2, range_bytes=100_000)
    found = _read(out)
    assert done.rows == found.num_rows == COUNT
    assert found["text"].to_pylist() == _texts()
    assert found["ipa"].to_pylist() == serial
    assert set(found["backend"].to_pylist()) == {"rules"}
    assert min(found["quality"].to_pylist()) > 0
    assert found["normalised"][1].as_py() == am.normalize(_texts()[1])
    if kind != "txt":
        assert found["id"].to_pylist() == list(range(COUNT))
    assert not out.with_name("out.part").exists()


@needs_ray
def test_a_line_that_cannot_be_read_is_named_and_nothing_is_left_as_if_done(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "ሰላም"}\n{"words": "x"}\n', encoding="utf-8")
    out = tmp_path / "out"
    arguments = ("--engine", "ray", "--workers", "1", "--file", str(path), "--out", str(out))
    code, _, err = run("phonemize", *arguments)
    assert code == 2
    assert "the line at byte 22 has no text under 'text'" in err
    assert "Traceback" not in err
    assert not out.exists()


@needs_ray
def test_odd_files_together_are_read_and_an_empty_cell_is_named_by_its_row(tmp_path: Path) -> None:
    """No text, no line's end, one huge line over many ranges, a name that a shell would expand."""
    names = ["empty.txt", "a b*[1]?.txt", "huge.txt", "last.txt"]
    words = 40_000
    texts = ["", "ሰላም", "ቤት " * words + "\nነው", "ልጅ\n"]
    for name, text in zip(names, texts, strict=True):
        (tmp_path / name).write_text(text, encoding="utf-8")
    chosen = Transcriber(settings=RULES)
    files = [tmp_path / name for name in names]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    done = ray_engine.run(
        files, tmp_path / "out", chosen, workers=2, range_bytes=20_000, force=True
    )
    assert done.rows == 4
    assert {path.name for path in tmp_path.iterdir()} == {*names, "out"}  # the old one is gone
    ipa = _read(tmp_path / "out")["ipa"].to_pylist()
    assert ipa == ["səlam", " ".join(["bet"] * words), "nəw", "lɨd͡ʒ"]
    _table(tmp_path / "null.parquet", text=["ሰላም", None], id=[1, 77])
    with pytest.raises(DataError, match=r"text under 'text' is NoneType in the row .*77"):
        ray_engine.run([tmp_path / "null.parquet"], tmp_path / "other", chosen, workers=1)
    assert not (tmp_path / "other").exists()


@pytest.fixture
def cluster() -> Iterator[str]:
    """A cluster of two nodes with a core each, as other processes; its address."""
    code = (
        "import sys, ray.cluster_utils as u;"
        "c = u.Cluster(initialize_head=True, head_node_args={'num_cpus': 1});"
        "c.add_node(num_cpus=1); print('at', c.address, flush=True); sys.stdin.read(); c.shutdown()"
    )
    child = subprocess.Popen(
        [COMMAND[0], "-c", code],
        env=environment(RAY_USAGE_STATS_ENABLED="0"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None
    yield next(line.split()[1] for line in child.stdout if line.startswith("at "))
    child.communicate("", timeout=60)


@needs_ray
def test_a_cluster_is_used_by_its_address(tmp_path: Path, serial: list[str], cluster: str) -> None:
    path, out = tmp_path / "corpus.txt", tmp_path / "out"
    path.write_text("\n".join(_texts()) + "\n", encoding="utf-8")
    code, printed, err = run(
        *("phonemize", "--engine", "ray", "--ray-address", cluster, "--backend", "rules"),
        *("--file", str(path), "--out", str(out), "--json"),
    )
    assert code == 0, err
    assert json.loads(printed)["rows"] == COUNT
    assert _read(out)["ipa"].to_pylist() == serial


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:99999"])
def test_an_address_where_nobody_is_is_told_at_once(address: str) -> None:
    started = time.monotonic()
    with pytest.raises(am.UnavailableError, match=re.escape(repr(address))):
        ray_engine._require_reachable(address)
    assert time.monotonic() - started < 5


def _children(pid: int) -> Iterator[tuple[int, str]]:
    """Yield every process that descends from one, with its command line."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            try:
                line = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                yield int(child), line.strip()
                yield from _children(int(child))
            except OSError:  # it has ended
                continue


@needs_ray
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux tells the children")
def test_a_worker_killed_in_the_middle_loses_and_repeats_nothing(
    tmp_path: Path, serial: list[str]
) -> None:
    texts = _texts() * 10
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    out = tmp_path / "out"
    code = (
        "from pathlib import Path; import coqui_amharic_ext as am;"
        "from coqui_amharic_ext.data import ray_engine;"
        "from coqui_amharic_ext.data.transcriber import Transcriber;"
        "settings = am.Settings(g2p_backends=('rules',));"
        f"ray_engine.run([Path({str(path)!r})], Path({str(out)!r}),"
        "Transcriber(settings=settings), workers=2, range_bytes=200_000)"
    )
    log = (tmp_path / "log.txt").open("w")
    child = subprocess.Popen([COMMAND[0], "-c", code], env=environment(), stdout=log, stderr=log)
    part = out.with_name("out.part")
    killed: list[int] = []
    deadline = time.monotonic() + 120
    while child.poll() is None and time.monotonic() < deadline and len(killed) < 2:
        if part.exists() and len(list(part.glob("*.parquet"))) > len(killed):
            workers = [pid for pid, line in _children(child.pid) if line.startswith("ray::Map")]
            if workers:
                os.kill(workers[0], signal.SIGKILL)
                killed.append(workers[0])
        time.sleep(0.02)
    assert child.wait(timeout=120) == 0, (tmp_path / "log.txt").read_text()[-3000:]
    assert killed, "no worker was killed, so this proves nothing"
    found = _read(out)
    assert found["text"].to_pylist() == texts
    assert found["ipa"].to_pylist() == serial * 10


def test_what_a_killed_run_put_aside_comes_back(tmp_path: Path) -> None:
    """It was killed after the old folder had given its name away and before the new one had it."""
    aside, out = tmp_path / ".out.replaced", tmp_path / "out"
    aside.mkdir()
    (aside / "old").touch()
    with pytest.raises(DataError, match="out already exists; --force replaces it"):
        ray_engine._make_room(out, tmp_path / "out.part", force=False)
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "old"]
