import json
import math
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from any_results import RESULTS
from derived_files import PUBLISHED
from hypothesis import given
from hypothesis import strategies as st

from contracts.flat_results import COLUMNS, Kind
from contracts.results import Attribution, RecordError, Result, decode, encode, format_time

GOLDEN = Path(__file__).parent / "golden"

NUMBERS = [column.name for column in COLUMNS if column.kind is Kind.NUMBER]


def test_the_published_record_is_written_byte_for_byte_before_our_own_fields() -> None:
    prefix = (GOLDEN / "published_prefix.json").read_bytes().rstrip(b"\n")

    assert encode(PUBLISHED).startswith(prefix + b",")


def test_a_record_of_only_the_published_fields_decodes_with_defaults_for_ours() -> None:
    record = (GOLDEN / "published_prefix.json").read_bytes().rstrip(b"\n") + b"}"

    assert decode(record) == PUBLISHED


def test_fields_of_a_later_version_are_skipped() -> None:
    record = json.loads(encode(PUBLISHED)) | {"season": {"phase": [1, 2]}, "schemaVersion": 2}

    assert decode(json.dumps(record)) == msgspec.structs.replace(PUBLISHED, schema_version=2)


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_cannot_say_is_refused_and_named(field: str, value: float) -> None:
    with pytest.raises(RecordError, match=f"{field} is (nan|inf|-inf), expected finite"):
        encode(msgspec.structs.replace(PUBLISHED, **{field: value}))


def test_an_attribution_that_json_cannot_say_is_refused() -> None:
    with pytest.raises(RecordError, match="attribution"):
        encode(msgspec.structs.replace(PUBLISHED, attribution=(Attribution("quantity", math.nan),)))


@given(RESULTS)
def test_every_result_survives_a_round_trip_and_is_json_to_the_standard_library(result: Result) -> None:
    data = encode(result)

    assert decode(data) == result
    assert json.loads(data, parse_constant=pytest.fail)["measure"] == result.measure
    assert encode(decode(data)) == data


@given(st.binary() | st.text().map(str.encode))
def test_arbitrary_bytes_are_refused_with_the_contracts_own_error(data: bytes) -> None:
    with pytest.raises(RecordError, match="not a result record"):
        decode(data)


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"x":' * 100_000, b'{"measure":"\xff"}', b'{"a":1e999}'])
def test_hostile_json_is_refused_with_the_contracts_own_error(data: bytes) -> None:
    with pytest.raises(RecordError, match="not a result record"):
        decode(data)


@dataclass(frozen=True)
class Time:
    milliseconds: float
    text: str


@pytest.mark.parametrize(
    "time",
    [
        Time(0, "1970-01-01 00:00:00"),
        Time(1_724_938_500_999.9, "2024-08-29 13:35:00"),
        Time(-1, "1969-12-31 23:59:59"),
        Time(-62_135_596_800_000, "0001-01-01 00:00:00"),
        Time(-62_135_596_800_001, "0001-01-01 00:00:00"),
        Time(253_402_300_800_000, "9999-12-31 23:59:59"),
    ],
    ids=lambda time: time.text,
)
def test_times_are_utc_text_in_whole_seconds_within_the_years_1_to_9999(time: Time) -> None:
    assert format_time(time.milliseconds) == time.text
