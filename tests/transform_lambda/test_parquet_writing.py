from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import msgspec
import pyarrow.dataset as ds
import pyarrow.fs
import pyarrow.parquet as pq
import pytest
from stored_results import files, folders, keys, read, read_by_pyarrow, row

from contracts.deadletters import DeadLetter
from contracts.flat_results import Row, dimension_column
from contracts.results import Dimension
from transform_lambda.parquet import ParquetStore, Written


def test_rows_lie_under_the_date_of_their_period_not_of_their_writing(tmp_path: Path) -> None:
    ParquetStore(str(tmp_path)).write([row(1439), row(1440)])

    assert folders(tmp_path) == ["dt=2024-08-29", "dt=2024-08-30"]
    rows = duckdb.read_parquet(f"{tmp_path}/*/*.parquet", hive_partitioning=True)
    assert sorted(rows.project("dt, detection_period_start_time::DATE").fetchall()) == [
        (date(2024, 8, 29), date(2024, 8, 29)),
        (date(2024, 8, 30), date(2024, 8, 30)),
    ]


def test_both_readers_find_what_was_written(tmp_path: Path) -> None:
    rows = [row(minute, series) for minute in (0, 1, 1440) for series in "ab"]

    assert ParquetStore(str(tmp_path)).write(rows) == Written(6, 6)

    assert read(tmp_path) == read_by_pyarrow(tmp_path) == keys(rows)


def test_detectors_with_different_dimensions_share_a_folder(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    store.write([row(0, "a", dimension_list=(Dimension("store", "3"),))])
    store.write([row(1440, "b", dimension_list=(Dimension("Store", "x"), Dimension("é", "\0")))])

    rows = duckdb.read_parquet(f"{tmp_path}/*/*.parquet", hive_partitioning=True, union_by_name=True).order("dt")

    expected = {"dim_store", dimension_column("Store"), dimension_column("é")}
    assert {column for column in rows.columns if column.startswith("dim_")} == expected
    assert [row[rows.columns.index("dimensions")] for row in rows.fetchall()] == [
        {"store": "3"},
        {"Store": "x", "é": "\0"},
    ]


def test_the_same_records_twice_change_no_byte(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    rows = [row(minute, series) for minute in range(10) for series in "ab"]
    store.write(rows)
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.rglob("*.parquet")}

    assert store.write(rows) == Written(20, 0)
    assert ParquetStore(str(tmp_path)).write(reversed(rows)) == Written(20, 0)

    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.rglob("*.parquet")} == before


def test_the_same_records_in_other_batches_add_only_what_was_not_there(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    rows = [row(minute, series) for minute in range(10) for series in "ab"]
    store.write(rows[:7])

    assert store.write(rows[3:12]) == Written(9, 5)
    assert store.write(rows) == Written(20, 8)

    assert read(tmp_path) == keys(rows)


def test_writing_changes_no_file_that_is_there(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    store.write([row(0), row(1)])
    before = {path: path.stat().st_ino for path in tmp_path.rglob("*.parquet")}

    store.write([row(1), row(2)])

    assert before.items() <= {path: path.stat().st_ino for path in tmp_path.rglob("*.parquet")}.items()


@pytest.mark.parametrize("last", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_the_first_and_the_last_second_there_is_can_be_stored(tmp_path: Path, last: str) -> None:
    store = ParquetStore(str(tmp_path))
    for series in "abc":
        store.write([row(0, series) | {"detection_period_start_time": last}])

    assert read(tmp_path) == [(series, last) for series in "abc"]


def test_the_first_content_of_a_row_counts(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    store.write([row(minute) for minute in range(6)])

    store.write([row(1, anomaly_score=5.0)])

    assert pq.read_table(next(tmp_path.rglob("*.parquet")))["anomaly_score"].to_pylist() == [0.0] * 6
    assert len(read(tmp_path)) == 6


def test_nothing_to_write_is_nothing_written(tmp_path: Path) -> None:
    assert ParquetStore(str(tmp_path / "new")).write([]) == Written(0, 0)
    assert not (tmp_path / "new").exists()


def test_more_results_than_fit_into_memory_are_written_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transform_lambda.parquet._WRITTEN_AT_ONCE", 10)
    taken = []

    def endless() -> Iterable[Row]:
        for minute in range(30):
            taken.append(len(files(tmp_path)))
            yield row(minute)

    ParquetStore(str(tmp_path)).write(endless())

    assert taken == [0] * 10 + [1] * 10 + [2] * 10
    assert len(read(tmp_path)) == 30


def test_a_file_that_was_deleted_by_hand_stays_deleted_but_its_rows_may_come_again(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    store.write([row(0)])
    next(tmp_path.rglob("*.parquet")).unlink()

    assert store.write([row(0)]) == Written(1, 1)
    assert read(tmp_path) == keys([row(0)])


def test_pyarrow_reads_a_bucket_as_a_partitioned_table(bucket: str, aws: dict[str, str]) -> None:
    ParquetStore(f"s3://{bucket}/results").write([row(0), row(1440)])
    s3 = pyarrow.fs.S3FileSystem(
        endpoint_override=aws["AWS_ENDPOINT_URL"],
        access_key=aws["AWS_ACCESS_KEY_ID"],
        secret_key=aws["AWS_SECRET_ACCESS_KEY"],
        region=aws["AWS_REGION"],
    )

    table = ds.dataset(f"{bucket}/results", filesystem=s3, partitioning="hive", format="parquet").to_table()

    assert table["dt"].to_pylist() == ["2024-08-29", "2024-08-30"]


def test_a_record_that_is_no_result_is_kept_once(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    letter = DeadLetter("not_a_result", "results", 3, 17, 1, "e30=", "base64", 2)

    store.reject([letter])
    store.reject([letter])

    (kept,) = (tmp_path / "_rejected").iterdir()
    assert kept.name == "results-3-17.json"
    assert msgspec.json.decode(kept.read_bytes(), type=DeadLetter) == letter
