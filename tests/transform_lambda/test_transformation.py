import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.flat_results import decode_row, encode_row, flatten
from contracts.results import RecordError, Result, decode, encode
from transform_lambda.transformation import Outcome, Verdict, row_of, transform


def test_a_result_becomes_a_line_of_json_in_the_partition_of_its_date(result: Result) -> None:
    assert transform(encode(result)) == Outcome(Verdict.OK, encode_row(flatten(result)), "2024-08-29")


def test_a_record_of_only_the_published_fields_becomes_a_row(published_value: bytes) -> None:
    outcome = transform(published_value)

    assert outcome.verdict is Verdict.OK
    assert json.loads(outcome.line)["dim_product_name"] == "item-A"


def test_an_empty_value_is_dropped() -> None:
    assert transform(b"") == Outcome(Verdict.DROPPED)


@pytest.mark.parametrize(
    "value",
    [
        b" ",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"{" * 100_000,
        b'{"detectorName":"\xed\xa0\x80"}',
        b'{"measure":1e999}',
    ],
)
def test_what_is_no_result_fails(value: bytes) -> None:
    assert transform(value) == Outcome(Verdict.FAILED)


def test_a_result_that_no_row_can_hold_fails(result: Result) -> None:
    value = encode(result).replace(b'"2024-08-29 13:35:00"', b'"2024-08-29"', 1)

    assert decode(value).detection_period_start_time == "2024-08-29"
    assert transform(value) == Outcome(Verdict.FAILED)
    with pytest.raises(RecordError, match="detection_period_start_time is no timestamp"):
        row_of(value)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode()))
def test_any_bytes_have_an_outcome(value: bytes) -> None:
    assert transform(value).verdict in {Verdict.FAILED, Verdict.DROPPED}


def test_the_line_gives_the_result_back(result: Result) -> None:
    assert decode_row(transform(encode(result)).line) == result
