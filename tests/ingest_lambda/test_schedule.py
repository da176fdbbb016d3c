from datetime import UTC, datetime

import pytest

from ingest_lambda.schedule import scheduled_time
from readers.errors import EventError

TIME = datetime(2024, 8, 29, 13, 35, tzinfo=UTC)


@pytest.mark.parametrize("field", ["scheduledTime", "time"])
def test_a_time_is_a_moment_in_whatever_zone_it_is_written(field: str) -> None:
    assert scheduled_time({field: "2024-08-29T15:35:00+02:00", "version": "0"}) == TIME


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
