import json
import re
from pathlib import Path

import msgspec
import pytest
from any_results import NAMES, RESULTS
from hypothesis import given
from hypothesis import strategies as st

from contracts.flat_results import (
    COLUMNS,
    IDENTITY,
    decode_row,
    dimension_column,
    encode_row,
    flatten,
    glue_columns,
    partition_of,
)
from contracts.results import Attribution, Dimension, RecordError, Result, decode

GOLDEN = Path(__file__).parent / "golden"


def published() -> Result:
    return decode((GOLDEN / "result.json").read_bytes())


def changed(**fields: object) -> Result:
    return msgspec.structs.replace(published(), **fields)


def test_a_row_has_the_columns_in_their_order_then_those_of_its_dimensions() -> None:
    row = flatten(changed(dimension_list=(Dimension("store", "3"), Dimension("product", "pen"))))

    assert list(row) == [column.name for column in COLUMNS] + ["dim_store", "dim_product"]
    assert (row["dim_store"], row["dim_product"]) == ("3", "pen")
    assert row["dimensions"] == {"store": "3", "product": "pen"}


def test_a_result_without_dimensions_has_an_empty_map_and_no_further_column() -> None:
    row = flatten(changed(dimension_list=()))

    assert row["dimensions"] == {}
    assert list(row) == [column.name for column in COLUMNS]


def test_a_row_belongs_to_the_date_on_which_its_period_starts() -> None:
    late = changed(detection_period_start_time="2024-08-29 23:59:00", detection_period_end_time="2024-08-30 00:00:00")

    assert partition_of(flatten(late)) == "2024-08-29"


@given(st.sets(NAMES, max_size=20))
def test_no_two_dimensions_share_a_column(dimensions: set[str]) -> None:
    assert len({dimension_column(name) for name in dimensions}) == len(dimensions)


@given(NAMES)
def test_a_dimensions_column_is_a_plain_identifier_that_no_fixed_column_has(name: str) -> None:
    column = dimension_column(name)

    assert re.fullmatch("dim_[a-z0-9_]{1,109}", column)
    assert column not in {fixed.name for fixed in COLUMNS}


@pytest.mark.parametrize("name", ["product_name", "a", "store2", "_", "7", "x" * 100])
def test_a_plain_dimension_keeps_its_name(name: str) -> None:
    assert dimension_column(name) == f"dim_{name}"


def test_names_that_differ_only_in_case_or_in_other_characters_have_columns_of_their_own() -> None:
    others = ["product", "Product", "PRODUCT", "pro-duct", "pro duct", "pro/duct", 'pro"duct', "pro\nduct", "pro\0duct"]

    assert len({dimension_column(name) for name in others}) == len(others)
    assert re.fullmatch("dim_product_[0-9a-f]{8}", dimension_column("Product"))


def test_a_name_that_looks_like_another_ones_column_does_not_take_it() -> None:
    taken = dimension_column("Product").removeprefix("dim_")

    assert dimension_column(taken) != dimension_column("Product")


def test_the_column_of_a_name_never_changes() -> None:
    frozen = json.loads((GOLDEN / "dimension_columns.json").read_text("utf-8"))

    assert {name: dimension_column(name) for name in frozen} == frozen


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("detection_period_start_time", "2024-08-29T13:35:00"),
        ("detection_period_start_time", "2024-08-29 13:35:00Z"),
        ("detection_period_start_time", "2024-08-29 13:35:00\n"),
        ("detection_period_start_time", "2024-02-30 13:35:00"),
        ("detection_period_start_time", "../../etc/passwd"),
        ("detection_period_end_time", ""),
        ("episode_start_time", "yesterday"),
        ("anomaly_score", float("nan")),
        ("upper_bound", float("inf")),
        ("anomaly_decision_threshold", 10**400),
        ("processed_data_points", 2**63),
        ("schema_version", 2**31),
        ("attribution", (Attribution("quantity", float("nan")),)),
        ("attribution", (Attribution("forest", 0.5), Attribution("forest", 0.5))),
        ("dimension_list", (Dimension("store", "1"), Dimension("store", "2"))),
    ],
)
def test_what_a_row_cannot_hold_is_refused_and_not_told(field: str, value: object) -> None:
    with pytest.raises(RecordError, match="not a result record") as refused:
        flatten(changed(**{field: value}))

    assert str(value) not in str(refused.value).split() or value == ""


@given(RESULTS)
def test_a_line_of_json_gives_the_result_back(result: Result) -> None:
    line = encode_row(flatten(result))

    assert decode_row(line) == result
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


def test_a_row_of_a_later_version_is_read_without_what_is_not_known() -> None:
    row = flatten(published()) | {"season": "summer", "schema_version": 2}

    assert decode_row(encode_row(row)) == changed(schema_version=2)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"dimensions":[]}', b'{"dimensions":{},"attribution":{}}', b"\xff", b"[" * 100_000]
)
def test_what_is_no_row_is_refused_with_the_contracts_own_error(data: bytes) -> None:
    with pytest.raises(RecordError, match="not a flat result"):
        decode_row(data)


def test_glue_has_the_columns_and_one_for_each_dimension_that_is_asked_for() -> None:
    columns = glue_columns(["store", "Product", "store"])

    assert [(column["Name"], column["Type"]) for column in columns] == [
        *((column.name, column.kind) for column in COLUMNS),
        (dimension_column("Product"), "string"),
        ("dim_store", "string"),
    ]


def test_the_identity_of_a_row_is_made_of_columns() -> None:
    assert set(IDENTITY) <= {column.name for column in COLUMNS}
