"""How far consumer groups are behind their topics."""

import time
from collections.abc import Mapping
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from devstack.errors import DevstackError

_COORDINATOR_SECONDS = 20.0


def read_lags(admin: KafkaAdminClient, groups: Mapping[str, tuple[str, str]]) -> dict[str, int]:
    """Count, for each group, the offsets of its topic that it has not committed, markers of transactions included.

    Parameters
    ----------
    admin
        A connection to the broker.
    groups
        Group and topic of each reader.

    Returns
    -------
    The lag of each reader.

    Raises
    ------
    DevstackError
        The broker does not answer.
    """
    try:
        described = admin.describe_topics(sorted({topic for _, topic in groups.values()}))
        partitions = {
            topic["name"]: [TopicPartition(topic["name"], part["partition_index"]) for part in topic["partitions"]]
            for topic in described
        }
        every = [partition for listed in partitions.values() for partition in listed]
        ends = admin.list_partition_offsets(dict.fromkeys(every, OffsetSpec.LATEST))
        committed = _committed(admin, {group: partitions[topic] for group, topic in groups.values()})
    except KafkaError as error:
        msg = f"Kafka did not tell the offsets: {type(error).__name__}"
        raise DevstackError(msg) from error
    return {
        reader: sum(
            ends[partition].offset - max(0, committed[group][partition].offset) for partition in partitions[topic]
        )
        for reader, (group, topic) in groups.items()
    }


def _committed(
    admin: KafkaAdminClient, groups: Mapping[str, list[TopicPartition]]
) -> Mapping[str, Mapping[TopicPartition, Any]]:
    deadline = time.monotonic() + _COORDINATOR_SECONDS
    while True:
        try:
            return admin.list_group_offsets(groups)  # type: ignore[no-any-return]
        except KafkaError as error:
            # At the first question the broker makes its topic of offsets, and is not ready in several ways.
            if not error.retriable or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
