"""``plugins``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from coqui_amharic_ext.cli.output import emit
from coqui_amharic_ext.cli.tables import Table


def plugins(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List plugins with their distributions, and the errors of those left out.

    Exit code 1 if one is left out.

    Example: coqui-amharic plugins --json
    """
    from coqui_amharic_ext.plugins import plugin_infos

    infos = plugin_infos()
    if json:
        emit([asdict(info) for info in infos])
    else:
        table = Table(["plugin", "module", "from", "hooks", "error"])
        for info in infos:
            source = f"{info.distribution} {info.version}".strip()
            table.add(info.name, info.module, source, ", ".join(info.hooks) or "–", info.error)
        table.show()
    raise typer.Exit(code=int(any(info.error for info in infos)))
