"""Where results lie: the Parquet files of a folder or of an S3 prefix, and how DuckDB reads them.

The date in a file's path (`dt=YYYY-MM-DD`) is read here, as text, so that nobody infers its type and a query opens
the files of its days only. Files are never changed once written, so a path with its version stands for its content.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import dataset, fs, parquet

from contracts.arrow_types import ARROW_TYPES
from contracts.flat_results import COLUMNS, PARTITION_COLUMN
from dashboard.errors import DashboardError
from dashboard.queries import is_read
from readers.storage import Bucket, Storage, StorageError, open_storage

READ_COLUMNS = tuple(column for column in COLUMNS if is_read(column.name))
"""The columns of a flat result that the page is made of."""

_DAY = re.compile(rf"(?:^|/){PARTITION_COLUMN}=(\d{{4}}-\d{{2}}-\d{{2}})/")


@dataclass(frozen=True, slots=True)
class File:
    """One Parquet file."""

    path: str
    """As pyarrow and DuckDB read it."""
    day: str
    """`YYYY-MM-DD` out of the path; empty where the path has none."""
    version: str
    """Changes when the file is replaced by another of the same path."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What stands behind FROM, and the parameters it needs."""

    sql: str
    parameters: dict[str, Any] = field(default_factory=dict)


class Source:
    """A place with results.

    Parameters
    ----------
    name
        What people call it.
    storage
        Of its files.
    """

    def __init__(self, name: str, storage: Storage) -> None:
        self.name = name
        self._storage = storage
        self._schema = pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in READ_COLUMNS])

    def list_files(self) -> tuple[File, ...]:
        """List `*.parquet`; names that begin with a dot or an underscore are being written and do not count.

        Raises
        ------
        DashboardError
            If the place is not there; one without files is none.
        """
        try:
            kind = self._storage.arrow.get_file_info(self._storage.root).type
            found = self._storage.files() if kind == fs.FileType.Directory else []
        except OSError as error:
            msg = f"{self.name}: cannot be listed ({error}); {self._advice()}"
            raise DashboardError(msg) from error
        if kind != fs.FileType.Directory:
            there = "a file" if kind == fs.FileType.File else "nothing"
            expected = f"a folder with {PARTITION_COLUMN}=YYYY-MM-DD/*.parquet"
            msg = f"{self.name}: found {there}, expected {expected}; {self._advice()}"
            raise DashboardError(msg)
        return tuple(
            File(f"{self._storage.root}/{file.path}", _day(f"{self._storage.root}/{file.path}"), file.version)
            for file in found
            if _is_result(file.path.rpartition("/")[2])
        )

    def missing_columns(self, file: File) -> list[str]:
        """Tell which columns a file of results would have and this one has not."""
        names = set(parquet.read_schema(file.path, filesystem=self._storage.arrow).names)
        return [column.name for column in READ_COLUMNS if column.name not in names]

    def relation(self, connection: duckdb.DuckDBPyConnection, files: Sequence[File]) -> Relation:
        """Make at least one file readable by a connection; columns that a file lacks are null."""
        if isinstance(self._storage, Bucket):  # DuckDB's own S3 extension is a download; pyarrow takes its filters
            paths = [file.path for file in files]
            connection.register("objects", dataset.dataset(paths, self._schema, "parquet", self._storage.arrow))
            return Relation("objects")
        # hive_partitioning is off because the days are chosen by path already, and folders above may look like others.
        return Relation(
            "read_parquet($files, union_by_name = true, hive_partitioning = false)",
            {"files": [_without_wildcards(file.path) for file in files]},
        )

    def _advice(self) -> str:
        if isinstance(self._storage, Bucket):
            return "check the address, AWS_REGION, and that the credentials allow s3:ListBucket and s3:GetObject"
        return "give the folder that the results are written to"


def open_source(location: str, environment: Mapping[str, str]) -> Source:
    """Open the place with results.

    Parameters
    ----------
    location
        A folder's path, or `s3://bucket/prefix`.
    environment
        See `readers.storage.open_storage`.

    Raises
    ------
    DashboardError
        If it is another kind of address.
    """
    try:
        return Source(location, open_storage(location, environment))
    except StorageError as error:
        msg = f"SOURCE: {error}"
        raise DashboardError(msg) from error


def _is_result(name: str) -> bool:
    return name.endswith(".parquet") and not name.startswith((".", "_"))


def _day(path: str) -> str:
    days: list[str] = _DAY.findall(path)
    return days[-1] if days else ""


def _without_wildcards(path: str) -> str:
    return re.sub(r"([\[*?])", r"[\1]", path)
