from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from coqui_amharic_ext.data.check import Examined, check
from coqui_amharic_ext.data.findings import DataError, Finding
from coqui_amharic_ext.data.fix import fix
from coqui_amharic_ext.data.folder import new_folder
from coqui_amharic_ext.data.limits import VITS, XTTS
from coqui_amharic_ext.data.rows import Row
from coqui_amharic_ext.io.locks import BusyError
from tests.data.conftest import RATE, Corpus, noise, silence, tone, tree


def _messy(corpus: Corpus) -> Path:
    clips = {
        "good": tone(2.0),
        "long": np.concatenate([silence(2.0), tone(2.0, 240), silence(1.5)]),
        "figures": tone(2.1),
        "gone": None,
        "broken": b"no audio",
        "quiet": silence(2.0),
        "endless": tone(12.0),
        "same": tone(1.7),
        "mute": tone(1.9),
    }
    texts = {"figures": "በ2015 ተሠራ", "mute": "😀"}
    path = corpus(clips, texts)
    with path.open("a", encoding="utf-8") as file:
        file.write("same|x|ሰላም same\nodd|two columns\n")
    return path


def test_a_mended_copy_is_sound_and_the_source_is_untouched(corpus: Corpus, tmp_path: Path) -> None:
    path = _messy(corpus)
    before = tree(path.parent)
    fixed = fix(check([path]), tmp_path / "out", limits=XTTS)
    assert tree(path.parent) == before
    names = {p.name for p in (tmp_path / "out" / "wavs").iterdir()}
    assert names == {"good.wav", "long.wav", "figures.wav", "same.wav"}
    assert fixed.kept == 4
    assert {(f.kind, f.line) for f in fixed.left_out} == {
        ("missing-audio", 4),
        ("unreadable-audio", 5),
        ("silent-audio", 6),
        ("too-long", 7),
        ("empty-text", 9),
        ("duplicate", 10),
        ("columns", 11),
    }
    listed = (tmp_path / "out" / "left_out.tsv").read_text(encoding="utf-8").splitlines()
    assert len(listed) == 8
    assert any(line.startswith(f"{path}:4\tmissing-audio\t") for line in listed)
    again = check([tmp_path / "out" / "metadata.csv"])
    assert (again.errors, [f.kind for f in again.findings]) == (0, ["eval-split"])


def test_lines_of_name_and_text_get_their_third_column(corpus: Corpus, tmp_path: Path) -> None:
    report = check([corpus({"a": tone(2.0)}, lines=["a|በ2015 ተሠራ"])])
    assert "no-third-column" in {f.kind for f in report.findings}
    fix(report, tmp_path / "out", limits=XTTS)
    written = (tmp_path / "out" / "metadata.csv").read_text(encoding="utf-8")
    assert written == "a|በ2015 ተሠራ|በሁለት ሺህ አሥራ አምስት ተሠራ\n"


def test_what_is_mended(corpus: Corpus, tmp_path: Path) -> None:
    fix(check([_messy(corpus)]), tmp_path / "out", limits=XTTS)
    rows = (tmp_path / "out" / "metadata.csv").read_text(encoding="utf-8").splitlines()
    assert "figures|በ2015 ተሠራ|በሁለት ሺህ አሥራ አምስት ተሠራ" in rows
    info = soundfile.info(tmp_path / "out" / "wavs" / "long.wav")
    assert (info.samplerate, info.channels, info.subtype) == (RATE, 1, "PCM_16")
    # Two seconds of speech and 0.2 s of silence on either side.
    assert info.duration == pytest.approx(2.4, abs=0.05)


def test_other_rates_and_channels_become_the_models(corpus: Corpus, tmp_path: Path) -> None:
    stereo = np.stack([tone(2.0, 300, 44100), tone(2.0, 300, 44100)], axis=1)
    path = corpus({"a": stereo}, rate=44100)
    fix(check([path]), tmp_path / "out", limits=XTTS)
    audio, rate = soundfile.read(tmp_path / "out" / "wavs" / "a.wav")
    assert (rate, audio.ndim, len(audio)) == (RATE, 1, pytest.approx(2 * RATE, abs=2))
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio))))
    assert np.argmax(spectrum) * RATE / len(audio) == pytest.approx(300, abs=1)


def test_a_plain_wav_is_copied_bit_for_bit(tmp_path: Path) -> None:
    (tmp_path / "in" / "wavs").mkdir(parents=True)
    wav = tmp_path / "in" / "wavs" / "a.wav"
    soundfile.write(wav, tone(2.0), RATE, subtype="PCM_16")
    (tmp_path / "in" / "metadata.csv").write_text("a|ሰላም|ሰላም\n", encoding="utf-8")
    fix(check([tmp_path / "in" / "metadata.csv"]), tmp_path / "out", limits=XTTS)
    assert (tmp_path / "out" / "wavs" / "a.wav").read_bytes() == wav.read_bytes()


def test_speakers_are_kept_where_there_are_several(tmp_path: Path) -> None:
    pytest.importorskip("TTS")
    from TTS.tts.datasets.formatters import coqui

    lines = ["audio_file|text|speaker_name"]
    for number, speaker in enumerate(("አበበ", "ሰላማዊት", "አበበ")):
        (tmp_path / speaker).mkdir(exist_ok=True)
        soundfile.write(tmp_path / speaker / "a.wav", tone(2.0, 200 + number), RATE)
        soundfile.write(tmp_path / speaker / f"{number}.wav", tone(2.0, 400 + number), RATE)
        lines.append(f'{speaker}/{number}.wav|"""እሺ"" {"አለ" * (1 + number)}"|{speaker}')
    lines.append("አበበ/a.wav|ደህና ነኝ|አበበ")
    lines.append("ሰላማዊት/a.wav|ደህና ነች|ሰላማዊት")
    path = tmp_path / "metadata.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fix(check([path]), tmp_path / "out", limits=XTTS)
    rows = coqui(tmp_path / "out", "metadata.csv", ignored_speakers=None)
    assert [row["speaker_name"] for row in rows] == ["አበበ", "ሰላማዊት", "አበበ", "አበበ", "ሰላማዊት"]
    # Two clips were called a.wav.
    assert len({row["audio_file"] for row in rows}) == 5
    assert rows[0]["text"] == "«እሺ» አለ"


def test_languages_become_files_of_their_own(tmp_path: Path) -> None:
    lines = []
    for number, language in enumerate(("am", "en", "am")):
        soundfile.write(tmp_path / f"{number}.wav", tone(2.0, 200 + number), RATE)
        text = ("ሰላም", "twenty 20", "እሺ")[number]
        lines.append(json.dumps({"file_name": f"{number}.wav", "text": text, "language": language}))
    path = tmp_path / "metadata.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fixed = fix(check([path]), tmp_path / "out", limits=XTTS)
    assert [p.name for p in fixed.metadata] == ["metadata_am.csv", "metadata_en.csv"]
    assert fixed.metadata[1].read_text() == "1|twenty 20|twenty 20\n"


def test_nothing_is_overwritten(corpus: Corpus, tmp_path: Path) -> None:
    report = check([corpus()])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(DataError, match="exists; give a new folder"):
        fix(report, tmp_path / "out", limits=XTTS)
    assert tree(tmp_path / "out").keys() == {"mine"}


def test_an_empty_folder_is_taken(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert fix(check([corpus()]), tmp_path / "out", limits=XTTS).kept == 1


def test_without_a_usable_row_there_is_no_copy(corpus: Corpus, tmp_path: Path) -> None:
    report = check([corpus({"a": None})])
    with pytest.raises(DataError, match=r"none of 1 rows can be used; .*metadata.csv:1"):
        fix(report, tmp_path / "out", limits=XTTS)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["corpus"]


def test_a_clip_that_went_away_meanwhile_is_left_out(corpus: Corpus, tmp_path: Path) -> None:
    path = corpus({"a": tone(2.0), "b": tone(2.2)})
    report = check([path])
    (path.parent / "wavs" / "b.wav").unlink()
    fixed = fix(report, tmp_path / "out", limits=XTTS)
    assert (fixed.kept, [f.line for f in fixed.left_out]) == (1, [2])


def _many(corpus: Corpus, clips: int) -> Path:
    return corpus({f"c{n:03d}": np.tile(tone(0.1, 100 + n), 30) for n in range(clips)})


def _fixing(path: Path, out: Path, before: str = "") -> subprocess.Popen[str]:
    code = f"""
{before}
from pathlib import Path
from coqui_amharic_ext.data.check import check
from coqui_amharic_ext.data.fix import fix
from coqui_amharic_ext.data.limits import XTTS
report = check([Path({str(path)!r})])
fix(report, Path({str(out)!r}), limits=XTTS, tell=lambda done, total: print(done, flush=True))
"""
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("after", [1, 40, 60])
def test_a_kill_leaves_the_source_and_no_copy(after: int, corpus: Corpus, tmp_path: Path) -> None:
    path = _many(corpus, 60)
    before = tree(path.parent)
    child = _fixing(path, tmp_path / "out")
    assert child.stdout is not None
    for _ in range(after):
        assert child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert tree(path.parent) == before
    if (tmp_path / "out").exists():
        # The kill came after the last step: then it is whole.
        assert after == 60
        assert len(list((tmp_path / "out" / "wavs").iterdir())) == 60
        return
    # What is left is hidden, and a new run removes it.
    left = {p.name for p in tmp_path.iterdir() if p.name != "corpus"}
    assert left and all(name.startswith(".out.") for name in left)
    child = _fixing(path, tmp_path / "out")
    child.communicate()
    assert child.returncode == 0
    assert len(list((tmp_path / "out" / "wavs").iterdir())) == 60
    assert {p.name for p in tmp_path.iterdir()} == {"corpus", "out"}


def test_an_interrupt_leaves_nothing_at_all(corpus: Corpus, tmp_path: Path) -> None:
    path = _many(corpus, 60)
    child = _fixing(path, tmp_path / "out")
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    child.communicate()
    assert child.returncode != 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["corpus"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits on files")
def test_a_full_disk_is_an_error_and_leaves_nothing(corpus: Corpus, tmp_path: Path) -> None:
    path = corpus({"a": tone(2.0), "b": tone(9.0)})
    limit = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
"""
    child = _fixing(path, tmp_path / "out", limit)
    _, errors = child.communicate()
    assert child.returncode != 0
    assert "DataError" in errors or "OSError" in errors
    assert sorted(p.name for p in tmp_path.iterdir()) == ["corpus"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_a_full_tmpfs_is_an_error_that_names_it(corpus: Corpus, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        report = check([corpus({"a": tone(2.0), "b": tone(9.0)})])
        with pytest.raises((OSError, DataError), match=r"(?i)space|disk"):
            fix(report, disk / "out", limits=XTTS)
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_two_that_write_the_same_folder_do_not_mix(tmp_path: Path) -> None:
    with new_folder(tmp_path / "out") as one:
        (one / "one").touch()
        with pytest.raises(BusyError, match="out is being written by process"):
            with new_folder(tmp_path / "out"):
                pass
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["one"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_is_filled_meanwhile_stays(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="exists"), new_folder(tmp_path / "out") as one:
        (one / "one").touch()
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "two").touch()
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["two"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_folder_is_not_its_makers_alone(tmp_path: Path) -> None:
    with new_folder(tmp_path / "out") as partial:
        (partial / "a").touch()
    reference = tmp_path / "plain"
    reference.mkdir()
    assert (tmp_path / "out").stat().st_mode == reference.stat().st_mode


def test_texts_that_are_clearly_another_clips_are_left_out_and_listed(
    corpus: Corpus, tmp_path: Path
) -> None:
    clips = {f"c{n:02d}": tone(2.0, 200 + n) for n in range(24)}
    texts = {name: f"ሰላም ልጆች ደህና {'ና' * n}" for n, name in enumerate(clips, 1)}
    texts["c07"] = "ሰላም ልጆች " * 44  # 197 characters a second
    texts["c11"] = "እ"
    texts["c13"] = "ሰላም ልጆች ደህና " * 7  # odd, and nobody's guess
    fixed = fix(check([corpus(clips, texts)], limits=VITS), tmp_path / "out", limits=VITS)
    assert [(f.kind, f.line) for f in fixed.left_out] == [("pace", 8), ("pace", 12)]
    assert fixed.report.errors == 0
    listed = (tmp_path / "out" / "left_out.tsv").read_text(encoding="utf-8").splitlines()
    assert [line.split("\t")[1] for line in listed[1:]] == ["pace", "pace"]
    assert "characters a second" in listed[1]


def test_a_report_has_no_cell_that_a_spreadsheet_would_run(corpus: Corpus, tmp_path: Path) -> None:
    odd = ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1")
    path = corpus({"a": tone(2.0), "b": None}, lines=["a|x|ሰላም"])
    rows = [Row(path, n, path.parent / "none.wav", text) for n, text in enumerate(odd, 2)]
    report = check([path])
    bad = [
        Examined(row, "am", None, "", (Finding("missing-audio", "=1", path, row.line, text=t),))
        for row, t in zip(rows, odd, strict=True)
    ]
    fix(replace(report, rows=(*report.rows, *bad)), tmp_path / "out", limits=XTTS)
    with (tmp_path / "out" / "left_out.tsv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file, delimiter="\t") for cell in row]
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r")]
    assert "'=1" in cells


def test_a_language_whose_metadata_name_no_speakers_is_kept_beside_one_that_does(
    tmp_path: Path,
) -> None:
    for number in range(4):
        noise(tmp_path / "in" / "wavs" / f"c{number}.wav", number)
    amharic = "audio_file|text|speaker_name\nwavs/c0.wav|ሰላም|a\nwavs/c1.wav|ሰላም ልጆች|b\n"
    (tmp_path / "in" / "metadata_am.csv").write_text(amharic, encoding="utf-8")
    (tmp_path / "in" / "metadata_en.csv").write_text("c2|one|one\nc3|two|two\n", "utf-8")
    fixed = fix(check([tmp_path / "in"]), tmp_path / "out", limits=XTTS)
    assert (fixed.kept, fixed.left_out) == (4, ())
    about = json.loads((tmp_path / "out" / "corpus.json").read_text(encoding="utf-8"))
    assert (about["formatter"], about["speakers"]) == ("coqui", ["a", "b", "unknown"])
    assert [d["language"] for d in about["datasets"]] == ["am", "en"]
