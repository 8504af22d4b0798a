"""What data loader workers of any start method can import: a data set that phonemizes."""

from __future__ import annotations

import coqui_amharic_ext as am

RULES = am.Settings(g2p_backends=("rules",))
TEXTS = [f"ልጆች {n} ቤት፣ {n % 12}:30 ላይ።" for n in range(40)]


class Spoken:
    """The IPA of ``TEXTS``."""

    def __len__(self) -> int:
        return len(TEXTS)

    def __getitem__(self, index: int) -> str:
        return am.phonemize(TEXTS[index], settings=RULES)


def read(text: str) -> str:
    return am.phonemize(text, settings=RULES)
