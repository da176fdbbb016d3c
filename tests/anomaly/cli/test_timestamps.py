"""Times in files: the same moment however it is written, and never a wrong guess."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.cli.timestamps import is_iso_time, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2024-08-29T13:35:12Z", 1724938512.0),
        ("2024-08-29 13:35:12", 1724938512.0),
        ("2024-08-29T15:35:12+02:00", 1724938512.0),
        ("2024-08-29T15:35:12+0200", 1724938512.0),
        ("2024-08-29 15:35:12 +02", 1724938512.0),
        ("2024-08-29T08:05:12-05:30", 1724938512.0),
        ("2024-08-29 13:35:12 UTC", 1724938512.0),
        ("2024-08-29T13:35", 1724938500.0),
        ("2024-08-29", 1724889600.0),
        ("2024-08-29T13:35:12.25Z", 1724938512.25),
        ("2024-08-29T13:35:12,25Z", 1724938512.25),
        ("  2024-08-29T13:35:12Z ", 1724938512.0),
        ("1969-12-31T23:59:59.5Z", -0.5),
        ("1724938512", 1724938512.0),
        ("1724938512.25", 1724938512.25),
        ("1724938512250", 1724938512.25),
        ("1.724938512E9", 1724938512.0),
        ("-1", -1.0),
        ("0001-01-01T00:00:00+14:00", -62135647200.0),
        ("9999-12-31T23:59:59Z", 253402300799.0),
    ],
)
def test_a_time_means_the_same_moment_however_it_is_written(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_every_iso_text_gives_exactly_the_seconds_that_datetime_gives(naive: datetime, offset: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
    assert parse_time(moment.isoformat()) == moment.timestamp()
    assert parse_time(naive.isoformat(" ")) == naive.replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "8/29/2024 13:35",
        "29.08.2024 13:35",
        "13:35:12",
        "2024-8-29",
        "2024-08-29T13",
        "2024-08-29T13:35:12.1234567890Z",
        "2024-08-29T13:35:12Zulu",
        "nan",
        "inf",
        "1e999",
        "１７２４９３８５１２",
        "1_724_938_512",
    ],
)
def test_what_is_no_time_is_refused_with_an_example_of_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time; write it like 2024-08-29T13:35:00Z"):
        parse_time(text)


@pytest.mark.parametrize("text", ["2023-02-29", "2024-08-29T24:00:00", "2024-08-29T13:60", "2024-08-29T13:00+25:00"])
def test_a_day_or_hour_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time that exists"):
        parse_time(text)


def test_numbers_are_times_but_not_iso_times() -> None:
    assert is_iso_time("2024-08-29")
    assert not is_iso_time("1724938512")
