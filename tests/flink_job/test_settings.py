import json
import pickle
import re
from pathlib import Path

import pytest
from properties_text import BOOKSTORE, text_of

from anomaly import DetectorConfig
from flink_job.properties import JobSettings, parse_properties
from flink_job.settings import detector_config, jvm_settings_json, refused_by_library, scoring_settings, state_terms
from flink_job.state_terms import STATE_TERMS

DOCS = Path(__file__).parents[2] / "docs"


def settings_with(**detector: str) -> JobSettings:
    changes = {key.replace("_", "."): value for key, value in detector.items()}
    groups = {
        **BOOKSTORE,
        "kafka": {"bootstrap.servers": "127.0.0.1:9092", "client.id": "x"},
        "detector": {**BOOKSTORE["detector"], "dimension.fields": "product_name,shop", **changes},
    }
    return parse_properties(text_of(groups))


def test_the_jvm_half_is_told_everything_and_nothing_else() -> None:
    assert json.loads(jvm_settings_json(settings_with(), bounded=True, parallelism=2)) == {
        "kafka": {"bootstrap.servers": "127.0.0.1:9092", "client.id": "x"},
        "input": "sales",
        "output": "results",
        "deadLetters": "sales.dead-letters",
        "late": "sales.late",
        "groupId": "anomaly-bookstore",
        "timestampField": "event_time",
        "measureField": "quantity",
        "aggregation": "SUM",
        "dimensionFields": ["product_name", "shop"],
        "periodMs": 60_000,
        "maxLatenessMs": 60_000,
        "maxFutureMs": 3_600_000,
        "idleTimeoutMs": 60_000,
        "buckets": 64,
        "bounded": True,
        "startingOffsets": "earliest",
        "delivery": "at-least-once",
        "transactionalIdPrefix": "anomaly-bookstore",
        "transactionTimeoutMs": 900_000,
        "parallelism": 2,
        "stateTerms": {
            "detector.detection.period": "60000 ms",
            "detector.measure.aggregation": "SUM",
            "detector.output.after": "300",
            "job.buckets": "64",
        },
    }


def test_defaults_and_the_same_values_given_are_the_same_terms_of_the_state() -> None:
    assert state_terms(settings_with(output_after="300", detection_period="60s")) == state_terms(settings_with())
    assert state_terms(settings_with(decision_threshold="90", name="other")) == state_terms(settings_with())
    assert state_terms(settings_with(output_after="301")) != state_terms(settings_with())


def test_the_page_on_upgrading_refuses_what_the_state_refuses() -> None:
    refused: set[str] = set()
    for keys in re.findall(r"^\| (`[^|]*) \| no \|", (DOCS / "upgrading.md").read_text("utf-8"), re.M):
        refused |= set(re.findall("`([^`]+)`", keys))

    assert refused == {term.partition(".")[2] for term in STATE_TERMS}


def test_what_the_properties_say_reaches_the_library() -> None:
    config = detector_config(scoring_settings(settings_with(output_after="128", decision_threshold="80")))

    assert config == DetectorConfig(threshold=80, output_after=128)


@pytest.mark.parametrize(
    ("period", "points"),
    [("1 s", 300), ("1 min", 300), ("288 s", 300), ("5 min", 288), ("30 min", 48), ("1 h", 32), ("1 d", 32)],
)
def test_a_day_of_points_is_learned_but_at_least_32_and_at_most_300(period: str, points: int) -> None:
    assert scoring_settings(settings_with(detection_period=period)).output_after == points
    assert scoring_settings(settings_with(detection_period=period, output_after="12")).output_after == 12


def test_settings_travel_to_the_workers() -> None:
    scoring = scoring_settings(settings_with(output_after="50"))

    assert pickle.loads(pickle.dumps(scoring)) == scoring  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [
        ("decision.threshold", "100", "threshold must be from 0"),
        ("output.after", "11", "output_after must be"),
    ],
)
def test_a_setting_that_the_library_refuses_is_named_as_in_the_properties(key: str, value: str, name: str) -> None:
    scoring = scoring_settings(settings_with(**{key: value}))

    with pytest.raises(ValueError, match=name) as caught:
        detector_config(scoring)
    assert str(refused_by_library(caught.value)).startswith(f'group "detector", key "{key}": {name}')
    assert f"got {value}" in str(refused_by_library(caught.value))
