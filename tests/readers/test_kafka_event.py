import base64
import json
from pathlib import Path
from typing import Any

import pytest

from readers.errors import EventError
from readers.kafka_event import KafkaRecord, parse_event

EVENTS = Path(__file__).parent / "events"


def event(*values: bytes | str | None, partition: int = 2, first_offset: int = 0) -> dict[str, Any]:
    """An event of one partition; text stands for itself, where base64 should be."""
    records = [
        {
            "topic": "results",
            "partition": partition,
            "offset": first_offset + index,
            "timestamp": 1_794_556_920_000,
            "timestampType": "CREATE_TIME",
            "value": base64.b64encode(value).decode() if isinstance(value, bytes) else value,
            "headers": [],
        }
        for index, value in enumerate(values)
    ]
    return {"eventSource": "aws:kafka", "records": {f"results-{partition}": records}}


@pytest.mark.parametrize(("name", "count"), [("msk", 3), ("self_managed", 1)])
def test_events_of_both_kinds_of_cluster_are_read(name: str, count: int) -> None:
    records = parse_event(json.loads((EVENTS / f"{name}.json").read_text("utf-8")))

    assert records == (KafkaRecord("mytopic", 0, 15, 1545084650987, b'{"key":"value"}'),) * count


@pytest.mark.parametrize("source", ["aws:kafka", "aws:SelfManagedKafka", "SelfManagedKafka"])
def test_every_spelling_of_the_source_is_known(source: str) -> None:
    assert len(parse_event({**event(b"{}"), "eventSource": source})) == 1


def test_header_bytes_of_either_sign_are_left_alone() -> None:
    one = event(b"{}")
    one["records"]["results-2"][0]["headers"] = [{"name": [-61, -92]}, {"name": [195, 164]}, {"empty": []}]

    assert parse_event(one)[0].value == b"{}"


def test_a_tombstone_has_no_value_and_no_bytes_are_a_value() -> None:
    assert [record.value for record in parse_event(event(None, b""))] == [None, b""]


@pytest.mark.parametrize("text", ["???", "abc", "ä", "e30=\n", "e 30="])
def test_a_value_that_is_not_base64_is_kept_as_it_is(text: str) -> None:
    (record,) = parse_event(event(text))

    assert (record.value, record.encoded) == (None, text)


def test_partitions_and_offsets_keep_their_order() -> None:
    one, two = event(b"1", b"2", partition=0, first_offset=7), event(b"3", partition=1)
    both = {**one, "records": one["records"] | two["records"]}

    assert [record.place for record in parse_event(both)] == ["results-0-7", "results-0-8", "results-1-0"]


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (None, "got `null`"),
        ([], "got `array`"),
        ({}, "eventSource"),
        ({"Records": []}, "eventSource"),
        ({"records": {}}, "eventSource"),
        ({"eventSource": "aws:kafka"}, "records"),
        ({"eventSource": "aws:kafka", "records": []}, "got `array`"),
        ({"eventSource": "aws:kafka", "records": {"results-0": [{"topic": "results"}]}}, "partition"),
        ({"eventSource": "aws:kinesis", "records": {}}, "eventSource is 'aws:kinesis', expected 'aws:kafka'"),
    ],
)
def test_anything_else_is_an_error_that_tells_what_was_found(other: object, found: str) -> None:
    with pytest.raises(EventError, match=r"^not an event of a Kafka trigger: ") as raised:
        parse_event(other)
    assert found in str(raised.value)
