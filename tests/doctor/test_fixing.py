"""Plans: what is run, what is left, and that torch is not replaced unasked."""

from __future__ import annotations

import sys

import pytest

from coqui_amharic_ext.doctor import Fix, Problem
from coqui_amharic_ext.doctor.fixing import Step, carry_out, plan

SIX = Problem("six-missing", "error", "", fix=Fix((("pip", "install", "six"),)))
TORCH = Problem(
    "torch-version", "error", "", fix=Fix((("pip", "install", "torch"),), replaces_torch=True)
)
SETTINGS = Problem("settings", "error", "", fix=Fix(by_hand="unset X"))
OPTIONAL = Problem("transphone-missing", "note", "", fix=Fix((("pip", "install", "t"),)))


def test_each_command_is_run_once_in_the_order_of_the_problems() -> None:
    again = Problem("other", "warning", "", fix=Fix((("pip", "check"), ("pip", "install", "six"))))
    steps = plan([SIX, again]).steps
    assert [step.line for step in steps] == ["pip install six", "pip check"]
    assert steps[0].problems == ("six-missing", "other")


def test_torch_is_left_alone_unless_it_is_asked_for() -> None:
    found = plan([TORCH, SIX])
    assert [step.line for step in found.steps] == ["pip install six"]
    ((left, reason),) = found.left
    assert left is TORCH
    assert "--replace-torch" in reason


def test_with_torch_replaced_the_rest_waits_for_another_look() -> None:
    found = plan([SIX, TORCH], replace_torch=True)
    assert [step.line for step in found.steps] == ["pip install torch"]
    assert [(problem.name, reason) for problem, reason in found.left] == [
        ("six-missing", "after torch is replaced")
    ]
    assert [s.line for s in plan([SIX], replace_torch=True).steps] == ["pip install six"]


def test_what_a_person_has_to_do_is_left_and_what_is_optional_is_not_done() -> None:
    found = plan([SETTINGS, OPTIONAL])
    assert found.steps == ()
    assert found.left == ((SETTINGS, "unset X"),)


def test_uv_and_python_m_pip_are_pip() -> None:
    commands = ("/bin/uv", "pip", "install", "a"), (sys.executable, "-m", "pip", "install", "b")
    found = plan([Problem("x", "error", "", fix=Fix(commands))])
    assert tuple(step.command for step in found.steps) == commands


def test_the_first_failure_is_the_last_command(capfd: pytest.CaptureFixture[str]) -> None:
    def step(code: str) -> Step:
        return Step((sys.executable, "-c", code), ())

    done = carry_out([step("print('one')"), step("raise SystemExit(3)"), step("print('two')")])
    assert [outcome.exit_code for outcome in done] == [0, 3]
    assert capfd.readouterr().out == "one\n"
    assert carry_out([Step(("no-such-command-here",), ())])[0].exit_code == 127


@pytest.mark.parametrize(
    "command",
    [
        ("sudo", "apt-get", "install", "-y", "ffmpeg"),
        ("rm", "-r", "/site/flash_attn"),
        ("coqui-amharic", "doctor", "--fetch", "transphone"),
        (sys.executable, "-m", "ensurepip", "--upgrade"),
    ],
)
def test_only_commands_of_pip_are_run_and_others_are_named(command: tuple[str, ...]) -> None:
    other = Problem("other", "error", "", fix=Fix((("pip", "check"), command)))
    found = plan([other, SIX])
    assert [step.line for step in found.steps] == ["pip install six"]
    ((left, reason),) = found.left
    assert left is other
    assert command[0] in reason
