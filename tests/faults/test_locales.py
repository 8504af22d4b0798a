"""A process whose default encoding is not UTF-8: CP1252 as on Windows, and the C locale."""

from __future__ import annotations

import builtins
import io
import json
import pathlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from coqui_amharic_ext.doctor.environment import PROBE
from coqui_amharic_ext.g2p.backends import utf8_files
from coqui_amharic_ext.io import utf8_mode
from tests.cli.command import COMMAND
from tests.locales import NAMES, variables

SALAM = "ሰላም፣ እንዴት ነህ?"
IPA = "səlam, ʔɨndet nəh?"


def _run(name: str, *words: str, given: str = "", **extra: str) -> tuple[int, str, str]:
    done = subprocess.run(
        words, env=variables(name) | extra, input=given.encode(), capture_output=True, timeout=280
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def _python(name: str, code: str, *words: str, **extra: str) -> str:
    code, out, err = _run(name, sys.executable, "-c", code, *words, **extra)
    assert code == 0, err[-3000:]
    return out


@pytest.mark.parametrize("name", NAMES)
def test_the_locale_is_what_the_tests_need(name: str) -> None:
    out = _python(name, "import locale; print(locale.getpreferredencoding(False))")
    assert not utf8_mode.is_utf8(out.strip())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("backend", [(), ("--backend", "epitran")], ids=["chain", "epitran"])
@pytest.mark.parametrize("way", ["argument", "file", "pipe"])
def test_phonemize(name: str, backend: tuple[str, ...], way: str, tmp_path: Path) -> None:
    file = tmp_path / "ሰላም.txt"
    file.write_text(SALAM + "\n", encoding="utf-8")
    words = {"argument": [SALAM], "file": ["--file", str(file)], "pipe": []}[way]
    found = _run(name, *COMMAND, "phonemize", *backend, *words, given=SALAM * (way == "pipe"))
    assert found == (0, IPA + "\n", "")


@pytest.mark.parametrize("name", NAMES)
def test_a_named_module_and_isolated_mode_start_again_too(name: str) -> None:
    for start in (["-m", "coqui_amharic_ext"], ["-I", "-c", COMMAND[-1]]):
        code, out, err = _run(name, sys.executable, *start, "normalize", "በ2015")
        assert (code, out, err) == (0, "በሁለት ሺህ አሥራ አምስት\n", "")


@pytest.mark.parametrize("name", NAMES)
def test_the_libraries_work_in_a_program_of_ones_own(name: str) -> None:
    code = """if True:
        import builtins, io, pathlib
        before = builtins.open, io.open, pathlib.Path.open
        import coqui_amharic_ext as am
        text = "\\u12f6\\u120b\\u1356"  # nothing knows it, so epitran is asked
        found = am.transcribe(text)
        print(ascii([found.ipa, found.backends]))
        assert (builtins.open, io.open, pathlib.Path.open) == before
    """
    out = _python(name, code, COQUI_AMHARIC_G2P="epitran")
    assert out.strip() == ascii(["dolapo", ("epitran",)])


# Releases of phonepiece read their tables at import, in the locale's encoding.
PHONEPIECE = """
from pathlib import Path
HERE = Path(__file__).parent
WORDS = [line.strip() for line in open(HERE / "tree.txt", "r")]
assert WORDS == ["\\u0259"], WORDS
assert (HERE / "tree.txt").read_text().strip() == "\\u0259"
assert (HERE / "tree.txt").open().read().strip() == "\\u0259"
assert io.open(HERE / "tree.txt", "r", -1, None).read().strip() == "\\u0259"
"""


@pytest.mark.parametrize("name", NAMES)
def test_files_that_are_read_at_import(name: str, tmp_path: Path) -> None:
    (tmp_path / "tree.txt").write_text("ə\n", encoding="utf-8")
    (tmp_path / "phonepiece_like.py").write_text("import io" + PHONEPIECE, encoding="utf-8")
    code = """if True:
        from coqui_amharic_ext.g2p.backends.utf8_files import utf8_by_default
        with utf8_by_default():
            import phonepiece_like
    """
    _python(name, code, PYTHONPATH=str(tmp_path))


def test_only_the_thread_that_loads_reads_utf8_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(utf8_files, "is_default", lambda: False)
    seen: list[str | None] = []

    def spy(file: object, mode: str = "r", *rest: object, **named: str | None) -> io.StringIO:
        seen.append(named.get("encoding"))
        return io.StringIO()

    monkeypatch.setattr(builtins, "open", spy)
    path_open, io_open = vars(pathlib.Path)["open"], io.open
    with utf8_files.utf8_by_default(), utf8_files.utf8_by_default():
        assert builtins.open is not spy
        open("x")
        open("x", encoding="cp1252")
        open("x", "rb")
        other = threading.Thread(target=lambda: open("x"))
        other.start()
        other.join()
    assert seen == ["utf-8", "cp1252", None, None]
    assert builtins.open is spy
    assert (vars(pathlib.Path)["open"], io.open) == (path_open, io_open)


def test_many_threads_that_load_at_once_leave_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(utf8_files, "is_default", lambda: False)
    before = (builtins.open, io.open, vars(pathlib.Path)["open"])
    faults = []

    def load() -> None:
        for _ in range(300):
            with utf8_files.utf8_by_default(), open(__file__) as file:
                if file.encoding != "utf-8":
                    faults.append(file.encoding)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=load) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not faults
    assert (builtins.open, io.open, vars(pathlib.Path)["open"]) == before


@pytest.mark.parametrize("name", NAMES)
def test_doctor_names_the_locale_and_does_not_die(name: str) -> None:
    code, out, err = _run(name, *COMMAND, "doctor", "--json")
    assert "Traceback" not in err
    found = json.loads(out)
    assert code == int(not found["ok"])
    problems = {problem["name"]: problem for problem in found["problems"]}
    assert problems["encoding"]["severity"] == "warning"
    assert "PYTHONUTF8=1" in problems["encoding"]["fix"]["by_hand"]
    assert "epitran-broken" not in problems
    states = {
        state["name"]: state
        for state in found["facts"]["probes"]["extension"]["facts"]["report"]["backends"]
    }
    assert states["epitran"]["available"]


def test_doctor_finds_nothing_wrong_with_utf8(run_python: object) -> None:
    done = subprocess.run(
        [*COMMAND, "doctor", "--json"],
        env=variables("C") | {"PYTHONUTF8": "1"},
        capture_output=True,
        timeout=280,
    )
    assert "encoding" not in [p["name"] for p in json.loads(done.stdout)["problems"]]


def test_probes_can_be_given_to_any_locale() -> None:
    assert PROBE.read_text(encoding="utf-8").isascii()


@pytest.mark.parametrize("name", NAMES)
def test_what_verbs_write_is_utf8(name: str, tmp_path: Path) -> None:
    """Files that are written, and what child processes print."""
    file = tmp_path / "metadata.csv"
    file.write_text(f"a|{SALAM}\n", encoding="utf-8")
    out = tmp_path / "ውጤት.csv"
    words = ["phonemize", "--file", str(file), "--column", "2", "--workers", "2", "--out", str(out)]
    assert _run(name, *COMMAND, *words)[0] == 0
    assert out.read_text(encoding="utf-8") == f"a|{SALAM}|{IPA}\n"
