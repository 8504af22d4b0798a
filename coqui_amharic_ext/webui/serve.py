"""The page's server: on this computer only, until it is told to end."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
import time
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psutil

from coqui_amharic_ext.errors import UnavailableError
from coqui_amharic_ext.io.ending import ENDINGS, like_ctrl_c
from coqui_amharic_ext.webui.uploads import uploads_folder
from coqui_amharic_ext.webui.workfolder import WorkFolder, WorkFolderError

HOST: Final = "127.0.0.1"
FIRST_PORT: Final = 7860
PORTS: Final = 40
END_SECONDS: Final = 5.0
"""How long children, and then requests, may take to end."""


def require_gradio() -> None:
    """Refuse to start without the extra."""
    if find_spec("gradio") is None:
        raise UnavailableError(
            'the web page needs gradio; install it with: pip install "coqui-amharic-ext[webui]"'
        )


def listen(port: int | None) -> socket.socket:
    """Take the port that is given, or else the first free one."""
    for number in range(FIRST_PORT, FIRST_PORT + PORTS) if port is None else (port,):
        taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name != "nt":
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((HOST, number))
        except (OSError, OverflowError) as error:
            taken.close()
            if port is not None:
                raise UnavailableError(
                    f"port {port} is not available: {error}; give another one, or none to take "
                    "the first free one"
                ) from error
            continue
        taken.listen(128)
        return taken
    raise UnavailableError(f"no port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1} is free")


def serve(
    folder: Path, port: int | None, tell: Callable[[str], None], *, browse: bool = False
) -> None:
    """Serve the page until Ctrl-C, SIGTERM or SIGHUP; the runs that it started then save and end.

    Parameters
    ----------
    folder : Path
        The work folder; no path that a browser gives leads out of it.
    port : int or None
        ``None``: the first free one from ``FIRST_PORT``.
    tell : callable
        Called with the address, token included, as soon as the page answers there.
    browse : bool
        Whether to open the page in the browser then.

    Raises
    ------
    UnavailableError
        gradio is missing, or the port is taken.
    """
    require_gradio()
    if port is not None and not 0 <= port <= 65535:
        raise WorkFolderError(f"--port {port} is not a port; give 1 to 65535")
    work = WorkFolder.at(folder)
    with listen(port) as taken, uploads_folder() as uploads, like_ctrl_c():
        # A script starts its background jobs with Ctrl-C ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # gradio reads these when it is imported, which takes seconds: hence here.
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        os.environ["GRADIO_TEMP_DIR"] = str(uploads)
        from coqui_amharic_ext.webui.app import make_server
        from coqui_amharic_ext.webui.runs import Runs

        runs = Runs(work)
        token = secrets.token_urlsafe(32)
        address = f"http://{HOST}:{taken.getsockname()[1]}/?token={token}"
        server, thread = None, None
        try:
            server = make_server(work, runs, uploads, token)
            # A daemon, as are the threads that it starts: one that hangs does not keep us here.
            thread = threading.Thread(target=server.run, args=([taken],), daemon=True)
            thread.start()
            while thread.is_alive() and not server.started:
                time.sleep(0.02)
            tell(address)
            if browse:
                webbrowser.open(_forwarding_file(uploads, address).as_uri())
            while thread.is_alive():
                thread.join(0.5)
        except KeyboardInterrupt:
            pass
        finally:
            # A terminal that is closed sends more than one; Ctrl-C still ends the waiting.
            for number in ENDINGS:
                signal.signal(number, signal.SIG_IGN)
            # The server waits for requests, and those for children.
            _end_children(keep=runs.interrupt())
            if server is not None and thread is not None:
                server.should_exit = True
                thread.join(END_SECONDS)
            runs.close()


def _forwarding_file(private: Path, address: str) -> Path:
    """Write a file that leads to the page: others can read the command line of a browser."""
    path = private / "open.html"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={address}">')
    return path


def _end_children(keep: set[int]) -> None:
    """End this process's children and theirs, except those of ``keep`` and theirs."""
    children = [child for child in psutil.Process().children() if child.pid not in keep]
    for child in list(children):
        with suppress(psutil.NoSuchProcess):
            children += child.children(recursive=True)
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.terminate()
    for child in psutil.wait_procs(children, timeout=END_SECONDS)[1]:
        with suppress(psutil.NoSuchProcess):
            child.kill()
