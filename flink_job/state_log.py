"""The state of one bucket, kept as a log and snapshots, so that a period costs one small write instead of every model.

In a map from text to bytes, one per bucket, lie

- `L<count>`: the log; what the bucket scored as its `count`-th element, as a payload (`flink_job.wire`);
- `S<timeseriesId>`: a snapshot of a series' model and the end of the period that it learned last;
- `W`: how many elements the bucket has scored.

A bucket appends one log entry per element and takes snapshots of a share of its models: those whose phase, a stable
hash of the series modulo `PHASES`, equals the count modulo `PHASES`. Within `PHASES` elements every phase has had its
turn, so an entry that old is in every snapshot and is removed. Restoring is: decode the snapshots, then replay for each
series the entries that are newer than its snapshot, in order.

Every value is framed: 2 bytes `AF`, u8 version of the layout, u32 CRC-32 of the rest, the rest; most significant
byte first. Nothing read is trusted.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from contracts.series import timeseries_id
from flink_job.wire import BlockError, Payload, decode_payload, encode_payload

PHASES = 32
"""Elements between two snapshots of a model. Part of the state's layout: another number needs another version."""

_VERSION = 1
_FRAME = struct.Struct(">2sBI")
_MAGIC = b"AF"
_HEAD = struct.Struct(">Q")
_SNAPSHOT = struct.Struct(">qI")


class JobStateError(ValueError):
    """Keyed state that this job cannot continue from; the text says what was found and what to do."""


class KeyedBytes(Protocol):
    """What the log needs of keyed state: a map of the current bucket from text to bytes."""

    def items(self) -> Iterable[tuple[str, bytes]]:
        """Iterate over all entries."""
        ...

    def put(self, key: str, value: bytes) -> None:
        """Set an entry."""
        ...

    def remove(self, key: str) -> None:
        """Remove an entry, if it is there."""
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A model as bytes, and the end in milliseconds of the period that it learned last."""

    end: int
    model: bytes


@dataclass(frozen=True, slots=True)
class Restored:
    """What a bucket's state held: elements scored, snapshot of each series by key, newer log entries in order."""

    count: int
    snapshots: dict[bytes, Snapshot]
    log: tuple[Payload, ...]


def phase_of(identifier: str) -> int:
    """Assign a series, by its `timeseriesId`, to one of the `PHASES` phases, independently of its bucket."""
    # The bucket is the key's CRC-32 modulo a number that often divides 32: that hash here would put all series of a
    # bucket into one phase.
    return int(identifier[:8], 16) % PHASES


def restore(state: KeyedBytes) -> Restored:
    """Read a bucket's state.

    Parameters
    ----------
    state
        The state of the current bucket.

    Raises
    ------
    JobStateError
        If the state is damaged or of another version.
    """
    count = 0
    snapshots: dict[bytes, Snapshot] = {}
    log: dict[int, Payload] = {}
    for key, framed in state.items():
        value = _unframe(key, framed)
        if key == "W":
            count = _read_head(value)
        elif key.startswith("S"):
            series, snapshot = _read_snapshot(key, value)
            snapshots[series] = snapshot
        elif key.startswith("L"):
            log[_count_of(key)] = _read_payload(key, value)
        else:
            msg = f"the job's state holds an unknown entry {key!r}; it was written by a later version of the job"
            raise JobStateError(msg)
    if sorted(log) != list(range(count - min(count, PHASES - 1) + 1, count + 1)):
        msg = f"the log of a bucket that scored {count} elements has entries missing; restore an earlier checkpoint"
        raise JobStateError(msg)
    return Restored(count, snapshots, tuple(log[number] for number in sorted(log)))


def append(state: KeyedBytes, count: int, scored: Payload) -> int:
    """Write what a bucket scored as its `count`-th element, and forget the entry that all snapshots now contain.

    Parameters
    ----------
    state
        The state of the current bucket.
    count
        Elements that the bucket has scored, this one included.
    scored
        The values that were learned.

    Returns
    -------
    The number of bytes written.
    """
    entry = _frame(encode_payload(scored))
    head = _frame(_HEAD.pack(count))
    state.put(f"L{count}", entry)
    state.put("W", head)
    if count >= PHASES:
        state.remove(f"L{count - PHASES + 1}")
    return len(entry) + len(head)


def write_snapshot(state: KeyedBytes, series: bytes, snapshot: Snapshot) -> int:
    """Write the snapshot of a series' model; returns the number of bytes written."""
    value = _frame(_SNAPSHOT.pack(snapshot.end, len(series)) + series + snapshot.model)
    state.put(f"S{timeseries_id(series)}", value)
    return len(value)


def _frame(body: bytes) -> bytes:
    return _FRAME.pack(_MAGIC, _VERSION, zlib.crc32(body)) + body


def _unframe(key: str, framed: bytes) -> bytes:
    if len(framed) < _FRAME.size:
        raise _damaged(key, f"it has {len(framed)} bytes")
    magic, version, checksum = _FRAME.unpack_from(framed)
    body = framed[_FRAME.size :]
    if magic != _MAGIC:
        raise _damaged(key, "it does not begin with AF")
    if version != _VERSION:
        msg = f"the job's state has version {version}, this job reads {_VERSION}; start the version that wrote it"
        raise JobStateError(msg)
    if zlib.crc32(body) != checksum:
        raise _damaged(key, "its checksum does not match")
    return body


def _read_head(value: bytes) -> int:
    if len(value) != _HEAD.size:
        msg = "W"
        raise _damaged(msg, f"it has {len(value)} bytes, expected {_HEAD.size}")
    return int.from_bytes(value, "big")


def _read_snapshot(key: str, value: bytes) -> tuple[bytes, Snapshot]:
    if len(value) < _SNAPSHOT.size:
        raise _damaged(key, f"it has {len(value)} bytes")
    end, length = _SNAPSHOT.unpack_from(value)
    series = value[_SNAPSHOT.size : _SNAPSHOT.size + length]
    if key != f"S{timeseries_id(series)}":
        raise _damaged(key, "it is of another series")
    return series, Snapshot(end, value[_SNAPSHOT.size + length :])


def _read_payload(key: str, value: bytes) -> Payload:
    try:
        return decode_payload(value)
    except BlockError as error:
        raise _damaged(key, str(error)) from error


def _count_of(key: str) -> int:
    digits = key[1:]
    if not (digits.isascii() and digits.isdigit()):
        raise _damaged(key, "its number is not a number")
    return int(digits)


def _damaged(key: str, problem: str) -> JobStateError:
    return JobStateError(f"entry {key!r} of the job's state is damaged: {problem}; restore an earlier checkpoint")
