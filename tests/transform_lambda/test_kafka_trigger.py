import base64
from typing import Any

import pytest
from msgspec.json import encode as encode_json

from contracts.deadletters import MAX_BODY_BYTES
from contracts.flat_results import flatten
from contracts.results import Result, encode
from readers.errors import EventError
from transform_lambda.kafka_trigger import sort_records


def event_of(values: list[bytes | None]) -> dict[str, Any]:
    records = [
        {
            "topic": "results",
            "partition": 3,
            "offset": offset,
            "timestamp": 1545084650987,
            "timestampType": "CREATE_TIME",
            "value": None if value is None else base64.b64encode(value).decode(),
            "headers": [],
        }
        for offset, value in enumerate(values)
    ]
    return {"eventSource": "aws:kafka", "records": {"results-3": records}}


def test_each_record_is_a_row_a_letter_or_empty(result: Result) -> None:
    found = sort_records(event_of([encode(result), None, b"", b"?", encode(result)]))

    assert found.rows == (flatten(result), flatten(result))
    assert [letter.offset for letter in found.letters] == [3]
    assert found.empty == 2


def test_a_letter_says_where_the_record_was_and_what_it_held() -> None:
    (letter,) = sort_records(event_of([b"no result"])).letters

    assert (letter.reason, letter.topic, letter.partition, letter.offset) == ("not_a_result", "results", 3, 0)
    assert letter.timestamp == 1545084650987
    assert letter.body is not None
    assert letter.body == "no result"
    assert (letter.body_encoding, letter.body_bytes) == ("utf-8", 9)


def test_a_long_body_is_cut_and_its_size_told() -> None:
    (letter,) = sort_records(event_of([b"x" * 1_000_000])).letters

    assert letter.body is not None
    assert len(letter.body) == MAX_BODY_BYTES
    assert letter.body_bytes == 1_000_000


@pytest.mark.parametrize(("text", "body", "size"), [("é*", "é*", 3), ("\ud800*", "?*", 2)])
def test_a_value_that_is_not_base64_is_a_letter_of_what_came(text: str, body: str, size: int) -> None:
    event = event_of([b""])
    event["records"]["results-3"][0]["value"] = text

    (letter,) = sort_records(event).letters

    assert (letter.body, letter.body_encoding, letter.body_bytes) == (body, "utf-8", size)
    assert encode_json(letter)


def test_an_event_of_another_service_is_refused() -> None:
    with pytest.raises(EventError, match="eventSource is 'aws:kinesis'"):
        sort_records(event_of([]) | {"eventSource": "aws:kinesis"})
