"""The decision beside its twin. Counts are float32, so evidence at the limits of habituation is kept off them."""

import numpy as np
import pytest
from hostile import few_examples, pace_of
from hypothesis import given
from hypothesis import strategies as st
from naive import clock
from naive import decision as naive
from uncompiled import fresh, plain

from anomaly.kernels import decision as kernel

EVIDENCE = st.sampled_from([0.0, 0.0, 0.0, 0.3, 0.5, 0.7, 1.0, 1.2, 1.6, 3.0, 127.0, 1e18])


def hostile_evidence(n: int, calm: float) -> list[tuple[float, float, float, bool, bool]]:
    """Rows of evidence of forests, fast and slow components, rare, known; a share of them calm."""
    rng = np.random.default_rng(1)
    found = 1.1 * rng.lognormal(sigma=0.7, size=(n, 3)) * (rng.random((n, 3)) > calm)
    flags = rng.random((n, 2)) < 0.05
    return [(*map(float, e), *map(bool, f)) for e, f in zip(found, flags, strict=True)]


def drive(rows: list[tuple[float, float, float, bool, bool]], step: float) -> list[float]:
    rec, twin = fresh(kernel.decision_record, kernel.decision_new), naive.Decision()
    pace, alerts = pace_of(step), []
    for i, (forest, fast, slow, rare, known) in enumerate(rows, 300):
        weeks = clock.weeks(i * step)
        assert plain(kernel.decision_weekly)(rec, weeks) == pytest.approx(twin.weekly(weeks), rel=1e-4)
        alert = plain(kernel.decision_look)(rec, pace, i, weeks, forest, fast, slow, rare, known)
        assert alert == twin.look(pace, i, weeks, forest, fast, slow, rare=rare, known=known)
        for habit, ours in ((rec.fast, twin.fast), (rec.forest, twin.forest)):
            assert habit.counts == pytest.approx(np.array(ours.counts), rel=1e-4, abs=1e-4)
        alerts.append(float(alert))
    return alerts


@pytest.mark.parametrize("step", [0.0, 10.0, 60.0, 300.0, 3600.0, 1e6])
@pytest.mark.parametrize("calm", [0.0, 0.8, 0.98])
def test_alerts_are_those_on_paper(step: float, calm: float) -> None:
    assert any(drive(hostile_evidence(400, calm), step))


@few_examples
@given(
    st.lists(
        st.tuples(EVIDENCE, EVIDENCE, EVIDENCE, st.booleans(), st.sampled_from([False, False, True])), max_size=80
    ),
    st.sampled_from([0.0, 60.0, 3600.0]),
)
def test_any_evidence_is_decided_as_on_paper(rows: list, step: float) -> None:
    drive(rows, step)


def test_one_event_alerts_once_and_again_only_half_as_strong_more() -> None:
    fast = [0, 1.2, 1.5, 1.7, 0, 1.9, 3.0, *[0.0] * 11, 1.2]

    alerts = drive([(0.0, e, 0.0, False, False) for e in fast], 60.0)

    assert [i for i, alert in enumerate(alerts) if alert] == [1, 5, 6, 18]


def test_events_become_habit_when_more_than_thirty_a_week_are_half_as_strong() -> None:
    rows = [(0.0, 1.2 if i % 5 == 0 else 0.0, 0.0, False, False) for i in range(100)]

    alerts = [i for i, alert in enumerate(drive(rows, 600.0)) if alert]

    assert len(alerts) == 8  # 30 a week come down to 8.5 in two days and eight hours
    assert drive([*rows, (0.0, 3.0, 0.0, False, False)], 600.0)[-1] == 3  # they are less than half as strong


def test_the_forests_fall_silent_after_six_as_strong_and_a_known_event_is_muted() -> None:
    rows = [(1.2 if i % 62 == 0 else 0.0, 0.0, 0.0, False, False) for i in range(500)]
    assert sum(alert > 0 for alert in drive(rows, 60.0)) == 6

    muted = [(1.2, 5.0, 5.0, False, True)] * 5
    assert not any(drive(muted, 60.0))
