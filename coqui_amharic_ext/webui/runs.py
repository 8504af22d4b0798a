"""Training runs: started as processes of their own, watched, stopped cleanly, gone on with."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import signal
import subprocess
import threading
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.io.files import replacing
from coqui_amharic_ext.io.jsontext import parsed
from coqui_amharic_ext.io.watched import watched
from coqui_amharic_ext.webui.failure import why
from coqui_amharic_ext.webui.inside import require_config_inside, require_links_inside
from coqui_amharic_ext.webui.losses import LossReader, uncoloured
from coqui_amharic_ext.webui.recipe import Plan, TrainForm, plan
from coqui_amharic_ext.webui.workfolder import WorkFolder

State = Literal["running", "stopping", "finished", "stopped", "failed", "unknown"]

LOG: Final = "train.log"
RECORD: Final = "run.json"
SAVE_SECONDS: Final = 120.0
"""Time that an interrupted run has to save its checkpoint before it is ended."""

_TAIL_BYTES: Final = 24_000
_PIECE: Final = 1 << 20

logger = logging.getLogger(__name__)


class RunError(CoquiAmharicError, RuntimeError):
    """A run cannot be started, found, stopped or gone on with."""


@dataclass(frozen=True, slots=True)
class View:
    """A run at one moment.

    Parameters
    ----------
    name : str
        Of its folder.
    state : str
        ``unknown``: it belonged to a page that was ended without being able to stop it.
    reason : str
        Why it failed, in words; empty otherwise.
    log : str
        The end of its log.
    losses : LossReader
        What was read of its losses.
    checkpoint : str
        The folder to go on from, empty where nothing was saved.
    """

    name: str
    state: State
    reason: str
    log: str
    losses: LossReader
    checkpoint: str


class Run:
    """One run's folder and, if this page started it, its process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / LOG
        self._lock = threading.RLock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._losses = LossReader()
        self._read = 0

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """Its process; 0 if this page did not start it."""
        return 0 if self._child is None else self._child.pid

    def start(self, chosen: Plan, resume: Path | None = None) -> None:
        """Start its process; the log is written on at its end."""
        with self._lock:
            if self.alive:
                raise RunError(f"{self.folder.name} is running already")
            command = watched(chosen.command(self.folder, resume))
            # A group of its own: Ctrl-C at the page's terminal must not reach it and its loader
            # workers at once; ``stop`` interrupts the one process that saves.
            options: dict[str, Any] = (
                {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
                if os.name == "nt"
                else {"start_new_session": True}
            )
            with self.log.open("ab") as sink:
                self._child = subprocess.Popen(  # noqa: S603 - our own recipe, checked arguments
                    command,
                    stdin=subprocess.PIPE,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    env=chosen.environment(),
                    **options,
                )
            self._stopping = False
            self._record(
                form=asdict(chosen.form), pid=self._child.pid, returncode=None, stopped=False
            )
            threading.Thread(target=self._wait, args=(self._child,), daemon=True).start()

    def _wait(self, child: subprocess.Popen[bytes]) -> None:
        code = child.wait()
        if child.stdin is not None:
            child.stdin.close()
        with self._lock, contextlib.suppress(FileNotFoundError):
            self._record(returncode=code, stopped=self._stopping)

    def stop(self, seconds: float = SAVE_SECONDS) -> None:
        """Interrupt it as Ctrl-C does, so that the trainer saves; end it if it takes too long."""
        with self._lock:
            child = self._child
            if child is None or child.poll() is not None:
                raise RunError(f"{self.folder.name} is not running")
            if self._stopping:
                return
            self._stopping = True
        threading.Thread(target=self._end, args=(child, seconds), daemon=True).start()

    def _end(self, child: subprocess.Popen[bytes], seconds: float) -> None:
        if os.name == "nt":
            child.terminate()
        else:
            child.send_signal(signal.SIGINT)
        for after in (seconds, 5.0):
            try:
                child.wait(timeout=after)
                break
            except subprocess.TimeoutExpired:
                logger.warning("%s does not stop; ending it", self.folder.name)
                child.terminate()
        if os.name != "nt":
            # Loader workers that outlived it, and itself if nothing else helped.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
        elif child.poll() is None:
            child.kill()

    def wait(self, seconds: float) -> bool:
        """Wait until its process has ended; return whether it has."""
        if self._child is None:
            return True
        try:
            self._child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def form(self) -> TrainForm:
        """Return what it was started with.

        Raises
        ------
        RunError
            The folder holds no record of it.
        """
        try:
            said = dict(self.record()["form"])
            return TrainForm(**said | {"g2p_backends": tuple(said["g2p_backends"])})
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"{self.folder.name} has no record ({RECORD}) of how it was started; start anew"
            ) from error

    def left_running(self) -> bool:
        """Whether an earlier page was ended without stopping it, and its process is still there."""
        return self._state()[0] == "unknown" and _process_lives(self.record().get("pid"))

    def record(self) -> dict[str, Any]:
        """Return what was written down about it."""
        try:
            found = parsed((self.folder / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _record(self, **values: object) -> None:
        with replacing(self.folder / RECORD) as path:
            path.write_text(
                json.dumps(self.record() | values, ensure_ascii=False, indent=1), encoding="utf-8"
            )

    def saved(self) -> Path | None:
        """Return the trainer's newest folder with a checkpoint to go on from."""
        folders = [
            config.parent
            for config in self.folder.glob("*/config.json")
            if any(config.parent.glob("checkpoint_*.pth"))
            or any(config.parent.glob("best_model*.pth"))
        ]
        return max(folders, key=lambda folder: folder.stat().st_mtime, default=None)

    def view(self) -> View:
        """Look at it: state, the end of its log, the losses so far."""
        with self._lock:
            state, code = self._state()
            self._read_losses()
            log = self._tail()
            reason = why(log, code) if state == "failed" else ""
            saved = self.saved()
            return View(
                self.folder.name, state, reason, log, self._losses, saved.name if saved else ""
            )

    def _state(self) -> tuple[State, int]:
        if self.alive:
            return ("stopping" if self._stopping else "running"), 0
        if self._child is not None:
            code, stopped = self._child.returncode, self._stopping
        else:
            said = self.record()
            code, stopped = said.get("returncode"), bool(said.get("stopped"))
        if not isinstance(code, int):
            return "unknown", 0
        if stopped:
            return "stopped", code
        return ("finished" if code == 0 else "failed"), code

    def _read_losses(self) -> None:
        if not self.log.is_file():
            return
        with self.log.open("rb") as stream:
            stream.seek(self._read)
            while piece := stream.read(_PIECE):
                self._read += len(piece)
                # A letter cut in two can only stand in a text that is logged, never in a loss.
                self._losses.feed(piece.decode("utf-8", errors="replace"))

    def _tail(self) -> str:
        if not self.log.is_file():
            return ""
        with self.log.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _TAIL_BYTES))
            text = uncoloured(stream.read().decode("utf-8", errors="replace"))
        # Progress bars write over their line; only what is left of it counts.
        kept = [
            line.rsplit("\r", 1)[-1].rstrip() for line in text.replace("\r\n", "\n").split("\n")
        ]
        return "\n".join(kept[1:] if size > _TAIL_BYTES else kept).strip("\n")


class Runs:
    """Every run of a work folder; the page's sessions share it, each follows its own."""

    def __init__(self, work: WorkFolder) -> None:
        self.work = work
        self.folder = work.inside("runs", "folder of the runs")
        self._lock = threading.Lock()
        self._known: dict[str, Run] = {}
        self.closing = threading.Event()

    def start(self, chosen: Plan) -> Run:
        """Start a run in a new folder."""
        self.require_open()
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        run = Run(self.folder / f"{chosen.recipe}-{stamp}-{secrets.token_hex(2)}")
        run.folder.mkdir(parents=True)
        with self._lock:
            self._known[run.folder.name] = run
        run.start(chosen)
        return run

    def resume(self, name: str) -> Run:
        """Go on with a run from the checkpoint it saved last.

        Raises
        ------
        RunError
            It is running, or saved nothing.
        """
        self.require_open()
        run = self.get(name)
        if run.alive:
            raise RunError(f"{name} is running already")
        if run.left_running():
            raise RunError(
                f"{name} still runs in process {run.record()['pid']}, which an earlier page left; "
                "stop that first"
            )
        saved = run.saved()
        if saved is None:
            raise RunError(f"{name} saved no checkpoint to go on from; start a new run")
        # These are files like any other: what they say is checked as a form is.
        require_links_inside(self.work, saved)
        require_config_inside(self.work, saved / "config.json", training=True)
        run.start(plan(run.form(), self.work), saved)
        return run

    def current(self) -> Run | None:
        """Return the run that a page which is opened shows: the newest that runs, else ended here.

        One that an earlier page left running is found, too.
        """
        newest = None
        for name in self.names():
            with contextlib.suppress(CoquiAmharicError):
                run = self.get(name)
                if run.alive or (not run.pid and run.left_running()):
                    return run
                newest = newest or (run if run.pid else None)
        return newest

    def get(self, name: str | None) -> Run:
        """Find a run by the name of its folder.

        Raises
        ------
        RunError
            There is none of that name.
        """
        if not name:
            raise RunError("choose a run first")
        with self._lock:
            run = self._known.get(name)
            if run is None:
                folder = self.work.inside(str(self.folder / name), "run")
                if folder.parent != self.folder or not (folder / RECORD).is_file():
                    raise RunError(f"{name!r} is not a run in {self.work.shown(self.folder)}")
                require_links_inside(self.work, folder)
                run = self._known[name] = Run(folder)
            return run

    def names(self) -> list[str]:
        """Return every run, the newest first."""
        records = list(self.folder.glob(f"*/{RECORD}"))
        records.sort(key=lambda record: record.parent.stat().st_ctime, reverse=True)
        return [record.parent.name for record in records]

    def interrupt(self, seconds: float = SAVE_SECONDS) -> set[int]:
        """Begin to stop every run that this page started, for good; return their processes."""
        self.closing.set()
        running = self._running()
        for run in running:
            with contextlib.suppress(RunError):
                run.stop(seconds)
        return {run.pid for run in running}

    def close(self, seconds: float = SAVE_SECONDS) -> None:
        """Stop every run that this page started, and wait until they have saved and ended."""
        self.interrupt(seconds)
        until = time.monotonic() + seconds + 10
        for run in self._running():
            run.wait(max(0.1, until - time.monotonic()))

    def require_open(self) -> None:
        """Refuse to begin anything, or to go on with it, while the page ends.

        Raises
        ------
        RunError
            It does.
        """
        if self.closing.is_set():
            raise RunError("the page is ending and starts nothing any more")

    def _running(self) -> list[Run]:
        with self._lock:
            return [run for run in self._known.values() if run.alive]


def _process_lives(pid: object) -> bool:
    if not isinstance(pid, int) or os.name == "nt":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
