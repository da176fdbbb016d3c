import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.durations import LONGEST, PATTERN, SECOND, duration, written


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0 s", 0),
        ("500 ms", 0.5),
        ("30s", 30),
        ("30 sec", 30),
        ("1 second", 1),
        ("90 seconds", 90),
        ("1m", 60),
        ("1 min", 60),
        ("5 MIN", 300),
        ("1 minute", 60),
        ("2 minutes", 120),
        ("1.5 h", 5400),
        ("1 hour", 3600),
        ("24 hours", 86_400),
        (" 7 d ", 604_800),
        ("1 day", 86_400),
        ("366 days", 366 * 86_400),
        ("0.001 s", 0.001),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "min",
        "-1 min",
        "1 fortnight",
        "1 month",
        "1  min",
        "1,5 h",
        "1.h",
        ".5 h",
        "1e3 s",
        "٣ s",
        "367 d",
        "0.0001 s",
        "0.5 ms",
        "9" * 12 + " d",
        "9" * 400 + " s",
        "1 min 30 s",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a duration from 0 s to 366 d, such as 30 s, 1 min or 1 h$"):
        duration(text)


@pytest.mark.parametrize("text", ["0 s", "999 ms", "1.5 s", "1500 ms", "604801 s", "8 d"])
def test_bounds_and_whole_seconds_are_told(text: str) -> None:
    with pytest.raises(ValueError, match="expected whole seconds, from 1 s to 7 d, such as"):
        duration(text, least=SECOND, most=timedelta(days=7), multiple_of=SECOND)


@given(st.timedeltas(timedelta(0), LONGEST).map(lambda value: value - value % timedelta(milliseconds=1)))
def test_what_is_written_is_read_again(value: timedelta) -> None:
    assert duration(written(value)) == value
    assert re.fullmatch(PATTERN, written(value))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (90, "90 s"), (300, "5 min"), (604_800, "7 d"), (0.25, "250 ms")]
)
def test_a_duration_is_written_in_its_largest_whole_unit(seconds: float, text: str) -> None:
    assert written(timedelta(seconds=seconds)) == text
