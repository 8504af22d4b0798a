"""A filter for warnings of transformers about what XTTS does on purpose."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

_DEFAULT_TOKENS: Final = re.compile(r"Model config: [be]os_token_id must be .* got 50256\.")
"""GPT-2's start and stop tokens, which XTTS leaves in its GPT's config and never uses."""


class _Filter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not _DEFAULT_TOKENS.match(record.getMessage())


def without_default_tokens(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function that builds XTTS's GPT-2 to drop two warnings for each config."""

    @functools.wraps(original)
    def build(*arguments: Any, **options: Any) -> Any:
        with _filtered():
            return original(*arguments, **options)

    return build


@contextmanager
def _filtered() -> Iterator[None]:
    logger, kept = logging.getLogger("transformers.configuration_utils"), _Filter()
    logger.addFilter(kept)
    try:
        yield
    finally:
        logger.removeFilter(kept)
