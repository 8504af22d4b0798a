"""Training runs: separate processes that are started, watched, stopped and resumed."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import secrets
import signal
import subprocess
import threading
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import psutil

from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.io.files import replacing
from coqui_amharic_ext.io.jsontext import parsed
from coqui_amharic_ext.io.watched import watched
from coqui_amharic_ext.webui.failure import reason_of
from coqui_amharic_ext.webui.inside import require_config_inside, require_links_inside
from coqui_amharic_ext.webui.losses import Losses, LossReader
from coqui_amharic_ext.webui.recipe import TrainForm, Training, training
from coqui_amharic_ext.webui.workfolder import WorkFolder

State = Literal["running", "stopping", "finished", "stopped", "failed", "unknown"]
"""Unknown: a page that was killed started it and could not stop it."""

LOG: Final = "train.log"
RECORD: Final = "run.json"
SAVE_SECONDS: Final = 120.0
"""How long an interrupted run may take to save its checkpoint."""

_TAIL_BYTES: Final = 24_000
_PIECE: Final = 1 << 20
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_EPOCH: Final = re.compile(rb"> EPOCH: (\d+)/(\d+)")

logger = logging.getLogger(__name__)


class RunError(CoquiAmharicError, RuntimeError):
    """A run cannot be started, found, stopped or resumed."""


@dataclass(frozen=True, slots=True)
class View:
    """A run at one moment."""

    name: str
    state: State
    reason: str
    """Why it failed; empty otherwise."""
    log: str
    """The end of its log."""
    losses: Losses
    epoch: tuple[int, int] | None
    """The epoch that it is in, from 0, and the last one."""
    checkpoint: str
    """The folder to resume from; empty where nothing is saved."""

    @property
    def step(self) -> int | None:
        """The last global step with a loss."""
        return max((step for points in self.losses.values() for step in points), default=None)


class Run:
    """One run's folder and, if this page started it, its process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / LOG
        self._lock = threading.RLock()
        self._child: subprocess.Popen[bytes] | None = None
        self._watcher = threading.Thread()
        self._stopping = False
        self._losses = LossReader(folder)
        self._read = 0
        self._rest = b""
        self._epoch: tuple[int, int] | None = None

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """Its process; 0 if this page did not start it."""
        return 0 if self._child is None else self._child.pid

    def start(self, chosen: Training, resume: Path | None = None) -> None:
        """Start its process, which appends to the log."""
        with self._lock:
            if self.alive:
                raise RunError(f"{self.folder.name} is already running")
            # In a separate group: Ctrl-C in the page's terminal must not reach it and its loader
            # workers at once; ``stop`` interrupts the one process that saves.
            options: dict[str, Any] = (
                {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
                if os.name == "nt"
                else {"start_new_session": True}
            )
            with self.log.open("ab") as sink:
                child = subprocess.Popen(  # noqa: S603 - our own recipe, checked arguments
                    watched(chosen.command(self.folder, resume)),
                    stdin=subprocess.PIPE,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    env=chosen.environment(),
                    **options,
                )
            self._child, self._stopping = child, False
            self._record(form=asdict(chosen.form), pid=child.pid, returncode=None, stopped=False)
            self._watcher = threading.Thread(target=self._watch, args=(child,), daemon=True)
            self._watcher.start()

    def _watch(self, child: subprocess.Popen[bytes]) -> None:
        code = child.wait()
        if child.stdin is not None:
            child.stdin.close()
        with self._lock, contextlib.suppress(FileNotFoundError):
            self._record(returncode=code, stopped=self._stopping)

    def stop(self, seconds: float = SAVE_SECONDS) -> None:
        """Interrupt it as Ctrl-C does, so that it saves; kill it if that takes too long."""
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
            # Loader workers that are left, and the process itself if nothing else helped.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
        elif child.poll() is None:
            child.kill()

    def wait(self, seconds: float) -> bool:
        """Wait until its process has ended and that is recorded; return whether it has ended."""
        if self._child is not None:
            self._watcher.join(seconds)
        return not self.alive

    def form(self) -> TrainForm:
        """Return the form that it was started with."""
        try:
            return TrainForm.checked(self.record()["form"])
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"{self.folder.name} has no record ({RECORD}) of its form; start a new run"
            ) from error

    def left_running(self) -> bool:
        """Whether a page that was killed left its process running."""
        pid = self.record().get("pid")
        if self._state()[0] != "unknown" or not isinstance(pid, int):
            return False
        return bool(psutil.pid_exists(pid))

    def record(self) -> dict[str, Any]:
        """Return what ``run.json`` says."""
        try:
            found = parsed((self.folder / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _record(self, **values: object) -> None:
        text = json.dumps(self.record() | values, ensure_ascii=False, indent=1)
        with replacing(self.folder / RECORD) as path:
            path.write_text(text, encoding="utf-8")

    def saved(self) -> Path | None:
        """Return the trainer's newest folder with a checkpoint."""
        folders = [
            config.parent
            for config in self.folder.glob("*/config.json")
            if any(config.parent.glob("checkpoint_*.pth"))
            or any(config.parent.glob("best_model*.pth"))
        ]
        return max(folders, key=lambda folder: folder.stat().st_mtime, default=None)

    def view(self) -> View:
        """Return its state, the end of its log and its losses so far."""
        with self._lock:
            state, code = self._state()
            losses, log, saved = self._losses.read(), self._read_log(), self.saved()
            reason = reason_of(log, code) if state == "failed" else ""
            checkpoint = saved.name if saved else ""
            return View(self.folder.name, state, reason, log, losses, self._epoch, checkpoint)

    def _state(self) -> tuple[State, int]:
        if self.alive:
            return ("stopping" if self._stopping else "running"), 0
        if self._child is not None:
            code, stopped = self._child.returncode, self._stopping
        else:
            record = self.record()
            code, stopped = record.get("returncode"), bool(record.get("stopped"))
        if not isinstance(code, int):
            return "unknown", 0
        if stopped:
            return "stopped", code
        return ("finished" if code == 0 else "failed"), code

    def _read_log(self) -> str:
        """Return the log's end, and note the epoch that it is in."""
        if not self.log.is_file():
            return ""
        with self.log.open("rb") as stream:
            stream.seek(self._read)
            while piece := stream.read(_PIECE):
                self._read += len(piece)
                for found in _EPOCH.finditer(self._rest + piece):
                    self._epoch = int(found[1]), int(found[2])
                self._rest = (self._rest + piece)[-40:]  # a line may be cut
            start = max(0, self._read - _TAIL_BYTES)
            stream.seek(start)
            text = _COLOUR.sub("", stream.read(_TAIL_BYTES).decode("utf-8", errors="replace"))
        # A progress bar overwrites its line; the last version counts.
        kept = [
            line.rsplit("\r", 1)[-1].rstrip() for line in text.replace("\r\n", "\n").split("\n")
        ]
        return "\n".join(kept[1:] if start else kept).strip("\n")


class Runs:
    """Every run of a work folder; all sessions of the page share it."""

    def __init__(self, work: WorkFolder) -> None:
        self.work = work
        self.folder = work.inside("runs", "folder of the runs")
        self._lock = threading.Lock()
        self._known: dict[str, Run] = {}
        self.closing = threading.Event()

    def start(self, chosen: Training) -> Run:
        """Start a run in a new folder."""
        self.require_open()
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        run = Run(self.folder / f"{chosen.form.recipe}-{stamp}-{secrets.token_hex(2)}")
        run.folder.mkdir(parents=True)
        with self._lock:
            self._known[run.folder.name] = run
        run.start(chosen)
        return run

    def resume(self, name: str | None) -> Run:
        """Resume a run from its last checkpoint."""
        self.require_open()
        run = self.get(name)
        if run.alive:
            raise RunError(f"{name} is already running")
        if run.left_running():
            raise RunError(
                f"{name} still runs in process {run.record()['pid']}, which an earlier page left; "
                "stop that first"
            )
        saved = run.saved()
        if saved is None:
            raise RunError(f"{name} saved no checkpoint to resume from; start a new run")
        # Anybody can write these files: they are checked as a form is.
        require_links_inside(self.work, saved)
        require_config_inside(self.work, saved / "config.json", training=True)
        run.start(training(run.form(), self.work), saved)
        return run

    def current(self) -> Run | None:
        """Return the run that a page shows first: the newest that runs, else the last that ended.

        A run that an earlier page left is one of them.
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
        """Find a run by the name of its folder."""
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
        """Return the names of all runs, the newest first."""
        records = list(self.folder.glob(f"*/{RECORD}"))
        records.sort(key=lambda record: record.parent.stat().st_ctime, reverse=True)
        return [record.parent.name for record in records]

    def interrupt(self, seconds: float = SAVE_SECONDS) -> set[int]:
        """Interrupt every run that this page started, start no other; return their processes."""
        self.closing.set()
        running = self._running()
        for run in running:
            with contextlib.suppress(RunError):
                run.stop(seconds)
        return {run.pid for run in running}

    def close(self, seconds: float = SAVE_SECONDS) -> None:
        """Interrupt every run that this page started, and wait until all have saved and ended."""
        self.interrupt(seconds)
        until = time.monotonic() + seconds + 10
        for run in list(self._known.values()):
            run.wait(max(0.1, until - time.monotonic()))

    def require_open(self) -> None:
        """Refuse to start or continue anything while the page ends."""
        if self.closing.is_set():
            raise RunError("the page is ending and starts nothing any more")

    def _running(self) -> list[Run]:
        with self._lock:
            return [run for run in self._known.values() if run.alive]
