"""What ``status()`` says, as tables."""

from __future__ import annotations

from typing import Any

from coqui_amharic_ext.webui.markup import Markup, badge, message, table


def state_tables(status: dict[str, Any]) -> Markup:
    """Return kernels, G2P backends and patches of ``Report.to_dict()``."""
    parts: list[str] = []
    if status["settings_error"]:
        parts.append(message(status["settings_error"], "bad"))
    for kind, caption in (("attention", "Attention kernels"), ("g2p", "G2P backends")):
        rows = [
            (
                one["name"],
                badge("available", "good")
                if one["available"]
                else badge("not available", "warning"),
                one["reason"],
                one["fix"],
            )
            for one in status["backends"]
            if one["kind"] == kind
        ]
        parts.append(table(caption, ("name", "state", "reason", "what to do"), rows))
    patches = [
        (
            one["name"],
            badge(one["state"], "good" if one["state"] == "applied" else "warning"),
            one["summary"],
            one["reason"],
        )
        for one in status["patches"]
    ]
    parts.append(table("Patches of upstream", ("name", "state", "what", "reason"), patches))
    parts += [message(error, "bad") for error in status["plugin_errors"]]
    parts += [message(note) for note in status["notes"]]
    return Markup("".join(parts))
