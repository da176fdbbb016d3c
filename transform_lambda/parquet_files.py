"""Where the files lie: a directory or an S3 bucket, in which a file is there whole, or not at all.

A writer that reads a file and writes it anew must know that nobody else changed it since: a directory lets one writer
in at a time (`Files.alone`), S3 compares the version that was read with the one that is there.
"""

import contextlib
import fcntl
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_S3 = re.compile(r"s3://([^/]+)(?:/(.*))?")
_TEMPORARY = ".writing"


class DestinationError(ValueError):
    """A destination that is neither a directory nor a bucket."""


class ConflictError(RuntimeError):
    """Somebody else changed a file between its reading and its writing."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file's bytes, and the version that they are."""

    data: bytes
    version: str


class Files(Protocol):
    """Files by their paths relative to a destination, with ``/`` between the parts."""

    def paths(self, folder: str = "") -> list[str]:
        """List the files of a folder and of those in it."""

    def read(self, path: str) -> Found | None:
        """Read a whole file, None if there is none."""

    def replace(self, path: str, data: bytes, version: str | None) -> str:
        """Write a file in one step; return its new version.

        Parameters
        ----------
        path
            Of the file; its folder need not exist.
        data
            All of it.
        version
            That it must have: of `Found`, None if it must not exist yet.

        Raises
        ------
        ConflictError
            If it has not; nothing was written.
        """

    def delete(self, path: str) -> None:
        """Delete a file."""

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Keep other writers out, where `replace` cannot tell."""


def open_files(destination: str) -> Files:
    """Find the kind of a destination.

    Parameters
    ----------
    destination
        A directory, or ``s3://bucket/prefix``. boto3 finds credentials, region and endpoint as it always does.

    Raises
    ------
    DestinationError
        If it is empty or another kind of address.
    """
    if match := _S3.fullmatch(destination):
        import boto3  # here, because a directory must not wait for it
        from botocore.config import Config

        client = boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 5}))
        return Bucket(client, match[1], (match[2] or "").strip("/"))
    if not destination or "://" in destination:
        msg = f"the destination is {destination!r}, expected a directory or s3://bucket/prefix"
        raise DestinationError(msg)
    return Directory(Path(destination))


class Directory:
    """Files in a directory of this machine; made at the first writing."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def paths(self, folder: str = "") -> list[str]:
        """List the files of a folder and of those in it, without those that are being written."""
        found = (self._root / folder).rglob("*")
        return sorted(str(path.relative_to(self._root)) for path in found if path.is_file() and path.name[0] != ".")

    def read(self, path: str) -> Found | None:
        """Read a whole file, None if there is none."""
        try:
            return Found((self._root / path).read_bytes(), "")
        except FileNotFoundError:
            return None

    def replace(self, path: str, data: bytes, version: str | None) -> str:  # noqa: ARG002 - alone() sees to it
        """Write a file in one step: under a name that readers skip, to the disk, then renamed."""
        target = self._root / path
        _make_folder(target.parent)
        # One writer at a time, so what a killed one left behind is written over by the next.
        temporary = target.with_name(_TEMPORARY)
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
        return ""

    def delete(self, path: str) -> None:
        """Delete a file."""
        (self._root / path).unlink(missing_ok=True)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other writer, of this process or another, is at work; the lock ends with its process."""
        _make_folder(self._root)
        with (self._root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class Bucket:
    """Files in an S3 bucket; it needs conditional writes, as S3 has them."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def paths(self, folder: str = "") -> list[str]:
        """List the objects under a folder."""
        prefix = self._prefix + (f"{folder}/" if folder else "")
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [item["Key"].removeprefix(self._prefix) for page in pages for item in page.get("Contents", ())]

    def read(self, path: str) -> Found | None:
        """Read a whole object, None if there is none."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + path)
        except self._client.exceptions.NoSuchKey:
            return None
        return Found(answer["Body"].read(), answer["ETag"])

    def replace(self, path: str, data: bytes, version: str | None) -> str:
        """Write an object if it still is what was read."""
        key = self._prefix + path
        try:
            if version is None:
                answer = self._client.put_object(Bucket=self._bucket, Key=key, Body=data, IfNoneMatch="*")
            else:
                answer = self._client.put_object(Bucket=self._bucket, Key=key, Body=data, IfMatch=version)
        except self._client.exceptions.ClientError as error:
            # 412: another version is there; 409: another writer is at it; 404: it was deleted.
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") not in {404, 409, 412}:
                raise
            if error.response.get("Error", {}).get("Code") == "NoSuchBucket":
                raise
            msg = f"{path} was changed by another writer"
            raise ConflictError(msg) from error
        return answer["ETag"]

    def delete(self, path: str) -> None:
        """Delete an object."""
        self._client.delete_object(Bucket=self._bucket, Key=self._prefix + path)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep nobody out: `replace` tells."""
        yield


def pause_seconds(attempt: int) -> float:
    """Choose how long to wait after a conflict: longer each time, and not what the other writer chose."""
    return random.uniform(0.5, 1.0) * min(0.1 * 2.0**attempt, 5.0)  # noqa: S311 - no secret


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
