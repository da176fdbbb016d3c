"""What the text of a single property may be; each function raises ValueError saying what it expected."""

import math
import re
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

_E = TypeVar("_E", bound=StrEnum)

_UNITS = {
    "ms": 1,
    "s": 1000,
    "sec": 1000,
    "second": 1000,
    "seconds": 1000,
    "min": 60_000,
    "minute": 60_000,
    "minutes": 60_000,
    "h": 3_600_000,
    "hour": 3_600_000,
    "hours": 3_600_000,
    "d": 86_400_000,
    "day": 86_400_000,
    "days": 86_400_000,
}
_DURATION = re.compile(r"([0-9]{1,12})\s*([a-z]+)")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_LONGEST_MS = 366 * 86_400_000
_LONGEST_PERIOD_MS = 7 * 86_400_000


def name(text: str) -> str:
    """Take any text that is not empty."""
    if not text:
        msg = "expected text that is not empty"
        raise ValueError(msg)
    return text


def names(text: str) -> tuple[str, ...]:
    """Take names separated by commas; no text at all is no name."""
    if not text:
        return ()
    parts = tuple(part.strip() for part in text.split(","))
    if not all(parts) or len(set(parts)) != len(parts):
        msg = "expected different names separated by commas"
        raise ValueError(msg)
    return parts


def topic(text: str) -> str:
    """Take the name of a Kafka topic."""
    if not _TOPIC.fullmatch(text) or text in {".", ".."}:
        msg = "expected a topic name: 1 to 249 letters, digits, dots, underscores or hyphens"
        raise ValueError(msg)
    return text


def whole(text: str) -> int:
    """Take a whole number that is not negative; whoever uses it knows its range."""
    return whole_from(0, 2**63 - 1)(text)


def whole_from(least: int, most: int) -> Callable[[str], int]:
    """Take a whole number from `least` to `most`."""

    def parse(text: str) -> int:
        if not re.fullmatch("[0-9]{1,19}", text) or not least <= int(text) <= most:
            msg = f"expected a whole number from {least} to {most}"
            raise ValueError(msg)
        return int(text)

    return parse


def number(text: str) -> int | float:
    """Take a finite number; a whole one stays whole, so that 70 is not written as 70.0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = "expected a number"
        raise ValueError(msg)
    return int(value) if value.is_integer() else value


def duration(text: str) -> int:
    """Take a duration such as `30 s`, `5 min`, `1 h` or `0 s`, in milliseconds."""
    milliseconds = _milliseconds(text)
    if milliseconds is None or milliseconds > _LONGEST_MS:
        msg = "expected a duration of at most 366 days such as 500 ms, 30 s, 5 min, 1 h or 1 d"
        raise ValueError(msg)
    return milliseconds


def positive_duration(text: str) -> int:
    """Take a duration above zero, in milliseconds."""
    milliseconds = duration(text)
    if milliseconds == 0:
        msg = "expected a duration above zero"
        raise ValueError(msg)
    return milliseconds


def period(text: str) -> int:
    """Take a detection period, in milliseconds: whole seconds, because results give times in seconds."""
    milliseconds = _milliseconds(text) or 0
    if milliseconds % 1000 or not 1000 <= milliseconds <= _LONGEST_PERIOD_MS:
        msg = "expected whole seconds, from 1 s to 7 d, such as 30 s, 1 min, 5 min or 1 h"
        raise ValueError(msg)
    return milliseconds


def _milliseconds(text: str) -> int | None:
    match = _DURATION.fullmatch(text.lower())
    return int(match[1]) * _UNITS[match[2]] if match and match[2] in _UNITS else None


def choice(kind: type[_E], normalise: Callable[[str], str]) -> Callable[[str], _E]:
    """Take one of the values of an enumeration, in any case."""

    def parse(text: str) -> _E:
        try:
            return kind(normalise(text))
        except ValueError:
            msg = f"expected one of {', '.join(kind)}"
            raise ValueError(msg) from None

    return parse
