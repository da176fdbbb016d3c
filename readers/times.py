"""Moments, as our own programs, PostgreSQL and AWS write them to each other: ISO 8601.

What people and their events write is wider, and is read where it comes in: by the command, and by the job.
"""

from datetime import UTC, datetime

EXPECTED = 'a time such as "2024-08-29T13:35:00Z", with Z or an offset'


def moment(text: object) -> datetime:
    """Read a moment whose text says its zone, and give it in UTC.

    Raises
    ------
    ValueError
        The text is no time, says no zone, or lies in the first year of the calendar, which a day's step may leave.
    """
    time = _time(text)
    if time.tzinfo is None:
        raise _unreadable()
    return _in_utc(time)


def utc(text: object) -> datetime:
    """Read a moment, and give it in UTC; without Z or an offset it is UTC, as in results and PostgreSQL's sessions.

    Raises
    ------
    ValueError
        The text is no time, or lies in the first year of the calendar.
    """
    time = _time(text)
    return _in_utc(time if time.tzinfo else time.replace(tzinfo=UTC))


def written(time: datetime) -> str:
    """Write a moment in UTC with Z, with microseconds where it has any: `2024-08-29T13:35:00Z`."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _time(text: object) -> datetime:
    if not isinstance(text, str):
        raise _unreadable()
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise _unreadable() from None


def _in_utc(time: datetime) -> datetime:
    # The first and the last day of the calendar leave it in another zone.
    try:
        time = time.astimezone(UTC)
    except OverflowError:
        raise _unreadable() from None
    if time.year < 2:
        raise _unreadable()
    return time


def _unreadable() -> ValueError:
    return ValueError(f"expected {EXPECTED}")
