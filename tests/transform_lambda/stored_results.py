"""Rows of results in miniature, and what readers find of them in a folder or a bucket."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from contracts.flat_results import Row, flatten
from contracts.results import Result
from readers.storage import open_storage

BASE = Result("d", "m", "s", 70, (), 1.0, 0.0, "2024-08-29 00:00:00", "2024-08-29 00:01:00", 1, 0.0, 0, "LEARNING", 0.0)

Key = tuple[str, str]


def row(minute: int, series: str = "a", **fields: Any) -> Row:  # noqa: ANN401
    day, minute = divmod(minute, 1440)
    start = f"2024-08-{29 + day} {minute // 60:02d}:{minute % 60:02d}:00"
    return flatten(msgspec.structs.replace(BASE, timeseries_id=series, detection_period_start_time=start, **fields))


def keys(rows: Iterable[Row]) -> list[Key]:
    return sorted({(one["timeseries_id"], one["detection_period_start_time"]) for one in rows})


def read(directory: Path) -> list[Key]:
    """Read all files as any reader would."""
    rows = duckdb.connect().sql(
        f"SELECT timeseries_id, strftime(detection_period_start_time, '%Y-%m-%d %H:%M:%S') AS start "  # noqa: S608
        f"FROM read_parquet('{directory}/*/*.parquet', hive_partitioning = true, union_by_name = true) ORDER BY ALL"
    )
    return rows.fetchall()


def read_by_pyarrow(directory: Path) -> list[Key]:
    partitioning = ds.partitioning(pa.schema([("dt", pa.date32())]), flavor="hive")
    table = ds.dataset(directory, partitioning=partitioning, format="parquet").to_table()
    starts = [f"{start}" for start in table["detection_period_start_time"].to_pylist()]
    return sorted(zip(table["timeseries_id"].to_pylist(), starts, strict=True))


def files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*.parquet"))}


def folders(directory: Path) -> list[str]:
    """Name the folder of each file."""
    return [name.partition("/")[0] for name in files(directory)]


def stored_tables(destination: str) -> list[pa.Table]:
    """Read each Parquet file of a folder or a bucket."""
    storage = open_storage(destination, os.environ)
    paths = [file.path for file in storage.files() if file.path.endswith(".parquet")]
    return [pq.read_table(pa.BufferReader(storage.read(path))) for path in paths]


def read_stored(destination: str) -> list[Key]:
    return sorted(
        (series, f"{start}")
        for table in stored_tables(destination)
        for series, start in zip(
            table["timeseries_id"].to_pylist(), table["detection_period_start_time"].to_pylist(), strict=True
        )
    )
