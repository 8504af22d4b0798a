"""Runs a Python program that ends when whoever started it is gone, however that ended.

``python -m coqui_amharic_ext.io.watched -m MODULE ARGUMENTS``, or a script or ``-c CODE`` instead
of ``-m MODULE``; see ``watched``. The starter holds the other end of its standard input: a pipe,
since that is closed by the kernel on every system, and since the program need not know of us.
"""

from __future__ import annotations

import _thread
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Final

SAVE_SECONDS: Final = 300.0
"""Time to save what is there before the program is killed."""


def watched(command: Sequence[str]) -> list[str]:
    """Return the command that runs a Python program under this module.

    Parameters
    ----------
    command : sequence of str
        The interpreter, its flags of one word, what to run as Python takes it, and arguments.
    """
    first = next(
        n for n, word in enumerate(command) if n and (word in ("-m", "-c") or word[:1] != "-")
    )
    return [*command[:first], "-m", __name__, *command[first:]]


def follow(descriptor: int) -> None:
    """End this process, as SIGTERM does, when the other end of a pipe is closed."""

    def wait() -> None:
        while os.read(descriptor, 1):
            pass
        if sys.platform == "win32":  # there a signal would end it at once
            _thread.interrupt_main()
        else:
            os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(SAVE_SECONDS)
        kill_group()

    threading.Thread(target=wait, daemon=True).start()


def kill_group() -> None:
    """Kill this process, and its workers where it leads a group."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(137)


def main() -> None:
    """Run the program that the arguments name, as Python itself would."""
    from coqui_amharic_ext.errors import CoquiAmharicError

    starter = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    follow(starter)
    words = sys.argv[1:]
    try:
        if words[0] == "-m":
            sys.argv = words[1:]
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        elif words[0] == "-c":
            sys.argv = ["-c", *words[2:]]
            exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
        else:
            sys.argv = words
            sys.path[0] = os.path.dirname(os.path.abspath(words[0]))
            runpy.run_path(words[0], run_name="__main__")
    except CoquiAmharicError as error:
        if os.environ.get("COQUI_AMHARIC_TRACEBACK") == "1":
            raise
        sys.stdout.flush()
        print(f"coqui-amharic: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
