"""Generate the tables that pages request by ``<!-- table: NAME ARGUMENTS -->`` from the code.

Nothing that can be read from the code is written a second time. MkDocs loads this file as a hook;
the tests call ``fill`` to see the pages as readers do.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from email import message_from_bytes
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
DIAGRAM = re.compile(r"^```mermaid\n.*?^```$", re.MULTILINE | re.DOTALL)
"""Rendered by ``render_diagram.py``, since the site loads no script from elsewhere."""
MARKER = re.compile(r"^<!-- table: (?P<name>[a-z-]+)(?P<arguments>[^\n]*?) -->$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in a page's tables and show its diagram; MkDocs calls it for every page."""
    return DIAGRAM.sub("![The layers of the package](images/architecture.svg)", fill(markdown))


def fill(markdown: str) -> str:
    """Return a page with every marker replaced by its table.

    Raises
    ------
    KeyError
        A marker names a table that does not exist.
    """
    return MARKER.sub(lambda m: TABLES[m["name"]](*m["arguments"].split()), markdown)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(c) for c in line) + " |" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _code(value: object) -> str:
    return f"`{value}`"


def _breakable(name: str) -> str:
    """Return a long name that may break after its dots, slashes and common beginning."""
    return f"<code>{re.sub(r'(?<=[./])|(?<=AMHARIC_)', '<wbr>', escape(name))}</code>"


def settings() -> str:
    """Return every field of ``Settings`` with its variable, default and meaning."""
    from coqui_amharic_ext.settings import ENVIRONMENT, Settings

    rows = []
    for option in fields(Settings):
        default = option.default
        shown = ", ".join(default) if isinstance(default, tuple) else default
        rows.append(
            (
                _code(option.name),
                _breakable(ENVIRONMENT[option.name]),
                "–" if default in ("", None) else _code(shown),
                option.metadata["doc"] + (" (XTTS)" if option.metadata["model"] else ""),
            )
        )
    return _table(("setting", "variable", "default", "what it does"), rows)


def choices() -> str:
    """Return the settings that take one of a few names."""
    from coqui_amharic_ext import settings as s

    rows = (
        ("attention", s.ATTENTION_CHOICES),
        ("attention_dropout", s.DROPOUT_CHOICES),
        ("on_bad_sample", s.ON_BAD_SAMPLE_CHOICES),
        ("precision", s.PRECISION_CHOICES),
        ("xtts_text", s.XTTS_TEXT_CHOICES),
        ("g2p_backends", s.OWN_G2P_BACKENDS),
    )
    return _table(
        ("setting", "values"),
        [(_code(name), ", ".join(map(_code, values))) for name, values in rows],
    )


def policies() -> str:
    """Return every text policy; the first value is the default."""
    from coqui_amharic_ext.text.policy import TextPolicy

    return _table(
        ("policy", "values", "what they do"),
        [(_code(p.name), ", ".join(map(_code, p.values)), p.doc) for p in TextPolicy.describe()],
    )


def phones() -> str:
    """Return the phone inventory, as in ``g2p/data/phones.tsv``."""
    path = ROOT / "coqui_amharic_ext" / "g2p" / "data" / "phones.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return _table(
        ("phone", "class", "symbol in Coqui's character set", "example", "remark"),
        [
            (_code(r["phone"]), r["class"], _code(r["coqui_symbol"]), r["example"], r["comment"])
            for r in rows
        ],
    )


def kernels() -> str:
    """Return every attention kernel of ours with what it declares."""
    from coqui_amharic_ext.attention.plugin import attention_backends

    systems = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}
    rows = []
    for spec in attention_backends():
        low, high = spec.capabilities
        where = ", ".join(spec.devices)
        if low:
            where += f" {low}.0 or later" if high == 99 else f" {low}.x to {high}.x"
        if len(spec.platforms) < len(systems):
            where += f" on {' and '.join(systems[p] for p in spec.platforms)}"
        rows.append(
            (
                _code(spec.name),
                spec.summary,
                where,
                ", ".join(spec.dtypes),
                "yes" if spec.dropout else "no",
            )
        )
    return _table(("kernel", "what it is", "runs on", "dtypes", "dropout"), rows)


def patches(distribution: str) -> str:
    """Return our patches of one distribution: what changes, what they wrap, where they are."""
    os.environ.setdefault("COQUI_AMHARIC_PLUGINS", "0")
    from coqui_amharic_ext import plugins

    rows = []
    for patch in plugins.patches().values():
        if patch.distribution != distribution:
            continue
        word, _, rest = patch.summary.rstrip(".").partition(" ")
        module = str(patch.replace).partition(":")[0].removeprefix("coqui_amharic_ext.")
        rows.append(
            (
                _code(patch.name),
                f"{word.capitalize() if word.islower() and word.isalpha() else word} {rest}",
                _breakable(patch.target.removeprefix("TTS.")),
                _breakable(module.replace(".", "/") + ".py"),
            )
        )
    if not rows:
        raise KeyError(f"no patch is of {distribution}")
    return _table(("patch", "what changes", "upstream object", "code"), rows)


def series() -> str:
    """Return the diffs for upstream, by the release that they are made for."""
    rows = []
    for folder in sorted(path.parent for path in (ROOT / "patches").glob("*/series")):
        for name in (folder / "series").read_text(encoding="utf-8").split():
            subject = str(message_from_bytes((folder / name).read_bytes())["Subject"])
            about = " ".join(subject.split()).removeprefix("[PATCH] ")
            rows.append((_code(folder.name), _code(name.partition("-")[0]), about))
    return _table(("release", "number", "what it does"), rows)


def options(*verb: str) -> str:
    """Return the arguments and options of one verb of the command line."""
    import typer.main

    from coqui_amharic_ext.cli.app import app

    command: Any = typer.main.get_command(app)
    for name in verb:
        command = command.commands[name]
    about = " ".join(command.help.split("\n\n")[0].split())
    rows = []
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            shown = parameter.name.upper()
        else:
            shown = ", ".join((*parameter.opts, *parameter.secondary_opts))
        required = "needed" if parameter.required else ""
        rows.append((_code(shown), required, getattr(parameter, "help", "") or ""))
    return f"{about}\n\n" + _table(("argument or option", "", "what it does"), rows)


def findings() -> str:
    """Return what a check of a corpus can find."""
    from coqui_amharic_ext.data.findings import KINDS

    return _table(
        ("kind", "severity", "what it is", "a copy made with --fix"),
        [
            (_code(name), kind.severity, kind.summary, f"row {kind.remedy}")
            for name, kind in KINDS.items()
        ],
    )


def lists() -> str:
    """Return the lists behind text and G2P with their number of rows."""
    rows = []
    for name, what in LISTS.items():
        with (ROOT / "coqui_amharic_ext" / name).open(encoding="utf-8") as file:
            count = sum(1 for line in file if line.strip() and not line.startswith("#")) - 1
        rows.append((_code(name), f"{count:,}", what))
    return _table(("file", "rows", "what it holds"), rows)


LISTS = {
    "g2p/data/fidel.tsv": "every Ethiopic letter: consonants, vowel, order",
    "g2p/data/phones.tsv": "the phone inventory and its symbols in Coqui",
    "g2p/data/roots.tsv": "verb roots with their type, gloss, basis and confidence",
    "g2p/data/paradigms.tsv": "stems of each verb type, from which forms are derived",
    "g2p/data/prefixes.tsv": "prefixes, and what each can stand before",
    "g2p/data/suffixes.tsv": "suffixes with their length marks",
    "g2p/data/words.tsv": "other words, each with its basis and confidence",
    "g2p/data/homographs.tsv": "spellings with several readings, the default marked",
    "g2p/data/contacts.tsv": "what two consonants without ɨ between them cost",
    "g2p/data/epitran_repairs.tsv": "letters that epitran misreads or does not know",
    "text/data/abbreviations.tsv": "abbreviations and what they are read as",
    "text/data/currencies.tsv": "currencies",
    "text/data/units.tsv": "units of measurement",
    "text/data/months.tsv": "months of both calendars",
    "text/data/latin_words.tsv": "words in Latin script with their usual reading",
}


def results(path: str, *columns: str) -> str:
    """Return a committed CSV file of ``benchmarks/results``, whole or some columns.

    ``NAME=VALUE`` among the columns keeps the rows that have that value.
    """
    with (RESULTS / path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = dict(c.split("=", 1) for c in columns if "=" in c)
    shown = [c.replace("_", " ") for c in columns if "=" not in c] or list(rows[0])
    names = [next(n for n in rows[0] if n.replace("_", " ") == c) for c in shown]
    # What could not be measured on that machine has no time.
    kept = [r for r in rows if _measured(r) and all(r[n] == v for n, v in wanted.items())]
    if not kept:
        raise KeyError(f"{path} has no row with {wanted}")
    return _table([name.replace("_", " ") for name in names], [[r[n] for n in names] for r in kept])


def _measured(row: dict[str, str]) -> bool:
    return row.get("forward_backward_ms") != ""


def records(path: str, *keys: str) -> str:
    """Return keys of a committed JSON file of ``benchmarks/results``, one column a record."""
    found = json.loads((RESULTS / path).read_text(encoding="utf-8"))
    entries = found if isinstance(found, list) else [found]
    head = ("", *(f"run {n}" for n in range(1, len(entries) + 1))) if entries[1:] else ("", "")
    return _table(head, [(key, *(entry[key] for entry in entries)) for key in keys])


def soak() -> str:
    """Return how much went through the soak, and how often it found something."""
    done = json.loads((RESULTS / "soak.json").read_text(encoding="utf-8"))
    head = ("strings", "characters", *done["found"])
    counts = (done["count"], done["characters"], *done["found"].values())
    return _table(head, [[f"{count:,}" for count in counts]])


def soak_lines() -> str:
    """Return how long lines of a megabyte took in the soak."""
    lines = json.loads((RESULTS / "soak.json").read_text(encoding="utf-8"))["lines"]
    keys = ("kind", "quarter", "half", "full")
    return _table(keys, [[line[key] for key in keys] for line in lines])


def scale() -> str:
    """Return the rates of one and two Ray workers, and the estimate from them."""
    found = json.loads((RESULTS / "scale.json").read_text(encoding="utf-8"))
    rows = [(m["workers"], f"{m['rate']:,} sentences/s") for m in found["measured"]]
    hours = found["estimate"]["core hours"]
    return (
        _table(("workers", "measured rate"), rows)
        + f"\n\nEstimate for a billion sentences: {hours} core hours."
    )


def contributing() -> str:
    """Return CONTRIBUTING.md, with its links relative to the site."""
    return (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").replace("](docs/", "](")


TABLES: dict[str, Callable[..., str]] = {
    "settings": settings,
    "choices": choices,
    "contributing": contributing,
    "policies": policies,
    "phones": phones,
    "kernels": kernels,
    "patches": patches,
    "series": series,
    "options": options,
    "findings": findings,
    "lists": lists,
    "results": results,
    "records": records,
    "scale": scale,
    "soak": soak,
    "soak-lines": soak_lines,
}
