"""Named choices where educated speakers or house styles differ."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple


def _choice(doc: str, default: str, *others: str) -> Any:
    return field(default=default, metadata={"choices": (default, *others), "doc": doc})


class PolicyChoice(NamedTuple):
    """One policy: its name, its valid values (the default first) and what each does."""

    name: str
    values: tuple[str, ...]
    doc: str


@dataclass(frozen=True, kw_only=True)
class TextPolicy:
    """How written Amharic is read where more than one reading is right.

    Every field is one of a few named values, the first one listed being the default; an unknown
    value raises ``ValueError`` with the valid ones. ``to_string`` gives the short form that fits
    an environment variable.

    Examples
    --------
    >>> TextPolicy.from_string("latin=spell,hours24=on").latin
    'spell'
    """

    latin: str = _choice(
        "Latin-script words. auto: acronyms letter by letter, known words from the table, others "
        "transliterated; keep: left as written; spell: every word letter by letter; "
        "transliterate: every word, acronyms too",
        "auto",
        "keep",
        "spell",
        "transliterate",
    )
    acronyms: str = _choice(
        "letters of a spelled acronym. spaced: ዩ ኤስ ቢ; joined: ዩኤስቢ", "spaced", "joined"
    )
    other_scripts: str = _choice(
        "letters that are neither Ethiopic nor Latin. drop: left out; keep: left as written",
        "drop",
        "keep",
    )
    hundred: str = _choice("100-199. one: አንድ መቶ; bare: መቶ", "one", "bare")
    thousand: str = _choice("1000. sih: ሺህ; si: ሺ", "sih", "si")
    sixty: str = _choice("60. silsa: ስልሳ; sidsa: ስድሳ", "silsa", "sidsa")
    decimals: str = _choice(
        "digits after the point. digits: one by one (3.14 ሦስት ነጥብ አንድ አራት); "
        "number: as a number (ሦስት ነጥብ አሥራ አራት)",
        "digits",
        "number",
    )
    negative: str = _choice(
        "a minus sign before a number. negative: ኔጌቲቭ; minus: ማይነስ; below: ከዜሮ በታች "
        "(temperatures are always read ከዜሮ በታች)",
        "negative",
        "minus",
        "below",
    )
    fractions: str = _choice(
        "1/4 and 1/3. mixed: ሩብ, አንድ ሦስተኛ; words: ሩብ, ሲሶ; ordinals: አንድ አራተኛ, አንድ ሦስተኛ "
        "(1/2 is always ግማሽ)",
        "mixed",
        "words",
        "ordinals",
    )
    ranges: str = _choice(
        "5-10 without a prefix. from_to: ከአምስት እስከ አሥር; to: አምስት እስከ አሥር", "from_to", "to"
    )
    hours24: str = _choice(
        "clock times. auto: a time with AM or PM, or with an hour that the Ethiopian clock does "
        "not have, is one of the international clock and moved to the Ethiopian one "
        "(14:30 ከቀኑ ስምንት ሰዓት ተኩል), any other is read as written; "
        "off: every hour is read as written; "
        "on: every time is moved",
        "auto",
        "off",
        "on",
    )
    quarter: str = _choice("3:15. word: ከሩብ; minutes: ከአሥራ አምስት ደቂቃ", "word", "minutes")
    to_hour: str = _choice(
        "3:45. off: ሦስት ሰዓት ከአርባ አምስት ደቂቃ; on: ለአራት ሰዓት ሩብ ጉዳይ, and likewise from 3:40 on, "
        "except after a preposition",
        "off",
        "on",
    )
    celsius: str = _choice(
        "°C. celsius: ዲግሪ ሴልሺየስ (CLDR); centigrade: ዲግሪ ሴንቲ ግሬድ (much of the press)",
        "celsius",
        "centigrade",
    )
    calendar: str = _choice(
        "numeric dates with no era. auto: gregorian if the year is later than the Ethiopian year "
        "of today, else ethiopian; ethiopian: month 1 is መስከረም; gregorian: month 1 is ጃንዩወሪ",
        "auto",
        "ethiopian",
        "gregorian",
    )
    date_order: str = _choice("12/05/2015. dmy: day first; mdy: month first", "dmy", "mdy")
    date_month: str = _choice(
        "numeric dates. name: the month by name (ጥር አሥራ ሁለት ቀን ...); number: the three numbers",
        "name",
        "number",
    )
    era: str = _choice("ዓ.ም, እ.ኤ.አ. expand: read out; keep: left as written", "expand", "keep")
    phones: str = _choice(
        "telephone numbers. digits: digit by digit; pairs: two by two", "digits", "pairs"
    )
    urls: str = _choice("web and e-mail addresses. read: read out; drop: left out", "read", "drop")

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            choices = option.metadata["choices"]
            if value not in choices:
                valid = ", ".join(choices)
                raise ValueError(f"{option.name}={value!r} is not known; valid values: {valid}")

    @classmethod
    def from_string(cls, text: str) -> TextPolicy:
        """Read ``"name=value,name=value"``; an empty string gives the defaults.

        Raises
        ------
        TypeError
            If ``text`` is not a string.
        ValueError
            For a part without ``=``, an unknown name, a name given twice, or an unknown value; the
            message lists the valid ones.
        """
        if not isinstance(text, str):
            raise TypeError(f"TextPolicy.from_string() takes a str, got {type(text).__name__}")
        names = [option.name for option in fields(cls)]
        chosen: dict[str, str] = {}
        for part in filter(None, (p.strip() for p in text.split(","))):
            name, equals, value = (p.strip() for p in part.partition("="))
            if not equals:
                raise ValueError(f"{part!r} is not name=value; valid names: {', '.join(names)}")
            if name not in names:
                raise ValueError(f"{name!r} is not a text policy; valid names: {', '.join(names)}")
            if name in chosen:
                raise ValueError(f"{name!r} is given twice in {text!r}")
            chosen[name] = value
        return cls(**chosen)

    @classmethod
    def describe(cls) -> tuple[PolicyChoice, ...]:
        """List every policy with its valid values and what they do, for help texts."""
        return tuple(
            PolicyChoice(option.name, option.metadata["choices"], option.metadata["doc"])
            for option in fields(cls)
        )

    def to_string(self) -> str:
        """Return the choices that differ from the defaults, as ``from_string`` reads them."""
        return ",".join(
            f"{option.name}={getattr(self, option.name)}"
            for option in fields(self)
            if getattr(self, option.name) != option.default
        )


DEFAULT_POLICY = TextPolicy()
