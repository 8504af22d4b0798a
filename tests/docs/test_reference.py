"""Every setting, variable, hook, verb, option, problem and requirement is documented."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from coqui_amharic_ext.doctor.problems import rows as problem_table
from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.plugins import HookSpecs
from coqui_amharic_ext.settings import ENVIRONMENT, Settings
from tests.docs import programs
from tests.docs.pages import DOCS, ROOT, commands, generated, load, read, written

PACKAGE = ROOT / "coqui_amharic_ext"


def test_settings_and_variables() -> None:
    page = re.sub("</?code>", "`", read("reference/settings.md").replace("<wbr>", ""))
    for option in fields(Settings):
        row = next(r for r in page.splitlines() if r.startswith(f"| `{option.name}` | `COQUI"))
        assert f"`{ENVIRONMENT[option.name]}`" in row
        assert option.metadata["doc"] in row
    # An unknown variable's error lists the known ones.
    with pytest.raises(SettingsError, match="valid variables: ") as caught:
        Settings.from_environment({"COQUI_AMHARIC_X": "1"})
    known = str(caught.value).partition("valid variables: ")[2].split(", ")
    assert len(known) > len(ENVIRONMENT)
    for variable in set(known) - set(ENVIRONMENT.values()):
        assert f"| `{variable}` |" in page


def test_text_policies() -> None:
    from coqui_amharic_ext.text.policy import TextPolicy

    page = read("reference/settings.md")
    for policy in TextPolicy.describe():
        assert f"| `{policy.name}` | `{policy.values[0]}`" in page


@pytest.mark.parametrize("hook", [name for name in vars(HookSpecs) if name[0] != "_"])
def test_hooks(hook: str) -> None:
    assert f"\n## `{hook}()`\n" in written(DOCS / "reference" / "hooks.md")


@pytest.mark.parametrize("name", list(programs.verbs()))
def test_verbs_with_their_options_and_an_example(name: str) -> None:
    page = read("reference/cli.md")
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    assert section is not None
    for option in programs.verbs()[name].options:
        assert option == "--help" or re.search(rf"[`, ]{option}[`,]", section[1]), option
    lines = [c.line for c in commands() if c.where.startswith("docs/reference/cli.md")]
    assert any(f"coqui-amharic {name}" in line for line in lines)


def test_the_public_names_are_in_the_python_reference() -> None:
    import coqui_amharic_ext

    page = written(DOCS / "reference" / "python.md") + written(DOCS / "reference" / "hooks.md")
    for name in set(coqui_amharic_ext.__all__) - {"__version__"}:
        assert f"::: coqui_amharic_ext.{name}\n" in page or f"`coqui_amharic_ext.{name}`" in page


def test_every_phone_and_every_patch_has_a_row() -> None:
    from coqui_amharic_ext.g2p.phonology.inventory import inventory

    page = read("linguistics.md")
    for phone in inventory():
        assert f"| `{phone}` |" in page
    from coqui_amharic_ext import plugins

    page = read("reference/patches.md")
    for patch in plugins.patches().values():
        if patch.distribution in ("coqui-tts", "coqui-tts-trainer", "torchaudio"):
            assert f"| `{patch.name}` |" in page
            for known in patch.known:
                assert f"\n## {patch.distribution} {known.release}\n" in page


def test_a_marker_that_no_table_answers_is_an_error() -> None:
    with pytest.raises(KeyError):
        generated.fill("<!-- table: nothing -->")
    assert generated.fill("no marker") == "no marker"


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda p: p.name)
def test_no_marker_is_left(page: Path) -> None:
    assert generated.MARKER.search(read(str(page.relative_to(DOCS)))) is None


def test_every_requirement_is_listed_with_its_reason_and_no_other() -> None:
    setup = programs.setup()
    declared = {("", n) for n in programs.requirements(setup["options"]["install_requires"])}
    for extra, text in setup["options.extras_require"].items():
        declared |= {(extra, name) for name in programs.requirements(text)}
    page = written(DOCS / "reference" / "dependencies.md")
    rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| `")
    ]
    listed = {("", row[0]) if len(row) == 3 else (row[0], row[1]) for row in rows}
    assert listed == declared
    assert all(row[-1] for row in rows)


def _problem_names() -> set[str]:
    """Names of the doctor's problems; of one that is put together, what it begins with."""
    return {re.sub(r"\{.*", "…", name) for name in problem_table()}


def test_every_problem_that_doctor_names() -> None:
    names = _problem_names()
    assert len(names) > 35
    page = written(DOCS / "troubleshooting.md")
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_every_file_that_the_architecture_names_is_there() -> None:
    named = re.findall(r"`([\w./*]+/[\w.*]*|\w+\.py)`", written(DOCS / "architecture.md"))
    assert len(named) > 40
    folders = (PACKAGE, ROOT)
    missing = [n for n in named if not any(list(f.glob(n.rstrip("/"))) for f in folders)]
    # "data/*.tsv" is in the folder of its row.
    assert [n for n in missing if not list(PACKAGE.glob(f"*/{n}"))] == []


def test_the_picture_shows_the_diagram_of_the_page() -> None:
    render = load(DOCS / "render_diagram.py")
    found = render.DIAGRAM.search(written(render.PAGE))
    assert written(render.PICTURE).startswith(render.stamp(found["source"])), (
        "run docs/render_diagram.py"
    )
