"""Where results lie: the Parquet files of a folder or of an S3 prefix, and how DuckDB reads them.

The date in a file's path (`dt=YYYY-MM-DD`) is read here, as text, so that nobody infers its type and a query opens
the files of its days only. Files are never changed once written, so a path with its version stands for its content.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa
from pyarrow import dataset, fs, parquet

from contracts.flat_results import COLUMNS, PARTITION_COLUMN, Kind
from dashboard.errors import DashboardError
from dashboard.queries import is_read

READ_COLUMNS = tuple(column for column in COLUMNS if is_read(column.name))
"""The columns of a flat result that the page is made of."""

_DAY = re.compile(rf"(?:^|/){PARTITION_COLUMN}=(\d{{4}}-\d{{2}}-\d{{2}})/")
_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.NUMBER: pa.float64(),
    Kind.COUNT: pa.int64(),
    Kind.SMALL: pa.int32(),
    Kind.TIME: pa.timestamp("ms"),
    Kind.TEXTS: pa.map_(pa.string(), pa.string()),
    Kind.NUMBERS: pa.map_(pa.string(), pa.float64()),
}


@dataclass(frozen=True, slots=True)
class File:
    """One Parquet file.

    Parameters
    ----------
    path
        As its source reads it.
    day
        `YYYY-MM-DD` out of the path; empty where the path has none.
    version
        Changes when the file is replaced by another of the same path.
    """

    path: str
    day: str
    version: str


@dataclass(frozen=True, slots=True)
class Relation:
    """What stands behind FROM, and the parameters it needs."""

    sql: str
    parameters: dict[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """A place with results."""

    @property
    def name(self) -> str:
        """What people call it."""

    def list_files(self) -> tuple[File, ...]:
        """List the files as they are now; none is an answer, a place that is not there a `DashboardError`."""

    def columns(self, file: File) -> Sequence[str]:
        """Read the names of a file's columns."""

    def relation(self, connection: duckdb.DuckDBPyConnection, files: Sequence[File]) -> Relation:
        """Make at least one file readable by a connection; columns that a file lacks are null."""


def open_source(location: str, environment: Mapping[str, str]) -> Source:
    """Choose the kind of place.

    Parameters
    ----------
    location
        A folder's path, or `s3://bucket/prefix`.
    environment
        For S3: `AWS_ENDPOINT_URL` (or `AWS_ENDPOINT_URL_S3`) and `AWS_REGION` (or `AWS_DEFAULT_REGION`); credentials
        are looked up as AWS's tools do.

    Raises
    ------
    DashboardError
        If it is another kind of address.
    """
    if location.startswith("s3://"):
        return S3Prefix(location, environment)
    if "://" in location:
        msg = f"SOURCE must be a folder or s3://bucket/prefix, found {location!r}"
        raise DashboardError(msg)
    return Folder(Path(location))


def missing_columns(found: Iterable[str]) -> list[str]:
    """Tell which columns a file of results would have and this one has not."""
    names = set(found)
    return [column.name for column in READ_COLUMNS if column.name not in names]


class Folder:
    """A folder of this machine.

    Parameters
    ----------
    path
        The folder; its subfolders belong to it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The path as it was given."""
        return str(self._path)

    def list_files(self) -> tuple[File, ...]:
        """List `*.parquet`; names that begin with a dot or an underscore are being written and do not count."""
        if not self._path.is_dir():
            found = "a file" if self._path.exists() else "nothing"
            msg = (
                f"{self._path}: found {found}, expected a folder with {PARTITION_COLUMN}=YYYY-MM-DD/*.parquet; "
                f"give the folder that the results are written to"
            )
            raise DashboardError(msg)
        paths = (Path(folder, name) for folder, _, names in os.walk(self._path) for name in names if _is_result(name))
        return tuple(file for path in paths if (file := _stat(path)))

    def columns(self, file: File) -> Sequence[str]:
        """Read the file's footer."""
        return list(parquet.read_schema(file.path).names)

    def relation(self, connection: duckdb.DuckDBPyConnection, files: Sequence[File]) -> Relation:  # noqa: ARG002
        """Let DuckDB read the files itself."""
        # hive_partitioning is off because the days are chosen by path already, and folders above may look like others.
        return Relation(
            "read_parquet($files, union_by_name = true, hive_partitioning = false)",
            {"files": [_without_wildcards(file.path) for file in files]},
        )


class S3Prefix:
    """Objects under an S3 prefix, read through pyarrow: DuckDB's own S3 extension is a download.

    Parameters
    ----------
    location
        `s3://bucket/prefix`.
    environment
        See `open_source`.
    """

    def __init__(self, location: str, environment: Mapping[str, str]) -> None:
        address = urlsplit(location)
        if not address.netloc:
            msg = f"SOURCE must be a folder or s3://bucket/prefix, found {location!r}"
            raise DashboardError(msg)
        self._location = location
        self._prefix = f"{address.netloc}/{address.path.strip('/')}".rstrip("/")
        self._schema = pa.schema([(column.name, _TYPES[column.kind]) for column in READ_COLUMNS])
        endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or None
        self._files = fs.S3FileSystem(
            endpoint_override=endpoint,
            region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or None,
        )

    @property
    def name(self) -> str:
        """The address as it was given."""
        return self._location

    def list_files(self) -> tuple[File, ...]:
        """List the objects whose keys end in `.parquet`."""
        try:
            found = self._files.get_file_info(fs.FileSelector(self._prefix, recursive=True))
        except OSError as error:
            msg = (
                f"{self._location}: cannot be listed ({error}); "
                f"check the address, AWS_REGION, and that the credentials allow s3:ListBucket and s3:GetObject"
            )
            raise DashboardError(msg) from error
        return tuple(
            File(info.path, _day(info.path), f"{info.size} {info.mtime_ns}")
            for info in found
            if info.is_file and _is_result(info.base_name)
        )

    def columns(self, file: File) -> Sequence[str]:
        """Read the object's footer."""
        return list(parquet.read_schema(file.path, filesystem=self._files).names)

    def relation(self, connection: duckdb.DuckDBPyConnection, files: Sequence[File]) -> Relation:
        """Register the objects as a pyarrow dataset, which takes DuckDB's filters and columns."""
        paths = [file.path for file in files]
        connection.register("s3_results", dataset.dataset(paths, self._schema, "parquet", self._files))
        return Relation("s3_results")


def _stat(path: Path) -> File | None:
    try:
        found = path.stat()
    except FileNotFoundError:  # compacted away between listing and looking
        return None
    return File(str(path), _day(path.as_posix()), f"{found.st_size} {found.st_mtime_ns}")


def _is_result(name: str) -> bool:
    return name.endswith(".parquet") and not name.startswith((".", "_"))


def _day(path: str) -> str:
    days: list[str] = _DAY.findall(path)
    return days[-1] if days else ""


def _without_wildcards(path: str) -> str:
    return re.sub(r"([\[*?])", r"[\1]", path)
