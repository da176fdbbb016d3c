"""Messages over a pipe: one byte that says what it is, four bytes of length, the rest."""

import os
import select
import struct
from time import monotonic

READY, REQUEST, RESULT, ERROR = b"+", b"?", b"=", b"!"

_HEAD = struct.Struct(">cI")


class PipeClosedError(Exception):
    """The other side has gone."""


def write_frame(pipe: int, kind: bytes, payload: bytes) -> None:
    """Write one message.

    Raises
    ------
    PipeClosedError
        Nobody reads any more.
    """
    rest = memoryview(_HEAD.pack(kind, len(payload)) + payload)
    try:
        while rest:
            rest = rest[os.write(pipe, rest) :]
    except BrokenPipeError as error:
        raise PipeClosedError from error


def read_frame(pipe: int, deadline: float | None = None) -> tuple[bytes, bytes]:
    """Read one message.

    Parameters
    ----------
    pipe
        A descriptor to read from.
    deadline
        When to give up, in seconds of `time.monotonic()`; None for never.

    Returns
    -------
    What kind it is, and its payload.

    Raises
    ------
    PipeClosedError
        Nobody writes any more.
    TimeoutError
        The message was not complete in time.
    """
    kind, length = _HEAD.unpack(_read(pipe, _HEAD.size, deadline))
    return kind, _read(pipe, length, deadline)


def _read(pipe: int, size: int, deadline: float | None) -> bytes:
    parts = []
    while size:
        if deadline is not None:
            # poll, not select, which knows no descriptor above 1023.
            waiting = select.poll()
            waiting.register(pipe, select.POLLIN)
            if not waiting.poll(max(0.0, deadline - monotonic()) * 1000):
                raise TimeoutError
        part = os.read(pipe, min(size, 1 << 20))
        if not part:
            raise PipeClosedError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
