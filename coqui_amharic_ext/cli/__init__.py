"""The command line ``coqui-amharic``."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from coqui_amharic_ext.cli import streams
from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.io import utf8_mode
from coqui_amharic_ext.io.ending import Ending, like_ctrl_c


def main() -> None:
    """Run the command line; see ``coqui-amharic --help``.

    Exit codes: 0 success, 1 the command found something wrong (or its output pipe was closed),
    2 wrong input or settings, 130 interrupted, 128 + N ended by signal N.
    """
    utf8_mode.ensure()
    streams.prepare()
    code: int | str | None
    ending = Ending()
    try:
        with like_ctrl_c() as ending:
            if sys.argv[1:2] != ["doctor"]:  # it reports invalid settings
                from coqui_amharic_ext.plugins import require_known
                from coqui_amharic_ext.settings import Settings

                require_known(Settings.from_environment())
            code = _run()
    except KeyboardInterrupt:  # before the verb runs
        code = 130
    except BrokenPipeError:
        streams.drop_output()
        code = 1
    except (CoquiAmharicError, OSError, TypeError, ValueError) as error:
        if os.environ.get("COQUI_AMHARIC_TRACEBACK") == "1":
            raise
        from coqui_amharic_ext.cli.output import note

        note(_message(error))
        if streams.output_error(error):
            streams.drop_output()
        code = 2
    if isinstance(code, int):
        code = ending.code(code)
    _leave(code)
    sys.exit(code)


def _run() -> int | str | None:
    from coqui_amharic_ext.cli.app import app

    try:
        app(prog_name="coqui-amharic")
    except SystemExit as error:
        # A full disk is noticed here, and not when Python ends.
        sys.stdout.flush()
        return error.code
    return 0


def _leave(code: object) -> None:
    """Exit at once if a hanging backend could otherwise spoil the exit code."""
    deadline = sys.modules.get("coqui_amharic_ext.g2p.deadline")
    if deadline is not None and deadline.left_running():
        with suppress(OSError):
            sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _message(error: Exception) -> str:
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    if error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return streams.output_error(error) or str(error)
