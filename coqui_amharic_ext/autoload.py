"""Installs the finder that waits for Coqui; the rest of the package is loaded when it is there.

Every program that imports torch pays for this module and the finder's, so they do nothing else.
"""

from __future__ import annotations

import os
from typing import Final

from coqui_amharic_ext.finder import finder

HALF: Final = "partially initialized module 'coqui_amharic_ext"


def _settled() -> None:
    try:
        # Deferred to the import of Coqui: programs that import torch alone do not load the rest.
        from coqui_amharic_ext.activation import settled
    except ImportError as error:
        if HALF not in str(error):
            raise
        # Another thread imports it, and the interpreter lets neither wait for the other. What
        # is done here is done at the next import, and by that thread if it activates.
        return
    settled()


finder.settled = _settled


def autoload() -> None:
    """Do what ``coqui_amharic_autoload`` does, for metadata that names this module."""
    if os.environ.get("COQUI_AMHARIC_AUTOLOAD", "1").strip() != "0":
        finder.install()
