"""What a report says of itself in words."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.demo.test_demo import environment

NEVER = "not active here, so nothing is patched (import torch activates it"


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("", NEVER),
        ("import torch", "active\npatches: listed when TTS is imported\n"),
        ("import torch, TTS.tts.models.vits", "active\npatch "),
    ],
)
def test_it_says_why_no_patch_is_listed(code: str, first: str) -> None:
    program = f"{code}\nimport coqui_amharic_ext as am\nprint(am.status())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert done.stdout.startswith(f"coqui-amharic-ext: {first}")
