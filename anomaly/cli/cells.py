"""What a cell of a CSV file holds: a number, a time, nothing, or text."""

import math
import re
from enum import Enum, auto

from anomaly.cli.times import is_iso_time

MISSING_WORDS = ("NaN", "NA", "N/A", "#N/A", "null", "None")
"""How files say that a value is missing, besides an empty cell; in capital or small letters."""

_MISSING = frozenset(["", *(word.lower() for word in MISSING_WORDS)])
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_WITH_COMMAS = re.compile(
    r"[+-]?\d+(?:,\d+)+(?:\.\d*)?(?:e[+-]?\d+)?|[+-]?\d+(?:\.\d{3})*,\d+", re.ASCII | re.IGNORECASE
)
_INFINITE = frozenset(f"{sign}{word}" for sign in ("", "+", "-") for word in ("inf", "infinity"))


class Kind(Enum):
    """What a cell holds."""

    MISSING = auto()
    NUMBER = auto()
    COMMA_NUMBER = auto()
    TIME = auto()
    TEXT = auto()


def kind_of(text: str) -> Kind:
    """Return what a cell holds. Epoch seconds are numbers; a number with a comma in it is of a kind of its own."""
    text = text.strip()
    if text.lower() in _MISSING:
        return Kind.MISSING
    if _NUMBER.fullmatch(text) or text.lower() in _INFINITE:
        return Kind.NUMBER
    if _WITH_COMMAS.fullmatch(text):
        return Kind.COMMA_NUMBER
    return Kind.TIME if is_iso_time(text) else Kind.TEXT


def parse_number(text: str) -> float:
    """Return a cell's number; NaN where the cell is empty or one of `MISSING_WORDS`.

    Raises
    ------
    ValueError
        When it holds anything else, or a number too large to compute with; the message says what was found and what
        is expected.
    """
    text = text.strip()
    if text.lower() in _MISSING:
        return math.nan
    if not _NUMBER.fullmatch(text):
        if text.lower() in _INFINITE:
            msg = f"{text!r} is infinite; a value must be finite, or an empty cell where it is missing"
            raise ValueError(msg)
        if _WITH_COMMAS.fullmatch(text):
            msg = f"{text!r} has a comma; write numbers with a decimal point and nothing between thousands"
            raise ValueError(msg)
        msg = f"{_cut(text)!r} is not a number; a value is a number like 3.5, or an empty cell where it is missing"
        raise ValueError(msg)
    number = float(text)
    if math.isinf(number):
        msg = f"{_cut(text)!r} is too large; the largest number is 1.8e308"
        raise ValueError(msg)
    return number


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
