import itertools
import os
import sys
from pathlib import Path
from subprocess import run

import boto3
import pytest
from botocore.exceptions import ClientError
from imports import loaded_by

from readers.storage import ConflictError, Storage, StorageError, open_storage


@pytest.fixture(params=["folder", "bucket", "bucket with a prefix"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return open_storage(str(tmp_path / "a" / "new one"), {})
    bucket = request.getfixturevalue("bucket")
    return open_storage(f"s3://{bucket}" + ("/some/prefix/" if "prefix" in request.param else ""), os.environ)


def paths(storage: Storage, folder: str = "") -> list[str]:
    return [file.path for file in storage.files(folder)]


@pytest.mark.parametrize("path", ["x", "dt=2024-08-29/x.parquet", "dt=2024-08-29/é 1%20 [*].parquet"])
def test_a_file_is_listed_and_read_as_it_was_written(storage: Storage, path: str) -> None:
    storage.create(path, b"one")

    assert storage.read(path) == b"one"
    assert paths(storage) == [path]


def test_a_file_that_is_not_there_is_none(storage: Storage) -> None:
    assert storage.read("dt=2024-08-29/x.parquet") is None
    assert storage.files("dt=2024-08-29") == []
    assert storage.files() == []


def test_a_file_that_is_there_is_not_created_again(storage: Storage) -> None:
    storage.create("x", b"one")

    with pytest.raises(ConflictError, match="x is there already, expected none; look again"):
        storage.create("x", b"two")

    assert storage.read("x") == b"one"


def test_files_are_listed_by_folder_and_not_with_one_whose_name_begins_alike(storage: Storage) -> None:
    for path in ("dt=1/y", "dt=1/x", "dt=10/x"):
        storage.create(path, b"")

    assert paths(storage, "dt=1") == ["dt=1/x", "dt=1/y"]
    assert len(paths(storage)) == 3


def test_a_deleted_file_is_gone_and_may_be_deleted_and_made_again(storage: Storage) -> None:
    storage.create("x", b"")
    storage.delete("x")
    storage.delete("x")
    assert storage.files() == []

    storage.create("x", b"new")

    assert storage.read("x") == b"new"


def test_another_file_of_the_same_path_has_another_version(storage: Storage) -> None:
    storage.create("x", b"one")
    before = storage.files()
    storage.delete("x")
    storage.create("x", b"other")

    assert storage.files() != before


def test_a_bucket_that_is_not_there_is_its_own_error_and_no_conflict(bucket: str) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        open_storage(f"s3://{bucket}-not", os.environ).create("x", b"")


def test_what_was_not_allowed_is_its_own_error(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = open_storage(f"s3://{bucket}", os.environ)
    client = boto3.client("s3")

    def refuse(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "PutObject")

    monkeypatch.setattr(client, "put_object", refuse)
    monkeypatch.setattr(storage, "_client", client, raising=False)

    with pytest.raises(ClientError, match="AccessDenied"):
        storage.create("x", b"")


@pytest.mark.parametrize("location", ["", "gs://bucket/x", "s3:///x", "https://example.org"])
def test_another_kind_of_address_is_refused(location: str) -> None:
    with pytest.raises(StorageError, match="expected a folder or s3://bucket/prefix"):
        open_storage(location, {})


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = open_storage(str(tmp_path), {})

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "dt=1").mkdir()
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        storage.create("dt=1/x.parquet", b"new")

    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [".lock"]


# `os._exit` runs no handler and flushes nothing, as a kill; after each call that touches the disk.
KILLED = """
import os, pathlib, sys
from readers.storage import open_storage

left = int(sys.argv[2])

def killing(function):
    def call(*arguments, **named):
        global left
        value = function(*arguments, **named)
        left -= 1
        if not left:
            os._exit(9)
        return value
    return call

storage = open_storage(sys.argv[1], {})
os.fsync = killing(os.fsync)
for name in ("open", "replace", "mkdir"):
    setattr(pathlib.Path, name, killing(getattr(pathlib.Path, name)))
storage.create("dt=1/x", b"killed")
"""


def test_a_writer_killed_at_any_step_leaves_a_whole_file_or_none_and_nothing_to_clean_up(
    tmp_path: Path,
) -> None:
    kills = 0
    for step in itertools.count(1):
        storage = open_storage(str(tmp_path / f"{step}"), {})
        if run([sys.executable, "-c", KILLED, storage.root, f"{step}"], check=False).returncode == 0:
            break
        kills += 1
        if storage.files():
            assert storage.read("dt=1/x") == b"killed"
        else:
            storage.create("dt=1/x", b"next")
        assert sorted(path.name for path in Path(storage.root).rglob("*") if path.is_file()) == [".lock", "x"]
    assert kills > 6


def test_it_costs_nothing_to_import() -> None:
    assert not {"pyarrow", "boto3", "botocore"} & loaded_by("readers.storage")
