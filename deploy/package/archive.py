"""Write a zip whose bytes depend on nothing but the names and contents of its files."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

_LEVEL = 6
_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can hold."""
_READABLE_BY_ALL = 0o100644
"""Services run code as a user of their own."""
_UNIX = 3


def write_zip(path: Path, entries: Mapping[str, Path]) -> None:
    """Write a zip file, all of it or nothing.

    Parameters
    ----------
    path
        The file to write; one that is there is replaced.
    entries
        Files by their name inside the zip.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with zipfile.ZipFile(unfinished, "w") as archive:
            for name in sorted(entries):
                member = zipfile.ZipInfo(name, _TIME)
                member.create_system = _UNIX
                member.external_attr = _READABLE_BY_ALL << 16
                archive.writestr(member, entries[name].read_bytes(), zipfile.ZIP_DEFLATED, _LEVEL)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
