"""What ``import torch`` runs: put a placeholder on ``sys.meta_path`` that waits for Coqui.

Every program that imports torch pays for this module, so it does nothing else; the first import of
``TTS`` or ``trainer`` loads the rest.
"""

from __future__ import annotations

import os
import sys

ROOTS = frozenset({"TTS", "trainer"})


class AwaitCoqui:
    """Stands on ``sys.meta_path`` until Coqui is imported, then hands over to the real finder."""

    def find_spec(self, fullname, path=None, target=None):  # type: ignore[no-untyped-def]
        """Hand over at the first import from one of ``ROOTS``; find nothing itself."""
        if fullname.partition(".")[0] not in ROOTS:
            return None
        try:
            from coqui_amharic_ext.activation import take_over

            finder = take_over()
        except Exception:
            _say_failed()
            return None
        finally:
            if self in sys.meta_path:
                sys.meta_path.remove(self)  # type: ignore[arg-type]
        return finder.find_spec(fullname, path, target)


def autoload() -> None:
    """Entry point in group ``torch.backends``. Never raises."""
    try:
        if os.environ.get("COQUI_AMHARIC_AUTOLOAD", "1").strip() == "0":
            return
        if any(isinstance(finder, AwaitCoqui) for finder in sys.meta_path):
            return
        sys.meta_path.insert(0, AwaitCoqui())  # type: ignore[arg-type]
    except Exception:
        # An exception here would make every `import torch` in this environment fail.
        _say_failed()


def _say_failed() -> None:
    import logging

    logging.getLogger("coqui_amharic_ext").exception(
        "coqui-amharic-ext could not be loaded; Coqui runs without it"
    )
