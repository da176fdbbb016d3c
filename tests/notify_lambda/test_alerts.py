from datetime import UTC, datetime

import pytest
from alert_records import dip, record, spike
from hypothesis import given
from hypothesis import strategies as st

from contracts.results import encode
from notify_lambda.alerts import REASONS, Alert, Poison, Quiet, judge
from readers.kafka_event import KafkaRecord


def test_an_alert_knows_its_times() -> None:
    found = judge(record(dip()), 0.0)

    assert isinstance(found, Alert)
    assert found.start == datetime(2026, 11, 13, 8, 1, tzinfo=UTC)
    assert found.end == datetime(2026, 11, 13, 8, 2, tzinfo=UTC)
    assert found.since == datetime(2026, 11, 13, 7, 55, tzinfo=UTC)


def test_without_the_start_of_the_episode_it_begins_with_the_period() -> None:
    found = judge(record(spike(episode_start_time=None)), 0.0)

    assert isinstance(found, Alert)
    assert found.since == found.start


@pytest.mark.parametrize(
    ("changes", "quiet"),
    [
        ({"alert": 0}, Quiet.NO_ALERT),
        ({"model_stage": "LEARNING"}, Quiet.LEARNING),
        ({"suppressed_by": "holidays"}, Quiet.SUPPRESSED),
        ({"suppressed_by": ""}, Quiet.SUPPRESSED),
        ({"anomaly_score": 89.99}, Quiet.BELOW_MINIMUM),
    ],
)
def test_what_should_not_reach_people_is_quiet(changes: dict[str, object], quiet: Quiet) -> None:
    assert judge(record(spike(**changes)), 90.0) is quiet


def test_a_score_at_the_minimum_is_told() -> None:
    assert isinstance(judge(record(spike(anomaly_score=90.0)), 90.0), Alert)


def test_a_tombstone_is_quiet() -> None:
    assert judge(record(None), 0.0) is Quiet.TOMBSTONE


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "empty"),
        (b"\xff", "not_utf8"),
        (b"{", "not_json"),
        (b"nope", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"null", "not_an_object"),
        (b"[1]", "not_an_object"),
        (b"{}", "not_a_result"),
        (encode(spike()).replace(b"94.2", b'"94.2"'), "not_a_result"),
        (encode(spike()).replace(b"94.2", b"1e400"), "not_a_result"),
        (encode(spike()).replace(b"94.2", b"NaN"), "not_json"),
        (encode(spike(detection_period_start_time="yesterday")), "not_a_result"),
        (encode(spike(detection_period_end_time="")), "not_a_result"),
        (encode(spike(episode_start_time="2026-13-01 00:00:00")), "not_a_result"),
        (encode(spike(detection_period_start_time="0001-01-01 00:00:00+23:59")), "not_a_result"),
    ],
)
def test_poison_is_named_by_what_is_wrong_with_it(value: bytes, reason: str) -> None:
    assert judge(record(value), 0.0) == Poison(reason)
    assert reason in REASONS


def test_text_that_is_not_base64_is_poison() -> None:
    assert judge(KafkaRecord("results", 0, 0, 0, None, "???"), 0.0) == Poison("not_base64")


@given(st.binary(max_size=60))
def test_no_bytes_stop_the_function(value: bytes) -> None:
    assert isinstance(judge(record(value), 0.0), Poison | Quiet | Alert)


@given(st.data())
def test_no_damage_to_a_record_stops_the_function(data: st.DataObject) -> None:
    value = bytearray(encode(spike()))
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))

    assert isinstance(judge(record(bytes(value)), 0.0), Poison | Quiet | Alert)


def test_the_same_alert_has_the_same_key_wherever_it_is_and_whatever_else_it_says() -> None:
    first, again = judge(record(spike(), offset=1), 0.0), judge(record(spike(anomaly_score=95.0), offset=2), 0.0)

    assert isinstance(first, Alert)
    assert isinstance(again, Alert)
    assert first.key == again.key


@pytest.mark.parametrize(
    "other",
    [
        {"detector_name": "other"},
        {"timeseries_id": "0" * 64},
        {"detection_period_start_time": "2026-11-13 08:02:00"},
    ],
)
def test_another_detector_series_or_period_is_another_key(other: dict[str, str]) -> None:
    first, second = judge(record(spike()), 0.0), judge(record(spike(**other)), 0.0)

    assert isinstance(first, Alert)
    assert isinstance(second, Alert)
    assert first.key != second.key
