"""Build upstream with our patch series: fetch the sources, apply every diff, install beside us.

``python patches/check.py --out FOLDER`` leaves the result in ``FOLDER/site``; put that first on
``PYTHONPATH``. A diff that does not apply exactly where it says ends it and is named.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MARKER = "patched-upstream.txt"
"""File beside the installed packages that says which diffs are in them."""


class CheckError(RuntimeError):
    """The series cannot be fetched, applied or installed; the message names what."""


@dataclass(frozen=True)
class Release:
    """A folder of diffs and the source archive that they are made for."""

    folder: Path
    archive: str
    sha256: str

    @property
    def requirement(self) -> str:
        """What pip is asked for, such as ``coqui-tts==0.28.0``."""
        name, _, version = self.folder.name.rpartition("-")
        return f"{name}=={version}"

    @property
    def series(self) -> tuple[Path, ...]:
        """The diffs in the order in which they are applied."""
        names = (self.folder / "series").read_text(encoding="utf-8").split()
        return tuple(self.folder / name for name in names)


def releases() -> tuple[Release, ...]:
    """Return the supported releases, as ``SHA256SUMS`` lists their archives."""
    found = []
    for line in (HERE / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        sha256, archive = line.split()
        folder = archive.removesuffix(".tar.gz").replace("_", "-")
        found.append(Release(HERE / folder, archive, sha256))
    return tuple(found)


def touched(diff: Path) -> tuple[str, ...]:
    """Return the files that a diff changes."""
    text = diff.read_text(encoding="utf-8")
    return tuple(re.findall(r"^diff --git a/(\S+) b/\1$", text, flags=re.MULTILINE))


def apply(diff: Path, tree: Path, *, include: str | None = None) -> None:
    """Apply one diff to a source tree, exactly where it says.

    ``git apply`` has no fuzz: every line of context must be there. A hunk that is found some lines
    away is refused, too, since the series is made for this very source.

    Parameters
    ----------
    diff : path
        The diff.
    tree : path
        The folder of the sources; it becomes a git repository, so that git does not look for one
        around it.
    include : str, optional
        Pattern of the files to change; without it, all.

    Raises
    ------
    CheckError
        It does not apply; the message names it and has git's words.
    """
    if not (tree / ".git").is_dir():
        _run("git", "init", "-q", str(tree))
    command = ["git", "apply", "--verbose", "--whitespace=nowarn"]
    if include is not None:
        command.append(f"--include={include}")
    done = subprocess.run(
        [*command, str(diff.resolve())],
        cwd=tree,
        # Not another repository, whatever a hook that runs this has set.
        env={k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {"LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0 or "offset" in done.stderr:
        raise CheckError(
            f"{diff.parent.name}/{diff.name} does not apply any more:\n{done.stderr.strip()}"
        )


def fetch(release: Release, folder: Path) -> Path:
    """Download a release's source archive and check that it is the one that we know."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / release.archive
    if not archive.is_file():
        _pip("download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(folder),
             release.requirement)  # fmt: skip
    if not archive.is_file():
        found = ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
        raise CheckError(f"pip fetched {found} for {release.requirement}, not {release.archive}")
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    if sha256 != release.sha256:
        archive.unlink()
        raise CheckError(
            f"{release.archive} has the SHA-256 {sha256}, patches/SHA256SUMS says "
            f"{release.sha256}; the series was not made for this file"
        )
    return archive


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a source archive and return the folder of its sources."""
    with tarfile.open(archive) as sources:
        if hasattr(tarfile, "data_filter"):
            sources.extraction_filter = tarfile.data_filter
        sources.extractall(folder)  # noqa: S202 - the archive's hash was checked
    return folder / archive.name.removesuffix(".tar.gz")


def build(out: Path) -> Path:
    """Fetch, patch and install every release; return the folder to put on ``PYTHONPATH``."""
    site = out / "site"
    for stale in (site, out / "sources"):
        if stale.exists():
            shutil.rmtree(stale)
    site.mkdir(parents=True)
    done: list[str] = []
    for release in releases():
        archive = _timed(f"fetch {release.requirement}", fetch, release, out / "archives")
        tree = unpack(archive, out / "sources")
        for diff in release.series:
            apply(diff, tree)
            done.append(f"{release.folder.name}/{diff.name}")
            print(f"applied {done[-1]}", flush=True)
        _timed(f"install {release.requirement}", _install, tree, site)
    (site / MARKER).write_text("\n".join(done) + "\n", encoding="utf-8")
    return site


def _install(tree: Path, site: Path) -> None:
    _pip("install", "-q", "--no-deps", "--no-compile", "--target", str(site), str(tree))


def _timed(what: str, function: Callable[..., Any], *arguments: Any) -> Any:
    begin = time.perf_counter()
    result = function(*arguments)
    print(f"{what}: {time.perf_counter() - begin:.1f} s", flush=True)
    return result


def _pip(*arguments: str) -> None:
    _run(sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", *arguments)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CheckError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Build patched upstream; return 0, or 1 with what went wrong on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for sources and result")
    try:
        print(build(parser.parse_args(arguments).out.resolve()))
    except CheckError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
