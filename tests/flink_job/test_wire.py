import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jvm_twins import decode_results, payload_of

from flink_job.wire import BlockError, Payload, decode_payload, encode_payload, encode_results

payloads = st.builds(
    lambda start, length, values: payload_of(start, start + length, values.items()),
    st.integers(-(2**62), 2**62),
    st.integers(1, 2**40),
    st.dictionaries(st.binary(min_size=1, max_size=20), st.floats(allow_nan=False, allow_infinity=False), max_size=6),
)
blocks = st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=50)), max_size=6)


@given(payloads)
def test_a_payload_survives_a_round_trip(payload: Payload) -> None:
    assert decode_payload(encode_payload(payload)) == payload


@given(blocks)
def test_a_block_of_results_survives_a_round_trip(records: list[tuple[bytes, bytes]]) -> None:
    assert decode_results(encode_results(records)) == records


def test_a_payload_is_laid_out_as_documented() -> None:
    payload = Payload(60_000, 120_000, (b"a", b"bc"), (1.5, -2.0))

    assert encode_payload(payload) == (
        struct.pack(">qqI", 60_000, 120_000, 2)
        + b"\0\0\0\x01a"
        + struct.pack(">d", 1.5)
        + b"\0\0\0\x02bc"
        + struct.pack(">d", -2.0)
    )


def test_a_block_of_results_is_laid_out_as_documented() -> None:
    assert encode_results([(b"k", b"{}")]) == b"\0\0\0\1" + b"\0\0\0\1k" + b"\0\0\0\2{}"


@given(payloads, st.data())
def test_a_payload_cut_short_or_continued_is_refused(payload: Payload, data: st.DataObject) -> None:
    whole = encode_payload(payload)
    length = data.draw(st.integers(0, len(whole) - 1))

    for damaged in (whole[:length], whole + b"\0"):
        with pytest.raises(BlockError):
            decode_payload(damaged)


@given(st.binary(max_size=80))
def test_whatever_decodes_is_the_encoding_of_what_it_decodes_to(data: bytes) -> None:
    try:
        payload = decode_payload(data)
    except BlockError:
        return
    assert encode_payload(payload) == data


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (Payload(60, 60, (), ()), "not after its start"),
        (Payload(0, 60, (b"a",), (math.nan,)), "expected finite"),
        (Payload(0, 60, (b"a",), (math.inf,)), "expected finite"),
        (Payload(0, 60, (b"b", b"a"), (1.0, 1.0)), "ascending"),
        (Payload(0, 60, (b"a", b"a"), (1.0, 1.0)), "ascending"),
        (Payload(0, 60, (b"",), (1.0,)), "ascending"),
    ],
)
def test_a_payload_that_breaks_its_contract_is_refused_saying_why(payload: Payload, problem: str) -> None:
    with pytest.raises(BlockError, match=problem):
        decode_payload(encode_payload(payload))
