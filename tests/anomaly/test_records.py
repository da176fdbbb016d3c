"""What records say of detections: the library's numbers under the records' names, column by column."""

import math

import numpy as np
import pytest
from streams import MONDAY, eventful, minutes

from anomaly import Detection, Detections, Detector, DetectorConfig
from anomaly.detections import FIELDS
from anomaly.records import APPENDED_FIELDS, RECORD_FIELDS, columns_of, names_of


@pytest.fixture(scope="module")
def told() -> Detections:
    return Detector().process_many(eventful(1500), minutes(1500))


def column(told: Detections, name: str, **options: float | None) -> list[object]:
    columns = columns_of(told, RECORD_FIELDS, time=lambda seconds: f"at {seconds}", **options)
    return dict(zip(names_of(RECORD_FIELDS), columns, strict=True))[name]


def test_numbers_are_the_librarys_own(told: Detections) -> None:
    for name, attribute in (("anomaly_score", "score"), ("raw_score", "raw_score"), ("direction", "direction")):
        assert column(told, name) == getattr(told, attribute).tolist()
    assert column(told, "anomaly_confidence_score") == told.confidence.tolist()
    assert column(told, "processed_data_points") == told.processed_points.tolist()
    assert column(told, "reason") == told.reason.tolist()


def test_a_flag_is_one_or_zero(told: Detections) -> None:
    assert repr(column(told, "alert")) == repr([int(alert) for alert in told.alert])
    assert sum(1 for alert in column(told, "alert") if alert) == told.alert.sum() > 0


def test_a_time_is_written_where_there_is_one(told: Detections) -> None:
    for text, time in zip(column(told, "episode_start_time"), told.episode_start.tolist(), strict=True):
        assert text == (None if math.isnan(time) else f"at {time}")


@pytest.mark.parametrize("unknown", [0.0, None])
def test_while_learning_what_is_expected_is_said_as_the_reader_wants_it(
    told: Detections, unknown: float | None
) -> None:
    learning = (told.stage == "LEARNING").tolist()
    assert 300 <= sum(learning) < 1500

    for name in ("expected_value", "lower_bound", "upper_bound"):
        numbers = getattr(told, name).tolist()
        assert column(told, name, unknown=unknown) == [
            unknown if early else number for early, number in zip(learning, numbers, strict=True)
        ]


def test_each_of_several_features_has_an_expectation_of_its_own() -> None:
    rows = np.random.default_rng(1).normal(size=(400, 2))
    detections = Detector(DetectorConfig(features=2)).process_many(rows, MONDAY + 60.0 * np.arange(400))

    names = names_of(APPENDED_FIELDS, ["cpu", "mem"])
    columns = dict(zip(names, columns_of(detections, APPENDED_FIELDS, time=str), strict=True))

    assert columns["lower_bound_mem"][300:] == detections.lower_bound[300:, 1].tolist()
    assert columns["expected_value_cpu"][300:] == detections.expected_value[300:, 0].tolist()
    assert "expected_value" not in columns
    assert columns["anomaly_score"] == detections.score.tolist()


def test_no_observations_make_empty_columns(told: Detections) -> None:
    assert columns_of(told[:0], RECORD_FIELDS, time=str) == [[] for _ in RECORD_FIELDS]


def test_the_fields_of_records_are_attributes_of_a_detection() -> None:
    assert {each.name for each in RECORD_FIELDS} <= {each.name for each in FIELDS} == set(Detection.__slots__)
