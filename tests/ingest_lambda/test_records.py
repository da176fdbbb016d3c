import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.records import RecordWriter

TEXT, INT8, FLOAT8, NUMERIC, BOOLEAN, TIMESTAMP, TIMESTAMPTZ, JSONB = 25, 20, 701, 1700, 16, 1114, 1184, 3802
TIME = "2024-08-29 13:35:12+00"


def value(oid: int, text: str | None) -> str:
    """How a value of a type, as PostgreSQL writes it, stands in the record."""
    writer = RecordWriter([("t", TIMESTAMPTZ), ("x", oid)], "t", [])
    written = writer.write([TIME, text]).value.decode()
    assert written.startswith('{"t":"2024-08-29T13:35:12Z","x":')
    json.loads(written, parse_constant=pytest.fail)
    return written[32:-1]


@pytest.mark.parametrize(
    ("oid", "text", "expected"),
    [
        (INT8, "9223372036854775807", "9223372036854775807"),
        (INT8, "-9007199254740993", "-9007199254740993"),
        (NUMERIC, "123456789012345678901234567890.1234567890", "123456789012345678901234567890.1234567890"),
        (NUMERIC, "-0.50", "-0.50"),
        (FLOAT8, "1.5e-07", "1.5e-07"),
        (FLOAT8, "1e+300", "1e+300"),
        (FLOAT8, "-0", "-0"),
        (FLOAT8, "NaN", '"NaN"'),
        (FLOAT8, "Infinity", '"Infinity"'),
        (NUMERIC, "-Infinity", '"-Infinity"'),
        (BOOLEAN, "t", "true"),
        (BOOLEAN, "f", "false"),
        (TEXT, "", '""'),
        (TEXT, "12", '"12"'),
        (TEXT, 'a "b"\n\u2028é\x01', '"a \\"b\\"\\n\u2028é\\u0001"'),
        (JSONB, '{"a": [1]}', '"{\\"a\\": [1]}"'),
        (1007, "{1,2,NULL}", '"{1,2,NULL}"'),
        (17, "\\xdeadbeef", '"\\\\xdeadbeef"'),
        (TIMESTAMPTZ, "2024-08-29 13:35:12.000001+00", '"2024-08-29T13:35:12.000001Z"'),
        (TIMESTAMP, "2024-08-29 13:35:12", '"2024-08-29T13:35:12Z"'),
        (TIMESTAMPTZ, "infinity", '"infinity"'),
        (TIMESTAMPTZ, "0044-03-15 12:00:00+00 BC", '"0044-03-15 12:00:00+00 BC"'),
        (TIMESTAMP, "10000-01-01 00:00:00", '"10000-01-01T00:00:00Z"'),
    ],
)
def test_a_value_is_written_as_the_database_has_it(oid: int, text: str, expected: str) -> None:
    assert value(oid, text) == expected


@pytest.mark.parametrize("oid", [TEXT, INT8, NUMERIC, BOOLEAN, TIMESTAMPTZ, JSONB])
def test_null_is_null(oid: int) -> None:
    assert value(oid, None) == "null"


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_no_digit_of_a_number_is_lost(number: Decimal) -> None:
    assert Decimal(value(NUMERIC, format(number, "f"))) == number


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    assert json.loads(value(TEXT, text)) == text


def key(columns: list[str], dimensions: list[str], row: dict[str, Any]) -> bytes | None:
    writer = RecordWriter([(name, INT8 if name == "store" else TEXT) for name in columns], columns[0], dimensions)
    return writer.write([row[name] for name in columns]).key


@pytest.mark.parametrize("columns", [["product", "store", "note"], ["store", "note", "product"]])
@pytest.mark.parametrize("dimensions", [["product", "store"], ["store", "product"]])
def test_the_key_is_the_dimensions_in_order_of_name(columns: list[str], dimensions: list[str]) -> None:
    row = {"product": 'item "A"', "store": "7", "note": "gift"}

    assert key(columns, dimensions, row) == b'{"product":"item \\"A\\"","store":7}'


def test_without_dimensions_there_is_no_key() -> None:
    assert key(["note"], [], {"note": "gift"}) is None


def test_a_null_dimension_is_a_series_of_its_own() -> None:
    assert key(["product"], ["product"], {"product": None}) == b'{"product":null}'


def test_a_record_knows_its_time_and_size() -> None:
    record = RecordWriter([("x", TEXT), ("t", TIMESTAMPTZ)], "t", []).write(["é", TIME])

    assert record.time == TIME
    assert record.size == len(record.value) == len('{"x":"é","t":"2024-08-29T13:35:12Z"}'.encode())
