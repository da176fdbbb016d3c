import itertools
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from stored_results import (
    bucket_storage,
    files,
    keys,
    read,
    read_bucket,
    read_by_pyarrow,
    row,
)

from contracts.flat_results import Row
from readers.storage import Storage
from transform_lambda.parquet import ParquetStore, Written

# `os._exit` runs no handler and flushes nothing, as a kill; after each call that touches the disk.
KILL_SCRIPT = textwrap.dedent(
    """
    import json, os, pathlib, sys
    from datetime import date
    from transform_lambda.parquet import ParquetStore

    directory, last = sys.argv[1], int(sys.argv[2])
    store = ParquetStore(directory)
    rows = json.load(sys.stdin)
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
    if rows:
        store.write(rows)
    else:
        store.compact(date(2024, 8, 31))
    """
)


def work_and_be_killed(directory: Path, rows: list[Row], step: int) -> bool:
    """Write, or without rows compact; return whether that was killed, not done before."""
    command = [sys.executable, "-c", KILL_SCRIPT, str(directory), str(step)]
    run = subprocess.run(command, input=msgspec.json.encode(rows), capture_output=True, check=False)
    assert run.returncode in {0, 9}, run.stderr.decode()
    return run.returncode == 9


BEFORE = [row(minute, series) for minute in range(1437, 1440) for series in "ab"]


def store_with_small_files(directory: Path) -> ParquetStore:
    store = ParquetStore(str(directory))
    for index in range(0, len(BEFORE), 2):
        store.write(BEFORE[index : index + 2])
    return store


def kill_at_each_step(tmp_path: Path, rows: list[Row], check: Callable[[Path, ParquetStore], None]) -> int:
    """Return at how many steps it was killed."""
    for step in itertools.count(1):
        directory = tmp_path / f"{step}"
        store = store_with_small_files(directory)
        if not work_and_be_killed(directory, rows, step):
            return step - 1
        check(directory, store)
    msg = "counting has no end"
    raise AssertionError(msg)


@pytest.mark.slow
def test_a_writer_that_is_killed_at_any_step_leaves_each_row_once_and_the_next_adds_what_is_missing(
    tmp_path: Path,
) -> None:
    added = [row(minute, series) for minute in range(1436, 1441) for series in "abc"]

    def check(directory: Path, store: ParquetStore) -> None:
        found = read(directory)
        assert set(keys(BEFORE)) <= set(found) <= set(keys([*BEFORE, *added]))
        assert len(found) == len(set(found))
        assert read_by_pyarrow(directory) == found

        store.write(added)

        assert read(directory) == keys([*BEFORE, *added])
        assert not list(directory.rglob(".writing*"))

    assert kill_at_each_step(tmp_path, added, check) > 10


@pytest.mark.slow
def test_a_compaction_that_is_killed_at_any_step_loses_no_row_and_the_next_one_ends_it(tmp_path: Path) -> None:
    twice = 0

    def check(directory: Path, store: ParquetStore) -> None:
        nonlocal twice
        found = read(directory)
        assert set(found) == set(keys(BEFORE))
        twice += len(found) > len(set(found))

        assert store.write([*BEFORE, row(1438, "late")]) == Written(7, 1)

        store.compact(date(2024, 8, 31))
        assert read(directory) == keys([*BEFORE, row(1438, "late")])
        assert len(files(directory)) == 1

    assert kill_at_each_step(tmp_path, [], check) > 6
    assert twice


class Dying:
    """A storage whose user dies before or after a step that changes it."""

    def __init__(self, storage: Storage, step: int) -> None:
        self._storage = storage
        self._step = step

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._storage, name)

    def _live_or_die(self) -> None:
        self._step -= 1
        if self._step == 0:
            raise KeyboardInterrupt

    def create(self, path: str, data: bytes) -> None:
        self._live_or_die()
        self._storage.create(path, data)
        self._live_or_die()

    def delete(self, path: str) -> None:
        self._live_or_die()
        self._storage.delete(path)
        self._live_or_die()


@pytest.mark.parametrize("step", range(1, 5))
def test_a_writer_of_a_bucket_that_dies_leaves_each_row_once_and_the_next_adds_what_is_missing(
    bucket: str, step: int
) -> None:
    first = [row(1439), row(1440)]
    store = ParquetStore(f"s3://{bucket}/results")
    store._storage = Dying(bucket_storage(bucket), step)  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        store.write(first)

    found = read_bucket(bucket)
    assert set(found) <= set(keys(first))
    assert len(found) == len(set(found))

    other = ParquetStore(f"s3://{bucket}/results")
    other.write([*first, row(0)])
    assert read_bucket(bucket) == keys([*first, row(0)])
    other.compact(date(2024, 8, 31))
    assert read_bucket(bucket) == keys([*first, row(0)])


@pytest.mark.parametrize("step", range(1, 11))
def test_a_compaction_of_a_bucket_that_dies_loses_no_row_and_the_next_one_ends_it(bucket: str, step: int) -> None:
    other = ParquetStore(f"s3://{bucket}/results")
    for minute in range(4):
        other.write([row(minute)])
    store = ParquetStore(f"s3://{bucket}/results")
    store._storage = Dying(bucket_storage(bucket), step)  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        store.compact(date(2024, 8, 30))

    assert set(read_bucket(bucket)) == set(keys(map(row, range(4))))

    assert other.write([row(1), row(1, "late")]) == Written(2, 1)
    other.compact(date(2024, 8, 30))
    assert read_bucket(bucket) == keys([*map(row, range(4)), row(1, "late")])
