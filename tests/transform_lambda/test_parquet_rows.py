import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.flat_results import COLUMNS, FLAT_SCHEMA_VERSION, Kind, dimension_column, encode_row, flatten
from contracts.results import Attribution, Dimension, Result
from transform_lambda.parquet_rows import (
    FIXED_SCHEMA,
    START,
    ForeignTableError,
    by_hour,
    conform,
    decode_file,
    encode_file,
    identities,
    merge,
    table_of,
    without,
)

DUCKDB_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.NUMBER: "DOUBLE",
    Kind.COUNT: "BIGINT",
    Kind.SMALL: "INTEGER",
    Kind.TIME: "TIMESTAMP",
    Kind.TEXTS: "MAP(VARCHAR, VARCHAR)",
    Kind.NUMBERS: "MAP(VARCHAR, DOUBLE)",
}


def changed(result: Result, **fields: object) -> Result:
    return msgspec.structs.replace(result, **fields)


def at(result: Result, minute: int, series: str = "a", **fields: object) -> Result:
    start = f"2024-08-29 13:{minute:02d}:00"
    return changed(result, timeseries_id=series, detection_period_start_time=start, **fields)


def as_text(row: dict[str, Any]) -> dict[str, Any]:
    """Turn what Arrow or DuckDB gives for a row into what JSON has."""
    row = {name: value.isoformat(sep=" ") if isinstance(value, datetime) else value for name, value in row.items()}
    return {name: dict(value) if name in {"dimensions", "attribution"} else value for name, value in row.items()}


finite = st.floats(allow_nan=False, allow_infinity=False)
times = st.datetimes().map(lambda time: time.isoformat(sep=" ", timespec="seconds"))
names = st.text(max_size=8) | st.sampled_from(
    ["Store", "store", "STORE", "", "a'b", 'a"b', "a\nb", "a\0b", "日本", "../"]
)
results = st.builds(
    Result,
    detector_name=st.text(),
    measure=st.text(),
    timeseries_id=st.text(),
    anomaly_decision_threshold=finite,
    dimension_list=st.lists(st.builds(Dimension, names, names), max_size=4, unique_by=lambda d: d.name).map(tuple),
    aggregated_measure_value=finite,
    anomaly_score=finite,
    detection_period_start_time=times,
    detection_period_end_time=times,
    processed_data_points=st.integers(0, 2**63 - 1),
    anomaly_confidence_score=finite,
    anomaly_decision=st.sampled_from([0, 1]),
    model_stage=st.sampled_from(["LEARNING", "INFERENCE"]),
    expected_value=finite,
    attribution=st.lists(st.builds(Attribution, names, finite), max_size=3, unique_by=lambda a: a.name).map(tuple),
    reason=st.none() | names,
    recovered=st.sampled_from([0, 1]),
    episode_start_time=st.none() | times,
    suppressed_by=st.none() | names,
)


def test_the_fixed_columns_have_the_arrow_types_of_their_kinds() -> None:
    assert FIXED_SCHEMA.names == [column.name for column in COLUMNS]
    assert {str(field.type) for field in FIXED_SCHEMA} == {
        "string",
        "double",
        "int64",
        "int32",
        "timestamp[ms]",
        "map<string, string>",
        "map<string, double>",
    }


@given(st.lists(results, min_size=1, max_size=5))
def test_arrow_rows_and_json_rows_agree_whatever_the_characters(given_results: list[Result]) -> None:
    rows = [flatten(result) for result in given_results]

    table = table_of(rows)

    for row, stored in zip(rows, table.to_pylist(), strict=True):
        found = as_text(stored)
        assert {name: found[name] for name in row} == row
        assert all(found[name] is None for name in found.keys() - row.keys())


@settings(max_examples=40)
@given(st.lists(results, min_size=1, max_size=5))
def test_a_file_gives_its_rows_back_with_their_types(given_results: list[Result]) -> None:
    table = merge([table_of([flatten(result) for result in given_results])])

    found = decode_file(encode_file(table))

    assert found.schema == table.schema
    assert found.equals(table)


def test_duckdb_reads_each_column_with_its_type(result: Result, tmp_path: Path) -> None:
    (tmp_path / "rows.parquet").write_bytes(encode_file(table_of([flatten(result)])))

    described = duckdb.sql(f"DESCRIBE FROM '{tmp_path}/rows.parquet'").fetchall()

    expected = {column.name: DUCKDB_TYPES[column.kind] for column in COLUMNS} | {"dim_product_name": "VARCHAR"}
    assert {name: kind for name, kind, *_ in described} == expected


def test_duckdb_reads_the_json_rows_with_the_values_and_types_of_the_parquet_rows(
    result: Result, tmp_path: Path
) -> None:
    several = [
        result,
        changed(
            result, timeseries_id="b", episode_start_time=None, suppressed_by=None, processed_data_points=2**53 + 1
        ),
        changed(
            result, timeseries_id="c", dimension_list=(Dimension("Ünï\"'/\n", "\0"), Dimension("", "")), attribution=()
        ),
    ]
    rows = [flatten(one) for one in several]
    (tmp_path / "rows.parquet").write_bytes(encode_file(table_of(rows)))
    (tmp_path / "rows.json").write_bytes(b"".join(map(encode_row, rows)))
    table = table_of(rows)
    types = dict.fromkeys(table.column_names, "VARCHAR") | {c.name: DUCKDB_TYPES[c.kind] for c in COLUMNS}

    from_json = duckdb.read_json(str(tmp_path / "rows.json"), columns=types, format="newline_delimited")
    from_parquet = duckdb.read_parquet(str(tmp_path / "rows.parquet"))

    assert from_json.types == from_parquet.types
    assert from_json.fetchall() == from_parquet.fetchall()


def test_duckdb_finds_the_types_of_the_json_rows_by_itself_but_for_the_empty_maps(
    result: Result, tmp_path: Path
) -> None:
    (tmp_path / "rows.json").write_bytes(encode_row(flatten(result)))

    found = duckdb.read_json(str(tmp_path / "rows.json"))

    kinds = dict(zip(found.columns, map(str, found.types), strict=True))
    assert kinds["detection_period_start_time"] == kinds["episode_start_time"] == "TIMESTAMP"
    assert kinds["anomaly_score"] == kinds["lower_bound"] == "DOUBLE"
    assert kinds["processed_data_points"] == "BIGINT"


def test_of_rows_with_the_same_series_period_and_detector_the_first_counts(result: Result) -> None:
    first = table_of([flatten(at(result, 1)), flatten(at(result, 2, anomaly_score=2.0))])
    again = table_of([flatten(at(result, 2, anomaly_score=1.0)), flatten(at(result, 3))])

    assert merge([first, again])["anomaly_score"].to_pylist() == [97.25, 2.0, 97.25]


def test_rows_that_another_file_has_are_left_out(result: Result) -> None:
    there = encode_file(table_of([flatten(at(result, minute)) for minute in (1, 3)]))
    rows = table_of([flatten(at(result, minute)) for minute in (1, 2, 3, 4)])

    left = without(rows, identities(there))

    assert [start.minute for start in left["detection_period_start_time"].to_pylist()] == [2, 4]


@pytest.mark.parametrize(
    "other", [{"timeseries_id": "b"}, {"detector_name": "b"}, {"detection_period_start_time": "2024-08-29 13:02:00"}]
)
def test_rows_of_another_series_period_or_detector_stay_beside(result: Result, other: dict[str, str]) -> None:
    one = at(result, 1)

    both = table_of([flatten(one)]), table_of([flatten(changed(one, **other))])

    assert merge(both).num_rows == 2
    assert without(both[1], identities(encode_file(both[0]))).num_rows == 1


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abc")), min_size=1, max_size=20), st.randoms())
def test_the_same_rows_make_the_same_file_however_they_came(keys: list[tuple[int, str]], random: Any) -> None:  # noqa: ANN401
    rows = [flatten(at(BASE, minute, series)) for minute, series in keys]
    at_once = merge([table_of(rows)])
    random.shuffle(rows)
    one_by_one = merge([table_of([row]) for row in rows])

    assert encode_file(one_by_one) == encode_file(at_once)


BASE = Result("d", "m", "s", 70, (), 1.0, 0.0, "2024-08-29 13:35:00", "2024-08-29 13:36:00", 1, 0.0, 0, "LEARNING", 0.0)


def test_different_dimensions_get_columns_side_by_side_with_nulls(result: Result) -> None:
    shop = at(result, 1, dimension_list=(Dimension("shop", "x"),))
    none = at(result, 2, dimension_list=())

    merged = merge([table_of([flatten(shop)]), table_of([flatten(none), flatten(at(result, 3))])])

    assert merged["dim_shop"].to_pylist() == ["x", None, None]
    assert merged["dim_product_name"].to_pylist() == [None, None, "item-A"]
    assert merged["dimensions"].to_pylist() == [[("shop", "x")], [], [("product_name", "item-A")]]


def test_long_values_and_hostile_names_survive_a_file(result: Result) -> None:
    hostile = {
        "": "",
        "Store": "1",
        "store": "2",
        "STORE": "x" * 10_000,
        "a\nb": "\n",
        "a\0b": "\0",
        "'; DROP": '"',
        "é": "日",
    }
    dimensions = tuple(Dimension(name, value) for name, value in hostile.items())

    table = decode_file(encode_file(table_of([flatten(changed(result, dimension_list=dimensions))])))

    (row,) = table.to_pylist()
    assert dict(row["dimensions"]) == hostile
    assert {name: row[dimension_column(name)] for name in hostile} == hostile


def test_rows_are_parted_by_the_hour_of_their_start(result: Result) -> None:
    late = changed(result, detection_period_start_time="2024-08-29 23:59:59")
    early = changed(result, detection_period_start_time="2024-08-30 00:00:00")
    old = changed(result, detection_period_start_time="0001-01-01 00:00:00")
    table = table_of([flatten(one) for one in (late, early, old)])

    hours = {f"{hour}": [f"{start}" for start in rows[START].to_pylist()] for hour, rows in by_hour(table)}

    assert hours == {
        "0001-01-01 00:00:00": ["0001-01-01 00:00:00"],
        "2024-08-29 23:00:00": ["2024-08-29 23:59:59"],
        "2024-08-30 00:00:00": ["2024-08-30 00:00:00"],
    }


def test_a_file_says_which_version_of_the_columns_it_has(result: Result) -> None:
    data = encode_file(table_of([flatten(result)]))

    metadata = pq.read_schema(pa.BufferReader(data)).metadata
    assert metadata[b"flat_schema_version"] == str(FLAT_SCHEMA_VERSION).encode()


def test_a_file_of_an_older_version_takes_rows_with_columns_that_were_added_since(result: Result) -> None:
    older = table_of([flatten(at(result, 1))]).drop_columns(["suppressed_by", "imputed"])

    merged = merge([decode_file(encode_file(older)), table_of([flatten(at(result, 2))])])

    assert merged.column_names[: len(COLUMNS)] == [column.name for column in COLUMNS]
    assert merged["imputed"].to_pylist() == [None, 0]


def test_a_file_of_a_later_version_keeps_columns_that_are_not_known(result: Result) -> None:
    later = table_of([flatten(at(result, 1))]).append_column("season", pa.array(["summer"]))

    merged = merge([later, table_of([flatten(at(result, 2))])])

    assert merged["season"].to_pylist() == ["summer", None]


def test_the_table_of_another_writer_gets_our_types(result: Result) -> None:
    ours = table_of([flatten(result)])
    theirs = ours.set_column(
        7, "detection_period_start_time", ours["detection_period_start_time"].cast(pa.timestamp("ns"))
    )
    theirs = theirs.set_column(20, "alert", ours["alert"].cast(pa.int64())).append_column("extra", pa.array([1]))

    assert conform(theirs).equals(ours)


def test_the_table_of_another_writer_is_refused_if_it_is_of_something_else(result: Result) -> None:
    ours = table_of([flatten(result)])

    with pytest.raises(ForeignTableError, match="no column measure"):
        conform(ours.drop_columns(["measure"]))
    with pytest.raises(ForeignTableError, match="other types"):
        conform(ours.set_column(5, "aggregated_measure_value", pa.array(["a lot"])))
    with pytest.raises(ForeignTableError, match="a row without"):
        conform(ours.set_column(2, "timeseries_id", pa.nulls(1, pa.string())))
    with pytest.raises(ForeignTableError, match="not a Parquet file"):
        decode_file(json.dumps({}).encode())
