"""Times as people write them in files: ISO 8601, or a number counted from 1970.

What is a time is one table (docs/contracts.md) with the job's JVM half, and both are held to the same cases.
"""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

EPOCH_UNITS = (1, 10**3, 10**6, 10**9)
"""How many units of a number make a second: it counts seconds below 1e11, milliseconds below 1e14, and so on."""

_SECONDS_BELOW = 10**11
_ISO = re.compile(
    r"""
    (?P<date>\d{4}-\d{2}-\d{2})
    (?:[T\ ](?P<clock>\d{2}:\d{2}(?::\d{2})?)(?:(?<=:\d{2}:\d{2})[.,](?P<fraction>\d{1,9}))?
       (?:\ ?(?:Z|UTC|(?P<offset>[+-]\d{2}(?::?[0-5]\d)?)))?
    )?
    """,
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)
_NUMBER = re.compile(r"[+-]?\d{1,400}(?:\.\d{0,400})?(?:e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
_FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = (datetime(1, 1, 1, tzinfo=UTC) - _FIRST_MOMENT) // timedelta(seconds=1)
_LATEST = (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _FIRST_MOMENT) // timedelta(seconds=1)


def parse_time(text: str) -> float:
    """Return the moment that a cell names, in seconds since 1970-01-01 00:00 UTC.

    Parameters
    ----------
    text
        ISO 8601: a date, alone or with a time after `T` or a space; seconds, a fraction of 1 to 9 digits behind a point
        or comma and an offset (`Z`, `UTC`, `+02:00`, `+0200`, `+02`) may be left out; without one it is UTC. Or a
        number: epoch seconds, or from 1e11 on milliseconds, from 1e14 on microseconds, from 1e17 on nanoseconds.

    Raises
    ------
    ValueError
        When it is none of these, or no such day or time exists; the message says what was found and what is read.
    """
    text = text.strip()
    match = _ISO.fullmatch(text)
    if match is None and not _NUMBER.fullmatch(text):
        msg = f"{text[:60]!r} is not a time; write it like 2024-08-29T13:35:00Z, or as seconds since 1970"
        raise ValueError(msg)
    try:
        time = _of_number(text) if match is None else _of_iso(match)
        if not _EARLIEST <= time < _LATEST + 1:
            msg = "times lie in the years 1 to 9999"
            raise ValueError(msg)
    except ValueError as error:
        msg = f"{text[:60]!r} is not a time that exists: {error}"
        raise ValueError(msg) from error
    return time


def is_iso_time(text: str) -> bool:
    """Return whether a cell is written as an ISO 8601 date or time; numbers are not, though `parse_time` reads them."""
    return _ISO.fullmatch(text.strip()) is not None


def iso_text(seconds: float) -> str:
    """Return a moment as `parse_time` reads it: ISO 8601 in UTC, the fraction only where there is one."""
    return (_FIRST_MOMENT + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def _of_iso(match: re.Match[str]) -> float:
    date, clock, fraction, offset = match.group("date", "clock", "fraction", "offset")
    whole = datetime.fromisoformat(f"{date}T{clock or '00:00'}{offset or '+00:00'}") - _FIRST_MOMENT
    nanoseconds = int((fraction or "").ljust(9, "0"))
    # One division of whole numbers rounds once, so that six digits give exactly what datetime.timestamp() gives.
    return ((whole.days * 86_400 + whole.seconds) * 10**9 + nanoseconds) / 10**9


def _of_number(text: str) -> float:
    rounded = float(text)
    if abs(rounded) < _SECONDS_BELOW / 2:  # so far from the next unit that rounding cannot have reached it
        return rounded
    number: int | Fraction = int(text) if text.isdigit() else Fraction(text)
    for unit in EPOCH_UNITS:
        if -_SECONDS_BELOW * unit < number < _SECONDS_BELOW * unit:
            return float(number / unit)
    msg = "a number must be below 1e20, which is nanoseconds"
    raise ValueError(msg)
