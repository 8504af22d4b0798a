"""An output file that keeps its name for complete results, and resumes after an interruption."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Final

from coqui_amharic_ext.cli.output import InputError
from coqui_amharic_ext.io.files import FULL, naming, only_writer, replacing
from coqui_amharic_ext.io.jsontext import parsed

_EVERY: Final = 2.0
"""Seconds between two records of the progress; a killed run loses no more than that."""
_SOONEST: Final = 0.05
"""Seconds between the first record and the next; the interval doubles up to ``_EVERY``."""
_DIGEST: Final = 16


@dataclass(frozen=True, slots=True)
class _Done:
    """Progress of a run: items, bytes written for them, and a digest of the items."""

    items: int = 0
    size: int = 0
    digest: bytes = bytes(_DIGEST)

    def then(self, key: str, written: int) -> _Done:
        # Arguments may contain lone surrogates; UTF-8 input does not.
        data = self.digest + key.encode("utf-8", "surrogatepass")
        return _Done(
            self.items + 1, self.size + written, blake2b(data, digest_size=_DIGEST).digest()
        )


class ResumableFile:
    """Writes results, one item at a time, to ``PATH.part``, which becomes ``PATH`` at the end.

    ``PATH.part.json`` records the progress and the choices that the results depend on.

    Parameters
    ----------
    path : Path
        The file to write.
    made_with : mapping
        Every choice that the results depend on, JSON serialisable.
    resume : bool
        Resume an unfinished run, if there is one.
    force : bool
        Replace ``path``, or an unfinished run, if there is one.

    Raises
    ------
    InputError
        An existing file would be lost, or cannot be resumed.
    BusyError
        Another command is writing the file.
    """

    def __init__(
        self, path: Path, made_with: Mapping[str, Any], *, resume: bool, force: bool
    ) -> None:
        if resume and force:
            raise InputError("--resume keeps an unfinished run and --force drops it; give one")
        self.path = path.resolve()  # a link stays a link
        self.part = self.path.with_name(self.path.name + ".part")
        self._record = self.part.with_name(self.part.name + ".json")
        self._made_with = dict(made_with)
        self._done = _Done()
        self._may_replace = force
        self._check_path()
        self._lock = only_writer(self.path)
        try:
            self._begin(resume, force)
        except BaseException:
            self._lock.release()
            raise

    def _begin(self, resume: bool, force: bool) -> None:
        self._check(resume, force)
        self.resumed = resume and self.part.exists()
        if self.resumed:
            self._done = self._read_record()
        self._to_skip = self._done.items
        self._skipped = _Done()
        self._recorded = self._done
        self._last = time.monotonic()
        self._wait = 0.0
        if not self.resumed:
            # First the old part, then the new record, then the new part: if the process is killed
            # in between, no record belongs to another run's file.
            self.part.unlink(missing_ok=True)
            self._write_record(self._done)
        try:
            with naming(self.path, self.part):
                self._file: BinaryIO = self.part.open("r+b" if self.resumed else "xb")
                self._file.truncate(self._done.size)
            self._file.seek(self._done.size)
        except BaseException:
            if not self.resumed:
                with suppress(OSError):
                    self._record.unlink()
            raise

    def _check_path(self) -> None:
        if self.path.exists() and not self.path.is_file():
            raise InputError(
                f"{self.path} is not a regular file; without --out, results are printed"
            )
        if not self.path.parent.is_dir():
            raise InputError(f"{self.path.parent} is not a folder; create it first")

    def _check(self, resume: bool, force: bool) -> None:
        if self.part.exists():
            if not resume and not force:
                raise InputError(
                    f"{self.part} is left from an interrupted run: --resume continues it, --force "
                    "starts again"
                )
        elif self.path.exists() and not force:
            raise InputError(
                f"{self.path} exists already{' and is complete' if resume else ''}; --force "
                "replaces it"
            )

    def _read_record(self) -> _Done:
        again = "; --force starts again"
        try:
            record = parsed(self._record.read_text(encoding="utf-8"))
            done = _Done(record["items"], record["size"], bytes.fromhex(record["digest"]))
            before = dict(record["made_with"])
            self._may_replace = bool(record["may_replace"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{self._record} cannot be read ({type(error).__name__}), so the progress of "
                f"{self.part} is not known{again}"
            ) from error
        differing = [
            f"{name}: {before.get(name)!r} then, {self._made_with.get(name)!r} now"
            for name in sorted({*before, *self._made_with})
            if before.get(name) != self._made_with.get(name)
        ]
        if differing:
            raise InputError(
                f"{self.part} was started with other choices ({'; '.join(differing)}); give the "
                f"same to resume{again}"
            )
        if self.part.stat().st_size < done.size:
            raise InputError(f"{self.part} is shorter than {self._record} says{again}")
        return done

    @property
    def items(self) -> int:
        """Number of items done, earlier runs included."""
        return self._done.items

    @property
    def kept(self) -> int:
        """Number of items that a resumed run will skip."""
        return self._recorded.items

    def done_before(self, key: str) -> bool:
        """Return for each item in turn whether an earlier run has done it.

        Raises
        ------
        InputError
            The input is not that of the unfinished run.
        """
        if not self._to_skip:
            return False
        self._skipped = self._skipped.then(key, 0)
        self._to_skip -= 1
        if not self._to_skip and self._skipped.digest != self._done.digest:
            raise self._other_input()
        return True

    def _other_input(self) -> InputError:
        return InputError(
            f"the input does not start with the {self._done.items} items of {self.part}; give the "
            "same input to resume, or --force to start again"
        )

    def write(self, key: str, line: str) -> None:
        """Write one item's result; ``key`` identifies the item."""
        data = line.encode("utf-8", "replace") + b"\n"
        with naming(self.path):
            self._file.write(data)
        # One assignment, so that an interrupt cannot leave it half done.
        self._done = self._done.then(key, len(data))
        # The first item is recorded at once, so that runs that are soon killed make progress.
        if time.monotonic() - self._last >= self._wait:
            self._save()
            self._wait = min(_EVERY, max(_SOONEST, 2 * self._wait))

    def _save(self) -> None:
        with naming(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())
        self._write_record(self._done)
        self._last = time.monotonic()

    def _write_record(self, done: _Done) -> None:
        record = {
            "items": done.items,
            "size": done.size,
            "digest": done.digest.hex(),
            "may_replace": self._may_replace,
            "made_with": self._made_with,
        }
        with replacing(self._record) as new:
            new.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
        self._recorded = done

    def keep(self) -> None:
        """Close the unfinished file so that it can be resumed.

        On a full disk, it is resumed from the last record.
        """
        if self._file.closed:
            return
        try:
            self._save()
        except OSError as error:
            if error.errno not in FULL:
                raise
        finally:
            self._close()
            with suppress(OSError):
                # Cut off a line that an interrupt or a full disk left incomplete.
                os.truncate(self.part, self._recorded.size)
            self._lock.release()

    def _close(self) -> None:
        with suppress(OSError):  # a last attempt to write what is pending
            self._file.close()

    def finish(self) -> None:
        """Rename the complete file to its final name.

        Raises
        ------
        InputError
            The input has fewer items than an earlier run has done, or another file of that name
            has appeared.
        """
        if self._to_skip:
            raise self._other_input()
        if self.path.exists() and not self._may_replace:
            raise InputError(
                f"another program has created {self.path}; the complete results are in {self.part}"
            )
        with naming(self.path, self.part):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self.part.replace(self.path)
        self._record.unlink()
        self._lock.release()
