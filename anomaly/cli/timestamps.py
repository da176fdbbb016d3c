"""Times as people write them in files: ISO 8601, or seconds or milliseconds since 1970."""

import re
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["is_iso_time", "iso_text", "parse_time"]

_ISO = re.compile(
    r"""
    (?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})
    (?:[T\ ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?
       \ ?(?P<offset>Z|UTC|[+-]\d{2}(?::?\d{2})?)?
    )?
    """,
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)
_EPOCH = re.compile(r"[+-]?\d{1,15}(?:\.\d*)?(?:e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?")
_FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)

MILLISECONDS_FROM = 1e11
"""Numbers this large, of either sign, count milliseconds: as seconds they would be the year 5138."""


def parse_time(text: str) -> float:
    """Return the moment that a cell names, in seconds since 1970-01-01 00:00 UTC.

    Parameters
    ----------
    text
        ISO 8601: a date, alone or with a time after ``T`` or a space; seconds, a fraction of 1 to 9 digits and an
        offset (``Z``, ``UTC``, ``+02:00``, ``+0200``, ``+02``) may be left out; without one it is UTC. Or a number:
        epoch seconds, or epoch milliseconds when it is 100,000,000,000 or more.

    Raises
    ------
    ValueError
        When it is none of these, or no such day or time exists; the message says what was found and what is read.
    """
    text = text.strip()
    match = _ISO.fullmatch(text)
    if match is not None:
        return _seconds_of(match, text)
    if _EPOCH.fullmatch(text):
        number = float(text)
        return number / 1000.0 if abs(number) >= MILLISECONDS_FROM else number
    raise ValueError(f"{text[:60]!r} is not a time; write it like 2024-08-29T13:35:00Z, or as seconds or ms since 1970")


def is_iso_time(text: str) -> bool:
    """Return whether a cell is written as an ISO 8601 date or time; numbers are not, though `parse_time` reads them."""
    return _ISO.fullmatch(text.strip()) is not None


def iso_text(seconds: float) -> str:
    """Return a moment as `parse_time` reads it: ISO 8601 in UTC, the fraction only where there is one."""
    try:
        moment = _FIRST_MOMENT + timedelta(seconds=seconds)
    except OverflowError:
        return repr(seconds)  # beyond the years that ISO 8601 has
    return moment.isoformat().replace("+00:00", "Z")


def _seconds_of(match: re.Match[str], text: str) -> float:
    parts = match.groupdict()
    try:
        moment = datetime(
            int(parts["year"]),
            int(parts["month"]),
            int(parts["day"]),
            int(parts["hour"] or 0),
            int(parts["minute"] or 0),
            int(parts["second"] or 0),
            tzinfo=_offset(parts["offset"]),
        )
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time that exists: {error}") from error
    whole = moment - _FIRST_MOMENT
    nanoseconds = int((parts["fraction"] or "0").ljust(9, "0"))
    # One division of whole numbers rounds once, so that six digits give exactly what datetime.timestamp() gives.
    return ((whole.days * 86_400 + whole.seconds) * 1_000_000_000 + nanoseconds) / 1_000_000_000


def _offset(text: str | None) -> timezone:
    match = _OFFSET.fullmatch(text or "")
    if match is None:
        return UTC
    sign, hours, minutes = match.groups(default="0")
    if int(minutes) > 59:
        raise ValueError("minutes of an offset must be in 0..59")
    distance = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-distance if sign == "-" else distance)
