"""Writing results: to standard output as they come, or to a file that appears only when it is whole."""

import gzip
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal, cast

from anomaly.cli.command_errors import CommandError


class Output:
    """Writes text as UTF-8; errors other than a closed pipe become an `CommandError` that names the output."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self.failed = False
        """Whether something could not be written."""

    def write(self, text: str) -> None:
        """Write text and hand it on at once, so that a reader at the other end of a pipe sees it.

        Raises
        ------
        BrokenPipeError
            When nobody reads any more.
        CommandError
            When it can't be written: the disk is full, say.
        """
        try:
            self._stream.write(text.encode())
            self._stream.flush()
        except BrokenPipeError:
            self.failed = True
            raise
        except OSError as error:
            self.failed = True
            msg = f"can't write {self._name}: {error.strerror or error}"
            raise CommandError(msg) from error


@contextmanager
def open_output(path: Path | None, source: BinaryIO) -> Iterator[Output]:
    """Open the place for the results.

    A file is written beside its place under another name and moved there at the end, so that it is whole or not
    there; what stood there before stays until then. A name that ends in .gz is packed.

    Parameters
    ----------
    path
        The file; None for standard output.
    source
        The opened input, which must not be the same file.

    Raises
    ------
    CommandError
        When it can't be opened, or is the input.
    """
    if path is None:
        if sys.stdout is None:
            msg = "standard output is closed; give a file with -o"
            raise CommandError(msg)
        _refuse_input(_status(sys.stdout.buffer), source, "standard output")
        output = Output(cast("BinaryIO", sys.stdout.buffer), "standard output")
        try:
            yield output
        finally:
            if output.failed:
                _give_up_stdout()
        return
    target = Path(os.path.realpath(path))
    status = _existing(target, path)
    _refuse_input(status, source, str(path))
    if status is not None and not stat.S_ISREG(status.st_mode):
        device = _open(target, "wb", path)  # /dev/null, a named pipe: nothing to move
        try:
            yield Output(device, str(path))
        finally:
            with suppress(OSError):  # `write` flushes, and has said what could not be written
                device.close()
    else:
        with _moved_into_place(target, path) as stream:
            yield Output(stream, str(path))


@contextmanager
def _moved_into_place(target: Path, path: Path) -> Iterator[BinaryIO]:
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    file = _open(unfinished, "xb", path)
    try:
        with file:
            if target.suffix.lower() == ".gz":
                # No time and no name inside: the same rows give the same bytes.
                with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
                    yield cast("BinaryIO", packed)
            else:
                yield file
        if target.exists():
            shutil.copymode(target, unfinished)
        unfinished.replace(target)
    except OSError as error:
        msg = f"can't write {path}: {error.strerror or error}"
        raise CommandError(msg) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _existing(target: Path, path: Path) -> os.stat_result | None:
    """Return the status of what stands where the output will be, None if nothing does."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        msg = f"can't write {path}: {error.strerror or error}"
        raise CommandError(msg) from error
    if stat.S_ISDIR(status.st_mode):
        msg = f"the output {path} is a folder; give a file's name"
        raise CommandError(msg)
    if not os.access(target, os.W_OK):
        msg = f"can't write {path}: Permission denied"
        raise CommandError(msg)
    return status


def _open(file: Path, mode: Literal["wb", "xb"], path: Path) -> BinaryIO:
    try:
        return file.open(mode)
    except OSError as error:
        if not file.parent.is_dir():
            msg = f"can't write {path}: there is no folder {file.parent}; make it first"
            raise CommandError(msg) from error
        msg = f"can't write {path}: {error.strerror or error}"
        raise CommandError(msg) from error


def _give_up_stdout() -> None:
    """Point standard output nowhere, so that Python's last flush of it does not fail on what can't be written."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _status(stream: BinaryIO) -> os.stat_result | None:
    try:
        return os.fstat(stream.fileno())
    except (OSError, ValueError):  # not a file of the system: a test's buffer, say
        return None


def _refuse_input(status: os.stat_result | None, source: BinaryIO, name: str) -> None:
    read = _status(source)
    if status is not None and read is not None and stat.S_ISREG(read.st_mode) and os.path.samestat(status, read):
        msg = f"{name} is the input file itself; write the results to another file"
        raise CommandError(msg)
