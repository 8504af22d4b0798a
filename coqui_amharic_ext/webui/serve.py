"""The page's server: on this computer only, until it is told to end."""

from __future__ import annotations

import os
import secrets
import socket
import webbrowser
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.errors import UnavailableError
from coqui_amharic_ext.webui.ending import end_children, ignore_endings, like_ctrl_c
from coqui_amharic_ext.webui.uploads import uploads_folder
from coqui_amharic_ext.webui.workfolder import WorkFolder, WorkFolderError

HOST: Final = "127.0.0.1"
FIRST_PORT: Final = 7860
PORTS: Final = 40
MOST_BYTES: Final = 50 * 2**20
"""Of one upload: a reference recording."""


def require_gradio() -> None:
    """Refuse where the extra is not installed.

    Raises
    ------
    UnavailableError
        gradio is missing.
    """
    if find_spec("gradio") is None:
        raise UnavailableError(
            'the web page needs gradio; install it with: pip install "coqui-amharic-ext[webui]"'
        )


def listen(port: int | None) -> socket.socket:
    """Take a port of this computer: the one that was named, else the first that is free.

    Raises
    ------
    UnavailableError
        It is taken, or all of them are.
    """
    for wanted in range(FIRST_PORT, FIRST_PORT + PORTS) if port is None else (port,):
        taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name != "nt":
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((HOST, wanted))
        except (OSError, OverflowError) as error:
            taken.close()
            if port is not None:
                raise UnavailableError(
                    f"port {port} cannot be had: {error}; give another one, or none with which the "
                    "first free one is taken"
                ) from error
            continue
        taken.listen(128)
        return taken
    raise UnavailableError(f"no port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1} is free")


def serve(
    folder: Path, port: int | None, tell: Callable[[str], None], *, browse: bool = False
) -> None:
    """Serve the page until Ctrl-C, then stop the runs it started, which save what they have.

    SIGTERM and SIGHUP end it in the same way.

    Parameters
    ----------
    folder : Path
        The work folder; no path that a browser gives leads out of it.
    port : int or None
        ``None``: the first free one from ``FIRST_PORT``.
    tell : callable
        Is told the address, with the token that opens the page, as soon as it answers there.
    browse : bool
        Whether to open it in the browser then.

    Raises
    ------
    UnavailableError
        gradio is missing, or the port is taken.
    """
    require_gradio()
    if port is not None and not 0 <= port <= 65535:
        raise WorkFolderError(f"--port {port} is not a port; give 1 to 65535")
    work = WorkFolder.at(folder)
    taken = listen(port)
    token = secrets.token_urlsafe(32)
    address = f"http://{HOST}:{taken.getsockname()[1]}/?token={token}"
    with (
        like_ctrl_c(),
        taken,
        uploads_folder() as uploads,
    ):
        # Read by gradio when it is imported: no statistics, and uploads go with the page.
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        os.environ["GRADIO_TEMP_DIR"] = str(uploads)
        from coqui_amharic_ext.webui.runs import Runs

        runs = Runs(work)

        def answering() -> None:
            tell(address)
            if browse:
                webbrowser.open(_opening(uploads, address).as_uri())

        def ending() -> None:
            end_children(keep=runs.interrupt())

        try:
            application = _application(work, runs, uploads, token)
            _run(application, taken, answering, ending)
        finally:
            # What was heeded once is not heeded again; Ctrl-C still ends the waiting.
            ignore_endings()
            ending()
            runs.close()


def _opening(private: Path, address: str) -> Path:
    """Write a file that leads to the page; the command line of a browser is no secret."""
    path = private / "open.html"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={address}">')
    return path


def _application(work: WorkFolder, runs: Any, uploads: Path, token: str) -> Any:
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.responses import FileResponse, Response, StreamingResponse

    from coqui_amharic_ext.io.files import replacing
    from coqui_amharic_ext.webui import app as page
    from coqui_amharic_ext.webui.fetching import fetch_nothing
    from coqui_amharic_ext.webui.guard import Guard
    from coqui_amharic_ext.webui.speech import ADDRESS, Speech
    from coqui_amharic_ext.webui.theme import css, theme

    fetch_nothing()
    speech = Speech(work, uploads)
    application = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    inline = {"content-disposition": 'inline; filename="speech.wav"'}

    def sound(token: str) -> Response:
        found = speech.sound(token)
        if found is None:
            return Response("This sound is no longer kept: speak again.", status_code=404)
        whole = found.whole()
        if whole is None:
            return StreamingResponse(found.stream(), media_type="audio/wav", headers=inline)
        # As a file, parts of it can be asked for: some players take sound in no other way.
        file = uploads / f"{token}.wav"
        if not file.exists():
            with replacing(file) as partial:
                partial.write_bytes(whole)
        return FileResponse(file, media_type="audio/wav", headers=inline)

    application.get(ADDRESS)(sound)
    blocks = page.build(work, runs, speech)
    mounted = gr.mount_gradio_app(
        application,
        blocks,
        path="",
        ssr_mode=False,
        pwa=False,
        footer_links=[],
        run_history=False,
        max_file_size=MOST_BYTES,
        theme=theme(),
        css=css(),
    )
    mounted.add_middleware(Guard, token=token)
    return mounted


def _run(
    application: Any, taken: socket.socket, ready: Callable[[], None], ending: Callable[[], None]
) -> None:
    import uvicorn

    class Server(uvicorn.Server):  # type: ignore[misc, unused-ignore]
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # The server waits for what it has begun, which waits for these.
            ending()
            await super().shutdown(sockets)

    # Open pages hold a connection for ever: they are cut when the page ends.
    config = uvicorn.Config(
        application,
        log_level="warning",
        timeout_graceful_shutdown=2,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    try:
        Server(config).run(sockets=[taken])
    except KeyboardInterrupt:
        # uvicorn raises it again when it has ended; for us it is the way to end.
        return
