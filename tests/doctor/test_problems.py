"""Every problem that the doctor knows, reproduced, with the line that mends it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coqui_amharic_ext.doctor import Environment, checks, diagnose, problems
from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.machine import Gpus, Machine
from coqui_amharic_ext.doctor.problems import rows
from coqui_amharic_ext.io import ffmpeg
from tests.doctor.site import FakeSite

PIP = f"{sys.executable} -m pip"
TORCH = "'torch!=2.13.0,<2.15,>=2.11' 'torchaudio<2.12,>=2.11'"
PYTORCH_INDEX = "https://download.pytorch.org/whl/"
Driver = Callable[..., None]
CHECKS = Path(checks.__file__).parent


def test_every_row_of_the_table_is_used_by_a_check() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in CHECKS.glob("*.py"))
    assert [name for name in rows() if f'"{name}"' not in code] == []
    assert {row["severity"] for row in rows().values()} == {"error", "warning", "note"}
    assert all(row["what"] and None not in row.values() for row in rows().values())


def test_nothing_is_wrong_where_all_is_well(site: FakeSite) -> None:
    found = site.diagnose()
    assert found.problems == ()
    assert found.ok
    assert found.to_dict()["facts"]["distributions"]["torch"] == "2.14.1"


def test_torch_2_15_and_torchaudio_2_11_do_not_fit(site: FakeSite) -> None:
    site.torch("2.15.0", cuda="13.2")
    site.torchaudio("2.11.0", "raise OSError('libtorchaudio.so: undefined symbol')")
    found = site.problem("torch-version")
    assert found.severity == "error"
    assert found.what.startswith("torch 2.15.0 is installed")
    assert "torchaudio 2.11 is the last release" in found.why
    assert found.fix.replaces_torch
    assert found.fix.lines == (f"{PIP} install {TORCH}",)


def test_torch_2_13_0_is_the_build_without_cuda(site: FakeSite) -> None:
    site.torch("2.13.0", cuda=None)
    found = site.problem("torch-version")
    assert found.fix.replaces_torch
    assert found.fix.lines == (f"{PIP} install {TORCH}",)


def test_torch_is_missing(site: FakeSite) -> None:
    site.without("torch")
    site.distribution("torchcodec", "0.17.0")  # "torch*" took its files along
    site.distribution("torchaudio", "2.11.0")
    found = {p.name: p for p in site.diagnose().problems}
    assert found["torch-missing"].fix.lines == (f"{PIP} install {TORCH}",)
    assert not found["torch-missing"].fix.replaces_torch
    assert "torchaudio-broken" not in found


def test_torch_is_broken(site: FakeSite) -> None:
    site.module("torch", "raise ImportError('libcudart.so.13: cannot open shared object file')")
    found = site.problem("torch-broken")
    assert "libcudart.so.13" in found.what
    assert found.fix.replaces_torch
    assert found.fix.lines == (f"{PIP} install --force-reinstall --no-deps torch==2.14.1",)


def test_a_torch_that_crashes_does_not_take_the_doctor_along(site: FakeSite) -> None:
    site.module("torch", "import os; os.kill(os.getpid(), 11)")
    found = site.problem("torch-broken")
    assert "signal 11" in found.what


def test_torchaudio_is_missing(site: FakeSite) -> None:
    site.without("torchaudio")
    found = site.problem("torchaudio-missing")
    assert found.fix.lines == (f"{PIP} install 'torchaudio<2.12,>=2.11' torch==2.14.1",)


def test_torchaudio_is_of_another_torch(site: FakeSite) -> None:
    site.torchaudio("2.9.0", "raise OSError('undefined symbol: _ZN3c10')")
    found = site.problem("torchaudio-version")
    assert "undefined symbol" in found.why
    assert found.fix.lines == (f"{PIP} install 'torchaudio<2.12,>=2.11' torch==2.14.1",)


def test_torchaudio_for_cuda_beside_a_torch_without(site: FakeSite) -> None:
    site.torch(cuda=None)
    site.torchaudio("2.11.0", "raise OSError('libcudart.so.13: cannot open shared object file')")
    found = site.problem("torchaudio-broken")
    assert found.fix.lines == (
        f"{PIP} install --force-reinstall --no-deps --index-url {PYTORCH_INDEX}cpu "
        "torchaudio==2.11.0",
    )


def test_six_is_missing(site: FakeSite) -> None:
    site.without("six")
    found = site.problem("six-missing")
    assert found.severity == "error"
    assert found.fix.lines == (f"{PIP} install six",)


def test_ffmpeg_is_missing(site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = "def CDLL(name): raise OSError(f'{name}: cannot open shared object file')"
    site.module("ctypes", broken)  # stands before the standard library's
    site.module(
        "torchcodec/decoders",
        "class AudioDecoder:\n    def __init__(self, data): raise RuntimeError('no libtorchcodec')",
    )
    found = site.problem("ffmpeg-missing")
    assert found.severity == "error"
    assert found.why == "sound files cannot be read"
    facts = site.diagnose().facts
    if {"debian", "ubuntu"} & set(facts.machine.family):
        prefix = "" if facts.machine.root else "sudo "
        assert found.fix.lines[-1] == f"{prefix}apt-get install -y ffmpeg"


def test_ffmpeg_is_missing_where_soundfile_reads_instead(site: FakeSite) -> None:
    site.module("ctypes", "def CDLL(name): raise OSError(name)")
    site.module("torchcodec/decoders", "raise RuntimeError('no libtorchcodec')")
    patch = {"name": "torchaudio-load", "state": "applied", "reason": "", "summary": ""}
    site.extension(patches=[patch])
    found = site.problem("ffmpeg-missing")
    assert found.severity == "note"
    assert "WAV, FLAC, OGG and MP3 are read without it" in found.why
    assert site.diagnose().ok
    site.extension(patches=[patch | {"state": "skipped", "reason": "another release"}])
    assert not site.diagnose().ok


@pytest.mark.parametrize(
    ("system", "family", "root", "line"),
    [
        ("linux", ("debian",), True, "apt-get install -y ffmpeg"),
        ("linux", ("linuxmint", "ubuntu", "debian"), False, "sudo apt-get install -y ffmpeg"),
        ("linux", ("fedora",), False, "sudo dnf install -y ffmpeg-free"),
        ("linux", ("arch",), False, "sudo pacman -S --noconfirm ffmpeg"),
        ("darwin", ("",), False, "brew install ffmpeg"),
        ("win32", ("",), False, "conda install -y -c conda-forge ffmpeg"),
        ("linux", ("nixos",), False, ""),
    ],
)
def test_ffmpeg_is_installed_as_each_system_does(
    system: str, family: tuple[str, ...], root: bool, line: str
) -> None:
    commands = ffmpeg.install(system, family, root)
    assert " ".join(commands[-1] if commands else ()) == line


def test_torchcodec_is_of_another_torch(site: FakeSite) -> None:
    site.distribution("torchcodec", "0.9.1")
    site.module("torchcodec/decoders", "raise RuntimeError('Could not load libtorchcodec')")
    found = site.problem("torchcodec-version")
    assert "torchcodec 0.9.1 is built for torch 2.9; torch 2.14.1 is installed" in found.what
    assert found.fix.lines == (f"{PIP} install --upgrade 'torchcodec>=0.12' torch==2.14.1",)


def test_torchcodec_is_broken_although_ffmpeg_is_there(site: FakeSite) -> None:
    site.module("ctypes", "class CDLL:\n    def __init__(self, name): pass")
    site.module("torchcodec/decoders", "raise RuntimeError('undefined symbol')")
    found = site.problem("torchcodec-broken")
    assert "undefined symbol" in found.what
    assert "--force-reinstall" in found.fix.lines[0]


def test_torchcodec_is_missing(site: FakeSite) -> None:
    site.without("torchcodec")
    for path in (site.folder / "torchcodec").iterdir():
        path.unlink()
    (site.folder / "torchcodec").rmdir()
    site.module("TTS", "import torchcodec")
    found = site.problem("torchcodec-missing")
    assert found.fix.lines == (f"{PIP} install 'torchcodec>=0.12' torch==2.14.1",)


def test_coqui_tts_is_missing(site: FakeSite) -> None:
    site.without("coqui-tts", "TTS")
    found = site.problem("coqui-tts-missing")
    assert found.fix.lines == (f"{PIP} install 'coqui-tts<0.29,>=0.28' torch==2.14.1",)


def test_coqui_tts_is_of_another_release(site: FakeSite) -> None:
    site.distribution("coqui-tts", "0.27.1")
    found = site.problem("coqui-tts-version")
    assert found.fix.lines == (f"{PIP} install 'coqui-tts<0.29,>=0.28' torch==2.14.1",)


def test_coqui_tts_cannot_be_imported(site: FakeSite) -> None:
    site.module("TTS", "import anyascii")
    found = site.problem("coqui-tts-broken")
    assert "No module named 'anyascii'" in found.what
    assert found.fix.lines[0] == f"{PIP} install coqui-tts==0.28.0 torch==2.14.1"


@pytest.mark.parametrize(
    ("old", "version", "ours"),
    [
        ("TTS", "0.22.0", "coqui-tts==0.28.0"),
        ("trainer", "0.0.36", "coqui-tts-trainer==0.4.0"),
        ("coqpit", "0.0.17", "coqpit-config"),
    ],
)
def test_the_old_distributions_lie_in_the_way(
    site: FakeSite, old: str, version: str, ours: str
) -> None:
    site.distribution(old, version)
    found = site.problem(f"clash-{old.lower()}")
    assert found.severity == "error"
    assert found.fix.lines == (
        f"{PIP} uninstall -y {old.lower()}",
        f"{PIP} install --force-reinstall --no-deps {ours}",
    )


def test_a_requirement_is_not_met(site: FakeSite) -> None:
    site.distribution("coqui-tts-trainer", "0.3.1")
    found = site.problem("requirement-coqui-tts-trainer")
    assert found.severity == "warning"
    assert "coqui-tts-trainer 0.3.1 is installed" in found.what
    assert found.fix.lines == (f"{PIP} install 'coqui-tts-trainer<0.5.0,>=0.4.0' torch==2.14.1",)


def test_transformers_4_57_with_flash_attn_is_a_trap(site: FakeSite) -> None:
    site.distribution("transformers", "4.57.6")
    site.distribution("flash-attn", "2.8.3")
    site.module("flash_attn", "def flash_attn_varlen_func(): pass")
    found = site.problem("flash-attention-2-trap")
    assert found.severity == "warning"
    assert "without its causal mask" in found.why
    assert found.fix.lines == (f"{PIP} install --upgrade 'transformers>=5'",)
    site.distribution("transformers", "5.0.0")
    assert site.diagnose().problems == ()


XFORMERS_OPS = """
import importlib.util
if importlib.util.find_spec("flash_attn"):
    import flash_attn
    import flash_attn.flash_attn_interface
"""
"""What xformers 0.0.35 does in ops/fmha/flash.py."""


def xformers(site: FakeSite, cuda: int = 1300) -> None:
    site.distribution("xformers", "0.0.35")
    site.module("xformers/ops", XFORMERS_OPS)
    metadata = f'{{"version": {{"cuda": {cuda}, "torch": "2.10.0"}}}}'
    (site.folder / "xformers" / "cpp_lib.json").write_text(metadata)


def test_flash_attn_4_shadows_flash_attn_and_xformers_falls_for_it(site: FakeSite) -> None:
    xformers(site)
    assert site.diagnose().problems == ()
    site.distribution("flash-attn-4", "4.0.0b36")
    cute = site.folder / "flash_attn" / "cute"
    cute.mkdir(parents=True)  # as its wheel has it: no flash_attn/__init__.py
    (cute / "__init__.py").write_text("def flash_attn_varlen_func(): pass\n")
    found = site.problem("flash-attn-4-shadow")
    assert found.severity == "warning"
    assert "xformers 0.0.35 takes it for flash-attn" in found.why
    assert found.fix.lines == (f"{PIP} uninstall -y flash-attn-4",)
    (cute / "__init__.py").write_text("import cutlass\n")  # broken as well: it goes anyway
    assert site.problem("flash-attn-4-shadow").fix == found.fix
    error = site.diagnose().facts.probe("xformers").facts["ops_error"]
    assert "flash_attn.flash_attn_interface" in error


def test_what_flash_attn_4_leaves_behind_is_named_with_its_folder(site: FakeSite) -> None:
    xformers(site)
    left = site.folder / "flash_attn"
    (left / "cute").mkdir(parents=True)
    found = site.problem("flash-attn-leftover")
    assert found.severity == "warning"
    if sys.platform != "win32":
        assert found.fix.lines == (f"rm -r {left}",)


def test_flash_attn_4_alone_is_no_problem(site: FakeSite) -> None:
    site.distribution("flash-attn-4", "4.0.0b36")
    cute = site.folder / "flash_attn" / "cute"
    cute.mkdir(parents=True)
    (cute / "__init__.py").write_text("def flash_attn_varlen_func(): pass\n")
    assert site.diagnose().problems == ()


def test_flash_attn_4_lacks_something(site: FakeSite) -> None:
    site.distribution("flash-attn-4", "4.0.0b36")
    cute = site.folder / "flash_attn" / "cute"
    cute.mkdir(parents=True)
    (cute / "__init__.py").write_text("import cutlass\n")
    found = site.problem("flash-attn-4-broken")
    assert "No module named 'cutlass'" in found.what
    assert found.fix.lines == (f"{PIP} install flash-attn-4==4.0.0b36 torch==2.14.1",)
    (cute / "__init__.py").write_text("")  # flash-attn's own, laid over it
    found = site.problem("flash-attn-4-broken")
    assert found.fix.lines == (f"{PIP} install --force-reinstall --no-deps flash-attn-4==4.0.0b36",)


def test_xformers_is_built_for_another_cuda(site: FakeSite) -> None:
    xformers(site, cuda=1208)
    found = site.problem("xformers-other-cuda")
    assert found.what == "xformers 0.0.35 is built for CUDA 12.8, torch has CUDA 13.0"
    assert found.fix.lines == (
        f"{PIP} install --force-reinstall --no-deps --index-url {PYTORCH_INDEX}cu130 "
        "xformers==0.0.35",
    )


def test_xformers_beside_a_torch_without_cuda_is_of_no_use(site: FakeSite) -> None:
    xformers(site)
    site.torch(cuda=None)
    found = site.problem("xformers-without-cuda")
    assert found.severity == "note"
    assert found.fix.lines == (f"{PIP} uninstall -y xformers",)


def test_xformers_is_broken(site: FakeSite) -> None:
    xformers(site)
    site.module("xformers/ops", "raise ImportError('cannot import name X')")
    found = site.problem("xformers-broken")
    assert "cannot import name X" in found.what
    assert found.fix.lines == (f"{PIP} install --upgrade xformers torch==2.14.1",)


def test_flash_attn_is_built_for_another_torch(site: FakeSite) -> None:
    site.distribution("flash-attn", "2.8.3")
    site.module("flash_attn", "raise ImportError('flash_attn_2_cuda.so: undefined symbol')")
    found = site.problem("flash-attn-broken")
    assert "undefined symbol" in found.what
    assert found.fix.lines == (
        f"{PIP} install --force-reinstall --no-deps --no-build-isolation --no-cache-dir "
        "flash-attn==2.8.3",
    )


def test_a_gpu_and_a_torch_without_cuda(site: FakeSite, driver: Driver) -> None:
    driver()
    site.torch(cuda=None)
    found = site.problem("torch-without-cuda")
    assert "NVIDIA Made-up" in found.what
    assert found.fix.replaces_torch
    assert found.fix.lines == (f"{PIP} install --force-reinstall {TORCH}",)


def test_a_driver_that_is_too_old_for_torch(site: FakeSite, driver: Driver) -> None:
    driver(cuda="12.4", version="550.54")
    found = site.problem("driver-too-old")
    assert "supports CUDA 12.4 at most" in found.what
    assert "580" in found.fix.by_hand
    assert found.fix.replaces_torch
    assert found.fix.lines == (
        f"{PIP} install --force-reinstall --index-url {PYTORCH_INDEX}cu126 {TORCH}",
    )


def test_a_driver_that_fails(site: FakeSite, driver: Driver) -> None:
    driver(error="Failed to initialize NVML: Driver/library version mismatch")
    found = site.problem("nvidia-driver-broken")
    assert "version mismatch" in found.what
    assert "reboot" in found.fix.by_hand


def test_a_gpu_that_torch_does_not_see(site: FakeSite, driver: Driver) -> None:
    driver()
    assert "CUDA_VISIBLE_DEVICES" in site.problem("gpu-not-seen").fix.by_hand


@pytest.mark.parametrize(("capability", "fits"), [((6, 1), False), ((8, 6), True), ((9, 0), True)])
def test_a_gpu_that_torch_has_no_code_for(
    site: FakeSite, driver: Driver, capability: tuple[int, int], fits: bool
) -> None:
    driver()
    site.torch(available=True, capability=capability)
    if fits:
        assert site.diagnose().problems == ()
        return
    found = site.problem("gpu-architecture")
    assert "6.1; it has sm_80, sm_90" in found.what
    assert found.fix.replaces_torch


def test_epitran_is_missing_or_broken(site: FakeSite) -> None:
    site.module("epitran", "raise ImportError('panphon')")
    assert site.problem("epitran-broken").fix.lines == (
        f"{PIP} install --force-reinstall --no-deps --upgrade 'epitran>=1.26'",
    )
    site.without("epitran")
    assert site.problem("epitran-missing").fix.lines == (f"{PIP} install 'epitran>=1.26'",)


def test_transphone_and_its_model_are_optional_unless_asked_for(
    site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"kind": "g2p", "name": "transphone", "available": False, "fix": ""}
    site.extension(backends=[state | {"reason": "transphone is not installed"}])
    found = site.problem("transphone-missing")
    assert found.severity == "note"
    assert found.fix.lines == (f"{PIP} install 'coqui-amharic-ext[transphone]' torch==2.14.1",)
    site.distribution("transphone", "1.5.3")
    site.extension(backends=[state | {"reason": "no model in /models"}])
    assert site.problem("transphone-model-missing").fix.lines == (
        "coqui-amharic doctor --fetch transphone",
    )
    site.extension(backends=[state | {"reason": "it was not trained on Amharic", "fix": "a model"}])
    monkeypatch.setenv("COQUI_AMHARIC_G2P", "transphone,rules")
    found = site.problem("transphone-unavailable")
    assert found.severity == "warning"
    assert found.fix.by_hand == "a model"


def test_a_variable_with_a_wrong_value(site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COQUI_AMHARIC_PACKING", "maybe")
    site.extension(settings_error="COQUI_AMHARIC_PACKING='maybe' is not valid: 0, 1")
    found = site.problem("settings")
    assert found.severity == "error"
    assert found.fix.by_hand.startswith("unset COQUI_AMHARIC_PACKING")


def test_autoload_is_off_or_does_not_work(site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    site.extension(active=False)
    assert site.problem("autoload-broken").fix.lines == (
        f"{PIP} install --force-reinstall --no-deps coqui-amharic-ext",
    )
    monkeypatch.setenv("COQUI_AMHARIC_AUTOLOAD", "0")
    found = site.problem("autoload-off")
    assert (found.severity, found.fix.by_hand) == ("note", "unset COQUI_AMHARIC_AUTOLOAD")


def test_a_patch_is_skipped_and_a_plugin_left_out(site: FakeSite) -> None:
    patch = {"name": "tokenizer", "state": "skipped", "reason": "unknown", "summary": "Amharic"}
    site.extension(patches=[patch], plugin_errors=["theirs: ImportError: no"])
    found = {p.name: p for p in site.diagnose().problems}
    assert found["patch-tokenizer"].what == "the patch tokenizer is skipped: unknown"
    assert "theirs: ImportError" in found["plugin"].what


def test_python_is_too_new_managed_or_without_pip() -> None:
    machine = Machine("linux", "", (), "x86_64", "3.15.0", "python", False, True, False)
    facts = Facts(machine, Gpus(), {}, {}, {}, {}, pip=("python", "-m", "pip"))
    found = {p.name: p for p in problems(facts)}
    assert "3.10 to 3.14" in found["python-version"].fix.by_hand
    assert "python3 -m venv" in found["externally-managed-python"].fix.by_hand
    found = {p.name: p for p in problems(Facts(machine, Gpus(), {}, {}, {}, {}))}
    assert found["no-pip"].fix.lines == ("python -m ensurepip --upgrade",)


def test_uv_installs_where_there_is_no_pip(site: FakeSite) -> None:
    machine = Machine("linux", "", (), "x86_64", "3.12.0", "/venv/bin/python", True, False, False)
    facts = Facts(machine, Gpus(), {"six": ""}, {}, {}, {}, pip=("/bin/uv", "pip"))
    lines = [line for p in problems(facts) for line in p.fix.lines]
    assert "/bin/uv pip install --python /venv/bin/python coqui-tts" in lines


def test_something_that_hangs_is_named_and_the_rest_goes_on(site: FakeSite) -> None:
    site.module("transformers", "import time; time.sleep(600)")
    environment = Environment(path=(str(site.folder),))
    found = environment.probe(["torch", "transformers", "six"], timeout=3)
    error = found["transformers"].error
    assert error.startswith("no answer within 3 s, at File ")
    assert error.endswith("in <module>")
    assert "transformers.py" in error
    assert not found["torch"].error
    assert not found["six"].error


def test_what_libraries_print_is_not_taken_for_a_result(site: FakeSite) -> None:
    site.module("six", 'print(\'{"begin": "nonsense"}\')')
    assert site.diagnose().problems == ()


def test_this_environment_can_run_the_main_job() -> None:
    found = diagnose()
    assert found.ok, [problem.what for problem in found.problems]
    assert found.facts.probe("extension").facts["active"]
    names = {state["name"] for state in found.facts.report["backends"]}
    assert {"rules", "epitran", "sdpa"} <= names
