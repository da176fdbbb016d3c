"""The clock beside its twin, which asks datetime. All in double."""

import numpy as np
import pytest
from hostile import STREAMS
from hypothesis import example, given
from hypothesis import strategies as st
from naive import clock as naive
from uncompiled import fresh, plain

from anomaly.kernels import clock as kernel

TIMES = st.sampled_from([0.0, -1.0, 60.0, 1e30, -1e30, 2.7e11, float("inf")]) | st.floats(-1e6, 1e6)


@given(st.integers(-6 * 10**10, 2 * 10**11), st.sampled_from([0.0, 0.25, 0.5]))
@example(0, -1e-12)  # rounding brings it to midnight
def test_day_hour_slot_and_node_are_those_of_the_calendar(second: int, fraction: float) -> None:
    rec = fresh(kernel.clock_record, kernel.clock_new)

    place, moment = plain(kernel.clock_place)(rec, second + fraction), naive.moment(second + fraction)

    assert (place.day, place.hour) == (moment.day, moment.hour)
    assert place.slot + place.slot_share == pytest.approx(moment.quarters, abs=1e-7)
    assert place.node + place.node_share == pytest.approx(moment.hours, abs=1e-7)
    assert 0 <= place.slot_share < 1 and 0 <= place.node_share < 1  # noqa: PT018 - one fact
    assert (place.next_slot, place.next_node) == ((place.slot + 1) % 96, (place.node + 1) % 168)


@pytest.mark.parametrize("name", STREAMS)
def test_gaps_and_steps_follow_the_times(name: str) -> None:
    rec, twin = fresh(kernel.clock_record, kernel.clock_new), naive.Clock()

    for time in STREAMS[name].times:
        assert plain(kernel.clock_look)(rec, time) == twin.look(time)
        rec.points += 1
        assert rec.step == pytest.approx(twin.step, rel=1e-12)


@given(st.lists(st.none() | TIMES, max_size=12))
def test_a_row_is_admitted_with_a_time_that_is_no_nonsense_and_not_before_the_last(times: list[float | None]) -> None:
    rec, twin = fresh(kernel.clock_record, kernel.clock_new), naive.Clock()

    for time in times:
        said = plain(kernel.clock_admit)(rec, np.nan if time is None else time)
        assert said == twin.admit(time)
        if twin.rows:
            assert rec.last_row == twin.rows[-1]
        else:
            assert rec.last_row == kernel.NEVER


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=9))
def test_a_clock_set_back_makes_the_series_young(times: list[float]) -> None:
    rec, twin = fresh(kernel.clock_record, kernel.clock_new), naive.Clock()

    for time in times:
        plain(kernel.clock_before)(rec, time)
        twin.rows.append(time)
        assert rec.first_time == twin.first()


def test_weeks_are_counted_from_two_days_to_one_week() -> None:
    for age in (0.0, 86400.0, 3e5, 6e5, 1e9):
        assert plain(kernel.clock_weeks)(age) == pytest.approx(naive.weeks(age))


@pytest.mark.parametrize(
    ("step", "per_day", "grown", "bar_step"),
    [(0, 1440, 300, 60), (1, 86400, 300, 60), (60, 1440, 300, 60), (600, 144, 216, 600), (86400, 1, 48, 900)],
)
def test_the_pace_follows_from_the_step(step: float, per_day: float, grown: float, bar_step: float) -> None:
    rec = fresh(kernel.clock_record, kernel.clock_new)
    rec.step = step

    assert plain(kernel.clock_pace)(rec) == (step, per_day, grown, bar_step)
