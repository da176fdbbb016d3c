from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.schedule import Schedule, ScheduleFaults, firings

NOON = datetime(2024, 8, 29, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def minutes(found: Iterable[datetime]) -> list[str]:
    return [f"{time:%H:%M:%S}" for time in found]


@pytest.mark.parametrize(
    ("rate", "start", "end", "times"),
    [
        (1, NOON, NOON + 3 * MINUTE, ["12:00:00", "12:01:00", "12:02:00"]),
        (1, NOON + timedelta(seconds=1), NOON + 2 * MINUTE, ["12:01:00"]),
        (5, NOON - MINUTE, NOON + 6 * MINUTE, ["12:00:00", "12:05:00"]),
        (1, NOON, NOON, []),
    ],
)
def test_a_schedule_fires_at_multiples_of_its_rate(rate: int, start: datetime, end: datetime, times: list[str]) -> None:
    assert minutes(Schedule(rate).scheduled_times(start, end)) == times


def test_the_input_is_filled_in_with_all_four_attributes() -> None:
    text = (
        '{"time":"<aws.scheduler.scheduled-time>","id":"<aws.scheduler.execution-id>",'
        '"attempt":<aws.scheduler.attempt-number>,"arn":"<aws.scheduler.schedule-arn>","fixed":["a"]}'
    )
    event = Schedule(input=text, arn="arn:x").event(
        NOON.astimezone(timezone(timedelta(hours=5))), "d32c5kddcf5bb8c3", 2
    )
    assert event == {
        "time": "2024-08-29T12:00:00Z",
        "id": "d32c5kddcf5bb8c3",
        "attempt": 2,
        "arn": "arn:x",
        "fixed": ["a"],
    }


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Schedule(0), "rate_minutes must be at least 1, got 0"),
        (lambda: Schedule(input="{"), "input must be JSON once its attributes are filled in, got '{'"),
        (lambda: ScheduleFaults(miss=1.1), r"miss must be from 0 to 1, got 1\.1"),
        (lambda: ScheduleFaults(miss=0.6, double=0.6), "the shares must not exceed 1 together"),
    ],
)
def test_a_setting_out_of_range_is_named(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("faults", "due"),
    [
        (ScheduleFaults(), ["12:00:00", "12:01:00", "12:02:00"]),
        (ScheduleFaults(miss=1), []),
        (ScheduleFaults(double=1), ["12:00:00", "12:00:01", "12:01:00", "12:01:01", "12:02:00", "12:02:01"]),
        (ScheduleFaults(overlap=1), ["12:01:00", "12:02:00", "12:03:00"]),
        (ScheduleFaults(out_of_order=1), ["12:01:01", "12:02:01", "12:03:01"]),
    ],
)
def test_each_fault_does_what_it_says(faults: ScheduleFaults, due: list[str]) -> None:
    planned = list(firings(Schedule(), faults, NOON, NOON + 3 * MINUTE))
    assert minutes(firing.due for firing in planned) == due
    assert len({firing.execution_id for firing in planned}) == len(planned)


shares = st.tuples(*[st.floats(0, 0.25)] * 4)


@given(seed=st.integers(), shares=shares, rate=st.integers(1, 7), length=st.integers(0, 60))
def test_firings_come_in_the_order_of_their_moments_and_only_missed_times_are_missing(
    seed: int, shares: tuple[float, float, float, float], rate: int, length: int
) -> None:
    schedule, faults = Schedule(rate), ScheduleFaults(seed, *shares)
    planned = list(firings(schedule, faults, NOON, NOON + length * MINUTE))
    assert planned == sorted(planned)
    fates = {
        time: len(faults.due(time, schedule.rate)) for time in schedule.scheduled_times(NOON, NOON + length * MINUTE)
    }
    assert Counter(firing.scheduled_time for firing in planned) == Counter(fates)
    assert all(firing.due >= firing.scheduled_time for firing in planned)


@given(seed=st.integers(), shares=shares, cut=st.integers(0, 30))
def test_a_time_s_fate_does_not_depend_on_where_the_range_begins(
    seed: int, shares: tuple[float, float, float, float], cut: int
) -> None:
    faults, middle, end = ScheduleFaults(seed, *shares), NOON + cut * MINUTE, NOON + 30 * MINUTE
    whole = sorted(firings(Schedule(), faults, NOON, end))
    parts = [*firings(Schedule(), faults, NOON, middle), *firings(Schedule(), faults, middle, end)]
    assert sorted(parts) == whole


def test_the_shares_are_kept_over_two_weeks() -> None:
    faults = ScheduleFaults(7, miss=0.05, double=0.1, overlap=0.02, out_of_order=0.03)
    fates = Counter(
        tuple(int((due - time).total_seconds()) for due in faults.due(time, MINUTE))
        for time in Schedule().scheduled_times(NOON, NOON + timedelta(days=14))
    )
    shares = {fate: count / 20_160 for fate, count in fates.items()}
    expected = {(): 0.05, (0, 1): 0.1, (60,): 0.02, (61,): 0.03, (0,): 0.8}
    assert shares == pytest.approx(expected, abs=0.01)
