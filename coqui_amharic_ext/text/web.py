"""Web and e-mail addresses, hashtags and handles: names said, dots ዶት, @ አት."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from coqui_amharic_ext.text.cardinals import number_words
from coqui_amharic_ext.text.latin import is_known, say_latin, spell
from coqui_amharic_ext.text.policy import TextPolicy
from coqui_amharic_ext.text.scanner import LATIN, NUMBER, WORD, Line, Reading

HASHTAG: Final = "ሃሽታግ"
_SIGNS: Final = {
    ".": "ዶት",
    "@": "አት",
    "/": "ስላሽ",
    "-": "ዳሽ",
    "_": "አንደርስኮር",
    "+": "ፕላስ",
    "=": "እኩል",
    "&": "እና",
}
_TLDS: Final = (
    "com|org|net|et|gov|edu|info|io|co|tv|uk|us|me|ai|app|dev|africa|int|eu|ru|cn|in|ke|de|fr|ca|au"
    "|biz|news|online|site"
)
#: Every part is bounded and starts at a letter or digit that none precedes, so that long runs are
#: not tried over and over.
_WEB: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:https?|ftp)://[!-~]{1,2000}"
    r"|www\.[!-~]{1,2000}"
    r"|[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
    rf"|(?:[A-Za-z0-9][A-Za-z0-9-]{{0,62}}\.){{1,6}}(?:{_TLDS})(?![A-Za-z0-9-])(?:/[!-~]{{0,2000}})?"
    r")"
)
_DOT_NAME: Final = re.compile(r"\.[A-Za-z]|://")
_TRAILING: Final = ".,;:!?)('\"/=&-_#"
_PART: Final = re.compile(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]")


def say_address(address: str, policy: TextPolicy) -> str:
    """Say an address part by part."""
    address = re.sub(r"^[a-z]+://", "", address)
    words: list[str] = []
    for part in _PART.findall(address):
        if part.isdigit():
            words.append(number_words(part, policy))
        elif part.isalpha():
            words.append(
                part if policy.latin == "keep" else _label(part, policy.latin, policy.acronyms)
            )
        elif part in _SIGNS:
            words.append(_SIGNS[part])
    return " ".join(word for word in words if word)


@lru_cache(maxsize=4096)
def _label(part: str, latin: str, acronyms: str) -> str:
    """Say a name in an address; up to three letters that are no word are initials (et, ebc)."""
    policy = TextPolicy(latin=latin, acronyms=acronyms)
    if len(part) <= 3 and latin == "auto" and not is_known(part):
        return spell(part, policy)
    return say_latin(part, policy)


def find_addresses(line: Line) -> dict[int, int]:
    """Start to end of each address in the line; searched once."""
    if line.addresses is None:
        line.addresses = {}
        text = line.text
        if "@" in text or _DOT_NAME.search(text) is not None:
            for match in _WEB.finditer(text):
                address = match[0].rstrip(_TRAILING)
                if address:
                    line.addresses[match.start()] = match.start() + len(address)
    return line.addresses


def read_address(line: Line, i: int) -> Reading | None:
    """Read a web or e-mail address that starts at token ``i``."""
    found = find_addresses(line)
    if not found:
        return None
    start = line.start(i)
    stop = found.get(start)
    if stop is None:
        return None
    end = i + 1
    while line.start(end) < stop:
        end += 1
    if line.start(end) != stop:
        return None
    spoken = "" if line.policy.urls == "drop" else say_address(line.text[start:stop], line.policy)
    return Reading(end, spoken, "address")


def read_tag(line: Line, i: int) -> Reading | None:
    """#ሰላም_ለኢትዮጵያ and @name."""
    sign = line.tokens[i]
    if sign not in ("#", "@") or not sign or line.kinds[i + 1] not in (WORD, LATIN):
        return None
    if sign == "@" and i > 0 and line.kinds[i - 1] in (WORD, LATIN, NUMBER):
        return None
    words = [HASHTAG if sign == "#" else _SIGNS["@"]]
    j = i + 1
    while True:
        kind, here = line.kinds[j], line.tokens[j]
        if kind == WORD:
            words.append(here)
        elif kind == LATIN:
            words.append(say_latin(here, line.policy) if line.policy.latin != "keep" else here)
        elif kind == NUMBER:
            words.append(number_words(here, line.policy))
        elif here != "_":
            break
        j += 1
    return Reading(j, " ".join(word for word in words if word), "tag")
