"""Which format a file is of, by its first bytes and its name."""

import gzip
import io
from pathlib import Path
from typing import BinaryIO, cast

from anomaly.cli.command_errors import CommandError, InputError
from anomaly.cli.tables.csv import CsvTable
from anomaly.cli.tables.table import Table

_NOT_READ = {
    b"PK\x03\x04": "an Excel workbook or a zip archive; save it as CSV first",
    b"PAR1": "a Parquet file; this version reads CSV only",
    b"\xff\xfe": "text in UTF-16 (Excel's 'Unicode text'); save it as 'CSV UTF-8' first",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8 first",
    b'{"': "JSON; this version reads CSV only",
    b"BZh": "a bzip2 file; of the packed files only gzip is read",
    b"\xfd7zXZ": "an xz file; of the packed files only gzip is read",
    b"(\xb5/\xfd": "a zstd file; of the packed files only gzip is read",
}
_NOT_NAMED = {
    ".parquet": "Parquet",
    ".jsonl": "JSON Lines",
    ".ndjson": "JSON Lines",
    ".json": "JSON",
    ".xlsx": "an Excel workbook",
    ".xls": "an Excel workbook",
}


def open_table(stream: io.BufferedReader) -> Table:
    """Open a file of rows, plain or packed, in the format that its first bytes show.

    Parameters
    ----------
    stream
        Where the bytes come from. It must have `peek` and `read1`, as files opened with "rb" do.

    Raises
    ------
    InputError
        When it is empty, or of a format that is not read.
    """
    try:
        start = stream.peek(8)
    except OSError as error:
        msg = f"reading failed: {error.strerror or error}"
        raise InputError(msg) from error
    if start.startswith(b"\x1f\x8b"):
        return CsvTable(cast("BinaryIO", gzip.GzipFile(fileobj=stream)), packed=stream)
    for magic, what in _NOT_READ.items():
        if start.startswith(magic):
            msg = f"this is {what}"
            raise InputError(msg)
    return CsvTable(stream)


def refuse_name(path: Path) -> None:
    """Refuse a file whose name says that it is of another format.

    Raises
    ------
    CommandError
        Naming the format.
    """
    kind = _NOT_NAMED.get(Path(path.name.lower().removesuffix(".gz")).suffix)
    if kind is not None:
        msg = f"{path}: the name says {kind}; this version reads and writes CSV only"
        raise CommandError(msg)
