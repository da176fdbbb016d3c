"""What people are told, beside its twin; everything but the confidence is exact."""

import math

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


def rows_of(parts: list[tuple[float, float, bool, bool, int]], step: float, points: int = 0) -> list[naive.Row]:
    """Parts: evidence, strength, held, missing, rows."""
    rows = []
    for evidence, strength, held, missing, count in parts:
        for _ in range(count):
            points += not missing
            evidence, strength = (0.0, 0.0) if missing else (evidence, strength)
            value = math.nan if missing else 5.0 + (points % 3 - 1)
            score = 100 * (1 - 0.3 ** ((evidence - 0.4) / 0.6)) if evidence >= 1 else 60 * evidence
            time = 1.7e9 + 60.0 * len(rows)
            rows.append(naive.Row(time, points, value, 5.0, score, evidence, strength, held, step))
    return rows


PART = st.tuples(
    st.sampled_from([0.0, 0.3, 0.9, 1.0, 1.2, 2.0]),
    st.sampled_from([0.0, 0.0, 1.0, 1.1, 2.0]),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
    st.sampled_from([1, 1, 2, 5, 9, 10, 11, 40]),
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
    told = drive(rows_of([(0, 0, False, False, 40), (2, 2, True, False, 1), (0, 0, False, False, 30)], 60.0), 70.0, 32)

    assert [i for i, row in enumerate(told) if row.alert] == [40]
    assert [i for i, row in enumerate(told) if row.recovered] == [50]
    assert [i for i, row in enumerate(told) if row.start is not None] == list(range(40, 51))


def test_confidence_after_1261_points_is_the_published_one() -> None:
    assert plain(kernel.confidence_of)(1261, 0, 300) == pytest.approx(80.4674989791107, rel=1e-12)
    assert naive.confidence(1261, 0, 300) == pytest.approx(80.4674989791107, rel=1e-12)
