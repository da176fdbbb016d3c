import base64
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from contracts.results import Result, encode
from readers.errors import EventError, SettingsError
from readers.storage import open_storage
from transform_lambda import parquet_handler
from transform_lambda.parquet_handler import compact_handler, handler


@pytest.fixture(autouse=True)
def new_environment() -> Iterator[None]:
    parquet_handler._store.cache_clear()
    yield
    parquet_handler._store.cache_clear()


@pytest.fixture
def destination(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DESTINATION", str(tmp_path))
    return tmp_path


def event_of(values: list[bytes]) -> dict[str, Any]:
    records = [
        {"topic": "results", "partition": 0, "offset": offset, "value": base64.b64encode(value).decode()}
        for offset, value in enumerate(values)
    ]
    return {"eventSource": "aws:kafka", "records": {"results-0": records}}


def rows(directory: Path) -> list[str]:
    return [
        str(row) for path in directory.rglob("*.parquet") for row in pq.read_table(path)["timeseries_id"].to_pylist()
    ]


def test_results_are_stored_and_no_record_is_reported_as_failed(result: Result, destination: Path) -> None:
    assert handler(event_of([encode(result)]), None) == {"batchItemFailures": []}

    assert rows(destination) == [result.timeseries_id]


def test_an_event_that_comes_again_adds_nothing(result: Result, destination: Path) -> None:
    event = event_of([encode(result), b"?"])
    handler(event, None)

    handler(event, None)

    assert rows(destination) == [result.timeseries_id]
    assert [path.name for path in (destination / "_rejected").iterdir()] == ["results-0-1.json"]


def test_it_writes_to_a_bucket(result: Result, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION", f"s3://{bucket}/some/where")

    handler(event_of([encode(result), b"?"]), None)

    paths = [file.path for file in open_storage(f"s3://{bucket}", os.environ).files()]
    assert len(paths) == 2
    assert all(
        path.startswith(("some/where/dt=2024-08-29/", "some/where/_rejected/results-0-1.json")) for path in paths
    )


def test_one_line_is_logged_and_no_payload(result: Result, destination: Path, caplog: pytest.LogCaptureFixture) -> None:
    canary = msgspec.structs.replace(result, detector_name="canary-7f3a")

    with caplog.at_level(logging.DEBUG, "transform_lambda"):
        handler(event_of([encode(canary), b"canary-7f3a", b""]), None)

    assert destination.exists()
    assert [record.getMessage() for record in caplog.records] == ["stored rows=1 added=1 rejected=1 empty=1"]


def test_small_files_of_finished_days_are_merged_on_schedule(result: Result, destination: Path) -> None:
    for number in range(3):
        handler(event_of([encode(msgspec.structs.replace(result, timeseries_id=f"{number}"))]), None)

    compact_handler({}, None)

    assert len(list(destination.rglob("*.parquet"))) == 1
    assert sorted(rows(destination)) == ["0", "1", "2"]


def test_an_event_of_another_service_is_an_error(destination: Path) -> None:
    with pytest.raises(EventError, match="Kafka trigger"):
        handler({"Records": []}, None)
    assert not list(destination.iterdir())


def test_missing_settings_are_an_error_that_names_them(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DESTINATION", raising=False)

    with pytest.raises(SettingsError, match="DESTINATION is not set"):
        handler(event_of([encode(result)]), None)
