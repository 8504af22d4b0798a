"""``doctor --fetch transphone`` against a server on this machine."""

from __future__ import annotations

import io
import json
import os
import pickle
import re
import stat
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from coqui_amharic_ext.doctor import download as download_module
from coqui_amharic_ext.doctor import fetch as module
from coqui_amharic_ext.doctor.download import FetchError
from coqui_amharic_ext.doctor.fetch import RECORD, fetch_transphone
from coqui_amharic_ext.g2p.backends.transphone_files import PUBLISHED, locate
from tests.cli.command import run
from tests.doctor.server import Served, serving

CHECKPOINT = f"{PUBLISHED}/model.pt"


class Evil:
    """What runs code where it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.system, ("touch /tmp/coqui-amharic-was-here",)


def weights() -> bytes:
    import torch

    sink = io.BytesIO()
    torch.save({"encoder.weight": torch.zeros(3, 4)}, sink)
    return sink.getvalue()


def model(**changes: bytes | None) -> dict[str, bytes]:
    """Return a model's files as the published archive has them, with changes."""
    tags = "\n".join(["<pad>", "<eos>", "<amh>", "<tir>", "ሰ"]) + "\n"
    files: dict[str, bytes | None] = {
        CHECKPOINT: weights(),
        f"{PUBLISHED}/grapheme.vocab": tags.encode(),
        f"{PUBLISHED}/phoneme.vocab": b"<pad>\n<eos>\ns\n",
    }
    files |= {f"{PUBLISHED}/{name}": data for name, data in changes.items()}
    return {name: data for name, data in files.items() if data is not None}


def archive(files: dict[str, bytes], *others: tarfile.TarInfo) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as members:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            members.addfile(member, io.BytesIO(data))
        for member in others:
            members.addfile(member)
    return sink.getvalue()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "PAUSE", 0.01)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder that has the model's configuration but no model."""
    folder = tmp_path / "data"
    (folder / "exp").mkdir(parents=True)
    (folder / "exp" / f"{PUBLISHED}.yml").write_text("model: g2p\n")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


INSTALLED = [f"{PUBLISHED}/{n}" for n in (RECORD, "grapheme.vocab", "model.pt", "phoneme.vocab")]


def test_the_model_lies_where_the_backend_looks_for_it(data: Path) -> None:
    with serving(Served(archive(model()))) as served:
        found = fetch_transphone(str(data), source=served.url)
        assert fetch_transphone(str(data), source=served.url).already_there
    assert len(served.asked) == 1
    assert (found.languages, found.knows_amharic) == (2, True)
    assert names(data / "model") == INSTALLED
    assert locate(str(data)).checkpoint.is_file()
    assert found.verified == (
        "size announced by the server",
        "gzip checksum",
        "the model's files",
        "weights load (weights_only)",
    )
    record = json.loads((data / "model" / PUBLISHED / RECORD).read_text())
    assert (record["source"], record["sha256"]) == (served.url, found.sha256)


def test_a_file_that_was_downloaded_elsewhere_serves_too(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.tar.gz"
    file.write_bytes(archive(model()))
    assert fetch_transphone(str(data), source=str(file)).knows_amharic
    assert file.exists()
    assert names(data / "model") == INSTALLED


def test_a_broken_connection_is_resumed(data: Path) -> None:
    whole = archive(model(more=os.urandom(10 * download_module.CHUNK)))
    with serving(Served(whole, cuts=[len(whole) // 2])) as served:
        assert fetch_transphone(str(data), source=served.url).size == len(whole)
    kept = len(whole) // 2 // download_module.CHUNK * download_module.CHUNK
    assert served.asked[1]["range"] == f"bytes={kept}-"


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html>not found</html>", "not a whole .tar.gz"),
        (archive(model())[:-200], "not a whole .tar.gz"),
        (archive(model())[:-8] + bytes(8), "not a whole .tar.gz"),
        (archive(model(**{"phoneme.vocab": None})), "lacks phoneme.vocab"),
        (archive(model(**{"model.pt": None})), "lacks model.pt"),
        (archive({"readme": b""}), "holds 0 models"),
        (archive(model(**{"model.pt": b"no weights"})), "cannot be loaded as weights"),
        (archive(model(**{"model.pt": pickle.dumps(Evil())})), "cannot be loaded as weights"),
        (archive(model(**{"grapheme.vocab": b"\xff\xfe"})), "not text"),
        (archive({"../../evil.py": b"", **model()}), "'../../evil.py'"),
        (archive({"/tmp/evil.py": b"", **model()}), "'/tmp/evil.py'"),
        (archive(model(), link(f"{PUBLISHED}/cache", "/etc")), "not a plain file"),
        (archive(model(), link(f"{PUBLISHED}/hard", "x", tarfile.LNKTYPE)), "not a plain file"),
        (archive(model(), link("pipe", "", tarfile.FIFOTYPE)), "not a plain file"),
    ],
    # An archive holds the time at which it was made; the names of tests must not.
    ids=[
        *("page", "cut", "wrong-size", "no-phonemes", "no-model", "no-models", "no-weights"),
        *("code-in-weights", "no-text", "above", "absolute", "symlink", "hardlink", "pipe"),
    ],
)
def test_what_is_not_a_model_is_not_installed(data: Path, content: bytes, says: str) -> None:
    with serving(Served(content)) as served:
        with pytest.raises(FetchError, match=re.escape(says)):
            fetch_transphone(str(data), source=served.url)
    assert names(data) == [f"exp/{PUBLISHED}.yml"]
    assert not Path("/tmp/coqui-amharic-was-here").exists()
    assert not (data.parent / "evil.py").exists()


def test_a_bomb_is_not_unpacked(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from coqui_amharic_ext.doctor import archive as archive_module

    monkeypatch.setattr(archive_module, "LARGEST", 1 << 20)
    with serving(Served(archive(model(big=bytes(2 << 20))))) as served:
        with pytest.raises(FetchError, match="unpacks to more"):
            fetch_transphone(str(data), source=served.url)
    assert names(data) == [f"exp/{PUBLISHED}.yml"]


def test_a_checksum_that_is_given_has_to_be_right(data: Path) -> None:
    with serving(Served(archive(model()))) as served:
        with pytest.raises(FetchError, match="nothing was installed"):
            fetch_transphone(str(data), source=served.url, sha256="0" * 64)
        assert names(data) == [f"exp/{PUBLISHED}.yml"]
        right = fetch_transphone(str(data), source=served.url).sha256
        found = fetch_transphone(str(data), source=served.url, sha256=right.upper(), force=True)
    assert "given SHA-256" in found.verified


def test_another_archive_than_before_is_not_taken_silently(data: Path) -> None:
    with serving(Served(archive(model()))) as served:
        first = fetch_transphone(str(data), source=served.url)
        same = fetch_transphone(str(data), source=served.url, force=True)
        assert "same SHA-256 as in the earlier fetch" in same.verified
        before = (data / "model" / CHECKPOINT).read_bytes()
        served.data = archive(model(more=b"x"))
        with pytest.raises(FetchError, match="not the archive of the earlier fetch") as error:
            fetch_transphone(str(data), source=served.url, force=True)
        assert first.sha256 in str(error.value)
    assert (data / "model" / CHECKPOINT).read_bytes() == before
    assert names(data / "model") == INSTALLED


def test_a_folder_left_empty_by_a_failed_download_is_filled(data: Path) -> None:
    (data / "model" / PUBLISHED / "cache").mkdir(parents=True)  # transphone's own leaves such
    with serving(Served(archive(model()))) as served:
        assert fetch_transphone(str(data), source=served.url).knows_amharic


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_folder_that_cannot_be_written_is_named(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    data.chmod(stat.S_IRUSR | stat.S_IXUSR)
    if os.access(data, os.W_OK):  # root may write anywhere
        monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(FetchError, match="COQUI_AMHARIC_TRANSPHONE_DIR"):
        fetch_transphone(str(data), source="nowhere.tar.gz")
    data.chmod(stat.S_IRWXU)


def test_without_transphone_a_folder_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "package_data", lambda: None)
    with pytest.raises(FetchError, match="--to"):
        fetch_transphone()


def test_the_command_fetches_tells_and_fails_with_words(data: Path) -> None:
    with serving(Served(archive(model()))) as served:
        command = ("doctor", "--fetch", "transphone", "--to", str(data), "--from", served.url)
        code, out, err = run(*command, no_proxy="*")
        assert (code, err) == (0, "")
        assert "2 languages, Amharic among them" in out
        assert "publishes no checksum" in out
        assert f"COQUI_AMHARIC_TRANSPHONE_DIR={data}" in out
        code, out, _ = run(*command, "--json", no_proxy="*")
        assert json.loads(out)["already_there"]
    code, out, err = run(*command, "--force", "--timeout", "2", no_proxy="*")
    assert (code, out) == (1, "")
    assert "refused" in err
    assert "--from 042801_base.tar.gz" in err
    assert "Traceback" not in err


def test_a_model_that_does_not_know_amharic_is_told(data: Path) -> None:
    tags = b"<pad>\n<eos>\n<tir>\n"
    with serving(Served(archive(model(**{"grapheme.vocab": tags})))) as served:
        command = ("doctor", "--fetch", "transphone", "--to", str(data), "--from", served.url)
        code, out, _ = run(*command, no_proxy="*")
    assert code == 0
    assert "Amharic is not among them" in out
    assert "the chain does not use it" in out
