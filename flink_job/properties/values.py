"""What the text of a single property may be; each function raises ValueError saying what it expected."""

import math
import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from readers import durations

_E = TypeVar("_E", bound=StrEnum)


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


def milliseconds(
    *, least: timedelta = timedelta(0), most: timedelta = durations.LONGEST, whole_seconds: bool = False
) -> Callable[[str], int]:
    """Take a duration such as `30 s`, `5 min` or `1 h`, in milliseconds."""

    def parse(text: str) -> int:
        multiple = durations.SECOND if whole_seconds else durations.SECOND // 1000
        return durations.duration(text, least=least, most=most, multiple_of=multiple) // timedelta(milliseconds=1)

    return parse


duration = milliseconds()
positive_duration = milliseconds(least=timedelta(milliseconds=1))
period = milliseconds(least=durations.SECOND, most=timedelta(days=7), whole_seconds=True)
"""Whole seconds, because results give times in seconds."""


def choice(kind: type[_E], normalise: Callable[[str], str]) -> Callable[[str], _E]:
    """Take one of the values of an enumeration, in any case."""

    def parse(text: str) -> _E:
        try:
            return kind(normalise(text))
        except ValueError:
            msg = f"expected one of {', '.join(kind)}"
            raise ValueError(msg) from None

    return parse
