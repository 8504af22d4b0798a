"""gradio fetches what is named by an address in the place of a file; the page names none."""

from __future__ import annotations

from typing import Any, NoReturn

from coqui_amharic_ext.errors import CoquiAmharicError


class FetchError(CoquiAmharicError, RuntimeError):
    """Something was to be fetched, which the page never does."""


def fetch_nothing() -> None:
    """Refuse what gradio would fetch, before the name of its host is looked up anywhere.

    gradio asks a public resolver for names that lead to private addresses.
    """
    import safehttpx
    from gradio import processing_utils

    async def get(url: object, *arguments: Any, **options: Any) -> NoReturn:
        raise FetchError("the page takes files, and fetches nothing from addresses")

    safehttpx.get = get
    processing_utils.sync_client.close()
