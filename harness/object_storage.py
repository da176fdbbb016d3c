"""Where a Firehose puts objects, and how it names them.

Amazon Data Firehose Developer Guide, "Configure Amazon S3 object name format" and "Custom prefixes for Amazon S3
objects": a prefix may hold `!{timestamp:…}`, in error prefixes `!{firehose:error-output-type}`, and
`!{firehose:random-string}`; one without a time is followed by `YYYY/MM/dd/HH/`; the object's own name is
STREAM-VERSION-YYYY-MM-dd-HH-MM-SS-RANDOM. The time is UTC, when the object is written. Of Java's time patterns, those
of `yyyy`, `MM`, `dd`, `HH`, `mm` and `ss` are known here.
"""

import re
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from harness.clock import Clock, SystemClock

_PATTERNS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_EXPRESSION = re.compile(r"!\{([^:}]*):?([^}]*)\}")


class Destination(Protocol):
    """Takes transformed rows."""

    def deliver(self, rows: Sequence[bytes]) -> None:
        """Keep the rows; return when they are safe. Rows may come again after a crash."""


class ObjectStore(Protocol):
    """Keeps objects by key."""

    def put(self, key: str, content: bytes) -> None:
        """Keep an object; return when it is safe."""


@dataclass(frozen=True, slots=True)
class Directory:
    """A folder; keys are paths in it."""

    path: Path
    """The folder, made when needed."""

    def put(self, key: str, content: bytes) -> None:
        """Write a file in one step, so that nobody sees half of it."""
        file = self.path / key
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}.draft")
        draft.write_bytes(content)
        draft.replace(file)


@dataclass(frozen=True, slots=True)
class S3Store:
    """A bucket."""

    client: Any
    """A boto3 S3 client."""
    bucket: str
    """The bucket's name."""

    def put(self, key: str, content: bytes) -> None:
        """Put an object."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content)


@dataclass(frozen=True, slots=True)
class JsonLines:
    """Rows one after the other in an object."""

    store: ObjectStore
    """Where the objects go."""
    prefix: str = ""
    """Begins their keys; see the module."""
    name: str = "local"
    """The stream's name."""
    delimiter: bytes = b"\n"
    """Follows each row. AWS adds nothing unless it is told to (`AppendDelimiterToRecord`)."""
    clock: Clock = field(default_factory=SystemClock)
    """Dates the objects."""

    def deliver(self, rows: Sequence[bytes]) -> None:
        """Write one object."""
        content = b"".join(row + self.delimiter for row in rows)
        self.store.put(object_key(self.prefix, self.name, self.clock.now()), content)


def object_key(prefix: str, name: str, time: datetime, error_type: str | None = None) -> str:
    """Name an object.

    Parameters
    ----------
    prefix
        The stream's prefix, or its error prefix.
    name
        The stream's name.
    time
        When it is written.
    error_type
        For an error prefix: what failed, such as `processing-failed`.
    """
    return (
        f"{evaluate_prefix(prefix, time, error_type)}{name}-1-{time.astimezone(UTC):%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}"
    )


def evaluate_prefix(prefix: str, time: datetime, error_type: str | None = None) -> str:
    """Fill in a prefix.

    Raises
    ------
    ValueError
        It holds an expression that is not known, or an error prefix says nowhere which error it is.
    """
    time = time.astimezone(UTC)

    def fill(match: re.Match[str]) -> str:
        space, value = match.groups()
        if space == "timestamp":
            return time.strftime(_strftime(value))
        if (space, value) == ("firehose", "error-output-type") and error_type:
            return error_type
        if (space, value) == ("firehose", "random-string"):
            return secrets.token_hex(6)[:11]
        msg = f"prefix must hold known expressions only, got {match.group(0)!r}"
        raise ValueError(msg)

    filled = _EXPRESSION.sub(fill, prefix)
    if error_type and "!{firehose:error-output-type}" not in prefix:
        if _EXPRESSION.search(prefix):
            msg = f"error prefix must hold !{{firehose:error-output-type}}, got {prefix!r}"
            raise ValueError(msg)
        filled += f"{error_type}/"
    return filled if "!{timestamp:" in prefix else f"{filled}{time:%Y/%m/%d/%H/}"


def _strftime(pattern: str) -> str:
    """Translate one of Java's patterns."""
    words = re.findall(r"'[^']*'|[A-Za-z]+|[^A-Za-z']+", pattern)
    unknown = [word for word in words if word[0].isalpha() and word not in _PATTERNS]
    if unknown:
        msg = f"prefix must hold known time patterns only ({', '.join(_PATTERNS)}), got {unknown[0]!r}"
        raise ValueError(msg)
    return "".join(_PATTERNS.get(word, word.strip("'").replace("%", "%%")) for word in words)
