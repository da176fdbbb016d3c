import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.deadletters import LATE, REASONS, DeadLetter, decode
from contracts.results import RecordError

RECORD = (
    b'{"reason":"not_json","topic":"sales","partition":3,"offset":17,"timestamp":1724938512000,'
    b'"body":"{oops","bodyEncoding":"utf-8","bodyBytes":5}'
)


def test_a_dead_letter_tells_reason_place_and_body() -> None:
    assert decode(RECORD) == DeadLetter("not_json", "sales", 3, 17, 1_724_938_512_000, "{oops", "utf-8", 5)


def test_a_dead_letter_of_only_the_published_fields_is_read_with_defaults() -> None:
    assert decode(RECORD.replace(b',"bodyEncoding":"utf-8","bodyBytes":5', b"")).body_encoding == "utf-8"


def test_a_null_body_stays_null() -> None:
    assert decode(RECORD.replace(b'"{oops"', b"null")).body is None


def test_reasons_are_documented_in_the_order_in_which_they_apply() -> None:
    assert list(REASONS) == [
        "empty",
        "not_utf8",
        "not_json",
        "not_an_object",
        "missing_timestamp",
        "bad_timestamp",
        "timestamp_in_future",
        "missing_measure",
        "bad_measure",
        "measure_out_of_range",
        "missing_dimension",
        "bad_dimension",
    ]
    assert LATE not in REASONS


@given(st.binary())
def test_arbitrary_bytes_are_refused_with_the_contracts_own_error(data: bytes) -> None:
    with pytest.raises(RecordError, match="not a dead letter"):
        decode(data)
