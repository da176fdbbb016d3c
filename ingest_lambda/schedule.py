"""From the event that invoked the function to the time for which it was scheduled.

EventBridge Scheduler sends the schedule's own input with `<aws.scheduler.scheduled-time>` replaced::

    {"scheduledTime": "2024-08-29T13:35:00Z"}

EventBridge rules send their time as `time`. Both carry the scheduled time, not the time of delivery, so that a repeated
or late delivery asks for the same rows.
"""

from collections.abc import Mapping
from datetime import datetime

from readers.errors import EventError
from readers.times import EXPECTED, moment

_FIELDS = ("scheduledTime", "time")


def scheduled_time(event: object) -> datetime:
    """Find the scheduled time of an event.

    Parameters
    ----------
    event
        What the Lambda service passed: an object with `scheduledTime` or `time`, ISO 8601 with `Z` or an offset.

    Returns
    -------
    The time in UTC.

    Raises
    ------
    EventError
        Neither field is there, or its text is not a time with a zone.
    """
    if not isinstance(event, Mapping):
        msg = f'the event is a {type(event).__name__}, expected an object with "scheduledTime" or "time"'
        raise EventError(msg)
    name = next((name for name in _FIELDS if name in event), None)
    if name is None:
        msg = (
            'the event has neither "scheduledTime" nor "time"; give the schedule the input '
            '{"scheduledTime": "<aws.scheduler.scheduled-time>"}'
        )
        raise EventError(msg)
    found = event[name]
    try:
        return moment(found)
    except ValueError as error:
        msg = f'"{name}" of the event is {_shown(found)}, expected {EXPECTED}'
        raise EventError(msg) from error


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
