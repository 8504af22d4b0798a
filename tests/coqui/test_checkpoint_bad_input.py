"""What cannot be extended is named, with the fix, and nothing is run, written or overwritten."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from coqui_amharic_ext.coqui import checkpoint as module
from coqui_amharic_ext.coqui.checkpoint import extend_checkpoint
from coqui_amharic_ext.coqui.checkpoint_file import CheckpointError, open_checkpoint
from coqui_amharic_ext.coqui.vocabulary_file import VocabularyError
from tests.coqui.checkpoints import Files, packed, write_files


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return write_files(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output that is there already and must stay."""
    path = tmp_path / "out.pth"
    path.write_bytes(b"kept")
    return path


def _refused(says: str, *arguments: Any, error: type[Exception] = CheckpointError) -> None:
    *_, out = arguments
    with pytest.raises(error, match=says):
        extend_checkpoint(*arguments)
    assert out.read_bytes() == b"kept"
    assert [p.name for p in out.parent.iterdir() if "partial" in p.name] == []


def _saved(path: Path, document: Any, **options: Any) -> Path:
    torch.save(document, path, **options)
    return path


def _model(files: Files) -> dict[str, Any]:
    return dict(torch.load(files.model, weights_only=True)["model"])


def test_a_wrong_pair(files: Files, out: Path, tmp_path: Path) -> None:
    state = _model(files)
    for name in ("weight", "bias"):
        state[f"gpt.text_head.{name}"] = state[f"gpt.text_head.{name}"][:-1]
    state["gpt.text_embedding.weight"] = state["gpt.text_embedding.weight"][:-1]
    other = _saved(tmp_path / "other.pth", {"model": state})
    _refused("do not belong together; give the model's own", other, files.old, files.ipa, out)
    extended = tmp_path / "extended.pth"
    extend_checkpoint(files.model, files.old, files.ipa, extended)
    _refused("the checkpoint is extended already", extended, files.old, files.ipa, out)


def test_wrong_vocabularies(files: Files, out: Path) -> None:
    _refused("given the wrong way round", files.model, files.ipa, files.old, out)
    _refused("does not extend .*lacks the token", files.model, files.ipa, files.fidel, out)
    _refused("has no token that .* lacks", files.model, files.old, files.old, out)
    _refused("not text in UTF-8", files.model, files.model, files.ipa, out, error=VocabularyError)


def test_files_that_are_not_there(files: Files, out: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for paths in ((gone, files.old, files.ipa), (files.model, gone, files.ipa)):
        _refused("gone does not exist", *paths, out, error=FileNotFoundError)
    with pytest.raises(FileNotFoundError, match=r"the folder .*gone of x\.pth"):
        extend_checkpoint(files.model, files.old, files.ipa, gone / "x.pth")
    _refused("is a folder; give the model.pth", tmp_path, files.old, files.ipa, out)


def test_the_checkpoint_is_never_overwritten(files: Files) -> None:
    before = files.model.read_bytes()
    same = files.model.parent / "." / files.model.name
    with pytest.raises(CheckpointError, match="is the checkpoint itself; choose another name"):
        extend_checkpoint(files.model, files.old, files.ipa, same)
    assert files.model.read_bytes() == before


def test_wherever_an_old_file_is_cut_off_it_is_said(tmp_path: Path) -> None:
    whole = _saved(
        tmp_path / "w.pth",
        {"gpt.a": torch.arange(300), "n": [1, 2.5, "x", (True, None)]},
        _use_new_zipfile_serialization=False,
    ).read_bytes()
    cut = tmp_path / "cut.pth"
    assert len(whole) < 4000
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"cut\.pth"):
            open_checkpoint(cut)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("keep", [0.0, 0.001, 0.3, 0.999])
def test_a_file_that_is_cut_off(
    files: Files, out: Path, tmp_path: Path, keep: float, legacy: bool
) -> None:
    document = torch.load(files.model, weights_only=True)
    whole = _saved(tmp_path / "w.pth", document, _use_new_zipfile_serialization=not legacy)
    cut = tmp_path / "cut.pth"
    content = whole.read_bytes()
    cut.write_bytes(content[: int(len(content) * keep)])
    _refused(r"cut\.pth is cut off", cut, files.old, files.ipa, out)


@pytest.mark.parametrize("content", [b"version https://git-lfs.github.com/spec/v1\n", b"<html>"])
def test_a_file_that_is_no_checkpoint(
    files: Files, out: Path, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(content)
    _refused(r"model\.pth is .*no PyTorch file", path, files.old, files.ipa, out)


class _Runs:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (self.command,)


@pytest.mark.parametrize("legacy", [False, True])
def test_code_in_a_checkpoint_is_not_run(
    files: Files, out: Path, tmp_path: Path, legacy: bool
) -> None:
    ran = tmp_path / "ran"
    document = {"model": _model(files), "config": _Runs(f"touch {ran}")}
    path = _saved(tmp_path / "evil.pth", document, _use_new_zipfile_serialization=not legacy)
    _refused(
        r"evil\.pth holds Python code or objects \(posix\.system\).*nothing was run",
        *(path, files.old, files.ipa, out),
    )
    assert not ran.exists()
    # The file does what it is feared to do where code is let through.
    torch.load(path, weights_only=False)
    assert ran.exists()


class _Kind(torch.Tensor):
    """A subclass that PyTorch lets through once it is told to."""


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def _looped() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def _wide() -> Any:
    value: Any = 1
    for _ in range(30):
        value = [value] * 10
    return value


UNLIKE: dict[str, tuple[Callable[[], Any], str]] = {
    "coo": (lambda: torch.eye(3).to_sparse(), r"gpt\.odd is sparse .*to_dense"),
    "csr": (lambda: torch.eye(3).to_sparse_csr(), r"gpt\.odd is sparse"),
    "quantised": (
        lambda: torch.quantize_per_tensor(torch.rand(4), 0.1, 0, torch.quint8),
        r"gpt\.odd is quantised .*quint8.*before quantisation",
    ),
    "per channel": (
        lambda: torch.quantize_per_channel(
            torch.rand(2, 4), torch.ones(2), torch.zeros(2, dtype=torch.int64), 0, torch.qint8
        ),
        r"gpt\.odd is quantised",
    ),
    "meta": (lambda: torch.ones(3, device="meta"), r"gpt\.odd is on the device meta"),
    "nested": (
        lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
        r"gpt\.odd is a nested tensor",
    ),
    "storage": (lambda: torch.ones(3).untyped_storage(), r"gpt\.odd is a storage"),
    "within": (lambda: {"a": [torch.eye(3).to_sparse()]}, r"gpt\.odd / a / 0 is sparse"),
    "deep": (lambda: _deep(200), "nested more than 64 deep"),
    "looped": (_looped, "nested more than 64 deep"),
    "wide": (_wide, "more than 1000000 values"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", UNLIKE)
def test_values_that_cannot_be_copied_are_named(
    files: Files, out: Path, tmp_path: Path, kind: str
) -> None:
    make, says = UNLIKE[kind]
    state = _model(files) | {"gpt.odd": make()}
    path = _saved(tmp_path / "odd.pth", {"model": state})
    _refused(says, path, files.old, files.ipa, out)


@pytest.mark.filterwarnings("ignore")
def test_they_are_in_nobodys_way_in_the_optimizer(files: Files, tmp_path: Path) -> None:
    document = {"model": _model(files), "optimizer": {"state": _deep(200)}}
    path = _saved(tmp_path / "odd.pth", document)
    extend_checkpoint(path, files.old, files.ipa, tmp_path / "new.pth")


def test_a_tensors_own_class(files: Files, out: Path, tmp_path: Path) -> None:
    state = _model(files) | {"gpt.odd": torch.ones(3).as_subclass(_Kind)}
    path = _saved(tmp_path / "odd.pth", {"model": state})
    _refused("holds Python code or objects .*_Kind", path, files.old, files.ipa, out)
    with torch.serialization.safe_globals([_Kind]):
        _refused(r"gpt\.odd is a _Kind", path, files.old, files.ipa, out)


@pytest.mark.parametrize("dtype", [torch.int8, torch.int64, torch.complex64])
def test_rows_of_a_type_without_a_mean(
    files: Files, out: Path, tmp_path: Path, dtype: torch.dtype
) -> None:
    state = _model(files)
    state["gpt.text_embedding.weight"] = torch.zeros_like(
        state["gpt.text_embedding.weight"], dtype=dtype
    )
    path = _saved(tmp_path / "type.pth", {"model": state})
    _refused(f"is of type {dtype}", path, files.old, files.ipa, out)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.module."])
@pytest.mark.parametrize("inner", ["", "gpt.", "xtts.gpt."])
def test_a_wrapped_models_prefix_is_named(
    files: Files, out: Path, tmp_path: Path, prefix: str, inner: str
) -> None:
    state = {k.removeprefix("gpt."): v for k, v in _model(files).items()}
    path = _saved(tmp_path / "ddp.pth", {f"{prefix}{inner}{k}": v for k, v in state.items()})
    _refused(f"its keys begin with '{prefix}'.*take it off", path, files.old, files.ipa, out)


def test_safetensors_are_named(files: Files, out: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    path = tmp_path / "model.safetensors"
    save_file({k: v.clone() for k, v in _model(files).items()}, path)
    _refused("is a safetensors file.*load_file", path, files.old, files.ipa, out)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_as_pytorch_cannot_read(
    files: Files, out: Path, tmp_path: Path, packing: int
) -> None:
    path = packed(files.model, tmp_path / "packed.pth", packing)
    _refused(r"is compressed in a way .*zip -0", path, files.old, files.ipa, out)


def test_a_part_that_is_shorter_than_its_tensor(files: Files, out: Path, tmp_path: Path) -> None:
    # Mapped, the tensor would go on with whatever stands behind.
    path = tmp_path / "short.pth"
    with zipfile.ZipFile(files.model) as source, zipfile.ZipFile(path, "w") as target:
        for part in source.infolist():
            content = source.read(part)
            target.writestr(part, content[:8] if part.filename.endswith("data/0") else content)
    _refused("record size", path, files.old, files.ipa, out)


@pytest.mark.parametrize("keep", [10, 30, 200])
def test_a_directory_that_is_cut_off(files: Files, out: Path, tmp_path: Path, keep: int) -> None:
    path = tmp_path / "cut.pth"
    content = files.model.read_bytes()
    # The end is there, what it points to is not.
    path.write_bytes(content[:-4000] + content[-keep:])
    _refused(r"cut\.pth .*(cut off|no PyTorch file)", path, files.old, files.ipa, out)


@pytest.mark.parametrize("name", ["x.safetensors", "x.onnx", "x.json", "x", "x.pth.zip"])
def test_a_name_that_promises_another_format(files: Files, tmp_path: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match=rf"{name}: .*give a name that ends in \.pth"):
        extend_checkpoint(files.model, files.old, files.ipa, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_weights_of_something_else(files: Files, out: Path, tmp_path: Path) -> None:
    pair = files.old, files.ipa, out
    cases: list[tuple[Any, str]] = [
        ({"model": {"encoder.weight": torch.ones(2)}}, "no text_embedding.weight .*encoder.weight"),
        ({}, "first keys are none"),
        ([torch.ones(2)], "holds a list, not a state dict"),
        ({"model": 3}, "not a state dict"),
        ({"gpt.text_embedding.weight": torch.ones(3, 4)}, "no text_head.weight, no text_head.bias"),
        ({"model": _model(files) | {"text_embedding.weight": torch.ones(1)}}, "weight twice"),
        ({"model": _model(files) | {"gpt.text_head.bias": torch.ones(3)}}, "shapes are not XTTS's"),
    ]
    for number, (document, says) in enumerate(cases):
        _refused(says, _saved(tmp_path / f"{number}.pth", document), *pair)


def test_a_bare_state_dict_must_load_into_stocks_gpt(
    files: Files, out: Path, tmp_path: Path
) -> None:
    state = dict(torch.load(files.gpt, weights_only=True))
    state["final_norm.weight"] = torch.ones(3)
    path = _saved(tmp_path / "gpt.pth", state)
    _refused("stock code does not load .*final_norm", path, files.old, files.ipa, out)


def test_a_model_that_had_diverged(files: Files, out: Path, tmp_path: Path) -> None:
    state = _model(files)
    state["gpt.text_head.weight"] = state["gpt.text_head.weight"] * float("nan")
    path = _saved(tmp_path / "nan.pth", {"model": state})
    _refused("holds NaN or infinite values", path, files.old, files.ipa, out)


def test_an_init_that_is_not_known(files: Files, out: Path) -> None:
    with pytest.raises(ValueError, match="valid values: pieces, mean, normal"):
        extend_checkpoint(files.model, files.old, files.ipa, out, init="random")


def test_what_is_written_wrong_is_not_kept(
    files: Files, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = torch.save

    def flip(document: Any, path: Path) -> None:
        document["model"]["gpt.final_norm.bias"] = document["model"]["gpt.final_norm.bias"] + 0.5
        save(document, path)

    monkeypatch.setattr(torch, "save", flip)
    _refused(
        r"differs from the source in gpt\.final_norm\.bias", files.model, files.old, files.ipa, out
    )


def test_too_little_room_is_told_before_anything_is_written(
    files: Files, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 4_000

    monkeypatch.setattr(module.shutil, "disk_usage", lambda _folder: Usage)
    _refused(r"needs .* MB, and .* has 0\.00 MB left", files.model, files.old, files.ipa, out)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a tmpfs: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("foreseen", [True, False])
def test_a_full_disk(
    files: Files, small_disk: Path, monkeypatch: pytest.MonkeyPatch, foreseen: bool
) -> None:
    if not foreseen:
        monkeypatch.setattr(module, "_check_space", lambda *_: None)
    out = small_disk / "out.pth"
    out.write_bytes(b"kept")
    says = "needs .* and .*disk has .* left" if foreseen else r"could not be written whole"
    _refused(says, files.model, files.old, files.ipa, out)


def test_a_write_that_fails_half_way(files: Files, tmp_path: Path) -> None:
    """The same without the rights to mount: a limit on the size of files."""
    code = """
import resource, sys
from pathlib import Path
from coqui_amharic_ext.coqui.checkpoint import extend_checkpoint
import torch
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
try:
    extend_checkpoint(*sys.argv[1:5])
except Exception as error:
    print(type(error).__name__, error)
"""
    out = tmp_path / "out.pth"
    out.write_bytes(b"kept")
    done = subprocess.run(
        [sys.executable, "-c", code, files.model, files.old, files.ipa, out],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("CheckpointError"), done.stdout + done.stderr
    assert "could not be written whole" in done.stdout
    assert out.read_bytes() == b"kept"
    assert [p.name for p in tmp_path.iterdir()] == ["out.pth"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 600_000


@pytest.mark.parametrize("after", [0.0, 0.08])
def test_a_kill_leaves_the_sources_and_no_broken_file(
    files: Files, tmp_path: Path, after: float
) -> None:
    state = _model(files)
    # Large enough that writing takes a while.
    state["gpt.ballast"] = torch.randn(30_000_000, generator=torch.Generator().manual_seed(0))
    source, out = _saved(tmp_path / "model.pth", {"model": state}), tmp_path / "out.pth"
    partial = ".out.pth.partial-*"
    size, told = source.stat().st_size, source.stat().st_mtime_ns
    code = (
        "import sys, torch; from coqui_amharic_ext.coqui.checkpoint import extend_checkpoint\n"
        "extend_checkpoint(*sys.argv[1:5])"
    )
    child = subprocess.Popen([sys.executable, "-c", code, source, files.old, files.ipa, out])
    deadline = time.monotonic() + 120
    while not any(tmp_path.glob(partial)) and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    ended = child.wait()
    if after == 0.0:
        assert ended == -signal.SIGKILL and any(tmp_path.glob(partial)) and not out.exists()
    assert (source.stat().st_size, source.stat().st_mtime_ns) == (size, told)
    assert torch.equal(open_checkpoint(source).state["gpt.ballast"], state["gpt.ballast"])
    if out.exists():
        assert torch.equal(open_checkpoint(out).state["gpt.ballast"], state["gpt.ballast"])
    # What was left behind is in nobody's way.
    extend_checkpoint(source, files.old, files.ipa, out)
    assert not any(tmp_path.glob(".out.pth.*"))
    assert open_checkpoint(out).rows > open_checkpoint(source).rows
