from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from bookstore.pipeline.archive import ParquetFiles
from contracts.flat_results import encode_row, flatten
from contracts.results import Dimension, Result

START = datetime(2024, 9, 2, 23, 50)  # noqa: DTZ001 - as results have it


def row(minute: int) -> bytes:
    start = START + timedelta(minutes=minute)
    times = [f"{time:%Y-%m-%d %H:%M:%S}" for time in (start, start + timedelta(minutes=1))]
    dimensions = (Dimension("product_name", "item-A"),)
    result = Result(
        *("anybooks", "quantity", "f3c7", 70, dimensions, 20.0, 0.0, *times, minute + 1, 50.0, 0, "INFERENCE", 19.0)
    )
    return encode_row(flatten(result))


def files(folder: Path, day: str) -> int:
    return len(list((folder / f"dt={day}").glob("*.parquet")))


def minutes(folder: Path) -> list[int]:
    points = f"SELECT processed_data_points FROM read_parquet('{folder}/dt=*/*.parquet') ORDER BY 1"  # noqa: S608
    return [point - 1 for (point,) in duckdb.sql(points).fetchall()]


def test_the_small_files_of_a_day_are_merged_when_the_next_day_begins(tmp_path: Path) -> None:
    archive = ParquetFiles(tmp_path)
    for minute in range(10):
        archive.deliver([row(minute)])
    before = files(tmp_path, "2024-09-02")

    archive.deliver([row(10)])

    assert before == 10
    assert files(tmp_path, "2024-09-02") == 1
    assert minutes(tmp_path) == list(range(11))


def test_rows_that_are_delivered_again_are_there_once(tmp_path: Path) -> None:
    ParquetFiles(tmp_path).deliver([row(minute) for minute in range(12)])
    ParquetFiles(tmp_path).deliver([row(minute) for minute in range(5, 15)])

    assert minutes(tmp_path) == list(range(15))
