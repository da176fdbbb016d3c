"""Counting along the path: what was sold, and what of it arrived where.

`Flow` is pure; the functions below it look at the real places.
"""

import contextlib
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import psycopg

from bookstore.tail import tail
from contracts.results import RecordError, Result, decode


@dataclass(frozen=True, slots=True)
class Flow:
    """Counts along the path, of one time range."""

    rows: int
    rows_quantity: int
    row_periods: int
    """Rows in PostgreSQL, the books in them, and the pairs of product and minute that have any."""
    records: int
    records_quantity: int
    """Committed records of the input topic, and the books in them."""
    points: int
    results: int
    results_quantity: int
    """Points that the models have processed, different results, and the books in them."""
    parquet_rows: int
    parquet_quantity: int
    """Rows in Parquet files, and the books in them."""
    alerts: int
    messages: int
    distinct_messages: int
    """Results that are alerts, messages in the inbox, and different ones among these."""


def flow_lines(flow: Flow) -> list[str]:
    """Say what arrived where, one line for each place."""
    books = "books"
    return [
        f"PostgreSQL     {flow.rows:>9,} rows      {flow.rows_quantity:>11,} {books}",
        f"Kafka, sales   {flow.records:>9,} records   {flow.records_quantity:>11,} {books}",
        f"models         {flow.points:>9,} points    (one per product and minute: {flow.row_periods:,} in the rows)",
        f"Kafka, results {flow.results:>9,} results   {flow.results_quantity:>11,} {books}",
        f"Parquet        {flow.parquet_rows:>9,} rows      {flow.parquet_quantity:>11,} {books}",
        f"alerts         {flow.alerts:>9,} in results, {flow.messages:,} messages in the inbox",
    ]


def flow_problems(flow: Flow) -> list[str]:
    """Say where something was lost or repeated; no lines when nothing was."""
    pairs = [
        ("rows in PostgreSQL", flow.rows, "records in Kafka", flow.records),
        ("books in PostgreSQL", flow.rows_quantity, "in the records", flow.records_quantity),
        ("books in PostgreSQL", flow.rows_quantity, "in the results", flow.results_quantity),
        ("books in PostgreSQL", flow.rows_quantity, "in Parquet", flow.parquet_quantity),
        ("pairs of product and minute in PostgreSQL", flow.row_periods, "results", flow.results),
        ("results", flow.results, "points of the models", flow.points),
        ("results", flow.results, "rows in Parquet", flow.parquet_rows),
        ("alerts in the results", flow.alerts, "messages in the inbox", flow.messages),
        ("messages in the inbox", flow.messages, "different ones", flow.distinct_messages),
    ]
    return [f"{one:,} {what}, but {other:,} {where}" for what, one, where, other in pairs if one != other]


def count_flow(
    database_url: str, bootstrap_servers: str, parquet: Path, messages: Iterable[str], until: datetime
) -> Flow:
    """Look at every place.

    Parameters
    ----------
    database_url, bootstrap_servers
        Where the sales are, and the topics `sales` and `results`.
    parquet
        Folder with the files.
    messages
        Every message of the inbox: a name that a repetition of it shares.
    until
        Sales and periods from this moment on are left out.
    """
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT count(*), coalesce(sum(quantity), 0),"
            " count(DISTINCT (product_name, date_trunc('minute', event_time))) FROM sales WHERE event_time < %s",
            (until,),
        ).fetchone()
    records, books = 0, 0
    for value in _records(bootstrap_servers, "sales"):
        record = json.loads(value)
        if datetime.fromisoformat(record["event_time"]) < until:
            records += 1
            books += record["quantity"]
    results: dict[tuple[str, str], Result] = {}
    for value in _records(bootstrap_servers, "results"):
        with contextlib.suppress(RecordError):
            result = decode(value)
            if result.detection_period_start_time < f"{until:%Y-%m-%d %H:%M:%S}":
                results[result.timeseries_id, result.detection_period_start_time] = result
    last: dict[str, int] = {}
    for result in results.values():
        last[result.timeseries_id] = max(last.get(result.timeseries_id, 0), result.processed_data_points)
    received = list(messages)
    row_count, rows_quantity, row_periods = rows or (0, 0, 0)
    parquet_rows, parquet_quantity = _count_parquet(parquet, until)
    return Flow(
        rows=row_count,
        rows_quantity=rows_quantity,
        row_periods=row_periods,
        records=records,
        records_quantity=books,
        points=sum(last.values()),
        results=len(results),
        results_quantity=round(sum(result.aggregated_measure_value for result in results.values())),
        parquet_rows=parquet_rows,
        parquet_quantity=parquet_quantity,
        alerts=sum(result.alert for result in results.values()),
        messages=len(received),
        distinct_messages=len(set(received)),
    )


def _count_parquet(parquet: Path, until: datetime) -> tuple[int, int]:
    """Count the rows, and the books in them."""
    if not any(parquet.glob("dt=*/*.parquet")):
        return 0, 0
    with duckdb.connect() as database:
        found = database.execute(
            "SELECT count(*), coalesce(sum(aggregated_measure_value), 0)::BIGINT"
            " FROM read_parquet(?, hive_partitioning = true, union_by_name = true)"
            " WHERE detection_period_start_time < ?",
            (f"{parquet}/dt=*/*.parquet", until.replace(tzinfo=None)),
        ).fetchone()
    rows, books = found or (0, 0)
    return rows, books


def _records(bootstrap_servers: str, topic: str) -> Iterable[bytes]:
    return itertools.chain.from_iterable(tail(bootstrap_servers, topic, lambda: True))
