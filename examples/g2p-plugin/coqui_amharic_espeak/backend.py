"""Words through the program ``espeak-ng``."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from coqui_amharic_ext.availability import Availability
from coqui_amharic_ext.g2p.backend import Backend

PROGRAM = "espeak-ng"


class EspeakBackend(Backend):
    """Transcribe by ``espeak-ng -v am``."""

    name = "espeak"

    def availability(self) -> Availability:
        """Return whether the program is there; asked often, so nothing is started."""
        if shutil.which(PROGRAM) is None:
            return Availability(
                False,
                f"the program {PROGRAM} is not there",
                "install it, on Debian and Ubuntu with: apt-get install espeak-ng",
            )
        return Availability(True)

    def version(self) -> str:
        """Return the program's version."""
        return self._run(["--version"]).split()[3] if self.availability() else ""

    def _transcribe(self, words: Sequence[str]) -> list[str]:
        # One word a line in, one transcription a line out.
        found = self._run(["-v", "am", "-q", "--ipa"], "\n".join(words) + "\n").splitlines()
        return [line.strip() for line in found]

    def _run(self, arguments: list[str], text: str = "") -> str:
        done = subprocess.run(  # noqa: S603 - one fixed program; words go in by standard input
            [shutil.which(PROGRAM) or PROGRAM, *arguments],
            input=text,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout
