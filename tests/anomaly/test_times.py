"""Times in whatever form they come become epoch seconds, and one that is none is refused with what to do."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from streams import MONDAY, sales, same

from anomaly import Detector, Fleet
from anomaly.times import seconds_of

NOON = datetime(2024, 8, 29, 13, 35, 12, tzinfo=UTC)
SECONDS = 1_724_938_512.0


@pytest.fixture(autouse=True)
def far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "moment",
    [
        NOON,
        NOON.replace(tzinfo=None),
        NOON.astimezone(timezone(timedelta(hours=-7))),
        SECONDS,
        int(SECONDS),
        np.float32(0) + np.float64(SECONDS),
        np.int64(SECONDS),
        np.datetime64("2024-08-29T13:35:12"),
    ],
    ids=repr,
)
def test_one_moment_is_the_same_in_every_form(moment: object) -> None:
    assert seconds_of(moment, 1).tolist() == [SECONDS]
    assert seconds_of([moment], 1).tolist() == [SECONDS]
    assert seconds_of(np.array([moment], object), 1).tolist() == [SECONDS]
    assert Detector().process_many([1.0], moment).times.tolist() == [SECONDS]


UNITS = {
    "Y": 365 * 86_400, "M": 31 * 86_400, "W": 7 * 86_400, "D": 86_400, "h": 3_600, "m": 60, "s": 1, "25s": 25,
    "ms": 1e-3, "us": 1e-6, "7us": 7e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15, "as": 1e-18,
}  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_datetime64_of_every_unit_is_read(unit: str) -> None:
    assert seconds_of(np.array([0, 1], f"datetime64[{unit}]"), 2) == pytest.approx([0.0, UNITS[unit]], rel=1e-15)


def test_fractions_of_a_second_are_kept_in_every_form() -> None:
    precise = NOON.replace(microsecond=123_456)
    forms = [
        precise,
        np.datetime64(precise.replace(tzinfo=None), "us"),
        np.datetime64(precise.replace(tzinfo=None), "ns"),
    ]

    assert {seconds_of([form], 1)[0] for form in forms} == {SECONDS + 0.123456}
    assert seconds_of(np.array([1_500_000_000_000], "datetime64[ps]"), 1).tolist() == [1.5]


def test_a_column_of_objects_may_mix_forms() -> None:
    column = np.array([NOON, int(SECONDS), np.datetime64("2024-08-29T13:35:12"), NOON.replace(tzinfo=None)], object)

    assert seconds_of(column, 4).tolist() == [SECONDS] * 4


def test_a_generator_of_times_is_read() -> None:
    assert seconds_of((NOON + timedelta(seconds=i) for i in range(3)), 3).tolist() == [
        SECONDS,
        SECONDS + 1,
        SECONDS + 2,
    ]


def test_times_are_not_written_into_what_the_caller_passed() -> None:
    times = np.full(3, np.nan)

    Detector().process_many([1.0, 2.0, 3.0], times)

    assert np.isnan(times).all()


def test_equal_times_are_allowed() -> None:
    detector = Detector()
    detector.process_many(sales(400), np.full(400, SECONDS))

    assert detector.processed_points == 400


def test_one_time_stands_for_a_whole_period_of_a_fleet() -> None:
    one, each = Fleet(), Fleet()

    for minute in range(30):
        now = MONDAY + 60.0 * minute
        told = one.process("abc", [1.0, minute, minute % 7], now)
        assert same(told, each.process("abc", [1.0, minute, minute % 7], [now] * 3))


def test_a_series_without_times_has_a_row_a_minute_from_zero_on() -> None:
    assert Detector().process_many([1.0, np.nan, 3.0]).times.tolist() == [0.0, 60.0, 120.0]


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([SECONDS, SECONDS - 9], "2024-08-29T13:35:03Z at 1 is earlier than 2024-08-29T13:35:12Z before it; sort"),
        ([5.0, 4.5], "times must come in order: 4.5 at 1 is earlier than 5 before it"),
        ([SECONDS * 1e3, SECONDS * 1e3], "at 0; milliseconds? divide by 1e3, or pass datetimes"),
        ([SECONDS * 1e6, SECONDS * 1e6], "at 0; microseconds? divide by 1e6, or pass datetimes"),
        ([SECONDS * 1e9, SECONDS * 1e9], "at 0; nanoseconds? divide by 1e9, or pass datetimes"),
        ([SECONDS, np.inf], "a time must be epoch seconds before the year 10209, got inf at 1"),
        ([SECONDS, -1e300], "a time must be epoch seconds before the year 10209, got -1e+300 at 1"),
        ([SECONDS, None], "a series has either always times or never, got none at 1 after rows with; give all or none"),
        ([None, SECONDS], "a series has either always times or never, got a time at 1 after rows without"),
        ([SECONDS, np.datetime64("NaT")], "a time must be a time, got NaT; leave such rows out"),
        (np.array(["2024-08-29", "NaT"], "datetime64[s]"), "a time must be a time, got NaT"),
        (["2024-08-29", "2024-08-30"], "a time must be a datetime or epoch seconds, got '2024-08-29'"),
        (np.array(["2024-08-29"] * 2), "times must be datetimes or epoch seconds, got <U10 such as ['2024-08-29']"),
        ("2024-08-29", "times must be datetimes or epoch seconds, got <U10 such as ['2024-08-29']"),
        ([date(2024, 8, 29)] * 2, "a time must be a datetime or epoch seconds, got datetime.date(2024, 8, 29)"),
        ([True, True], "a time must be a datetime or epoch seconds, got True"),
        ([SECONDS], "there must be one time per observation, got 1 for 2"),
        (np.zeros((2, 1)), "there must be one time per observation, got times of the shape (2, 1) for 2"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)  # fmt: skip
def test_a_time_that_is_none_is_refused_with_what_to_do_and_nothing_is_learned(times: object, message: str) -> None:
    detector = Detector()
    untouched = detector.to_bytes()

    with pytest.raises(ValueError, match=re.escape(message)):
        detector.process_many([1.0, 2.0], times)

    assert detector.to_bytes() == untouched


def test_a_time_before_the_last_call_is_refused_by_that_calls_time() -> None:
    detector = Detector()
    detector.process(1.0, NOON)

    with pytest.raises(ValueError, match="13:35:11Z at 0 is earlier than 2024-08-29T13:35:12Z before it"):
        detector.process(2.0, NOON - timedelta(seconds=1))
    detector.process(2.0, NOON)

    assert detector.processed_points == 2


def test_a_missing_value_holds_its_place_in_time() -> None:
    detector = Detector()
    detector.process(np.nan, SECONDS)

    with pytest.raises(ValueError, match="earlier"):
        detector.process(1.0, SECONDS - 1)
