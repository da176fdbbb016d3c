"""Numbers and missing values in files."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.cli.cells import Kind, kind_of, parse_number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_that_python_writes_is_read_back_exactly(number: float) -> None:
    assert parse_number(repr(number)) == number
    assert kind_of(repr(number)) is Kind.NUMBER


@pytest.mark.parametrize(("text", "number"), [("3", 3.0), (" +3.50 ", 3.5), (".5", 0.5), ("5.", 5.0), ("1E3", 1000.0)])
def test_numbers_may_be_written_in_the_usual_ways(text: str, number: float) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["", "  ", "NaN", "nan", "NA", "N/A", "#N/A", "null", "NULL", "None"])
def test_empty_cells_and_words_for_nothing_are_missing_values(text: str) -> None:
    assert math.isnan(parse_number(text))
    assert kind_of(text) is Kind.MISSING


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abc", "'abc' is not a number; a value is a number like 3.5"),
        ("$5", "is not a number"),
        ("1_000", "is not a number"),
        ("٣", "is not a number"),
        ("true", "is not a number"),
        ("0x10", "is not a number"),
        ("3,5", "'3,5' has a comma; write numbers with a decimal point"),
        ("1,234.50", "has a comma"),
        ("1.234,50", "has a comma"),
        ("inf", "'inf' is infinite"),
        ("-Infinity", "is infinite"),
        ("1e400", "is too large"),
        ("x" * 1000, r"xxx\.\.\.' is not a number"),
    ],
)
def test_anything_else_is_refused_with_what_was_found_and_what_is_expected(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_number(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("3,5", Kind.COMMA_NUMBER),
        ("2024-08-29 13:35", Kind.TIME),
        ("1724938512", Kind.NUMBER),
        ("item-A", Kind.TEXT),
        ("13:35", Kind.TEXT),
    ],
)
def test_a_cell_is_of_the_kind_that_its_text_shows(text: str, kind: Kind) -> None:
    assert kind_of(text) is kind
