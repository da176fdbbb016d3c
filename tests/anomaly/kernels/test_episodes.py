"""What people are told, beside its twin; everything but the confidence is exact."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from hostile import few_examples
from hypothesis import given
from hypothesis import strategies as st
from naive import episodes as naive
from uncompiled import fresh, plain

from anomaly.alerts import strength_for
from anomaly.kernels import columns
from anomaly.kernels import episodes as kernel


def drive(rows: list[naive.Row], threshold: float, output_after: int) -> list[naive.Told]:
    rec = fresh(kernel.episode_record, kernel.episode_new)
    strength = strength_for(threshold)
    twin, told = naive.Episodes(threshold, strength, output_after), []
    for row in rows:
        out = np.zeros(len(columns.COLUMNS))
        out[columns.POINTS], out[columns.STEP], out[columns.HELD] = row.points, row.step, row.held
        out[columns.SCORE], out[columns.EVIDENCE], out[columns.STRENGTH] = row.score, row.evidence, row.strength
        out[columns.FIRST_COMPONENT + columns.RESIDUAL], out[columns.DRIFT] = row.residual, row.drift
        out[columns.FIRST_COMPONENT + (columns.SUM if row.points % 2 else columns.HOUR_SUM)] = row.sums
        out[columns.EXPECTED], out[columns.EPISODE] = row.expected, np.nan
        plain(kernel.tell)(rec, row.time, row.value, threshold, strength, output_after, out)
        expected = twin.tell(row)
        stage = twin.output_after or twin.stage(row.step)
        start = None if math.isnan(out[columns.EPISODE]) else out[columns.EPISODE]
        said = (
            out[k] for k in (columns.IS_ANOMALY, columns.ALERT, columns.RECOVERED, columns.INFERENCE, columns.DIRECTION)
        )
        assert (*said, start) == expected
        assert out[columns.CONFIDENCE] == pytest.approx(naive.confidence(row.points, twin.missing, stage), rel=1e-9)
        if not expected.inference:
            assert out[columns.SCORE] == 0
            assert np.isnan(out[columns.EXPECTED : columns.HIGH + 1]).all()
        told.append(expected)
    return told


class Part(NamedTuple):
    """Rows in which the same is found."""

    rows: int
    evidence: float = 0.0
    strength: float = 0.0
    residual: float = 0.0
    sums: float = 0.0
    drift: float = 0.0
    held: bool = False
    missing: bool = False


def rows_of(parts: list[Part], step: float, points: int = 0) -> list[naive.Row]:
    """Values lie one below what is expected, there, and one above, in turn."""
    rows = []
    for part in parts:
        for _ in range(part.rows):
            points += not part.missing
            evidence, strength = (0.0, 0.0) if part.missing else (part.evidence, part.strength)
            value = math.nan if part.missing else 5.0 + (points % 3 - 1)
            score = 100 * (1 - 0.3 ** ((evidence - 0.4) / 0.6)) if evidence >= 1 else 60 * evidence
            time = 1.7e9 + 60.0 * len(rows)
            seen = part.held, step, part.residual, part.sums, part.drift
            rows.append(naive.Row(time, points, value, 5.0, score, evidence, strength, *seen))
    return rows


PART = st.builds(
    Part,
    rows=st.sampled_from([1, 1, 2, 5, 9, 10, 11, 40]),
    evidence=st.sampled_from([0.0, 0.3, 0.9, 1.0, 1.2, 2.0]),
    strength=st.sampled_from([0.0, 0.0, 1.0, 1.1, 2.0]),
    residual=st.sampled_from([0.0, 0.5, 1.0]),
    sums=st.sampled_from([0.0, 0.5, 0.9]),
    drift=st.sampled_from([0.0, -2.0, 3.0]),
    held=st.booleans(),
    missing=st.sampled_from([False, False, False, True]),
)


@few_examples
@given(
    st.lists(PART, max_size=14),
    st.sampled_from([0.0, 60.0, 600.0, 3600.0, 86400.0]),
    st.sampled_from([0.0, 30.0, 69.9, 70.0, 90.0]),
    st.sampled_from([0, 1, 40]),
)
def test_any_rows_are_told_as_on_paper(parts: list, step: float, threshold: float, output_after: int) -> None:
    drive(rows_of(parts, step, points=20), threshold, output_after)


def test_an_episode_begins_with_an_alert_and_recovers_after_ten_quiet_minutes() -> None:
    event = Part(1, evidence=2, strength=2, held=True)
    told = drive(rows_of([Part(40), event, Part(30)], 60.0), 70.0, 32)

    assert [i for i, row in enumerate(told) if row.alert] == [40]
    assert [i for i, row in enumerate(told) if row.recovered] == [50]
    assert [i for i, row in enumerate(told) if row.start is not None] == list(range(40, 51))


@pytest.mark.parametrize(("below", "alerts"), [(0, [42]), (9, [51]), (10, [])])
def test_what_was_let_through_at_the_bar_alerts_at_a_higher_threshold_once_it_is_strong_enough(
    below: int, alerts: list[int]
) -> None:
    grows = Part(1, evidence=1.2, strength=1.2), Part(1, evidence=1.2), Part(below), Part(2, evidence=2)

    told = drive(rows_of([Part(40), *grows], 60.0), 90.0, 32)

    assert [i for i, row in enumerate(told) if row.alert] == alerts


def test_what_was_not_let_through_at_the_bar_alerts_at_no_higher_threshold() -> None:
    assert not any(row.alert for row in drive(rows_of([Part(40), Part(5, evidence=2)], 60.0), 90.0, 32))


@pytest.mark.parametrize(
    ("sums", "drift", "directions"),
    [
        (0.0, 0.0, [-1, 0, 1]),
        (0.9, 0.0, [-1, 0, 1]),
        (0.4, 3.0, [-1, 1, 1]),
        (0.9, 3.0, [1] * 3),
        (0.9, -3.0, [-1] * 3),
    ],
)
def test_the_direction_is_that_of_the_last_rows_where_sums_saw_more_or_the_value_is_as_expected(
    sums: float, drift: float, directions: list[int]
) -> None:
    rows = rows_of([Part(42), Part(3, evidence=0.9, residual=0.5, sums=sums, drift=drift)], 60.0, points=20)

    assert [row.direction for row in drive(rows, 70.0, 32)][-3:] == directions


def test_confidence_after_1261_points_is_the_published_one() -> None:
    assert plain(kernel.confidence_of)(1261, 0, 300) == pytest.approx(80.4674989791107, rel=1e-12)
    assert naive.confidence(1261, 0, 300) == pytest.approx(80.4674989791107, rel=1e-12)
