from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stored_results import keys, read_stored, row, stored_tables

from readers.storage import Storage
from transform_lambda.parquet import ParquetStore, Written

BOTH_DAYS = [row(1439), row(1440)]


@pytest.fixture(params=["folder", "bucket"])
def destination(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path)
    return f"s3://{request.getfixturevalue('bucket')}/results"


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


def dying_store(destination: str, step: int) -> ParquetStore:
    store = ParquetStore(destination)
    store._storage = Dying(store._storage, step)  # type: ignore[assignment]
    return store


@pytest.mark.parametrize("step", range(1, 5))
def test_a_writer_that_dies_leaves_each_row_once_and_the_next_adds_what_is_missing(destination: str, step: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        dying_store(destination, step).write(BOTH_DAYS)

    found = read_stored(destination)
    assert set(found) <= set(keys(BOTH_DAYS))
    assert len(found) == len(set(found))

    other = ParquetStore(destination)
    other.write([*BOTH_DAYS, row(0)])
    assert read_stored(destination) == keys([*BOTH_DAYS, row(0)])
    other.compact(date(2024, 8, 31))
    assert read_stored(destination) == keys([*BOTH_DAYS, row(0)])


@pytest.mark.parametrize("step", range(1, 11))
def test_a_compaction_that_dies_loses_no_row_and_the_next_one_ends_it(destination: str, step: int) -> None:
    other = ParquetStore(destination)
    for minute in range(4):
        other.write([row(minute)])
    with pytest.raises(KeyboardInterrupt):
        dying_store(destination, step).compact(date(2024, 8, 30))

    found = read_stored(destination)
    assert set(found) == set(keys(map(row, range(4))))
    assert (len(found) > 4) == (2 <= step < 10)

    assert other.write([row(1), row(1, "late")]) == Written(2, 1)
    other.compact(date(2024, 8, 30))
    assert read_stored(destination) == keys([*map(row, range(4)), row(1, "late")])
    assert len(stored_tables(destination)) == 1
