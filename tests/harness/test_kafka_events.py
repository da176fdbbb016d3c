import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.invocation import encode_payload
from harness.kafka_events import KafkaRecord, KafkaSource, kafka_event, split_by_payload

SOURCE = KafkaSource("b-1.example:9092,b-2.example:9092", arn="arn:aws:kafka:us-east-1:123456789012:cluster/x/y-1")


def test_the_event_is_the_documented_one_to_the_letter() -> None:
    records = [
        KafkaRecord(
            "mytopic",
            0,
            15,
            1545084650987,
            0,
            b"recordKey",
            b"Hello, this is a test.",
            (("headerKey", b"headerValue"),),
        ),
        KafkaRecord("mytopic", 1, 3, 1545084650988, 1, b"k", b"other partition"),
        KafkaRecord("mytopic", 0, 16, 1545084650989, 0, b"k", b"same partition"),
    ]
    event = kafka_event(SOURCE, records)
    assert event["records"]["mytopic-0"][0] == {
        "topic": "mytopic",
        "partition": 0,
        "offset": 15,
        "timestamp": 1545084650987,
        "timestampType": "CREATE_TIME",
        "key": "cmVjb3JkS2V5",
        "value": "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
        "headers": [{"headerKey": [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101]}],
    }
    assert [(key, [r["offset"] for r in found]) for key, found in event["records"].items()] == [
        ("mytopic-0", [15, 16]),
        ("mytopic-1", [3]),
    ]
    assert event["records"]["mytopic-1"][0]["timestampType"] == "LOG_APPEND_TIME"
    assert {key: value for key, value in event.items() if key != "records"} == {
        "eventSource": "aws:kafka",
        "eventSourceArn": "arn:aws:kafka:us-east-1:123456789012:cluster/x/y-1",
        "bootstrapServers": "b-1.example:9092,b-2.example:9092",
    }


def test_a_self_managed_cluster_has_no_arn() -> None:
    event = kafka_event(KafkaSource("broker:9092", "self-managed"), [])
    assert event == {"eventSource": "SelfManagedKafka", "bootstrapServers": "broker:9092", "records": {}}


def test_bytes_of_headers_are_signed_and_names_may_repeat() -> None:
    told = KafkaRecord("t", 0, 0, 0, headers=(("a", b"\x00\x7f\x80\xff"), ("a", b""))).to_json()
    assert told["headers"] == [{"a": [0, 127, -128, -1]}, {"a": []}]


def test_a_missing_key_is_left_out_and_a_missing_value_is_null_unlike_empty_ones() -> None:
    told = KafkaRecord("t", 0, 0, 0).to_json()
    assert "key" not in told
    assert told["value"] is None
    empty = KafkaRecord("t", 0, 0, 0, key=b"", value=b"").to_json()
    assert (empty["key"], empty["value"]) == ("", "")


records = st.lists(
    st.builds(
        KafkaRecord,
        topic=st.sampled_from(["a", "bücher"]),
        partition=st.integers(0, 2),
        offset=st.integers(0, 2**53),
        timestamp_ms=st.integers(0, 2**41),
        key=st.none() | st.binary(max_size=20),
        value=st.none() | st.binary(max_size=300),
        headers=st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=10)), max_size=2).map(tuple),
    ),
    max_size=20,
).map(tuple)


@given(records=records, limit=st.integers(300, 3000))
def test_no_part_of_a_batch_exceeds_the_payload_unless_one_record_does(
    records: tuple[KafkaRecord, ...], limit: int
) -> None:
    parts = list(split_by_payload(SOURCE, records, limit))
    assert tuple(record for part in parts for record in part) == records
    for part in parts:
        assert part
        assert len(part) == 1 or len(encode_payload(kafka_event(SOURCE, part))) <= limit


@given(records=records)
def test_a_batch_that_fits_is_not_split(records: tuple[KafkaRecord, ...]) -> None:
    assert list(split_by_payload(SOURCE, records, 6 << 20)) == ([records] if records else [])


@pytest.mark.parametrize("room", [0, 1])
def test_a_batch_is_split_where_the_next_record_would_be_one_byte_too_many(room: int) -> None:
    found = [KafkaRecord("t", 0, n, 0, value=b"x" * 300) for n in range(2)]
    # The reckoning counts one comma too many for the list of records and one for the record.
    limit = len(encode_payload(kafka_event(SOURCE, found))) + 1 + room
    assert len(list(split_by_payload(SOURCE, found, limit))) == 2 - room


def test_values_survive_base64() -> None:
    value = bytes(range(256))
    assert base64.b64decode(KafkaRecord("t", 0, 0, 0, value=value).to_json()["value"]) == value


def test_the_names_of_the_partitions_count_into_the_size() -> None:
    found = [KafkaRecord("a-topic-with-a-rather-long-name", n, 0, 0, value=b"x") for n in range(2)]
    limit = len(encode_payload(kafka_event(SOURCE, found))) - 1
    assert [len(part) for part in split_by_payload(SOURCE, found, limit)] == [1, 1]
