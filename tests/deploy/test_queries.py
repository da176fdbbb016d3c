"""The queries for Athena, run by DuckDB over files as the transform part writes them."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from stacks_under_test import resources_of

from contracts.flat_results import COLUMNS, flatten
from contracts.results import Dimension, Result, decode
from transform_lambda.parquet import ParquetStore

GOLDEN = Path(__file__).parents[1] / "contracts" / "golden" / "result.json"
NOW = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0)


def result(minutes_ago: int, product: str, **fields: Any) -> Result:  # noqa: ANN401
    start = NOW - dt.timedelta(minutes=minutes_ago)
    return msgspec.structs.replace(
        decode(GOLDEN.read_bytes()),
        timeseries_id=product * 64,
        dimension_list=(Dimension("product_name", f"item-{product}"), Dimension("store", "north")),
        detection_period_start_time=f"{start:%Y-%m-%d %H:%M:%S}",
        detection_period_end_time=f"{start + dt.timedelta(minutes=1):%Y-%m-%d %H:%M:%S}",
        **fields,
    )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("results")
    rows = [
        result(3, "a", processed_data_points=10, anomaly_decision=0, alert=0, anomaly_confidence_score=10.0),
        result(2, "a", processed_data_points=11, anomaly_decision=1, alert=1, anomaly_score=95.0),
        result(
            1,
            "a",
            processed_data_points=12,
            anomaly_decision=1,
            alert=0,
            anomaly_score=80.0,
            anomaly_confidence_score=30.0,
        ),
        result(1, "b", processed_data_points=5, anomaly_decision=0, alert=0, anomaly_confidence_score=50.0),
        result(1440 * 60, "c", processed_data_points=1, anomaly_decision=1, alert=1),
    ]
    # A crash repeats records, and Firehose does not know them again.
    for _ in range(2):
        ParquetStore(str(folder)).write(map(flatten, rows))
    for number, file in enumerate(sorted(folder.rglob("*.parquet"))):
        (file.parent / f"repeated-{number}.parquet").write_bytes(file.read_bytes())
    connection = duckdb.connect()
    # What Athena calls by another name.
    connection.execute("CREATE MACRO array_join(items, separator) AS array_to_string(items, separator)")
    connection.execute("CREATE MACRO max_by(value, ordering) AS arg_max(value, ordering)")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE SCHEMA anomaly")
    for table in ("results_bookstore", "anomaly.results_bookstore"):
        connection.execute(
            f"CREATE VIEW {table} AS SELECT * REPLACE (CAST(dt AS varchar) AS dt) FROM read_parquet("  # noqa: S608 - our own
            f"'{folder}/*/*.parquet', hive_partitioning = true, union_by_name = true)"
        )
    yield connection
    connection.close()


def ask(
    database: duckdb.DuckDBPyConnection, query: str, file: str = "cloudformation/detector/athena.yaml"
) -> list[dict[str, Any]]:
    try:
        found = database.execute(query)
    except duckdb.BinderException as error:
        pytest.fail(f"mend deploy/{file}, it asks for what contracts.flat_results.COLUMNS has not: {error}")
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def named(name: str) -> str:
    return str(resources_of("bookstore")[name]["Properties"]["QueryString"])


def test_recent_anomalies_are_listed_once_and_old_ones_not(database: duckdb.DuckDBPyConnection) -> None:
    found = ask(database, named("RecentAnomalies"))

    assert [row["alert"] for row in found] == [1, 0]
    assert found[0]["dimensions"] == {"product_name": "item-a", "store": "north"}


def test_alerts_are_counted_once_each(database: duckdb.DuckDBPyConnection) -> None:
    (found,) = ask(database, named("AlertsByDay"))

    assert (found["alerts"], found["highest_score"]) == (1, 95.0)


def test_each_series_is_shown_with_its_newest_period(database: duckdb.DuckDBPyConnection) -> None:
    found = {row["timeseries_id"][0]: row for row in ask(database, named("SeriesNow"))}

    assert {series: row["data_points"] for series, row in found.items()} == {"a": 12, "b": 5}
    assert found["a"]["confidence"] == 30.0


def dashboard() -> tuple[str, dict[str, str]]:
    table = resources_of("quicksight")["Results"]["Properties"]["PhysicalTableMap"]["results"]["CustomSql"]
    return table["SqlQuery"], {column["Name"]: column["Type"] for column in table["Columns"]}


def test_the_dashboards_numbers_count_each_series_once(database: duckdb.DuckDBPyConnection) -> None:
    query, _ = dashboard()

    found = ask(database, query, "cloudformation/quicksight.yaml")

    assert len({row["timeseries_id"] for row in found}) == 2, "Number of Timeseries Tracked"
    assert sum(row["points_so_far"] or 0 for row in found) == 17, "Number of Datapoints Processed"
    confidences = [row["confidence_now"] for row in found if row["confidence_now"] is not None]
    assert sum(confidences) / len(confidences) == 40.0, "Anomaly Confidence Score"
    assert len(found) == 4
    assert found[0]["dimensions"].endswith(" / north")


def test_the_dashboards_columns_are_those_of_its_query_and_what_it_shows_is_there(
    database: duckdb.DuckDBPyConnection,
) -> None:
    query, columns = dashboard()
    kinds = {"STRING": "VARCHAR", "DATETIME": "TIMESTAMP", "DECIMAL": "DOUBLE", "INTEGER": ("BIGINT", "INTEGER")}

    described = {name: kind for name, kind, *_ in database.execute(f"DESCRIBE {query}").fetchall()}
    assert list(described) == list(columns)
    assert all(kind in kinds[columns[name]] for name, kind in described.items())
    assert [column.name for column in COLUMNS] == list(columns)[: len(COLUMNS)], "none is left out"
    definition = str(resources_of("quicksight")["Dashboard"]["Properties"]["Definition"])
    shown = set(re.findall(r"'ColumnName': '(\w+)'", definition))
    assert shown <= set(columns), f"mend deploy/cloudformation/quicksight.yaml: no column {shown - set(columns)}"
    assert {"aggregated_measure_value", "anomaly_score", "points_so_far", "confidence_now"} <= shown


def test_the_score_has_the_axis_on_the_right() -> None:
    visuals = resources_of("quicksight")["Dashboard"]["Properties"]["Definition"]["Sheets"][0]["Visuals"]
    (chart,) = [visual["LineChartVisual"] for visual in visuals if "LineChartVisual" in visual]

    (item,) = chart["ChartConfiguration"]["Series"]
    assert item["DataFieldSeriesItem"] == {"FieldId": "score", "AxisBinding": "SECONDARY_YAXIS"}
