"""Any bytes as input: one line out for each line in, or the line that is not UTF-8 is named."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coqui_amharic_ext as am
from coqui_amharic_ext.cli.phonemize import documents
from coqui_amharic_ext.g2p.quality import ETHIOPIC
from tests.cli.command import run
from tests.conftest import RunPython

RULES = am.Settings(g2p_backends=("rules",))
SALAM, NEW = "ሰላም", "ነው"
MARK = "\ufeff"
LINES = {
    "NUL": (f"{SALAM}\0{NEW}\n{NEW}\n", ["səlam nəw", "nəw"]),
    "no end": (SALAM, ["səlam"]),
    "Windows": (f"{SALAM}\r\n{NEW}\r\n", ["səlam", "nəw"]),
    "old Macintosh": (f"{SALAM}\r{NEW}\r", ["səlam nəw"]),
    "byte order marks": (f"{MARK}{SALAM}\n{MARK}{NEW}\n", ["səlam", "nəw"]),
    "other ends of lines": (
        f"{SALAM}\u2028{NEW}\u2029{NEW}\x85{NEW}\x0b{NEW}\x0c{NEW}\n{NEW}\n",
        ["səlam" + " nəw" * 5, "nəw"],
    ),
    "nothing": ("", []),
    "empty lines": ("\n \n\n", ["", "", ""]),
}
NOT_UTF8 = {
    "a lone surrogate": b"\xed\xa0\x80\n",
    "UTF-16": f"{SALAM}\n".encode("utf-16"),
    "a letter that is cut off": SALAM.encode()[:-1],
    "Latin-1": "caf\u00e9\n".encode("latin-1"),
    "too long a form": b"\xc0\x80\n",
}


@pytest.mark.parametrize("name", LINES)
def test_every_line_of_standard_input_gives_one(name: str) -> None:
    text, expected = LINES[name]
    assert run("phonemize", given=text) == (0, "".join(f"{line}\n" for line in expected), "")


@pytest.mark.parametrize("name", NOT_UTF8)
def test_what_is_not_utf8_is_named_with_its_line(name: str) -> None:
    given_bytes = f"{SALAM}\n{NEW}\n".encode() + NOT_UTF8[name]
    code, out, err = run("normalize", given=given_bytes)
    assert (code, out.count("\n")) == (2, 2)
    assert ":3: not UTF-8" in err and "iconv" in err
    assert "Traceback" not in err


def test_any_bytes_of_a_file_give_one_line_each_or_name_the_first_that_is_no_text(
    run_python: RunPython,
) -> None:
    """One process reads what hypothesis draws, through the application that the shell starts."""
    run_python(
        """
        import json, tempfile
        from pathlib import Path
        from hypothesis import given, settings, strategies as st
        from typer.testing import CliRunner
        from coqui_amharic_ext.cli.app import app
        from coqui_amharic_ext.errors import DataError

        def is_text(line):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return False
            return True

        text = st.text(st.characters(codec="utf-8"), max_size=12).map(str.encode)
        odd = st.sampled_from([b"\\0", b"\\r", "\\ufeff".encode(), b"\\xed\\xa0\\x80",
                               "\\u2028".encode()])
        piece = st.one_of(text, odd, st.binary(max_size=4))
        line = st.lists(piece, max_size=4).map(b"".join).map(lambda data: data.replace(b"\\n", b""))
        path = Path(tempfile.mkdtemp()) / "lines.txt"
        runner = CliRunner()

        @settings(max_examples=25, deadline=None, derandomize=True)
        @given(st.lists(line, max_size=6), st.booleans())
        def read(lines, ended):
            data = b"\\n".join(lines) + (b"\\n" if ended and lines else b"")
            path.write_bytes(data)
            there = data.split(b"\\n")
            there = there[:-1] if not there[-1] else there
            good = next((n for n, line in enumerate(there) if not is_text(line)), None)
            for words in (["normalize"], ["phonemize"], ["normalize", "--json"],
                          ["phonemize", "--json"]):
                done = runner.invoke(app, [*words, "--file", str(path)])
                if good is None:
                    # A line that is not blank and has nothing to read is named.
                    blank = words == ["phonemize"] and "" in done.stdout.split("\\n")[:-1]
                    assert done.exit_code in ((0, 1) if blank else (0,)), (data, done.exception)
                    assert done.exit_code == 0 or "nothing" in done.stderr, done.stderr
                else:
                    assert isinstance(done.exception, DataError), (data, done.exception)
                    assert f":{good + 1}: not UTF-8" in str(done.exception)
                assert done.stdout.count("\\n") == (len(there) if good is None else good), data
                if "--json" in words:
                    list(map(json.loads, done.stdout.split("\\n")[:-1]))

        read()
        """,
        COQUI_AMHARIC_G2P="rules",
    )


def test_arguments_that_are_not_utf8_are_read() -> None:
    """The shell hands bytes on; Python makes lone surrogates of what it cannot decode."""
    written = b"\xff " + SALAM.encode() + b" \xed"
    code, out, err = run("phonemize", written.decode("utf-8", "surrogateescape"))
    assert (code, out, err) == (0, "səlam\n", "")


@settings(max_examples=150)
@given(st.lists(st.text(st.characters(), max_size=20), max_size=3).map(" ሰላም ሰላም ".join))
def test_a_document_holds_what_transcribe_gives(text: str) -> None:
    """Words that come again are not written anew, which must not show."""
    found = am.transcribe(text, settings=RULES)
    (document,) = documents([text], RULES, None)
    assert document == json.dumps(asdict(found), ensure_ascii=False)


HUGE = {
    "one word": "ሰላምቤት" * 8_000,
    "one word of many": "".join(chr(0x1208 + n * 7919 % 300) for n in range(48_000)),
    "digits": "7" * 48_000,
    "one letter": "ሀ" * 48_000,
}


@pytest.mark.parametrize("name", HUGE)
@pytest.mark.parametrize("backends", [("rules",), ("epitran", "rules")])
def test_a_huge_token_is_transcribed_in_linear_time(name: str, backends: tuple[str, ...]) -> None:
    """With every measure of its quality, which compares phones with letters."""
    if "epitran" in backends:
        pytest.importorskip("epitran")
    chosen = am.Settings(g2p_backends=backends)
    documents(["ሰላም 7"], chosen, None)

    def seconds(text: str) -> float:
        started = time.process_time()
        documents([text], chosen, None)
        return time.process_time() - started

    text = HUGE[name]
    small, large = seconds(text[: len(text) // 8]), seconds(text)
    # Eight times the text, and slack for a busy machine; comparing it as a whole took 64 times.
    assert large < 24 * small + 0.2
    assert large < 5
    assert not ETHIOPIC.search(am.phonemize(text, settings=chosen))


@pytest.mark.parametrize("use_phonemes", [True, False], ids=["phones", "letters"])
def test_any_string_through_coquis_tokenizer_gives_its_ids(use_phonemes: bool) -> None:
    pytest.importorskip("TTS")
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.utils.text.tokenizer import TTSTokenizer

    am.activate(RULES)
    try:
        config = VitsConfig(
            use_phonemes=use_phonemes, phoneme_language="am", text_cleaner="amharic_cleaners"
        )
        tokenizer, _ = TTSTokenizer.init_from_config(config)
        count = len(tokenizer.characters.vocab)

        @settings(max_examples=40)
        @given(st.text(st.characters(), max_size=60))
        def read(text: str) -> None:
            ids = tokenizer.text_to_ids(text, language="am")
            assert all(0 <= number < count for number in ids)
            tokenizer.ids_to_text(ids).encode("utf-8")

        read()
    finally:
        am.deactivate()
