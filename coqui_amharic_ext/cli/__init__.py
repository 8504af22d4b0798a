"""The command line ``coqui-amharic``."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; see ``coqui-amharic --help``.

    Exit codes: 0 done, 1 the command ran and found something wrong (or its reader went away),
    2 wrong input or settings, 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        # Amharic must print on a terminal or pipe whose locale is not UTF-8, too.
        getattr(stream, "reconfigure", lambda **_: None)(encoding="utf-8", errors="replace")
    from coqui_amharic_ext.cli.app import app
    from coqui_amharic_ext.errors import CoquiAmharicError

    try:
        app(prog_name="coqui-amharic")
    except (CoquiAmharicError, OSError, TypeError, ValueError) as error:
        if os.environ.get("COQUI_AMHARIC_TRACEBACK") == "1":
            raise
        print(f"coqui-amharic: {error}", file=sys.stderr)
        sys.exit(2)
