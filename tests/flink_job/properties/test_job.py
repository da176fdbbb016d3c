import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imports import loaded_by
from properties_text import BOOKSTORE, text_of

from flink_job.properties import (
    Aggregation,
    Delivery,
    DetectorSettings,
    PropertiesError,
    RunSettings,
    StartingOffsets,
    TopicSettings,
    parse_properties,
    read_properties,
)

Groups = dict[str, dict[str, str]]


def changed(change: Callable[[Groups], object]) -> str:
    groups = copy.deepcopy(dict(BOOKSTORE))
    change(groups)
    return text_of(groups)


def with_value(group: str, key: str, value: str) -> str:
    return changed(lambda groups: groups.setdefault(group, {}).update({key: value}))


def error_of(text: str) -> str:
    with pytest.raises(PropertiesError) as caught:
        parse_properties(text)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_shortest_file_gets_documented_defaults() -> None:
    settings = parse_properties(text_of(BOOKSTORE))

    assert dict(settings.kafka) == {"bootstrap.servers": "127.0.0.1:9092"}
    assert settings.topics == TopicSettings("sales", "results", "sales.dead-letters", "sales.late")
    assert settings.detector == DetectorSettings(
        name="bookstore",
        timestamp_field="event_time",
        measure_field="quantity",
        aggregation=Aggregation.SUM,
        dimension_fields=("product_name",),
        period_ms=60_000,
        max_lateness_ms=60_000,
        max_future_ms=3_600_000,
        threshold=70,
        output_after=None,
    )
    assert settings.job == RunSettings(
        buckets=64,
        delivery=Delivery.AT_LEAST_ONCE,
        starting_offsets=StartingOffsets.EARLIEST,
        idle_timeout_ms=60_000,
        group_id="anomaly-bookstore",
        parallelism=1,
        checkpoint_directory=None,
        checkpoint_interval_ms=60_000,
    )


def test_every_property_can_be_set() -> None:
    groups = copy.deepcopy(dict(BOOKSTORE))
    groups["kafka"]["security.protocol"] = "SASL_SSL"
    groups["topics"] |= {"dead.letters": "bad", "late": "tardy"}
    groups["detector"] |= {
        "measure.aggregation": "avg",
        "dimension.fields": "shop, product_name",
        "detection.period": "5 min",
        "max.lateness": "0 s",
        "max.future": "2 h",
        "decision.threshold": "72.5",
        "output.after": "100",
    }
    groups["job"] = {
        "buckets": "16",
        "delivery.guarantee": "exactly-once",
        "starting.offsets": "latest",
        "idle.timeout": "2 min",
        "group.id": "mine",
        "parallelism": "2",
        "checkpoint.directory": "/tmp/checkpoints",  # noqa: S108 - never written
        "checkpoint.interval": "500 ms",
    }
    settings = parse_properties(text_of(groups))

    assert settings.kafka["security.protocol"] == "SASL_SSL"
    assert settings.topics == TopicSettings("sales", "results", "bad", "tardy")
    assert settings.detector.dimension_fields == ("shop", "product_name")
    assert settings.detector.aggregation is Aggregation.AVG
    assert (settings.detector.period_ms, settings.detector.max_lateness_ms) == (300_000, 0)
    assert settings.detector.threshold == 72.5
    assert settings.detector.output_after == 100
    assert settings.job == RunSettings(
        16,
        Delivery.EXACTLY_ONCE,
        StartingOffsets.LATEST,
        120_000,
        "mine",
        2,
        "/tmp/checkpoints",  # noqa: S108 - never written
        500,
    )


def test_counting_needs_no_measure_field() -> None:
    def count(groups: Groups) -> None:
        groups["detector"]["measure.aggregation"] = "COUNT"
        del groups["detector"]["measure.field"]

    assert parse_properties(changed(count)).detector.measure_field is None


def test_a_whole_threshold_stays_whole_so_that_results_say_70_and_not_70_0() -> None:
    assert isinstance(parse_properties(with_value("detector", "decision.threshold", "70.0")).detector.threshold, int)


def test_groups_of_the_service_are_skipped() -> None:
    text = with_value("kinesis.analytics.flink.run.options", "python", "main.py")

    assert parse_properties(text) == parse_properties(text_of(BOOKSTORE))


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1 min", 60_000),
        ("30 s", 30_000),
        ("90s", 90_000),
        ("1 h", 3_600_000),
        ("2 HOURS", 7_200_000),
        ("1 d", 86_400_000),
    ],
)
def test_periods_are_written_as_people_write_them(text: str, milliseconds: int) -> None:
    assert parse_properties(with_value("detector", "detection.period", text)).detector.period_ms == milliseconds


@pytest.mark.parametrize(
    ("group", "key", "value", "allowed"),
    [
        ("detector", "detection.period", "1", "whole seconds, from 1 s to 7 d, such as 30 s"),
        ("detector", "detection.period", "0 s", "from 1 s to 7 d"),
        ("detector", "detection.period", "1500 ms", "whole seconds"),
        ("detector", "detection.period", "8 d", "from 1 s to 7 d"),
        ("detector", "detection.period", "-1 min", "expected whole seconds"),
        ("detector", "detection.period", "1 fortnight", "from 1 s to 7 d"),
        ("detector", "max.lateness", "soon", "a duration from 0 s to 366 d"),
        ("detector", "measure.aggregation", "MEDIAN", "one of SUM, AVG, MIN, MAX, COUNT"),
        ("detector", "decision.threshold", "high", "expected a number"),
        ("detector", "decision.threshold", "nan", "expected a number"),
        ("detector", "output.after", "1.5", "whole number"),
        ("detector", "output.after", "-1", "whole number"),
        ("detector", "dimension.fields", "a,,b", "separated by commas"),
        ("detector", "dimension.fields", "a,a", "different names"),
        ("detector", "name", " ", "not empty"),
        ("topics", "output", "two words", "a topic's name"),
        ("topics", "output", "sales", 'the topic of "input" is taken'),
        ("topics", "late", "sales.dead-letters", 'the topic of "dead.letters" is taken'),
        ("job", "buckets", "0", "from 1 to 32768"),
        ("job", "delivery.guarantee", "at-most-once", "one of at-least-once, exactly-once"),
        ("job", "starting.offsets", "first", "one of earliest, latest, committed"),
        ("job", "idle.timeout", "0 s", "a duration from 1 ms"),
    ],
)
def test_a_bad_value_is_refused_naming_group_key_value_and_what_is_allowed(
    group: str, key: str, value: str, allowed: str
) -> None:
    message = error_of(with_value(group, key, value))

    assert f'group "{group}", key "{key}", value "{value}": ' in message
    assert allowed in message


@pytest.mark.parametrize(
    ("group", "key", "meant"),
    [("detector", "decision.treshold", "decision.threshold"), ("topics", "deadletters", "dead.letters")],
)
def test_an_unknown_key_is_refused_with_the_one_that_was_meant(group: str, key: str, meant: str) -> None:
    message = error_of(with_value(group, key, "1"))

    assert f'group "{group}", key "{key}", value "1": unknown key (did you mean \'{meant}\'?); allowed: ' in message


def test_an_unknown_group_is_refused_with_the_one_that_was_meant() -> None:
    assert "group \"detectors\": unknown group (did you mean 'detector'?); allowed: kafka, topics" in error_of(
        with_value("detectors", "name", "x")
    )


@pytest.mark.parametrize("group", ["kafka", "topics", "detector"])
def test_a_missing_group_is_named(group: str) -> None:
    assert f'group "{group}" is missing; found: ' in error_of(changed(lambda groups: groups.pop(group)))


@pytest.mark.parametrize(
    ("group", "key"),
    [
        ("kafka", "bootstrap.servers"),
        ("topics", "input"),
        ("topics", "output"),
        ("detector", "name"),
        ("detector", "timestamp.field"),
        ("detector", "measure.aggregation"),
        ("detector", "measure.field"),
        ("detector", "detection.period"),
    ],
)
def test_a_missing_required_key_is_named(group: str, key: str) -> None:
    assert f'group "{group}": required key "{key}" is missing' in error_of(
        changed(lambda groups: groups[group].pop(key))
    )


def test_a_missing_key_points_at_the_misspelt_one() -> None:
    def misspell(groups: Groups) -> None:
        groups["detector"]["detection.peroid"] = groups["detector"].pop("detection.period")

    assert '"detection.period" is missing (found "detection.peroid")' in error_of(changed(misspell))


@pytest.mark.parametrize("key", ["group.id", "auto.offset.reset", "transactional.id", "isolation.level"])
def test_a_kafka_property_that_the_job_decides_is_refused_saying_what_to_do(key: str) -> None:
    assert f'group "kafka", key "{key}": not to be set here; ' in error_of(with_value("kafka", key, "x"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("{}", "a JSON object, expected a list"),
        ("null", "a JSON null, expected a list"),
        ("[1]", "item 1 of the properties is a number"),
        ("[{}]", "item 1 of the properties is an object with nothing"),
        ('[{"PropertyGroupID": "kafka", "PropertyMap": {}}]', "an object with PropertyGroupID, PropertyMap, expected"),
        ('[{"PropertyGroupId": 1, "PropertyMap": {}}]', "PropertyGroupId must be text"),
        ('[{"PropertyGroupId": "job", "PropertyMap": {"buckets": 64}}]', "a JSON number, expected text in quotes"),
        ('[{"PropertyGroupId": "job", "PropertyMap": {"a": "1", "a": "2"}}]', 'key "a" is given twice'),
    ],
)
def test_a_file_of_another_shape_is_refused_saying_what_was_found(text: str, problem: str) -> None:
    assert problem in error_of(text)


def test_a_group_given_twice_is_refused() -> None:
    once = json.loads(text_of(BOOKSTORE))

    assert 'group "kafka": given twice' in error_of(json.dumps([*once, once[0]]))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PropertiesError, match=r"properties file .*absent\.json: No such file"):
        read_properties(tmp_path / "absent.json")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe")

    with pytest.raises(PropertiesError, match="not UTF-8"):
        read_properties(tmp_path / "binary.json")


PLACEHOLDER = 'org.example.Login required password="hunter2";'


def test_secrets_appear_in_no_repr() -> None:
    settings = parse_properties(with_value("kafka", "sasl.jaas.config", PLACEHOLDER))

    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    "text",
    [
        with_value("detector", "sasl.jaas.config", PLACEHOLDER),
        with_value("topics", "ssl.key.password", PLACEHOLDER),
        changed(lambda groups: groups["kafka"].update({"sasl.jaas.config": PLACEHOLDER, "group.id": "hunter2"})),
        text_of(BOOKSTORE)[:-1] + ', "hunter2"]',
    ],
)
def test_secrets_appear_in_no_error(text: str) -> None:
    assert "hunter2" not in error_of(text)


@given(st.text(max_size=30) | st.sampled_from(["1 min", "7", "SUM", "earliest"]), st.sampled_from(["detector", "job"]))
def test_no_value_breaks_the_promise_of_one_line(value: str, group: str) -> None:
    error_of(with_value(group, f"no.such.{value}", value))


def test_properties_are_read_where_flink_is_not_installed() -> None:
    assert not {"pyflink", "numpy", "py4j"} & loaded_by("flink_job.properties")
