"""The finder that waits for Coqui and loads the rest of the package when Coqui is imported.

Every program that imports torch pays for this module and the finder's, so they do nothing else.
"""

from __future__ import annotations

import os
from typing import Final

from coqui_amharic_ext.finder import PostImportFinder


def _settled() -> None:
    from coqui_amharic_ext.activation import settled

    settled()


def autoload() -> None:
    """Do what ``coqui_amharic_autoload`` does, for metadata that names this module."""
    if os.environ.get("COQUI_AMHARIC_AUTOLOAD", "1").strip() != "0":
        finder.install()


finder: Final = PostImportFinder(("TTS", "trainer"), _settled)
