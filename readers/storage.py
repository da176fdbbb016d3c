"""Files in a folder of this machine or below an S3 prefix, each there whole or not at all, and never changed.

pyarrow lists both, and whoever only reads may read through it. What it lacks is here: a file that is written only if
there is none, and one that is read in one step, or not at all if it is being deleted.
"""

import fcntl
import functools
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_S3 = re.compile(r"s3://([^/]+)(?:/(.*))?")


class StorageError(ValueError):
    """An address that is neither a folder's nor a bucket's."""


class ConflictError(RuntimeError):
    """A file is there that was to be created."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that was found."""

    path: str
    """From the root, with `/` between the parts."""
    version: str
    """Another one when a file of the same path takes its place."""


class Storage(ABC):
    """A place for files.

    Parameters
    ----------
    arrow
        The `pyarrow.fs.FileSystem` that has them.
    root
        Path of the place in that file system.
    """

    def __init__(self, arrow: Any, root: str) -> None:  # noqa: ANN401 - pyarrow publishes no types
        self.arrow = arrow
        self.root = root

    def files(self, folder: str = "") -> list[File]:
        """List the files of a folder and of those in it, but for names with a dot at their beginning; at least none."""
        from pyarrow.fs import FileSelector

        below = f"{self.root}/{folder}".rstrip("/")
        found = self.arrow.get_file_info(FileSelector(below, recursive=True, allow_not_found=True))
        return sorted(
            (
                File(info.path.removeprefix(f"{self.root}/"), f"{info.size} {info.mtime_ns}")
                for info in found
                if info.is_file and not info.base_name.startswith(".")
            ),
            key=lambda file: file.path,
        )

    @abstractmethod
    def read(self, path: str) -> bytes | None:
        """Read a whole file; None if there is none."""

    @abstractmethod
    def create(self, path: str, data: bytes) -> None:
        """Write a file in one step; return when it is on the disk or in the bucket.

        Raises
        ------
        ConflictError
            If there is one; it stays as it is.
        """

    @abstractmethod
    def delete(self, path: str) -> None:
        """Delete a file, if it is there."""


def is_place(location: str) -> bool:
    """Tell whether an address is a folder's or a bucket's."""
    return _S3.fullmatch(location) is not None or (location != "" and "://" not in location)


def open_storage(location: str, environment: Mapping[str, str]) -> Storage:
    """Find the kind of a place.

    Parameters
    ----------
    location
        A folder's path, or `s3://bucket/prefix`.
    environment
        For S3: `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`, and `AWS_REGION` or `AWS_DEFAULT_REGION`; credentials are
        looked up as AWS's tools do.

    Raises
    ------
    StorageError
        If it is empty or another kind of address.
    """
    if not is_place(location):
        msg = f"found {location!r}, expected a folder or s3://bucket/prefix"
        raise StorageError(msg)
    if match := _S3.fullmatch(location):
        return Bucket(match[1], (match[2] or "").strip("/"), environment)
    return Directory(Path(location))


class Directory(Storage):
    """Files in a folder of this machine; made with the first file."""

    def __init__(self, root: Path) -> None:
        from pyarrow.fs import LocalFileSystem

        super().__init__(LocalFileSystem(), str(root.absolute()))

    def read(self, path: str) -> bytes | None:
        """Read a whole file; None if there is none."""
        try:
            return Path(self.root, path).read_bytes()
        except FileNotFoundError:
            return None

    def create(self, path: str, data: bytes) -> None:
        """Write under a name that readers skip, to the disk, then rename it; the lock ends with its process."""
        target = Path(self.root, path)
        _make_folder(target.parent)
        with Path(self.root, ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if target.exists():
                raise ConflictError(_there(path))
            # One writer at a time, so what a killed one left is written over by the next.
            draft = Path(self.root, ".writing")
            try:
                with draft.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(target)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
            _sync_folder(target.parent)

    def delete(self, path: str) -> None:
        """Delete a file, if it is there."""
        Path(self.root, path).unlink(missing_ok=True)


class Bucket(Storage):
    """Objects below a prefix of an S3 bucket; it needs conditional writes, as S3 has them."""

    def __init__(self, bucket: str, prefix: str, environment: Mapping[str, str]) -> None:
        from pyarrow.fs import S3FileSystem

        arrow = S3FileSystem(
            endpoint_override=environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or None,
            region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or None,
        )
        super().__init__(arrow, f"{bucket}/{prefix}".rstrip("/"))
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    @functools.cached_property
    def _client(self) -> "S3Client":
        import boto3  # who only lists, and reads through `arrow`, does not need it
        from botocore.config import Config

        return boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 5}))

    def read(self, path: str) -> bytes | None:
        """Read a whole object in one request, as pyarrow does not; None if there is none."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=self._prefix + path)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None

    def create(self, path: str, data: bytes) -> None:
        """Write an object if there is none."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + path, Body=data, IfNoneMatch="*")
        except self._client.exceptions.ClientError as error:
            # 412: there is one; 409: another writer is at it.
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") not in {409, 412}:
                raise
            raise ConflictError(_there(path)) from error

    def delete(self, path: str) -> None:
        """Delete an object, if it is there."""
        self._client.delete_object(Bucket=self._bucket, Key=self._prefix + path)


def _there(path: str) -> str:
    return f"{path} is there already, expected none; look again what is there"


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
