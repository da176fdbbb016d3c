import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.clock import SimulatedClock
from harness.firehose import transform
from harness.firehose_records import (
    Incoming,
    StreamIdentity,
    error_document,
    incoming_from_kafka,
    msk_event,
    outcomes,
)
from harness.invocation import FunctionError, FunctionThrottled, RequestTooLargeError
from harness.kafka_events import KafkaRecord

NOON = datetime(2024, 8, 29, 12, tzinfo=UTC)
IDENTITY = StreamIdentity("results")
RECORDS = [
    Incoming(str(number), 1724932800000 + number, f"value {number}".encode(), 1, 7 + number) for number in range(3)
]


def answer(number: int, result: str = "Ok", **fields: object) -> dict[str, Any]:
    data = base64.b64encode(f"new {number}".encode()).decode()
    return {"recordId": str(number), "result": result, "kafkaRecordValue": data, **fields}


def test_the_event_of_a_kafka_source_is_aws_s_to_the_letter() -> None:
    event = msk_event(IDENTITY, "invocation", RECORDS[:1])
    assert event == {
        "invocationId": "invocation",
        "sourceMSKArn": IDENTITY.source_arn,
        "deliveryStreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/results",
        "region": "us-east-1",
        "records": [
            {
                "recordId": "0",
                "approximateArrivalTimestamp": 1724932800000,
                "mskRecordMetadata": {
                    "offset": "7",
                    "partitionId": "1",
                    "approximateArrivalTimestamp": 1724932800000,
                },
                "kafkaRecordValue": "dmFsdWUgMA==",
            }
        ],
    }


def test_kafka_records_have_ids_of_their_own_in_the_whole_stream() -> None:
    records = [KafkaRecord("t", partition, offset, 5) for partition in (0, 1, 11) for offset in (0, 1, 10**12)]
    incoming = [incoming_from_kafka(record) for record in records]
    assert len({record.record_id for record in incoming}) == 9
    assert {record.data for record in incoming} == {b""}


def test_every_result_is_taken_in_the_records_order_whatever_order_they_come_in() -> None:
    reply = {"records": [answer(2, "ProcessingFailed"), answer(0), answer(1, "Dropped")]}
    found = outcomes(RECORDS, reply)
    assert [(o.incoming.record_id, o.kind, o.data) for o in found] == [
        ("0", "Ok", b"new 0"),
        ("1", "Dropped", b""),
        ("2", "ProcessingFailed", b""),
    ]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([], "Lambda.MissingRecordId"),
        ([answer(0), answer(0)], "Lambda.DuplicatedRecordId"),
        ([answer(0, "OK")], "Lambda.ResultInvalid"),
        ([{"recordId": "0"}], "Lambda.ResultInvalid"),
        ([answer(0, "ProcessingFailed")], "Lambda.ProcessingFailedStatus"),
        ([{"recordId": "0", "result": "Ok"}], "Lambda.MissingData"),
        ([{"recordId": "0", "result": "Ok", "data": "bmV3"}], "Lambda.MissingData"),
        ([answer(0, kafkaRecordValue="no base64!")], "Lambda.DataInvalid"),
        ([answer(0, kafkaRecordValue=None)], "Lambda.DataInvalid"),
        ([answer(0, kafkaRecordValue=7)], "Lambda.DataInvalid"),
        ([answer(0, kafkaRecordValue="ü")], "Lambda.DataInvalid"),
    ],
)
def test_a_record_that_is_answered_wrongly_fails_alone(answers: list[dict[str, Any]], code: str) -> None:
    first, *others = outcomes(RECORDS, {"records": [*answers, answer(1), answer(2)]})
    assert (first.kind, first.error_code) == ("ProcessingFailed", code)
    assert [other.kind for other in others] == ["Ok", "Ok"]


@pytest.mark.parametrize(
    "reply", [None, [], "Ok", {}, {"records": None}, {"records": ["0"]}, {"records": [answer(0), answer(9)]}]
)
def test_a_reply_that_is_none_fails_every_record(reply: object) -> None:
    assert [outcome.kind for outcome in outcomes(RECORDS, reply)] == ["ProcessingFailed"] * 3


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["0", "1", "Ok", "bmV3"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["records", "recordId", "result", "kafkaRecordValue"]), inner, max_size=4)
    ),
)


@given(reply=json_values | st.fixed_dictionaries({"records": st.lists(json_values, max_size=4)}))
def test_whatever_is_replied_each_record_has_one_outcome(reply: object) -> None:
    assert [outcome.incoming for outcome in outcomes(RECORDS, reply)] == RECORDS


def test_the_error_document_has_the_documented_fields() -> None:
    failed = outcomes(RECORDS[:1], {"records": []})[0]
    assert error_document(failed, 2, NOON, "arn:function") == {
        "attemptsMade": 2,
        "arrivalTimestamp": 1724932800000,
        "errorCode": "Lambda.MissingRecordId",
        "errorMessage": "The reply does not name the record.",
        "attemptEndingTimestamp": int(NOON.timestamp() * 1000),
        "rawData": "dmFsdWUgMA==",
        "lambdaArn": "arn:function",
    }


class Scripted:
    name = "scripted"

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)

    def invoke(self, _event: object) -> object:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize("error", [FunctionError("ValueError", "no"), FunctionThrottled()])
def test_an_invocation_that_fails_is_tried_three_times_more(error: Exception) -> None:
    clock, good = SimulatedClock(NOON), {"records": [answer(0)]}
    third = transform(Scripted(error, error, error, good), {}, RECORDS[:1], clock)
    assert (third.outcomes[0].kind, third.attempts) == ("Ok", 4)
    assert (clock.now() - NOON).total_seconds() == 1 + 2 + 4
    never = transform(Scripted(error, error, error, error, good), {}, RECORDS[:1], SimulatedClock(NOON))
    assert (never.outcomes[0].kind, never.attempts) == ("ProcessingFailed", 4)


def test_an_event_that_is_too_large_is_not_tried_again() -> None:
    done = transform(Scripted(RequestTooLargeError()), {}, RECORDS[:1], SimulatedClock(NOON))
    assert (done.outcomes[0].error_code, done.attempts) == ("Lambda.RequestTooLarge", 1)
