import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.flat_results import (
    COLUMNS,
    FLAT_SCHEMA_VERSION,
    IDENTITY,
    decode_row,
    dimension_column,
    docs_table,
    encode_row,
    flatten,
    glue_columns,
    partition_of,
)
from contracts.results import Attribution, Dimension, RecordError, Result, decode

GOLDEN = Path(__file__).parent / "golden"
DOCS = Path(__file__).parents[2] / "docs" / "parquet.md"

VERSION_1 = [
    ("detector_name", "string", False),
    ("measure", "string", False),
    ("timeseries_id", "string", False),
    ("anomaly_decision_threshold", "double", False),
    ("dimensions", "map<string,string>", False),
    ("aggregated_measure_value", "double", False),
    ("anomaly_score", "double", False),
    ("detection_period_start_time", "timestamp", False),
    ("detection_period_end_time", "timestamp", False),
    ("processed_data_points", "bigint", False),
    ("anomaly_confidence_score", "double", False),
    ("anomaly_decision", "int", False),
    ("model_stage", "string", False),
    ("expected_value", "double", False),
    ("lower_bound", "double", False),
    ("upper_bound", "double", False),
    ("raw_score", "double", False),
    ("direction", "string", False),
    ("attribution", "map<string,double>", False),
    ("reason", "string", True),
    ("alert", "int", False),
    ("recovered", "int", False),
    ("episode_start_time", "timestamp", True),
    ("imputed", "int", False),
    ("suppressed_by", "string", True),
    ("schema_version", "int", False),
]


def published() -> Result:
    return decode((GOLDEN / "result.json").read_bytes())


def changed(**fields: object) -> Result:
    return msgspec.structs.replace(published(), **fields)


def test_version_1_of_the_columns_is_frozen_and_later_ones_only_add() -> None:
    columns = [(column.name, column.kind.value, column.nullable) for column in COLUMNS]

    assert columns[: len(VERSION_1)] == VERSION_1
    assert (FLAT_SCHEMA_VERSION == 1) == (len(columns) == len(VERSION_1))


def test_every_field_of_a_result_has_its_column() -> None:
    fields = {field.name for field in msgspec.structs.fields(Result)}

    assert {column.name for column in COLUMNS} == fields - {"dimension_list"} | {"dimensions"}


def test_the_documented_columns_are_those_of_the_code() -> None:
    assert docs_table() in DOCS.read_text("utf-8")


def test_a_row_is_written_as_in_the_golden_file() -> None:
    assert encode_row(flatten(published())) == (GOLDEN / "flat_result.json").read_bytes()


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


names = st.text() | st.text(alphabet="aA_é0 ", max_size=4)


@given(st.sets(names, max_size=20))
def test_no_two_dimensions_share_a_column(dimensions: set[str]) -> None:
    assert len({dimension_column(name) for name in dimensions}) == len(dimensions)


@given(names)
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


finite = st.floats(allow_nan=False, allow_infinity=False)
times = st.datetimes().map(lambda time: time.isoformat(sep=" ", timespec="seconds"))
RESULTS = st.builds(
    Result,
    detector_name=st.text(),
    measure=st.text(),
    timeseries_id=st.text(),
    anomaly_decision_threshold=finite,
    dimension_list=st.lists(st.builds(Dimension, names, st.text()), max_size=4, unique_by=lambda d: d.name).map(tuple),
    aggregated_measure_value=finite,
    anomaly_score=finite,
    detection_period_start_time=times,
    detection_period_end_time=times,
    processed_data_points=st.integers(0, 2**63 - 1),
    anomaly_confidence_score=finite,
    expected_value=finite,
    lower_bound=finite,
    upper_bound=finite,
    raw_score=finite,
    attribution=st.lists(st.builds(Attribution, names, finite), max_size=3, unique_by=lambda a: a.name).map(tuple),
    reason=st.none() | st.text(),
    recovered=st.sampled_from([0, 1]),
    episode_start_time=st.none() | times,
    suppressed_by=st.none() | st.text(),
)


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
        *((name, kind) for name, kind, _ in VERSION_1),
        (dimension_column("Product"), "string"),
        ("dim_store", "string"),
    ]
    assert all(0 < len(column["Comment"]) <= 255 for column in columns)


def test_the_identity_of_a_row_is_made_of_columns() -> None:
    assert set(IDENTITY) <= {column.name for column in COLUMNS}
