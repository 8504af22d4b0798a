"""Upstream's phoneme cache that is cut off, full or in the way: training reads the text anew."""

from __future__ import annotations

import logging
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui import phoneme_cache, probes
from coqui_amharic_ext.patching import ProbeError
from tests.faults.disks import Job, on_disk

TEXT = "ሰላም ለዓለም"


@pytest.fixture
def samples(tmp_path: Path) -> Iterator[Any]:
    """Upstream's data set with one text in its cache."""
    pytest.importorskip("TTS")
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.datasets.dataset import PhonemeDataset
    from TTS.tts.utils.text.tokenizer import TTSTokenizer

    am.activate(am.Settings(g2p_backends=("rules",)))
    phoneme_cache._warned.clear()
    config = VitsConfig(use_phonemes=True, phoneme_language="am")
    tokenizer, _ = TTSTokenizer.init_from_config(config)
    sample = {"audio_unique_name": "a", "text": TEXT, "language": "am"}
    yield PhonemeDataset([sample], tokenizer, str(tmp_path / "cache"))
    am.deactivate()


def _file(samples: Any) -> Path:
    (path,) = Path(samples.cache_path).iterdir()
    return path


BROKEN = {
    "cut off": lambda data: data[: len(data) // 2],
    "without its ids": lambda data: data[:128],
    "empty": lambda data: b"",
    "noise": lambda data: b"x" * 50,
    "a pickle": lambda data: pickle.dumps([1]),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_is_read_anew_and_mended(
    samples: Any, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = _file(samples)
    whole, ids = path.read_bytes(), list(samples[0]["token_ids"])
    path.write_bytes(BROKEN[how](whole))
    with caplog.at_level(logging.WARNING, "coqui_amharic_ext"):
        assert list(samples[0]["token_ids"]) == ids
    assert path.read_bytes() == whole
    assert str(path) in caplog.text
    assert list(samples[0]["token_ids"]) == ids
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_folder_in_the_way_stays_and_the_text_is_read(samples: Any) -> None:
    path, ids = _file(samples), list(samples[0]["token_ids"])
    path.unlink()
    (path / "precious").mkdir(parents=True)
    assert list(samples[0]["token_ids"]) == ids
    assert (path / "precious").is_dir()


def test_a_cache_that_was_deleted_meanwhile_is_no_end(samples: Any) -> None:
    ids = list(samples[0]["token_ids"])
    shutil.rmtree(samples.cache_path)
    assert list(samples[0]["token_ids"]) == ids


def test_what_the_tokenizer_raises_is_raised(samples: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _file(samples).unlink()

    def fail(text: str, language: str | None = None) -> list[int]:
        raise am.SettingsError("this one is wrong")

    monkeypatch.setattr(samples.tokenizer, "text_to_ids", fail)
    with pytest.raises(am.SettingsError, match="this one is wrong"):
        samples[0]


FILLING = """
import sys
from types import SimpleNamespace
import coqui_amharic_ext as am
am.activate(am.Settings(g2p_backends=("rules",)))
from TTS.tts.datasets.dataset import PhonemeDataset
from coqui_amharic_ext.coqui.phonemizer import AmharicPhonemizer
ids = list(range(400))
tokenizer = SimpleNamespace(
    text_to_ids=lambda text, language=None: ids, ids_to_text=lambda ids: "", pad_id=0,
    phonemizer=AmharicPhonemizer("am") if sys.argv[2] == "am" else None, text_cleaner=None,
    characters=SimpleNamespace(vocab=[]), add_blank=False, use_eos_bos=False,
)
names = [{"audio_unique_name": str(n), "text": "x" * n, "language": "am"} for n in range(6)]
samples = PhonemeDataset(names, tokenizer, sys.argv[1])
assert all(list(samples[n]["token_ids"]) == ids for n in range(6))
"""


@pytest.mark.parametrize("language", ["am", "en"])
def test_a_disk_that_fills_up_ends_no_training_and_leaves_whole_files_alone(
    language: str, tmp_path: Path
) -> None:
    np = pytest.importorskip("numpy")
    pytest.importorskip("TTS")
    (done,) = on_disk(
        Job(str(tmp_path), "12k", [["-c", FILLING, str(tmp_path / "cache"), language]])
    )
    assert done.code == 0, done.err[-2000:]
    assert "cannot be used" in done.err and "Make room" in done.err
    assert 0 < len(done.files) < 6
    for name, data in done.files.items():
        assert name.endswith(phoneme_cache.ENDING)
        (tmp_path / "one.npy").write_bytes(data)
        assert np.load(tmp_path / "one.npy").tolist() == list(range(400))


def test_an_upstream_without_such_a_cache_is_noticed() -> None:
    with pytest.raises(ProbeError, match="no longer caches"):
        probes.caches_phonemes(lambda self, file_name, text, language: [1, 2])
