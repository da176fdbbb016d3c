import re
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_results import files, folders, keys, read, read_by_pyarrow, row

from contracts.flat_results import Row
from transform_lambda.parquet import Compacted, ParquetStore, Written
from transform_lambda.parquet_rows import table_of

DOCS = Path(__file__).parents[2] / "docs" / "parquet.md"


def test_small_files_of_a_finished_day_become_one(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    rows = [row(minute, series) for minute in range(0, 2880, 40) for series in "ab"]
    for index in range(0, len(rows), 2):
        store.write(rows[index : index + 2])
    assert len(files(tmp_path)) == 72

    assert store.compact(date(2024, 8, 30)) == Compacted(36)

    assert folders(tmp_path) == ["dt=2024-08-29", *["dt=2024-08-30"] * 36]
    assert read(tmp_path) == read_by_pyarrow(tmp_path) == keys(rows)


def test_a_compacted_file_is_sorted_by_series_and_time_and_the_same_however_it_was_written(tmp_path: Path) -> None:
    rows = [row(minute, series) for minute in range(30) for series in "ab"]
    for name, size in {"one": 1, "seven": 7}.items():
        store = ParquetStore(str(tmp_path / name))
        for index in range(0, 60, size):
            store.write(rows[index : index + size])
        store.compact(date(2024, 8, 30))

    assert list(files(tmp_path / "one").values()) == list(files(tmp_path / "seven").values())
    table = pq.read_table(next((tmp_path / "one").rglob("*.parquet")))
    order = list(zip(table["timeseries_id"].to_pylist(), table["detection_period_start_time"].to_pylist(), strict=True))
    assert order == sorted(order)


def test_compacting_again_changes_nothing(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path), rows_per_file=4)
    for minute in range(9):
        store.write([row(minute, "a"), row(minute, "b")])
    store.compact(date(2024, 8, 30))
    before = files(tmp_path)

    assert store.compact(date(2024, 8, 30)) == Compacted(0)
    assert files(tmp_path) == before


def test_compacted_files_have_about_the_rows_that_were_asked_for_and_follow_each_other_in_time(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path), rows_per_file=5)
    for minute in range(0, 540, 60):
        store.write([row(minute, "a"), row(minute, "b")])

    store.compact(date(2024, 8, 30))

    sizes = [pq.read_metadata(path).num_rows for path in sorted(tmp_path.rglob("*.parquet"))]
    assert sizes == [6, 6, 6]
    assert read(tmp_path) == keys(row(minute, series) for minute in range(0, 540, 60) for series in "ab")


def test_rows_that_come_after_the_compaction_are_still_told_from_repeats(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    for minute in range(5):
        store.write([row(minute)])
    store.compact(date(2024, 8, 30))

    assert store.write([row(2), row(2, "late")]) == Written(2, 1)

    assert read(tmp_path) == keys([*map(row, range(5)), row(2, "late")])


minutes = st.integers(0, 25) | st.sampled_from([1439, 1440, 1441])
steps = st.lists(st.none() | st.lists(st.tuples(minutes, st.sampled_from("abc")), max_size=8), max_size=8)


@settings(max_examples=40)
@given(steps, st.integers(1, 6))
def test_after_each_writing_and_compaction_a_plain_read_gives_each_row_once(
    tmp_path_factory: pytest.TempPathFactory, given_steps: list[list[tuple[int, str]] | None], rows_per_file: int
) -> None:
    directory = tmp_path_factory.mktemp("store")
    store = ParquetStore(str(directory), rows_per_file)
    written: list[Row] = []
    for step in given_steps:
        if step is None:
            store.compact(date(2024, 8, 31))
        else:
            rows = [row(minute, series) for minute, series in step]
            store.write(rows)
            written += rows
        if written:
            assert read_by_pyarrow(directory) == keys(written)
    assert store.write(written).added == 0


def foreign_file(directory: Path, name: str, rows: list[Row], day: str = "2024-08-29") -> Path:
    path = directory / f"dt={day}" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table_of(rows), path)
    return path


def test_small_files_of_another_writer_become_one_of_ours(tmp_path: Path) -> None:
    ours = [row(minute) for minute in range(5)]
    store = ParquetStore(str(tmp_path))
    store.write(ours)
    theirs = [row(minute, "b") for minute in range(20)]
    for minute, one in enumerate(theirs):
        foreign_file(tmp_path, f"stream-1-{minute}.parquet", [one, theirs[0]])

    done = store.compact(date(2024, 8, 30))

    assert done.left == ()
    assert folders(tmp_path) == ["dt=2024-08-29"]
    assert read(tmp_path) == keys([*ours, *theirs])


def test_rows_under_the_date_of_their_arrival_move_to_that_of_their_period(tmp_path: Path) -> None:
    foreign_file(tmp_path, "stream.parquet", [row(1439), row(1440)], day="2024-08-30")

    ParquetStore(str(tmp_path)).compact(date(2024, 8, 31))

    assert folders(tmp_path) == ["dt=2024-08-29", "dt=2024-08-30"]
    assert [pq.read_table(path).num_rows for path in sorted(tmp_path.rglob("*.parquet"))] == [1, 1]


def test_the_documented_query_finds_rows_of_several_files_once(tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet"):
        foreign_file(tmp_path, name, [row(0), row(1)])
    query = re.search(r"SELECT DISTINCT ON .*FROM read_parquet\(…\)", DOCS.read_text("utf-8"))
    assert query is not None

    rows = duckdb.connect().sql(query[0].replace("…", f"'{tmp_path}/*/*.parquet'")).fetchall()

    assert len(rows) == 2


def test_partitions_that_are_still_written_are_left_alone(tmp_path: Path) -> None:
    foreign_file(tmp_path, "stream.parquet", [row(0)])

    assert ParquetStore(str(tmp_path)).compact(date(2024, 8, 29)) == Compacted(0)
    assert list(files(tmp_path)) == ["dt=2024-08-29/stream.parquet"]


def test_files_of_something_else_stay_and_are_named(tmp_path: Path) -> None:
    (tmp_path / "dt=2024-08-29").mkdir()
    pq.write_table(pa.table({"x": [1]}), tmp_path / "dt=2024-08-29" / "other.parquet")
    (tmp_path / "dt=2024-08-29" / "broken.parquet").write_bytes(b"PAR1")
    foreign_file(tmp_path, "stream.parquet", [row(0)])
    (tmp_path / "notes.parquet").write_bytes(b"")

    done = ParquetStore(str(tmp_path)).compact(date(2024, 8, 30))

    assert done == Compacted(2, ("dt=2024-08-29/broken.parquet", "dt=2024-08-29/other.parquet"))
    assert (tmp_path / "notes.parquet").exists()


def test_a_compaction_that_is_killed_before_it_deletes_loses_nothing_and_the_next_heals_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign_file(tmp_path, "stream.parquet", [row(0), row(1)])
    store = ParquetStore(str(tmp_path))

    def killed(_: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store._storage, "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            store.compact(date(2024, 8, 30))
    assert read(tmp_path) == sorted(keys([row(0), row(1)]) * 2)

    store.compact(date(2024, 8, 30))

    assert read(tmp_path) == keys([row(0), row(1)])
