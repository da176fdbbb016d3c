import itertools
import multiprocessing
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.deadletters import DeadLetter
from contracts.flat_results import dimension_column, flatten
from contracts.results import Dimension, RecordError, Result
from transform_lambda.parquet import Compacted, ParquetStore, Written
from transform_lambda.parquet_files import ConflictError, Found, open_files
from transform_lambda.parquet_log import LogError
from transform_lambda.parquet_rows import count, table_of

BASE = Result("d", "m", "s", 70, (), 1.0, 0.0, "2024-08-29 00:00:00", "2024-08-29 00:01:00", 1, 0.0, 0, "LEARNING", 0.0)

Key = tuple[str, str]

DOCS = Path(__file__).parents[2] / "docs" / "parquet.md"


def result(minute: int, series: str = "a", **fields: Any) -> Result:  # noqa: ANN401
    day, minute = divmod(minute, 1440)
    start = f"2024-08-{29 + day} {minute // 60:02d}:{minute % 60:02d}:00"
    return msgspec.structs.replace(BASE, timeseries_id=series, detection_period_start_time=start, **fields)


def keys(results: Iterable[Result]) -> list[Key]:
    return sorted({(one.timeseries_id, one.detection_period_start_time) for one in results})


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


def test_rows_lie_under_the_date_of_their_period_not_of_their_writing(tmp_path: Path) -> None:
    ParquetStore(str(tmp_path)).write([result(1439), result(1440)])

    assert folders(tmp_path) == ["dt=2024-08-29", "dt=2024-08-30"]
    rows = duckdb.read_parquet(f"{tmp_path}/*/*.parquet", hive_partitioning=True)
    assert sorted(rows.project("dt, detection_period_start_time::DATE").fetchall()) == [
        (date(2024, 8, 29), date(2024, 8, 29)),
        (date(2024, 8, 30), date(2024, 8, 30)),
    ]


def test_both_readers_find_what_was_written(tmp_path: Path) -> None:
    results = [result(minute, series) for minute in (0, 1, 1440) for series in "ab"]

    assert ParquetStore(str(tmp_path)).write(results) == Written(6, 6)

    assert read(tmp_path) == read_by_pyarrow(tmp_path) == keys(results)


def test_detectors_with_different_dimensions_share_a_folder(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    store.write([result(0, "a", dimension_list=(Dimension("store", "3"),))])
    store.write([result(1440, "b", dimension_list=(Dimension("Store", "x"), Dimension("é", "\0")))])

    rows = duckdb.read_parquet(f"{tmp_path}/*/*.parquet", hive_partitioning=True, union_by_name=True).order("dt")

    expected = {"dim_store", dimension_column("Store"), dimension_column("é")}
    assert {column for column in rows.columns if column.startswith("dim_")} == expected
    assert [row[rows.columns.index("dimensions")] for row in rows.fetchall()] == [
        {"store": "3"},
        {"Store": "x", "é": "\0"},
    ]


def test_the_same_records_twice_change_no_byte(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    results = [result(minute, series) for minute in range(10) for series in "ab"]
    store.write(results)
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.rglob("*.parquet")}

    assert store.write(results) == Written(20, 0)
    assert ParquetStore(str(tmp_path)).write(reversed(results)) == Written(20, 0)

    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.rglob("*.parquet")} == before


def test_the_same_records_in_other_batches_add_only_what_was_not_there(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    results = [result(minute, series) for minute in range(10) for series in "ab"]
    store.write(results[:7])

    assert store.write(results[3:12]) == Written(9, 5)
    assert store.write(results) == Written(20, 8)

    assert read(tmp_path) == keys(results)


def test_writing_changes_no_file_that_is_there(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    store.write([result(0), result(1)])
    before = {path: path.stat().st_ino for path in tmp_path.rglob("*.parquet")}

    store.write([result(1), result(2)])

    assert before.items() <= {path: path.stat().st_ino for path in tmp_path.rglob("*.parquet")}.items()


def test_small_files_of_a_finished_day_become_one(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    results = [result(minute, series) for minute in range(0, 2880, 40) for series in "ab"]
    for index in range(0, len(results), 2):
        store.write(results[index : index + 2])
    assert len(files(tmp_path)) == 72

    assert store.compact(date(2024, 8, 30)) == Compacted(36)

    assert folders(tmp_path) == ["dt=2024-08-29", *["dt=2024-08-30"] * 36]
    assert read(tmp_path) == read_by_pyarrow(tmp_path) == keys(results)


def test_a_compacted_file_is_sorted_by_series_and_time_and_the_same_however_it_was_written(tmp_path: Path) -> None:
    results = [result(minute, series) for minute in range(30) for series in "ab"]
    for name, size in {"one": 1, "seven": 7}.items():
        store = ParquetStore(str(tmp_path / name))
        for index in range(0, 60, size):
            store.write(results[index : index + size])
        store.compact(date(2024, 8, 30))

    assert list(files(tmp_path / "one").values()) == list(files(tmp_path / "seven").values())
    table = pq.read_table(next((tmp_path / "one").rglob("*.parquet")))
    order = list(zip(table["timeseries_id"].to_pylist(), table["detection_period_start_time"].to_pylist(), strict=True))
    assert order == sorted(order)


def test_compacting_again_changes_nothing(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path), rows_per_file=4)
    for minute in range(9):
        store.write([result(minute, "a"), result(minute, "b")])
    store.compact(date(2024, 8, 30))
    before = files(tmp_path)

    assert store.compact(date(2024, 8, 30)) == Compacted(0)
    assert files(tmp_path) == before


def test_compacted_files_have_about_the_rows_that_were_asked_for_and_follow_each_other_in_time(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path), rows_per_file=5)
    for minute in range(9):
        store.write([result(minute, "a"), result(minute, "b")])

    store.compact(date(2024, 8, 30))

    sizes = [pq.read_metadata(path).num_rows for path in sorted(tmp_path.rglob("*.parquet"))]
    assert sizes == [6, 6, 6]
    assert read(tmp_path) == keys(result(minute, series) for minute in range(9) for series in "ab")


def test_rows_that_come_after_the_compaction_are_still_told_from_repeats(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    for minute in range(5):
        store.write([result(minute)])
    store.compact(date(2024, 8, 30))

    assert store.write([result(2), result(2, "late")]) == Written(2, 1)

    assert read(tmp_path) == keys([*map(result, range(5)), result(2, "late")])


@pytest.mark.parametrize("last", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_the_first_and_the_last_second_there_is_can_be_stored(tmp_path: Path, last: str) -> None:
    store = ParquetStore(str(tmp_path))
    for series in "abc":
        store.write([msgspec.structs.replace(BASE, timeseries_id=series, detection_period_start_time=last)])

    assert read(tmp_path) == [(series, last) for series in "abc"]


minutes = st.integers(0, 25) | st.sampled_from([1439, 1440, 1441])
steps = st.lists(st.none() | st.lists(st.tuples(minutes, st.sampled_from("abc")), max_size=8), max_size=8)


@settings(max_examples=40)
@given(steps, st.integers(1, 6))
def test_after_each_writing_and_compaction_a_plain_read_gives_each_row_once(
    tmp_path_factory: pytest.TempPathFactory, given_steps: list[list[tuple[int, str]] | None], rows_per_file: int
) -> None:
    directory = tmp_path_factory.mktemp("store")
    store = ParquetStore(str(directory), rows_per_file)
    written: list[Result] = []
    for step in given_steps:
        if step is None:
            store.compact(date(2024, 8, 31))
        else:
            results = [result(minute, series) for minute, series in step]
            store.write(results)
            written += results
        if written:
            assert read_by_pyarrow(directory) == keys(written)
    assert store.write(written).added == 0


def test_the_first_content_of_a_row_counts(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    store.write([result(minute) for minute in range(6)])

    store.write([result(1, anomaly_score=5.0)])

    assert pq.read_table(next(tmp_path.rglob("*.parquet")))["anomaly_score"].to_pylist() == [0.0] * 6
    assert len(read(tmp_path)) == 6


def test_a_result_that_no_row_can_hold_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no timestamp"):
        ParquetStore(str(tmp_path)).write([result(0, detection_period_end_time="soon")])


def test_nothing_to_write_is_nothing_written(tmp_path: Path) -> None:
    assert ParquetStore(str(tmp_path / "new")).write([]) == Written(0, 0)
    assert not (tmp_path / "new").exists()


def test_more_results_than_fit_into_memory_are_written_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transform_lambda.parquet._WRITTEN_AT_ONCE", 10)
    taken = []

    def endless() -> Iterable[Result]:
        for minute in range(30):
            taken.append(len(files(tmp_path)))
            yield result(minute)

    ParquetStore(str(tmp_path)).write(endless())

    assert taken == [0] * 10 + [1] * 10 + [2] * 10
    assert len(read(tmp_path)) == 30


# `os._exit` runs no handler and flushes nothing, as a kill; after each call that touches the disk.
KILL_SCRIPT = textwrap.dedent(
    """
    import os, pathlib, sys
    from datetime import date
    from contracts.results import decode
    from transform_lambda.parquet import ParquetStore

    directory, last = sys.argv[1], int(sys.argv[2])
    store = ParquetStore(directory)
    results = [decode(line) for line in sys.stdin.buffer]
    step = 0

    def killing(function):
        def call(*arguments, **named):
            global step
            value = function(*arguments, **named)
            step += 1
            if step == last:
                os._exit(9)
            return value
        return call

    os.fsync = killing(os.fsync)
    for name in ("open", "replace", "mkdir", "unlink"):
        setattr(pathlib.Path, name, killing(getattr(pathlib.Path, name)))
    if results:
        store.write(results)
    else:
        store.compact(date(2024, 8, 31))
    """
)


def work_and_be_killed(directory: Path, results: list[Result], step: int) -> bool:
    """Write, or without results compact; return whether that was killed, not done before."""
    lines = b"".join(msgspec.json.encode(one) + b"\n" for one in results)
    command = [sys.executable, "-c", KILL_SCRIPT, str(directory), str(step)]
    run = subprocess.run(command, input=lines, capture_output=True, check=False)
    assert run.returncode in {0, 9}, run.stderr.decode()
    return run.returncode == 9


BEFORE = [result(minute, series) for minute in range(1437, 1440) for series in "ab"]


def store_with_small_files(directory: Path) -> ParquetStore:
    store = ParquetStore(str(directory))
    for index in range(0, len(BEFORE), 2):
        store.write(BEFORE[index : index + 2])
    return store


def kill_at_each_step(tmp_path: Path, results: list[Result], check: Callable[[Path, ParquetStore], None]) -> int:
    """Return at how many steps it was killed."""
    for step in itertools.count(1):
        directory = tmp_path / f"{step}"
        store = store_with_small_files(directory)
        if not work_and_be_killed(directory, results, step):
            return step - 1
        check(directory, store)
    raise AssertionError("counting has no end")


@pytest.mark.slow
def test_a_writer_that_is_killed_at_any_step_leaves_each_row_once_and_the_next_adds_what_is_missing(
    tmp_path: Path,
) -> None:
    added = [result(minute, series) for minute in range(1436, 1441) for series in "abc"]

    def check(directory: Path, store: ParquetStore) -> None:
        found = read(directory)
        assert set(keys(BEFORE)) <= set(found) <= set(keys([*BEFORE, *added]))
        assert len(found) == len(set(found))
        assert read_by_pyarrow(directory) == found

        store.write(added)

        assert read(directory) == keys([*BEFORE, *added])
        assert not list(directory.rglob(".writing*"))

    assert kill_at_each_step(tmp_path, added, check) > 15


@pytest.mark.slow
def test_a_compaction_that_is_killed_at_any_step_loses_no_row_and_the_next_writing_ends_it(tmp_path: Path) -> None:
    twice = 0

    def check(directory: Path, store: ParquetStore) -> None:
        nonlocal twice
        found = read(directory)
        assert set(found) == set(keys(BEFORE))
        twice += len(found) > len(set(found))

        assert store.write([*BEFORE, result(1438, "late")]) == Written(7, 1)

        assert read(directory) == keys([*BEFORE, result(1438, "late")])
        store.compact(date(2024, 8, 31))
        assert read(directory) == keys([*BEFORE, result(1438, "late")])
        # Another may be there, empty, in the place of one that was announced.
        assert [data for data in files(directory).values() if count(data)] == [
            max(files(directory).values(), key=count)
        ]

    assert kill_at_each_step(tmp_path, [], check) > 10
    assert twice


def write_all(directory: str, minutes: list[int]) -> None:
    store = ParquetStore(directory)
    for minute in minutes:
        store.write([result(minute, series) for series in "ab"])


def test_writers_at_the_same_time_and_a_reader_between_them_see_each_row_once(tmp_path: Path) -> None:
    ParquetStore(str(tmp_path)).write([result(0)])
    spawn = multiprocessing.get_context("spawn")
    # Each minute is written by two of the three.
    shares = [[m for m in range(18) if m % 3 != n] for n in range(3)]
    writers = [spawn.Process(target=write_all, args=(str(tmp_path), share)) for share in shares]
    for writer in writers:
        writer.start()
    seen: set[Key] = set()
    reads = 0
    while any(writer.is_alive() for writer in writers):
        for reader in (read, read_by_pyarrow):
            found = reader(tmp_path)
            assert len(found) == len(set(found))
            assert seen <= set(found)
            seen = set(found)
            reads += 1
    assert [writer.exitcode for writer in writers] == [0, 0, 0]

    assert reads > 2
    assert read(tmp_path) == keys(result(minute, series) for minute in range(18) for series in "ab")


class Dying:
    """Files whose user dies before or after a step that changes them."""

    def __init__(self, destination: str, step: int) -> None:
        self._files = open_files(destination)
        self._step = step

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._files, name)

    def _live_or_die(self) -> None:
        self._step -= 1
        if self._step == 0:
            raise KeyboardInterrupt

    def replace(self, path: str, data: bytes, version: str | None) -> str:
        self._live_or_die()
        new = self._files.replace(path, data, version)
        self._live_or_die()
        return new

    def delete(self, path: str) -> None:
        self._live_or_die()
        self._files.delete(path)
        self._live_or_die()


@pytest.mark.parametrize("step", range(1, 9))
def test_a_writer_of_a_bucket_that_dies_leaves_each_row_once_and_the_next_adds_what_is_missing(
    bucket: str, step: int
) -> None:
    first = [result(1439), result(1440)]
    store = ParquetStore(f"s3://{bucket}/results")
    store._files = Dying(f"s3://{bucket}/results", step)
    with pytest.raises(KeyboardInterrupt):
        store.write(first)

    found = read_bucket(bucket)
    assert set(found) <= set(keys(first))
    assert len(found) == len(set(found))

    other = ParquetStore(f"s3://{bucket}/results")
    other.write([*first, result(0)])
    assert read_bucket(bucket) == keys([*first, result(0)])
    other.compact(date(2024, 8, 31))
    assert read_bucket(bucket) == keys([*first, result(0)])


@pytest.mark.parametrize(("step", "then"), [(step, ("write", "compact")[step // 2 % 2]) for step in range(1, 13)])
def test_a_compaction_of_a_bucket_that_dies_loses_no_row_and_the_next_one_to_come_ends_it(
    bucket: str, step: int, then: str
) -> None:
    other = ParquetStore(f"s3://{bucket}/results")
    for minute in range(4):
        other.write([result(minute)])
    store = ParquetStore(f"s3://{bucket}/results")
    store._files = Dying(f"s3://{bucket}/results", step)
    with pytest.raises(KeyboardInterrupt):
        store.compact(date(2024, 8, 30))

    assert set(read_bucket(bucket)) == set(keys(map(result, range(4))))

    if then == "write":
        other.write([result(1)])
    else:
        other.compact(date(2024, 8, 30))
    assert read_bucket(bucket) == keys(map(result, range(4)))


def test_a_file_that_nobody_announced_is_taken_for_another_writers(bucket: str) -> None:
    store = ParquetStore(f"s3://{bucket}/results")
    store.write([result(0)])
    files = open_files(f"s3://{bucket}/results")
    path = next(path for path in files.paths() if path.endswith(".parquet"))
    files.replace(path[:-40] + "f" * 32 + ".parquet", found_at(files.read(path)).data, None)

    store.compact(date(2024, 8, 30))

    assert read_bucket(bucket) == keys([result(0)])


class Interrupted:
    """Files in a bucket to which another writer comes before the first or a later writing."""

    def __init__(self, destination: str, interrupt: Callable[[], object], before: int) -> None:
        self._files = open_files(destination)
        self._interrupt = interrupt
        self._before = before
        self.conflicts = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._files, name)

    def replace(self, path: str, data: bytes, version: str | None) -> str:
        self._before -= 1
        if self._before == 0:
            self._interrupt()
        try:
            return self._files.replace(path, data, version)
        except ConflictError:
            self.conflicts += 1
            raise


def read_bucket(bucket: str) -> list[Key]:
    store = open_files(f"s3://{bucket}/results")
    tables = [
        pq.read_table(pa.BufferReader(found_at(store.read(path)).data)) for path in store.paths() if path.endswith("t")
    ]
    return sorted(
        (series, f"{start}")
        for table in tables
        for series, start in zip(
            table["timeseries_id"].to_pylist(), table["detection_period_start_time"].to_pylist(), strict=True
        )
    )


def rows_of_files(bucket: str) -> list[int]:
    store = open_files(f"s3://{bucket}/results")
    paths = [path for path in store.paths() if path.endswith(".parquet")]
    return [pq.read_metadata(pa.BufferReader(found_at(store.read(path)).data)).num_rows for path in paths]


def found_at(found: Found | None) -> Found:
    assert found is not None
    return found


def interrupted_store(
    bucket: str, interrupt: Callable[[], object], before: int = 1
) -> tuple[ParquetStore, Interrupted]:
    store = ParquetStore(f"s3://{bucket}/results")
    store._files = interrupted = Interrupted(f"s3://{bucket}/results", interrupt, before)
    return store, interrupted


@pytest.mark.parametrize("existing", [0, 3], ids=["a new partition", "a partition"])
def test_two_writers_of_a_bucket_lose_and_repeat_no_row_of_each_other(bucket: str, existing: int) -> None:
    other = ParquetStore(f"s3://{bucket}/results")
    other.write([result(minute) for minute in range(existing)])
    both = [result(minute, "both") for minute in range(5)]
    store, interrupted = interrupted_store(bucket, lambda: other.write(both))

    assert store.write([*both, result(7, "mine")]) == Written(6, 1)

    assert interrupted.conflicts == 1
    assert read_bucket(bucket) == keys([*map(result, range(existing)), *both, result(7, "mine")])


def test_a_writer_that_stops_between_announcing_and_writing_is_overtaken_and_then_begins_anew(bucket: str) -> None:
    other = ParquetStore(f"s3://{bucket}/results")
    both = [result(minute) for minute in range(5)]
    # The second writing is that of the rows; the other one finds them announced, and not there.
    store, interrupted = interrupted_store(bucket, lambda: other.write(both), before=2)

    assert store.write([*both, result(9)]) == Written(6, 1)

    assert interrupted.conflicts == 1
    assert read_bucket(bucket) == keys([*both, result(9)])


def test_a_writer_that_is_overtaken_by_a_writer_and_a_compaction_begins_anew_as_well(bucket: str) -> None:
    other = ParquetStore(f"s3://{bucket}/results")
    both = [result(minute) for minute in range(5)]

    def overtake() -> None:
        other.write(both[:3])
        other.write(both[3:])
        other.compact(date(2024, 8, 30))

    store, interrupted = interrupted_store(bucket, overtake, before=2)

    store.write(both)

    assert interrupted.conflicts == 1
    assert read_bucket(bucket) == keys(both)


@pytest.mark.parametrize("before", [1, 2, 3])
def test_a_compaction_and_a_writer_of_a_bucket_at_the_same_time_lose_and_repeat_nothing(
    bucket: str, before: int
) -> None:
    other = ParquetStore(f"s3://{bucket}/results")
    for minute in range(4):
        other.write([result(minute)])
    store, _ = interrupted_store(bucket, lambda: other.write([result(2), result(2, "late")]), before=before)

    store.compact(date(2024, 8, 30))

    assert read_bucket(bucket) == keys([*map(result, range(4)), result(2, "late")])
    store.compact(date(2024, 8, 30))
    assert read_bucket(bucket) == keys([*map(result, range(4)), result(2, "late")])
    assert 5 in rows_of_files(bucket)
    assert sum(rows_of_files(bucket)) == 5  # another may be there, empty, to prevent one that was announced


@pytest.mark.parametrize("before", [1, 2, 3])
def test_two_compactions_of_a_bucket_at_the_same_time_lose_and_repeat_nothing(bucket: str, before: int) -> None:
    other = ParquetStore(f"s3://{bucket}/results")
    for minute in range(4):
        other.write([result(minute)])
    store, _ = interrupted_store(bucket, lambda: other.compact(date(2024, 8, 30)), before=before)

    store.compact(date(2024, 8, 30))

    assert read_bucket(bucket) == keys(map(result, range(4)))


def test_a_file_that_was_deleted_by_hand_stays_deleted_but_its_rows_may_come_again(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    store.write([result(0)])
    next(tmp_path.rglob("*.parquet")).unlink()

    assert store.write([result(0)]) == Written(1, 1)
    assert read(tmp_path) == keys([result(0)])


def test_a_damaged_log_is_an_error_that_names_it(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path))
    store.write([result(0)])
    (tmp_path / "dt=2024-08-29" / "_files.json").write_bytes(b'{"names":["../../x"]}')

    with pytest.raises(LogError, match=r"a damaged _files\.json: it names a file that is not ours"):
        store.write([result(1)])


def test_a_writer_that_is_never_first_gives_up_with_an_error(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ParquetStore(f"s3://{bucket}/results")

    def always_late(*_: object) -> None:
        raise ConflictError("changed")

    monkeypatch.setattr("transform_lambda.parquet.pause_seconds", lambda _: 0)
    monkeypatch.setattr(store._files, "replace", always_late)

    with pytest.raises(ConflictError):
        store.write([result(0)])


def test_threads_that_write_one_bucket_lose_and_repeat_nothing(bucket: str) -> None:
    def write(number: int) -> None:
        store = ParquetStore(f"s3://{bucket}/results/{number % 2}")
        for minute in range(0, 40, 10):
            store.write([result(at, f"s{number // 2}") for at in range(minute, minute + 10)])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(4)))

    assert len(read_bucket(bucket)) == 160


def test_pyarrow_reads_a_bucket_as_a_partitioned_table(bucket: str, aws: dict[str, str]) -> None:
    ParquetStore(f"s3://{bucket}/results").write([result(0), result(1440)])
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


def foreign_file(directory: Path, name: str, results: list[Result], day: str = "2024-08-29") -> Path:
    path = directory / f"dt={day}" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table_of([flatten(one) for one in results]), path)
    return path


def test_small_files_of_another_writer_become_one_of_ours(tmp_path: Path) -> None:
    ours = [result(minute) for minute in range(5)]
    store = ParquetStore(str(tmp_path))
    store.write(ours)
    theirs = [result(minute, "b") for minute in range(20)]
    for minute, one in enumerate(theirs):
        foreign_file(tmp_path, f"stream-1-{minute}.parquet", [one, theirs[0]])

    done = store.compact(date(2024, 8, 30))

    assert done.left == ()
    assert folders(tmp_path) == ["dt=2024-08-29"]
    assert read(tmp_path) == keys([*ours, *theirs])


def test_rows_under_the_date_of_their_arrival_move_to_that_of_their_period(tmp_path: Path) -> None:
    foreign_file(tmp_path, "stream.parquet", [result(1439), result(1440)], day="2024-08-30")

    ParquetStore(str(tmp_path)).compact(date(2024, 8, 31))

    assert folders(tmp_path) == ["dt=2024-08-29", "dt=2024-08-30"]
    assert [pq.read_table(path).num_rows for path in sorted(tmp_path.rglob("*.parquet"))] == [1, 1]


def test_the_documented_query_finds_rows_of_several_files_once(tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet"):
        foreign_file(tmp_path, name, [result(0), result(1)])
    query = re.search(r"SELECT DISTINCT ON .*FROM read_parquet\(…\)", DOCS.read_text("utf-8"))
    assert query is not None

    rows = duckdb.connect().sql(query[0].replace("…", f"'{tmp_path}/*/*.parquet'")).fetchall()

    assert len(rows) == 2


def test_partitions_that_are_still_written_are_left_alone(tmp_path: Path) -> None:
    foreign_file(tmp_path, "stream.parquet", [result(0)])

    assert ParquetStore(str(tmp_path)).compact(date(2024, 8, 29)) == Compacted(0)
    assert list(files(tmp_path)) == ["dt=2024-08-29/stream.parquet"]


def test_files_of_something_else_stay_and_are_named(tmp_path: Path) -> None:
    (tmp_path / "dt=2024-08-29").mkdir()
    pq.write_table(pa.table({"x": [1]}), tmp_path / "dt=2024-08-29" / "other.parquet")
    (tmp_path / "dt=2024-08-29" / "broken.parquet").write_bytes(b"PAR1")
    foreign_file(tmp_path, "stream.parquet", [result(0)])
    (tmp_path / "notes.parquet").write_bytes(b"")

    done = ParquetStore(str(tmp_path)).compact(date(2024, 8, 30))

    assert done == Compacted(1, ("dt=2024-08-29/broken.parquet", "dt=2024-08-29/other.parquet"))
    assert (tmp_path / "notes.parquet").exists()


def test_a_compaction_that_is_killed_before_it_deletes_loses_nothing_and_the_next_heals_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign_file(tmp_path, "stream.parquet", [result(0), result(1)])
    store = ParquetStore(str(tmp_path))

    def killed(_: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store._files, "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            store.compact(date(2024, 8, 30))
    assert read(tmp_path) == sorted(keys([result(0), result(1)]) * 2)

    store.compact(date(2024, 8, 30))

    assert read(tmp_path) == keys([result(0), result(1)])
