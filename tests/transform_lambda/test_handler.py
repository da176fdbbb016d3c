import base64
import json
import logging
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imports import loaded_by

from contracts.flat_results import encode_row, flatten
from contracts.results import Dimension, Result, encode
from readers.errors import EventError
from transform_lambda.firehose import MAX_REPLY_BYTES
from transform_lambda.handler import handler


def event_of(values: list[bytes], *, kafka: bool) -> dict[str, Any]:
    """As Firehose writes it, a whole record identifier included."""
    name = "kafkaRecordValue" if kafka else "data"
    records = [
        {
            "recordId": f"{49546986683135544286507457936321625675700192471156785154 + index}000000",
            "approximateArrivalTimestamp": 1716369573887,
            **({"mskRecordMetadata": {"offset": str(index), "partitionId": "1"}} if kafka else {}),
            name: base64.b64encode(value).decode("ascii"),
        }
        for index, value in enumerate(values)
    ]
    source = {"sourceMSKArn": "arn:aws:kafka:eu-west-1:1:cluster/c/1"} if kafka else {}
    return {"invocationId": "1", **source, "deliveryStreamArn": "arn", "region": "eu-west-1", "records": records}


@pytest.mark.parametrize("kafka", [True, False])
def test_each_record_is_answered_by_what_it_is(result: Result, kafka: bool) -> None:
    reply = handler(event_of([encode(result), b"", b"no result"], kafka=kafka), None)

    name = "kafkaRecordValue" if kafka else "data"
    assert [answer["result"] for answer in reply["records"]] == ["Ok", "Dropped", "ProcessingFailed"]
    assert base64.b64decode(reply["records"][0][name]) == encode_row(flatten(result))
    assert base64.b64decode(reply["records"][2][name]) == b"no result"


def test_a_value_that_is_not_base64_fails_alone(result: Result) -> None:
    event = event_of([encode(result), encode(result)], kafka=True)
    event["records"][0]["kafkaRecordValue"] = "*"

    assert [answer["result"] for answer in handler(event, None)["records"]] == ["ProcessingFailed", "Ok"]


def test_the_reply_is_json_to_the_runtime(result: Result) -> None:
    reply = handler(event_of([encode(result), b"", b"?"], kafka=False), None)

    assert json.loads(json.dumps(reply)) == reply


def test_an_event_of_another_service_is_an_error() -> None:
    with pytest.raises(EventError, match="not an event of Data Firehose"):
        handler({"Records": [{"eventSource": "aws:sqs"}]}, None)


@pytest.mark.parametrize("kafka", [True, False])
def test_the_largest_buffer_that_firehose_takes_fits_into_a_reply(result: Result, kafka: bool) -> None:
    value = encode(result)
    values = [value] * (3 * 1024 * 1024 // len(value))

    reply = handler(event_of(values, kafka=kafka), None)

    assert {answer["result"] for answer in reply["records"]} == {"Ok"}
    assert len(json.dumps(reply)) <= MAX_REPLY_BYTES


def test_a_buffer_of_long_dimensions_whose_rows_are_too_large_keeps_every_record(result: Result) -> None:
    # A dimension is in the row twice, so that long ones make it half as large again as the record or more.
    wide = msgspec.structs.replace(
        result, dimension_list=(Dimension("name", "日本" * 5000), Dimension("b", '"' * 9000))
    )
    value = encode(wide)
    values = [value] * (4 * 1024 * 1024 // len(value))
    event = event_of(values, kafka=True)
    assert len(json.dumps(event)) <= 6 * 1024 * 1024

    reply = handler(event, None)

    results = [answer["result"] for answer in reply["records"]]
    assert 0 < results.count("Ok") < len(values)
    assert results.count("Ok") + results.count("ProcessingFailed") == len(values)
    assert len(json.dumps(reply)) <= MAX_REPLY_BYTES
    kept = {answer["kafkaRecordValue"] for answer in reply["records"] if answer["result"] == "ProcessingFailed"}
    assert kept == {base64.b64encode(value).decode()}


def test_one_line_is_logged_and_no_payload(result: Result, caplog: pytest.LogCaptureFixture) -> None:
    canary = msgspec.structs.replace(result, detector_name="canary-7f3a")

    with caplog.at_level(logging.DEBUG):
        handler(event_of([encode(canary), b"", b'{"measure":"canary-7f3a"'], kafka=True), None)

    assert [record.getMessage() for record in caplog.records] == ["transformed Ok=1 Dropped=1 ProcessingFailed=1"]


@settings(max_examples=50)
@given(st.lists(st.sampled_from([b"", b"?", b"{}", b"R"]) | st.binary(max_size=20), max_size=30), st.booleans())
def test_every_identifier_is_answered_exactly_once_in_order(values: list[bytes], kafka: bool) -> None:
    event = event_of(values, kafka=kafka)

    reply = handler(event, None)

    assert [answer["recordId"] for answer in reply["records"]] == [record["recordId"] for record in event["records"]]


def test_the_function_loads_neither_boto3_nor_pyarrow() -> None:
    assert not {"boto3", "botocore", "pyarrow", "numpy"} & loaded_by("transform_lambda.handler")
