from datetime import UTC, datetime

import pytest

from ingest_lambda.errors import EventError
from ingest_lambda.schedule import scheduled_time

TIME = datetime(2024, 8, 29, 13, 35, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2024-08-29T13:35:00Z",
        "2024-08-29T13:35:00.000Z",
        "2024-08-29T15:35:00+02:00",
        "2024-08-29T19:05:00+05:30",
        "2024-08-29 09:35:00-0400",
    ],
)
@pytest.mark.parametrize("field", ["scheduledTime", "time"])
def test_a_time_is_a_moment_in_whatever_zone_it_is_written(field: str, text: str) -> None:
    found = scheduled_time({field: text, "version": "0"})

    assert found == TIME
    assert found.tzinfo is UTC


def test_both_sides_of_a_change_of_clocks_are_two_moments() -> None:
    before, after = (scheduled_time({"time": f"2024-10-27T02:30:00+0{hours}:00"}) for hours in (2, 1))

    assert (after - before).total_seconds() == 3600


def test_the_schedule_s_own_field_goes_first() -> None:
    assert scheduled_time({"time": "2020-01-01T00:00:00Z", "scheduledTime": "2024-08-29T13:35:00Z"}) == TIME


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({}, 'neither "scheduledTime" nor "time"; give the schedule the input'),
        (["2024-08-29T13:35:00Z"], "the event is a list"),
        ({"scheduledTime": "<aws.scheduler.scheduled-time>"}, "is '<aws.scheduler.scheduled-time>', expected a time"),
        ({"scheduledTime": 1724938500}, '"scheduledTime" of the event is 1724938500, expected a time'),
        ({"time": "2024-08-29T13:35:00"}, "with Z or an offset"),
        ({"time": "2024-13-29T13:35:00Z"}, "expected a time such as"),
        ({"time": "0001-01-01T00:00:00+14:00"}, "expected a time such as"),
    ],
)
def test_an_event_without_a_time_is_refused(event: object, message: str) -> None:
    with pytest.raises(EventError) as raised:
        scheduled_time(event)
    assert message in str(raised.value)


def test_an_event_is_not_repeated_at_length() -> None:
    with pytest.raises(EventError) as raised:
        scheduled_time({"time": "x" * 10_000})
    assert len(str(raised.value)) < 200
