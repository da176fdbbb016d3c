from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.times import moment, utc, written

TIME = datetime(2024, 8, 29, 13, 35, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2024-08-29T13:35:00Z",
        "2024-08-29T13:35:00.000Z",
        "2024-08-29T15:35:00+02:00",
        "2024-08-29T19:05:00+05:30",
        "2024-08-29 09:35:00-0400",
        " 2024-08-29 13:35:00+00 ",
    ],
)
def test_a_moment_is_the_same_in_whatever_zone_it_is_written(text: str) -> None:
    for read in (moment, utc):
        assert read(text) == TIME
        assert read(text).tzinfo is UTC


def test_both_sides_of_a_change_of_clocks_are_two_moments() -> None:
    before, after = (moment(f"2024-10-27T02:30:00+0{hours}:00") for hours in (2, 1))

    assert after - before == timedelta(hours=1)


def test_without_a_zone_a_moment_is_refused_or_utc() -> None:
    assert utc("2024-08-29 13:35:00") == TIME
    with pytest.raises(ValueError, match="with Z or an offset"):
        moment("2024-08-29 13:35:00")


@pytest.mark.parametrize(
    "text",
    [
        None,
        1724938500,
        "",
        "yesterday",
        "2024-13-29T13:35:00Z",
        "1724938500x",
        "0001-01-01T00:00:00+14:00",
        "0001-06-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "infinity",
    ],
)
def test_what_is_no_moment_is_refused(text: object) -> None:
    for read in (moment, utc):
        with pytest.raises(ValueError, match='expected a time such as "2024-08-29T13:35:00Z"'):
            read(text)


@given(st.datetimes(datetime(2, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001
def test_what_is_written_is_read_again(time: datetime) -> None:
    assert moment(written(time)) == time


def test_times_are_written_in_utc() -> None:
    time = datetime(2024, 8, 29, 19, 5, 0, 5, timezone(timedelta(hours=5.5)))

    assert written(time) == "2024-08-29T13:35:00.000005Z"
