"""An output file that is written beside, kept when interrupted, and gone on with exactly."""

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
"""Seconds between two records of how far it has come; a killed run loses no more than that."""
_SOONEST: Final = 0.05
"""Seconds after the first item's record to the next; the time doubles up to ``_EVERY``."""
_DIGEST: Final = 16


@dataclass(frozen=True, slots=True)
class _Done:
    """How far a run has come: items, bytes written for them, and a digest of the items."""

    items: int = 0
    size: int = 0
    digest: bytes = bytes(_DIGEST)

    def then(self, key: str, written: int) -> _Done:
        # Lone surrogates cannot come out of UTF-8 input but can out of arguments.
        data = self.digest + key.encode("utf-8", "surrogatepass")
        return _Done(
            self.items + 1, self.size + written, blake2b(data, digest_size=_DIGEST).digest()
        )


class ResumableFile:
    """Results, one item at a time, into ``PATH.part``, which becomes ``PATH`` at the end.

    Beside it ``PATH.part.json`` says how far it is and what it was made with.

    Parameters
    ----------
    path : Path
        The file to make.
    made_with : mapping
        Every choice that the results depend on, as JSON knows it.
    resume : bool
        Go on with an unfinished run, if there is one.
    force : bool
        Replace ``path``, or an unfinished run, if there is one.

    Raises
    ------
    InputError
        Something is there that would be lost, or that cannot be gone on with.
    BusyError
        Another command is writing it.
    """

    def __init__(
        self, path: Path, made_with: Mapping[str, Any], *, resume: bool, force: bool
    ) -> None:
        if resume and force:
            raise InputError("--resume goes on with what is there and --force drops it; give one")
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
            # First what was done, then the record of nothing, then the file: whenever this is
            # killed, no record is beside a file of another run.
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
            raise InputError(f"{self.path} is not a regular file; without --out, results are shown")
        if not self.path.parent.is_dir():
            raise InputError(f"{self.path.parent} is not a folder; make it first")

    def _check(self, resume: bool, force: bool) -> None:
        if self.part.exists():
            if not resume and not force:
                raise InputError(
                    f"{self.part} is there from a run that was not finished: --resume goes on "
                    "with it, --force starts anew"
                )
        elif self.path.exists() and not force:
            raise InputError(
                f"{self.path} is there already{' and complete' if resume else ''}; --force "
                "replaces it"
            )

    def _read_record(self) -> _Done:
        anew = "; --force starts anew"
        try:
            record = parsed(self._record.read_text(encoding="utf-8"))
            done = _Done(record["items"], record["size"], bytes.fromhex(record["digest"]))
            before = dict(record["made_with"])
            self._may_replace = bool(record["may_replace"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{self._record} cannot be read ({type(error).__name__}), so that it is not known "
                f"how far {self.part} is{anew}"
            ) from error
        differing = [
            f"{name}: {before.get(name)!r} then, {self._made_with.get(name)!r} now"
            for name in sorted({*before, *self._made_with})
            if before.get(name) != self._made_with.get(name)
        ]
        if differing:
            raise InputError(
                f"{self.part} was begun with other choices ({'; '.join(differing)}); give those "
                f"again to go on{anew}"
            )
        if self.part.stat().st_size < done.size:
            raise InputError(f"{self.part} is shorter than {self._record} says{anew}")
        return done

    @property
    def items(self) -> int:
        """How many items are done, those of runs before included."""
        return self._done.items

    @property
    def kept(self) -> int:
        """How many items a run that is told to resume will find done."""
        return self._recorded.items

    def done_before(self, key: str) -> bool:
        """Say of each item in turn whether a run before has done it.

        Raises
        ------
        InputError
            The input is not the one that the unfinished run had.
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
            f"the input does not begin with the {self._done.items} items that {self.part} was "
            "made from; give the same input to go on, or --force to start anew"
        )

    def write(self, key: str, line: str) -> None:
        """Write one item's result; ``key`` is the item."""
        data = line.encode("utf-8", "replace") + b"\n"
        with naming(self.path):
            self._file.write(data)
        # One assignment: an interrupt comes before it or after it, never in between.
        self._done = self._done.then(key, len(data))
        # The first item is recorded at once, so that runs that are killed soon get somewhere.
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
        """Close the unfinished file so that it can be gone on with.

        Where the disk is full, that is from what was recorded last.
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
                # Less a line that an interrupt, or the end of the disk, came into.
                os.truncate(self.part, self._recorded.size)
            self._lock.release()

    def _close(self) -> None:
        with suppress(OSError):  # what cannot be written is tried once more, and then given up
            self._file.close()

    def finish(self) -> None:
        """Give the file its name; everything is written.

        Raises
        ------
        InputError
            The input ended before the items that a run before has done, or another file of that
            name has been made meanwhile.
        """
        if self._to_skip:
            raise self._other_input()
        if self.path.exists() and not self._may_replace:
            raise InputError(
                f"{self.path} has been made by something else meanwhile; the results are complete "
                f"in {self.part}"
            )
        with naming(self.path, self.part):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self.part.replace(self.path)
        self._record.unlink()
        self._lock.release()
