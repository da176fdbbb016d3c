"""Reading a topic's committed records while somebody writes it, to its end once they have finished."""

from collections.abc import Callable, Generator

from kafka import KafkaConsumer, TopicPartition

_POLL_MS = 200


def tail(bootstrap_servers: str, topic: str, finished: Callable[[], bool]) -> Generator[list[bytes], None, None]:
    """Read a topic from its beginning.

    Parameters
    ----------
    bootstrap_servers
        `host:port` of the broker.
    topic
        An existing topic.
    finished
        Says whether its writers have ended; asked between batches. What they wrote is then still read.

    Yields
    ------
    The values of the next records; an empty list after a fifth of a second without any.
    """
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap_servers, enable_auto_commit=False, isolation_level="read_committed"
    )
    try:
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = None
        while ends is None or any(consumer.position(partition) < end for partition, end in ends.items()):
            if ends is None and finished():
                ends = consumer.end_offsets(partitions)
            batches = consumer.poll(timeout_ms=_POLL_MS)
            yield [record.value for records in batches.values() for record in records]
    finally:
        consumer.close()
