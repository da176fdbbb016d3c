"""What a Kafka trigger sends to its function: pure.

The shape: AWS Lambda Developer Guide, "Using Lambda with Amazon MSK" and "Using Lambda with self-managed Apache Kafka".
Keys and values are base64, the bytes of headers are signed numbers, as Java has them. AWS shows no record without a key
or a value; here such a key is left out, and such a value is null, so a handler should expect either for both.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

_TIMESTAMP_TYPES = {0: "CREATE_TIME", 1: "LOG_APPEND_TIME"}


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    """One record of a topic."""

    topic: str
    partition: int
    offset: int
    """Where it is."""
    timestamp_ms: int
    """Milliseconds since 1970."""
    timestamp_type: int = 0
    """0 for the producer's time, 1 for the broker's."""
    key: bytes | None = None
    value: bytes | None = None
    """Bytes or none."""
    headers: tuple[tuple[str, bytes], ...] = ()
    """Names and bytes, in order; a name may be there twice."""

    @property
    def topic_partition(self) -> str:
        """The name of its list in the event: the topic, a hyphen, the partition."""
        return f"{self.topic}-{self.partition}"

    def to_json(self) -> dict[str, Any]:
        """Write it as the event has it."""
        record: dict[str, Any] = {
            "topic": self.topic,
            "partition": self.partition,
            "offset": self.offset,
            "timestamp": self.timestamp_ms,
            "timestampType": _TIMESTAMP_TYPES[self.timestamp_type],
        }
        if self.key is not None:
            record["key"] = base64.b64encode(self.key).decode("ascii")
        record["value"] = None if self.value is None else base64.b64encode(self.value).decode("ascii")
        record["headers"] = [
            {name: [byte - 256 if byte > 127 else byte for byte in value]} for name, value in self.headers
        ]
        return record


@dataclass(frozen=True, slots=True)
class KafkaSource:
    """Where the records come from, as the event says it."""

    bootstrap_servers: str
    """The brokers, comma-separated."""
    flavour: Literal["msk", "self-managed"] = "msk"
    """`msk`, or `self-managed`, whose events name no ARN."""
    arn: str = "arn:aws:kafka:us-east-1:123456789012:cluster/local/00000000-0000-0000-0000-000000000000-1"
    """The cluster's ARN, for `msk`."""

    def to_json(self) -> dict[str, str]:
        """Write the event's fields beside its records."""
        if self.flavour == "self-managed":
            return {"eventSource": "SelfManagedKafka", "bootstrapServers": self.bootstrap_servers}
        return {"eventSource": "aws:kafka", "eventSourceArn": self.arn, "bootstrapServers": self.bootstrap_servers}


def kafka_event(source: KafkaSource, records: Iterable[KafkaRecord]) -> dict[str, Any]:
    """Build the event of a batch.

    Parameters
    ----------
    source
        Where the records come from.
    records
        The batch; each partition's records stay in their order.
    """
    by_partition: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_partition.setdefault(record.topic_partition, []).append(record.to_json())
    return {**source.to_json(), "records": by_partition}


def split_by_payload(
    source: KafkaSource, records: Sequence[KafkaRecord], limit_bytes: int
) -> Iterator[tuple[KafkaRecord, ...]]:
    """Cut a batch into runs whose events do not exceed a size; a record that is larger alone is a run of its own.

    Parameters
    ----------
    source
        Where the records come from.
    records
        The batch.
    limit_bytes
        The largest event, in bytes of JSON.
    """
    empty = _size({**source.to_json(), "records": {}})
    run: list[KafkaRecord] = []
    partitions: set[str] = set()
    size = empty
    for record in records:
        own = _size(record.to_json()) + 1  # its comma
        lists = _size(record.topic_partition) + 4  # its list's name, colon, brackets and comma
        added = own + (0 if record.topic_partition in partitions else lists)
        if run and size + added > limit_bytes:
            yield tuple(run)
            run, partitions, size, added = [], set(), empty, own + lists
        run.append(record)
        partitions.add(record.topic_partition)
        size += added
    if run:
        yield tuple(run)


def _size(value: Any) -> int:  # noqa: ANN401 - any JSON value
    # With all escapes it is never smaller than what is sent.
    return len(json.dumps(value, separators=(",", ":")))
