import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.errors import EventError
from transform_lambda.firehose import MAX_REPLY_BYTES, parse_event, reply, verdicts
from transform_lambda.transformation import Outcome, Verdict

EVENTS = Path(__file__).parent / "events"


def published(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    return event


def put_event(values: list[bytes], name: str = "data") -> dict[str, Any]:
    return {
        "invocationId": "i",
        "records": [
            {"recordId": f"r{index}", "approximateArrivalTimestamp": 1, name: base64.b64encode(value).decode()}
            for index, value in enumerate(values)
        ],
    }


def ok(line: bytes) -> Outcome:
    return Outcome(Verdict.OK, line, "2024-08-29")


@pytest.mark.parametrize(
    ("name", "from_kafka", "values"),
    [
        ("firehose_msk", True, [b'{"Name":"Hello World"}']),
        ("firehose_put", False, [b"Hello World", b'{"Hello": "World"}']),
        ("firehose_kinesis", False, [b"Hello World", b'{"Hello": "World"}']),
    ],
)
def test_the_published_events_are_read(name: str, from_kafka: bool, values: list[bytes]) -> None:
    event = parse_event(published(name))

    assert event.from_kafka is from_kafka
    assert [record.value() for record in event.records] == values


def test_the_reply_to_a_kafka_source_has_the_published_shape() -> None:
    event = parse_event(published("firehose_msk"))

    (answer,) = reply(event, [ok(b"row\n")])["records"]

    assert answer.keys() == published("firehose_msk_reply")["records"][0].keys()
    assert answer == {"recordId": event.records[0].record_id, "result": "Ok", "kafkaRecordValue": "cm93Cg=="}


def test_the_reply_to_a_direct_put_names_the_partition() -> None:
    event = parse_event(put_event([b"x"]))

    assert reply(event, [ok(b"row\n")])["records"] == [
        {"recordId": "r0", "result": "Ok", "data": "cm93Cg==", "metadata": {"partitionKeys": {"dt": "2024-08-29"}}}
    ]


@pytest.mark.parametrize("name", ["data", "kafkaRecordValue"])
def test_a_record_that_failed_goes_back_as_it_came_and_a_dropped_one_is_empty(name: str) -> None:
    event = parse_event(put_event([b"broken", b""], name))

    assert reply(event, [Outcome(Verdict.FAILED), Outcome(Verdict.DROPPED)])["records"] == [
        {"recordId": "r0", "result": "ProcessingFailed", name: base64.b64encode(b"broken").decode()},
        {"recordId": "r1", "result": "Dropped", name: ""},
    ]


def test_a_tombstone_has_no_bytes() -> None:
    event = {"sourceMSKArn": "arn", "records": [{"recordId": "a", "kafkaRecordValue": None}, {"recordId": "b"}]}

    assert [record.value() for record in parse_event(event).records] == [b"", b""]


@pytest.mark.parametrize("text", ["not base64!", "YQ=", "é", "YQ==YQ=="])
def test_a_value_that_is_not_base64_is_none(text: str) -> None:
    (record,) = parse_event({"records": [{"recordId": "a", "data": text}]}).records

    assert record.value() is None


def test_a_record_that_comes_twice_is_answered_once() -> None:
    event = put_event([b"first", b"other"])
    event["records"].append(event["records"][0] | {"data": "c2Vjb25k"})

    parsed = parse_event(event)

    assert [(record.record_id, record.value()) for record in parsed.records] == [("r0", b"first"), ("r1", b"other")]


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        {},
        {"records": None},
        {"records": {}},
        {"records": [{}]},
        {"records": [{"recordId": 1}]},
        {"Records": []},
    ],
)
def test_an_event_of_another_service_is_refused(event: object) -> None:
    with pytest.raises(EventError, match="not an event of Data Firehose"):
        parse_event(event)


def test_an_event_without_records_gets_an_empty_reply() -> None:
    assert reply(parse_event({"records": []}), []) == {"records": []}


def test_rows_beyond_the_limit_are_answered_with_the_value_that_came() -> None:
    values = [b"v" * 300_000 for _ in range(10)]
    rows = [ok(b"r" * 700_000) for _ in values]

    answers = reply(parse_event(put_event(values, "kafkaRecordValue")), rows)

    assert size(answers) <= MAX_REPLY_BYTES
    assert [answer["result"] for answer in answers["records"]] == ["Ok"] * 3 + ["ProcessingFailed"] * 7
    assert all(base64.b64decode(answer["kafkaRecordValue"]) == values[0] for answer in answers["records"][3:])


def test_one_large_row_does_not_keep_small_ones_behind_it_from_their_place() -> None:
    values = [b"v"] * 3

    answers = reply(parse_event(put_event(values)), [ok(b"row"), ok(b"r" * 5_000_000), ok(b"row")])

    assert [answer["result"] for answer in answers["records"]] == ["Ok", "ProcessingFailed", "Ok"]


def test_values_that_fit_into_no_reply_are_still_answered() -> None:
    values = [b"v" * 1_000_000 for _ in range(6)]

    answers = reply(parse_event(put_event(values)), [Outcome(Verdict.FAILED) for _ in values])

    assert size(answers) <= MAX_REPLY_BYTES
    assert verdicts(answers) == {"ProcessingFailed": 6}


def test_more_identifiers_than_a_reply_can_hold_are_an_error_and_not_a_reply_too_large() -> None:
    event = put_event([])
    event["records"] = [{"recordId": f"{index:0200d}", "data": ""} for index in range(30_000)]

    with pytest.raises(EventError, match="30000 records have no answer within 6000000 bytes"):
        reply(parse_event(event), [Outcome(Verdict.DROPPED)] * 30_000)


def test_letters_beyond_ascii_in_identifiers_count_at_their_full_size() -> None:
    event = put_event([b"v"] * 20_000)
    for index, record in enumerate(event["records"]):
        record["recordId"] = f"{index}" + "é" * 30

    answers = reply(parse_event(event), [ok(b"r" * 200) for _ in event["records"]])

    assert size(answers) <= MAX_REPLY_BYTES
    assert len(answers["records"]) == 20_000


outcomes = st.one_of(
    st.just(Outcome(Verdict.DROPPED)),
    st.just(Outcome(Verdict.FAILED)),
    st.integers(0, 2_000_000).map(lambda size: ok(b"r" * size)),
)


@given(
    st.lists(st.tuples(outcomes, st.integers(1, 400_000)), max_size=12), st.sampled_from(["data", "kafkaRecordValue"])
)
def test_each_record_is_answered_once_in_order_within_the_limit(cases: list[tuple[Outcome, int]], name: str) -> None:
    event = put_event([b"v" * size for _, size in cases], name)

    answers = reply(parse_event(event), [outcome for outcome, _ in cases])

    assert [answer["recordId"] for answer in answers["records"]] == [record["recordId"] for record in event["records"]]
    assert size(answers) <= MAX_REPLY_BYTES
    for (outcome, _), answer in zip(cases, answers["records"], strict=True):
        assert answer["result"] in {outcome.verdict.value, "ProcessingFailed"}
        assert (answer["result"] == "Dropped") == (outcome.verdict is Verdict.DROPPED)


def size(answers: object) -> int:
    return len(json.dumps(answers))
