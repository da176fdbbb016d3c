"""What is said of observations: one by one and as arrays, the same, under the names of one table."""

import dataclasses

import numpy as np
import pytest
from streams import MONDAY, eventful, minutes

from anomaly import Attribution, Detection, Detections, Detector, DetectorConfig, Direction, Stage
from anomaly.detections import FIELDS
from anomaly.kernels.columns import COLUMNS, COMPONENTS

NAMES = [each.name for each in dataclasses.fields(Detection)]


@pytest.fixture(scope="module")
def told() -> Detections:
    return Detector().process_many(eventful(1500), minutes(1500))


def test_every_field_of_a_detection_is_an_array_of_the_same_name(told: Detections) -> None:
    for name in NAMES:
        column = getattr(told, name)
        assert column.shape == (1500,)
        for number in (0, 299, 300, 700, 1499):
            one = getattr(told[number], name)
            assert repr(one) == repr(column.tolist()[number]) or one == column[number]


def test_fields_have_the_types_that_they_promise(told: Detections) -> None:
    one = next(each for each in told if each.alert)

    for name, kind in (
        ("score", float), ("is_anomaly", bool), ("alert", bool), ("recovered", bool), ("stage", Stage),
        ("confidence", float), ("expected_value", float), ("lower_bound", float), ("upper_bound", float),
        ("raw_score", float), ("direction", Direction), ("episode_start", float), ("processed_points", int),
        ("evidence", float), ("attribution", tuple), ("reason", str),
    ):  # fmt: skip
        assert type(getattr(one, name)) is kind
    assert told.is_anomaly.dtype == bool
    assert told.processed_points.dtype == np.int64
    assert told.stage.dtype.kind == told.direction.dtype.kind == "U"


def test_columns_that_were_asked_for_do_not_depend_on_the_order_of_asking() -> None:
    first, second = (Detector().process_many(eventful(600)) for _ in range(2))

    forwards = [getattr(first, name) for name in NAMES]
    backwards = [getattr(second, name) for name in reversed(NAMES)][::-1]

    assert repr(forwards) == repr(backwards)


def test_the_table_of_fields_names_every_number_once_and_in_order() -> None:
    assert [each.name for each in FIELDS] == NAMES
    columns = [each.column for each in FIELDS if each.column is not None]
    assert len(set(columns)) == len(columns) == len(FIELDS) - 2
    assert len(set(COLUMNS)) == len(COLUMNS)


def test_reasons_are_given_for_anomalies_and_for_nothing_else(told: Detections) -> None:
    assert told.is_anomaly.any()
    for reason, is_anomaly in zip(told.reason, told.is_anomaly, strict=True):
        assert (reason is not None) == is_anomaly


def test_attribution_names_what_saw_it_the_largest_share_first(told: Detections) -> None:
    for attribution, score in zip(told.attribution, told.score, strict=True):
        assert bool(attribution) == (score > 0)
        shares = [one.share for one in attribution]
        assert shares == sorted(shares, reverse=True)
        if shares:
            assert sum(shares) == pytest.approx(1)
            assert min(shares) >= 0.5 * max(shares)
            assert {one.name for one in attribution} <= set(COMPONENTS)
    assert told.attribution[0] == ()
    assert isinstance(next(filter(None, told.attribution))[0], Attribution)


def test_a_scored_point_has_the_direction_in_which_it_lies_or_the_last_rows_where_sums_saw_it(told: Detections) -> None:
    scored = told.score > 0
    residual, hour_sum, by_sum = (
        told.told[:, COLUMNS.index(f"{name}_evidence")] for name in ("residual", "hour_sum", "sum")
    )
    drift = told.told[:, COLUMNS.index("drift")]
    off = eventful(1500) - told.expected_value
    back = scored & (drift != 0) & ((np.maximum(hour_sum, by_sum) > residual) | (off == 0))

    assert set(told.direction[~scored]) == {"NONE"}
    for lies, rows in ((off, scored & ~back), (drift, back)):
        assert rows.any()
        assert (told.direction[rows] == np.select([lies[rows] > 0, lies[rows] < 0], ["HIGH", "LOW"], "NONE")).all()


def test_an_alert_for_silence_has_the_direction_low() -> None:
    values = np.random.default_rng(1).poisson(3, size=14_400).astype(float)
    values[13_660:13_720] = 0

    detections = Detector().process_many(values)

    assert detections.alert[13_660:13_720].any()
    assert set(detections.direction[detections.alert]) == {"LOW"}


def test_detections_are_counted_iterated_and_taken_from_either_end(told: Detections) -> None:
    assert len(told) == len(list(told)) == 1500
    assert repr(told[-1]) == repr(told[1499])
    assert repr(told) == (
        f"Detections of 1500 observations, {told.is_anomaly.sum()} anomalies, {told.alert.sum()} alerts"
    )
    assert told.times.tolist() == minutes(1500).tolist()
    assert set(NAMES) <= set(dir(told))
    with pytest.raises(IndexError):
        told[1500]


def test_an_unknown_name_is_answered_with_those_there_are(told: Detections) -> None:
    with pytest.raises(AttributeError, match="detections have no 'scores', only score, is_anomaly, alert"):
        told.scores  # noqa: B018


def test_a_detection_cannot_be_changed(told: Detections) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        told[0].score = 1.0  # type: ignore[misc]


def test_expectations_of_several_features_have_a_number_for_each() -> None:
    rows = np.random.default_rng(1).normal(size=(400, 3)) * [1.0, 10.0, 100.0] + [0.0, 50.0, 1e4]
    detections = Detector(DetectorConfig(features=3)).process_many(rows, MONDAY + 60.0 * np.arange(400))

    for name in ("expected_value", "lower_bound", "upper_bound"):
        assert getattr(detections, name).shape == (400, 3)
        assert getattr(detections[399], name) == tuple(getattr(detections, name)[399].tolist())
        assert np.isnan(getattr(detections, name)[:300]).all()
    assert detections.expected_value[399] == pytest.approx([0.0, 50.0, 1e4], abs=50)
    assert (detections.lower_bound[300:] < detections.upper_bound[300:]).all()
    assert detections.score.shape == (400,)
