"""Durations, as people write them: `30s`, `5 min`, `1.5 h`, `2 days`."""

import re
from datetime import timedelta

SECOND = timedelta(seconds=1)
LONGEST = timedelta(days=366)

_UNITS = {
    "ms": SECOND // 1000,
    **dict.fromkeys(("s", "sec", "second", "seconds"), SECOND),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60 * SECOND),
    **dict.fromkeys(("h", "hour", "hours"), 3600 * SECOND),
    **dict.fromkeys(("d", "day", "days"), 86_400 * SECOND),
}
_SHORT = ("d", "h", "min", "s", "ms")

PATTERN = rf"([0-9]{{1,12}})(\.[0-9]{{1,6}})? ?({'|'.join(_UNITS)})"
"""A duration in small letters, by what Python, Java and CloudFormation have in common of regular expressions."""


def duration(
    text: str, *, least: timedelta = timedelta(0), most: timedelta = LONGEST, multiple_of: timedelta = SECOND // 1000
) -> timedelta:
    """Read a duration: a number and ms, s, min (or m), h or d, or these in words, in letters of either case.

    Parameters
    ----------
    text
        What a person wrote.
    least, most
        The bounds, both allowed.
    multiple_of
        What it must be a multiple of: milliseconds, or whole seconds.

    Raises
    ------
    ValueError
        Saying what was expected.

    Examples
    --------
    >>> duration("1.5 h")
    datetime.timedelta(seconds=5400)
    >>> duration("90 s", most=timedelta(minutes=1))
    Traceback (most recent call last):
    ValueError: expected a duration from 0 s to 1 min, such as 30 s, 1 min or 1 h
    """
    found = re.fullmatch(PATTERN, text.strip().lower())
    if found:
        whole, fraction, unit = found[1], (found[2] or ".")[1:], _UNITS[found[3]]
        # In whole numbers, so that no digit is lost; a rest is less than a microsecond, and no multiple of anything.
        parts, rest = divmod(int(whole + fraction) * (unit // timedelta.resolution), 10 ** len(fraction))
        if parts <= LONGEST // timedelta.resolution and not rest:
            value = timedelta(microseconds=parts)
            if least <= value <= most and not value % multiple_of:
                return value
    kind = "whole seconds," if multiple_of == SECOND else "a duration"
    msg = f"expected {kind} from {written(least)} to {written(most)}, such as 30 s, 1 min or 1 h"
    raise ValueError(msg)


def written(value: timedelta) -> str:
    """Write a duration in the largest unit of which it has a whole number: `90 s`, `5 min`, `7 d`."""
    if not value:
        return "0 s"
    unit = next((unit for unit in _SHORT if not value % _UNITS[unit]), "ms")
    return f"{value // _UNITS[unit]} {unit}"
