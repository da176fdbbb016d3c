from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.windows import Window, cut, next_window

NOW = datetime(2024, 8, 29, 13, 35, tzinfo=UTC)
SETTLE = timedelta(seconds=10)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

minutes = st.integers(0, 300).map(lambda number: NOW + number * MINUTE)


@dataclass(frozen=True)
class Row:
    time: str
    size: int
    number: int


def test_the_first_window_is_the_last_settled_minute() -> None:
    assert next_window(None, NOW, NOW, SETTLE, HOUR) == Window(NOW - MINUTE - SETTLE, NOW - SETTLE, caught_up=True)


@pytest.mark.parametrize("position", [NOW - SETTLE, NOW, NOW + HOUR])
def test_there_is_no_window_before_the_marker(position: datetime) -> None:
    assert next_window(position, NOW, NOW, SETTLE, HOUR) is None


def test_a_schedule_of_the_future_reads_to_the_clock() -> None:
    window = next_window(NOW - MINUTE, NOW + HOUR, NOW, SETTLE, HOUR)

    assert window == Window(NOW - MINUTE, NOW - SETTLE, caught_up=True)


def test_a_long_outage_is_read_in_parts() -> None:
    window = next_window(NOW - 3 * HOUR, NOW, NOW, SETTLE, HOUR)

    assert window == Window(NOW - 3 * HOUR, NOW - 2 * HOUR, caught_up=False)


@given(st.lists(minutes, min_size=1), st.integers(1, 100))
def test_windows_meet_without_gap_or_overlap_in_whatever_order_schedules_arrive(
    schedules: list[datetime], max_minutes: int
) -> None:
    position = NOW - HOUR
    for scheduled in [*schedules, *[max(schedules)] * 400]:
        window = next_window(position, scheduled, NOW + 10 * HOUR, SETTLE, max_minutes * MINUTE)
        if window is not None:
            assert window.start == position
            assert window.start < window.end <= scheduled - SETTLE
            position = window.end
    assert position == max(schedules) - SETTLE


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50)), max_size=60), st.integers(1, 10), st.integers(1, 100))
def test_rows_are_cut_only_between_different_times_and_none_is_lost(
    steps: list[tuple[int, int]], max_rows: int, max_bytes: int
) -> None:
    times = [sum(step for step, _ in steps[: number + 1]) for number in range(len(steps))]
    rows = [Row(str(time), size, number) for number, (time, (_, size)) in enumerate(zip(times, steps, strict=True))]

    batches = list(cut(rows, max_rows, max_bytes))

    assert [row for batch in batches for row in batch.rows] == rows
    assert [batch.next_time for batch in batches[:-1]] == [batch.rows[0].time for batch in batches[1:]]
    assert batches[-1].next_time is None
    for batch in batches:
        assert batch.rows or batches == [batch]
        assert batch.next_time not in {row.time for row in batch.rows}
        before_last_time = [row for row in batch.rows if row.time != batch.rows[-1].time]
        assert len(before_last_time) < max_rows
        assert sum(row.size for row in before_last_time) < max_bytes
