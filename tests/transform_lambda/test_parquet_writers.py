import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stored_results import Key, keys, read, read_by_pyarrow, read_stored, row, stored_tables

from readers.storage import ConflictError, Storage
from transform_lambda.parquet import ParquetStore, Written


def write_all(directory: str, minutes: list[int]) -> None:
    store = ParquetStore(directory)
    for minute in minutes:
        store.write([row(minute, series) for series in "ab"])


def test_writers_at_the_same_time_and_a_reader_between_them_see_each_row_once(tmp_path: Path) -> None:
    ParquetStore(str(tmp_path)).write([row(0)])
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
    assert read(tmp_path) == keys(row(minute, series) for minute in range(18) for series in "ab")


class Interrupted:
    """A bucket to which another writer comes before the first reading, creating or deleting."""

    def __init__(self, storage: Storage, interrupt: Callable[[], object], before: str) -> None:
        self._storage = storage
        self._interrupt = interrupt
        self._before = before
        self.conflicts = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._storage, name)

    def read(self, path: str) -> bytes | None:
        self._now("read")
        return self._storage.read(path)

    def create(self, path: str, data: bytes) -> None:
        self._now("create")
        try:
            self._storage.create(path, data)
        except ConflictError:
            self.conflicts += 1
            raise

    def delete(self, path: str) -> None:
        self._now("delete")
        self._storage.delete(path)

    def _now(self, step: str) -> None:
        if step == self._before:
            self._before = ""
            self._interrupt()


def interrupted_store(
    bucket: str, interrupt: Callable[[], object], before: str = "create"
) -> tuple[ParquetStore, Interrupted]:
    store = ParquetStore(f"s3://{bucket}/results")
    store._storage = interrupted = Interrupted(store._storage, interrupt, before)  # type: ignore[assignment]
    return store, interrupted


@pytest.mark.parametrize("existing", [0, 3], ids=["a new partition", "a partition"])
def test_two_writers_of_a_bucket_lose_and_repeat_no_row_of_each_other(bucket: str, existing: int) -> None:
    other = ParquetStore(f"s3://{bucket}/results")
    other.write([row(minute) for minute in range(existing)])
    both = [row(minute, "both") for minute in range(5)]
    store, interrupted = interrupted_store(bucket, lambda: other.write(both))

    assert store.write([*both, row(7, "mine")]) == Written(6, 1)

    assert interrupted.conflicts == 1
    assert read_stored(f"s3://{bucket}/results") == keys([*map(row, range(existing)), *both, row(7, "mine")])


def test_a_writer_that_is_overtaken_by_writers_and_a_compaction_takes_its_repeats_away(bucket: str) -> None:
    other = ParquetStore(f"s3://{bucket}/results")
    both = [row(minute) for minute in range(5)]

    def overtake() -> None:
        other.write(both[:3])
        other.write(both[3:])
        other.compact(date(2024, 8, 30))

    store, _ = interrupted_store(bucket, overtake)

    store.write([*both, row(9)])

    assert read_stored(f"s3://{bucket}/results") == keys([*both, row(9)])


def test_a_writer_whose_listed_files_are_compacted_away_looks_again(bucket: str) -> None:
    other = ParquetStore(f"s3://{bucket}/results")
    for minute in range(4):
        other.write([row(minute)])
    store, _ = interrupted_store(bucket, lambda: other.compact(date(2024, 8, 30)), "read")

    assert store.write([row(2), row(9)]) == Written(2, 1)

    assert read_stored(f"s3://{bucket}/results") == keys([*map(row, range(4)), row(9)])


@pytest.mark.parametrize("before", ["read", "create", "delete"])
def test_a_compaction_and_a_writer_of_a_bucket_at_the_same_time_lose_and_repeat_nothing(
    bucket: str, before: str
) -> None:
    other = ParquetStore(f"s3://{bucket}/results")
    for minute in range(4):
        other.write([row(minute)])
    store, _ = interrupted_store(bucket, lambda: other.write([row(2), row(2, "late")]), before)

    store.compact(date(2024, 8, 30))

    assert read_stored(f"s3://{bucket}/results") == keys([*map(row, range(4)), row(2, "late")])
    store.compact(date(2024, 8, 30))
    assert read_stored(f"s3://{bucket}/results") == keys([*map(row, range(4)), row(2, "late")])
    assert len(stored_tables(f"s3://{bucket}/results")) == 1


@pytest.mark.parametrize("before", ["read", "create", "delete"])
def test_two_compactions_of_a_bucket_at_the_same_time_lose_and_repeat_nothing(bucket: str, before: str) -> None:
    other = ParquetStore(f"s3://{bucket}/results")
    for minute in range(4):
        other.write([row(minute)])
    store, interrupted = interrupted_store(bucket, lambda: other.compact(date(2024, 8, 30)), before)

    store.compact(date(2024, 8, 30))

    assert interrupted.conflicts == (before == "create")
    assert read_stored(f"s3://{bucket}/results") == keys(map(row, range(4)))


def test_a_writer_that_is_never_first_gives_up_with_an_error(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ParquetStore(f"s3://{bucket}/results")

    def always_late(*_: object) -> None:
        msg = "changed"
        raise ConflictError(msg)

    monkeypatch.setattr("transform_lambda.parquet._pause_seconds", lambda _: 0)
    monkeypatch.setattr(store._storage, "create", always_late)

    with pytest.raises(ConflictError):
        store.write([row(0)])


def test_threads_that_write_and_compact_one_bucket_lose_and_repeat_nothing(bucket: str) -> None:
    rows = [row(minute, series) for minute in range(0, 240, 20) for series in "ab"]

    def work(number: int) -> None:
        store = ParquetStore(f"s3://{bucket}/results")
        for index in range(len(rows)):
            if number:
                store.write(rows[index : index + 2])
            else:
                store.compact(date(2024, 8, 30))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))

    assert read_stored(f"s3://{bucket}/results") == keys(rows)
