"""The recurrence beside its twin. Onsets are whole seconds and sizes float32 on both sides, so all is exact."""

import numpy as np
import pytest
from hostile import STREAMS, Stream, few_examples, pace_of, streams
from hypothesis import given
from hypothesis import strategies as st
from naive import recurrence as naive
from uncompiled import fresh, plain

from anomaly.kernels import recurrence as kernel

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800


def drive(rows: list[tuple[float, float | None]], step: float) -> list[tuple[bool, float]]:
    """Each row: age in seconds, residual of a point of an event."""
    rec, twin = fresh(kernel.recurrence_record, kernel.recurrence_new), naive.Recurrence()
    said, before = [], 0.0
    for i, (age, shown) in enumerate(rows, 60):
        gap, before = age - before, age
        size = None if shown is None else np.float32(shown)
        found = plain(kernel.recurrence_look)(rec, age, gap, pace_of(step), i, shown is not None, shown or 0.0)
        assert found == twin.look(age, gap, step, i, size)
        said.append((bool(found[0]), float(found[1])))
    for i, event in enumerate(twin.events):
        if event:
            assert (rec.onsets[i], rec.sizes[i], rec.lengths[i]) == (event.onset, event.size, event.length)
        else:
            assert rec.sizes[i] == 0
    return said


def events(onsets: list[float], step: float, until: float, size: float = 5.0) -> list[tuple[float, float | None]]:
    """Rows at `step` with events of three points."""
    return [
        (age, size if any(0 <= age - onset < 3 * step for onset in onsets) else None)
        for age in np.arange(0, until, step).tolist()
    ]


@pytest.mark.parametrize("period", [HOUR, 5 * HOUR, DAY, 1.5 * DAY, 2 * DAY, WEEK])
def test_what_came_three_times_at_its_hour_is_known_and_missed_when_it_stays_away(period: float) -> None:
    step = period / 60
    onsets = [period * k + step for k in range(1, 10)]
    if period == HOUR:
        onsets = onsets[:7]

    said = drive(events(onsets, step, 12 * period), step)

    known = [any(said[round(onset / step)][0] for onset in [onset]) for onset in onsets]
    if period == 2 * DAY:  # longer than any period that is tried, and no week
        assert not any(known)
    elif period == WEEK:
        assert known == [False] * 2 + [True] * 7
    else:
        assert known == [False] * 3 + [True] * (len(onsets) - 3)
        assert sum(evidence == 1.2 for _, evidence in said) == 1


def test_a_known_event_that_lasts_too_long_or_grows_too_large_is_known_no_more() -> None:
    onsets = [HOUR * k for k in range(1, 6)]
    rows = events(onsets, MINUTE, 6 * HOUR)
    rows += [(6 * HOUR + 60 * k, 5.0) for k in range(30)]
    assert [known for known, _ in drive(rows, MINUTE)[-30:]] == [True] * 14 + [False] * 16

    rows = [*events(onsets, MINUTE, 6 * HOUR), (6 * HOUR, 7.4), (6 * HOUR + 60, 7.6)]
    assert [known for known, _ in drive(rows, MINUTE)[-2:]] == [True, False]


@few_examples
@given(
    st.lists(
        st.tuples(
            st.sampled_from([60, 60, 600, 3600, 3600, 1800, 86400, 43200, 604800, 90000]),
            st.sampled_from([-5.0, 5.0, 4.0, 6.0, 9.0, 0.0, 1e18, 1e-40]),
            st.integers(1, 15),  # length
            st.integers(-150, 150),  # seconds late
            st.integers(1, 6),  # times
        ),
        max_size=12,
    ),
    st.sampled_from([0.0, 60.0, 300.0, 3600.0]),
)
def test_any_events_are_known_and_missed_as_on_paper(parts: list, step: float) -> None:
    rows, age = [], 0.0
    for period, size, length, late, times in parts:
        for _ in range(times):
            age += period
            start = max(age + late, rows[-1][0] if rows else 0.0)
            rows += [(start + k * max(step, 1.0), size) for k in range(length)]
            rows += [(rows[-1][0] + (k + 1) * max(step, 1.0), None) for k in range(12)]
    drive(rows, step)


@few_examples
@given(streams())
def test_events_of_any_stream_are_remembered_as_on_paper(stream: Stream) -> None:
    rows = zip((stream.times - stream.times[0]).tolist(), stream.centred.tolist(), strict=True)
    drive([(age, value if i % 13 < 2 else None) for i, (age, value) in enumerate(rows)], 60.0)


def test_nothing_is_forgotten_while_there_is_room_and_then_the_smallest_oldest_goes() -> None:
    rec = fresh(kernel.recurrence_record, kernel.recurrence_new)
    for k in range(33):
        plain(kernel.recurrence_look)(rec, 5000.0 * k, 60.0, pace_of(60.0), 100 + 20 * k, True, 10.0 - 9 * (k == 7))
        if k < 32:
            assert sorted(rec.onsets[rec.sizes != 0]) == [5000 * j for j in range(k + 1)]

    assert sorted(rec.onsets) == [5000 * j for j in range(33) if j != 7]


@pytest.mark.parametrize("name", ["noise", "spikes of 1e18", "gaps and equal times", "heavy tails", "denormals"])
def test_events_of_hostile_streams_are_remembered_as_on_paper(name: str) -> None:
    stream = STREAMS[name]
    values = stream.centred
    large = np.abs(values) > np.quantile(np.abs(values), 0.9)
    rows = zip((stream.times - stream.times[0]).tolist(), values.tolist(), large, strict=True)
    drive([(age, value if event else None) for age, value, event in rows], 60.0)
