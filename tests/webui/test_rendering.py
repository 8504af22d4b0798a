"""What is shown is escaped, complete, and reachable without a mouse."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("gradio", reason="needs gradio, the extra webui")

from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.g2p.types import Quality, Rejection, Transcription, Word
from coqui_amharic_ext.text import explain
from coqui_amharic_ext.webui.data_tab import load_clip, run_check, wav_player, waveform
from coqui_amharic_ext.webui.inside import metadata_of
from coqui_amharic_ext.webui.markup import Markup, badge, lines, message, table
from coqui_amharic_ext.webui.performance_tab import bars, parity
from coqui_amharic_ext.webui.runs import View
from coqui_amharic_ext.webui.text_tab import highlighted, stretches, word_table
from coqui_amharic_ext.webui.train_tab import log_of, state_of
from coqui_amharic_ext.webui.trial import bundled_corpus
from coqui_amharic_ext.webui.workfolder import WorkFolder

HOSTILE = '<img src=x onerror="alert(1)">&\'"'


def parsed(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<div>{html.replace('<br>', '<br/>')}</div>")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("በ2015 ተሠራ።", {"2015": "ሁለት ሺህ አሥራ አምስት"}),
        ("ሰላም ልጅ", {}),
        ("25% ጨመረ", {"25%": "ሃያ አምስት በመቶ"}),
    ],
)
def test_changed_stretches_are_those_that_the_rules_changed(
    text: str, marked: dict[str, str]
) -> None:
    found = {s.written.strip(): s.normalised.strip() for s in stretches(explain(text)) if s.rule}
    assert {k: v for k, v in found.items() if k in marked} == marked
    assert bool(found) == bool(marked)


@given(st.text(alphabet="ሀለመበ 0123456789.፣።%$/-:<>&\"'a\n", max_size=60))
def test_stretches_joined_are_the_normalised_text(text: str) -> None:
    done = explain(text)
    assert "".join(stretch.normalised for stretch in stretches(done)) == done.spoken
    visible = "".join(
        node for node in parsed(re.sub(r"<del.*?</del>", "", highlighted(done))).itertext()
    )
    assert visible == done.spoken


def test_tables_escape_and_can_be_scrolled_with_the_keyboard() -> None:
    html = table(HOSTILE, [HOSTILE], [[HOSTILE], [Markup("<b>kept</b>")]])
    assert "<img" not in html
    root = parsed(html)
    assert root.find("div").get("tabindex") == "0"
    assert root.find("div").get("aria-label") == HOSTILE
    assert [node.text for node in root.iter("b")] == ["kept"]


@given(st.text(max_size=50))
def test_text_is_never_markup(text: str) -> None:
    hostile = f"<b>{text}</b>"
    view = View(hostile, "failed", hostile, hostile, {}, None, hostile)
    found = (
        message(hostile),
        badge(hostile, "bad"),
        lines([hostile]),
        state_of(view),
        log_of(view),
    )
    assert not any("<b>" in html for html in found)


def test_the_word_table_says_who_answered_and_who_did_not() -> None:
    word = Word(
        written="ሰላም",
        ipa="səlam",
        backend="rules",
        layer="rules",
        quality=Quality({"vowels": 0.5, "inventory": 1.0}, failed=("vowels",)),
        rejected=(
            Rejection("transphone", "", "not available: no model"),
            Rejection("epitran", HOSTILE, "no vowel"),
        ),
        alternatives=("səllam",),
    )
    html = word_table(Transcription("ሰላም", "ሰላም", "səlam", (word, word)))
    assert "<img" not in html
    text = " ".join(parsed(html).itertext())
    for expected in ("səlam", "rules (rules)", "vowels 0.5!", "no vowel", "səllam"):
        assert expected in text
    assert text.count("transphone") == 1, "what is not there is said once, not for each word"


@pytest.mark.parametrize(("equal", "badge"), [(True, "equal to stock"), (False, "not equal")])
def test_the_parity_badge_is_what_was_measured(equal: bool, badge: str) -> None:
    result = {
        "stock": {"seconds": 2.0, "peak_mib": 100.0},
        "extension": {"seconds": 1.0, "peak_mib": 80.0},
        "device": "cpu",
        "difference": {"loss": 2e-6, "gradient": 3e-5, "parameters": 12},
        "equal": equal,
    }
    html = parity(result)
    assert badge in html and "2.0e-06" in html
    label, figures = bars(result, "One training step", "seconds", "s")
    assert label == "One training step: 0.50 of stock (2 and 1 s)"
    assert dict(figures.to_numpy().tolist()) == {"stock": 2.0, "extension": 1.0}


def test_the_waveform_covers_every_sample() -> None:
    audio = np.zeros(64_000, dtype=np.float32)
    audio[[3, 63_997]] = [0.5, -0.25]
    found = waveform(audio, 8000)
    assert found.amplitude.max() == 0.5 and found.seconds[found.amplitude.idxmax()] == 0
    assert found.amplitude.min() == -0.25 and found.seconds.iloc[-1] == 63_800 / 8000


def test_the_player_holds_the_sound_itself() -> None:
    import base64
    import io

    import soundfile

    audio = np.arange(-100, 100, dtype=np.int16)
    html = wav_player(audio / np.float32(32767), 8000, HOSTILE)
    assert "<img" not in html
    data = base64.b64decode(re.findall(r"base64,([^\"]+)", html)[0])
    read, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    assert rate == 8000 and (read == audio).all()


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> WorkFolder:
    work = WorkFolder.at(tmp_path_factory.mktemp("work"))
    broken = bundled_corpus(work) / "wavs" / "am03.wav"
    broken.write_bytes(b"RIFF and nothing more")
    return work


def test_a_broken_file_is_in_the_corpuss_findings(work: WorkFolder) -> None:
    told: list[tuple[int, int]] = []
    done = run_check(work, "bundled-corpus", "xtts", lambda n, total: told.append((n, total)))
    assert "20 rows" in done.summary and "19 usable" in done.summary
    assert "unreadable-audio" in done.listing
    assert done.clips[0] == (
        "am03.wav (unreadable-audio, numerals)",
        "bundled-corpus/wavs/am03.wav",
    )
    done_parts, parts = zip(*told, strict=True)
    assert list(done_parts) == sorted(done_parts)
    assert done_parts[-1] == parts[-1], "progress ends at its total"
    assert str(work.root) not in done.listing


@pytest.mark.parametrize("model", ["xtts", "vits"])
def test_findings_are_those_of_the_command_line(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from typer.testing import CliRunner

    from coqui_amharic_ext.cli.app import app

    work = WorkFolder.at(tmp_path)
    metadata = bundled_corpus(work) / "metadata.csv"
    rows = metadata.read_text(encoding="utf-8").splitlines()
    rows[1] = "am02|" + "|".join([" ".join(["እንደምን አደራችሁ"] * 60)] * 2)
    rows[2] = "am03|ሰላም ☃|ሰላም ☃"
    metadata.write_text("\n".join(rows) + "\n", encoding="utf-8")
    arguments = ["data", "check", "-m", str(metadata), "--model", model, "--json"]
    said = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert model == "vits" or "too-much-text" in said["kinds"]
    done = run_check(work, "bundled-corpus", model, lambda n, total: None)
    kinds = re.findall(r"<td>(\d+)</td><td>([\w-]+)</td>", done.listing)
    assert {kind: int(count) for count, kind in kinds} == said["kinds"]
    assert f"{said['errors']} errors, {said['warnings']} warnings" in done.summary


def test_a_clip_is_read_for_the_player_and_a_broken_one_says_why(work: WorkFolder) -> None:
    rate, audio = load_clip(work, "bundled-corpus/wavs/am05.wav")
    assert rate == 22050 and len(audio) > rate
    with pytest.raises(DataError, match="cannot be played"):
        load_clip(work, "bundled-corpus/wavs/am03.wav")


@pytest.mark.parametrize("audio", ["../../outside", "/etc/hostname"])
def test_metadata_that_name_audio_outside_are_not_followed(tmp_path: Path, audio: str) -> None:
    work = WorkFolder.at(tmp_path / "work")
    (tmp_path / "work" / "metadata.csv").write_text(f"{audio}|ሰላም|ሰላም\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"metadata.csv:1: .*outside the work folder"):
        run_check(work, "metadata.csv", "xtts", lambda n, total: None)


def test_only_metadata_files_are_read(work: WorkFolder) -> None:
    (work.root / "keys.pem").write_text("secret")
    with pytest.raises(DataError, match="not a metadata file"):
        metadata_of(work, "keys.pem")


def test_a_corpus_of_several_languages_is_checked_whole(work: WorkFolder) -> None:
    from tests.data.conftest import noise

    folder = work.root / "languages"
    for number, (language, text) in enumerate((("am", "ሰላም ልጆች"), ("en", "good morning"))):
        noise(folder / "wavs" / f"{language}.wav", number)
        row = f"{language}|{text}|{text}\n"
        (folder / f"metadata_{language}.csv").write_text(row, encoding="utf-8")
    assert [path.name for path in metadata_of(work, "languages")] == [
        "metadata_am.csv",
        "metadata_en.csv",
    ]
    done = run_check(work, "languages", "xtts", lambda n, total: None)
    assert "2 rows" in done.summary and "0 errors" in done.summary
    assert "languages" in work.corpora()
