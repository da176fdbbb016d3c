from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from transform_lambda.parquet_files import ConflictError, DestinationError, Files, open_files, pause_seconds

Opener = Callable[[], Files]


@pytest.fixture(params=["directory", "bucket", "bucket with a prefix"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "directory":
        return open_files(str(tmp_path / "a" / "new one"))
    bucket = request.getfixturevalue("bucket")
    return open_files(f"s3://{bucket}" + ("/some/prefix/" if "prefix" in request.param else ""))


def test_a_file_is_read_as_it_was_written(files: Files) -> None:
    with files.alone():
        files.replace("dt=2024-08-29/x.parquet", b"one", None)

    found = files.read("dt=2024-08-29/x.parquet")

    assert found is not None
    assert found.data == b"one"


def test_a_file_that_is_not_there_is_none(files: Files) -> None:
    assert files.read("dt=2024-08-29/x.parquet") is None
    assert files.paths("dt=2024-08-29") == []


def test_a_file_takes_the_place_of_the_version_that_was_read(files: Files) -> None:
    with files.alone():
        files.replace("x", b"one", None)
        found = files.read("x")
        assert found is not None
        files.replace("x", b"two", found.version)

    replaced = files.read("x")
    assert replaced is not None
    assert replaced.data == b"two"


def test_files_are_listed_by_folder(files: Files) -> None:
    with files.alone():
        for path in ("dt=2024-08-29/x.parquet", "dt=2024-08-29/y.parquet", "dt=2024-08-30/x.parquet"):
            files.replace(path, b"", None)

    assert files.paths("dt=2024-08-29") == ["dt=2024-08-29/x.parquet", "dt=2024-08-29/y.parquet"]
    assert len(files.paths()) == 3


def test_a_deleted_file_is_gone_and_may_be_deleted_again(files: Files) -> None:
    with files.alone():
        files.replace("x", b"", None)
        files.delete("x")
        files.delete("x")

    assert files.read("x") is None


def test_a_folder_does_not_list_those_whose_names_begin_like_its_own(files: Files) -> None:
    with files.alone():
        files.replace("dt=1/x", b"", None)
        files.replace("dt=10/x", b"", None)

    assert files.paths("dt=1") == ["dt=1/x"]


def test_an_object_that_another_writer_made_or_changed_or_deleted_is_a_conflict(bucket: str) -> None:
    files, other = open_files(f"s3://{bucket}"), open_files(f"s3://{bucket}")
    files.replace("x", b"one", None)
    found = files.read("x")
    assert found is not None
    other.replace("x", b"two", found.version)

    with pytest.raises(ConflictError, match="x was changed by another writer"):
        files.replace("x", b"three", None)
    with pytest.raises(ConflictError):
        files.replace("x", b"three", found.version)
    other.delete("x")
    with pytest.raises(ConflictError):
        files.replace("x", b"three", found.version)

    assert files.read("x") is None


def test_a_bucket_that_is_not_there_is_its_own_error_and_no_conflict(bucket: str) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        open_files(f"s3://{bucket}-not").replace("x", b"", None)


def test_what_was_not_allowed_is_its_own_error(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = open_files(f"s3://{bucket}")

    def refuse(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "PutObject")

    monkeypatch.setattr(files, "_client", boto3.client("s3"))
    monkeypatch.setattr(files._client, "put_object", refuse)  # type: ignore[attr-defined]

    with pytest.raises(ClientError, match="AccessDenied"):
        files.replace("x", b"", None)


@pytest.mark.parametrize("destination", ["", "gs://bucket/x", "s3:///x", "https://example.org"])
def test_another_kind_of_destination_is_refused(destination: str) -> None:
    with pytest.raises(DestinationError, match="expected a directory or s3://bucket/prefix"):
        open_files(destination)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = open_files(str(tmp_path))
    with files.alone():
        files.replace("dt=1/x.parquet", b"old", None)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"), files.alone():
        files.replace("dt=1/x.parquet", b"new", "")

    assert (tmp_path / "dt=1/x.parquet").read_bytes() == b"old"
    assert [path.name for path in (tmp_path / "dt=1").iterdir()] == ["x.parquet"]


def test_the_next_writer_waits_longer_after_each_conflict_but_never_long() -> None:
    pauses = [pause_seconds(attempt) for attempt in range(20)]

    assert all(0.05 <= pause <= 5 for pause in pauses)
    assert max(pauses[:2]) < min(pauses[4:])
