import pytest
from kafka import KafkaProducer

from bookstore.tail import tail
from devstack.stack import Stack
from devstack.topics import create_topics


@pytest.mark.kafka
def test_all_that_was_written_before_the_writers_ended_is_read(broker: Stack) -> None:
    create_topics(broker.bootstrap_servers, {"tailed": 3})
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    expected = [str(number).encode() for number in range(1000)]
    written, quiet = 0, 0

    def finished() -> bool:
        """Write a part each time the reader asks whether more will come."""
        nonlocal written
        for value in expected[written : written + 300]:
            producer.send("tailed", value)
        producer.flush()
        written += 300
        return written >= len(expected)

    read: list[bytes] = []
    for batch in tail(broker.bootstrap_servers, "tailed", finished):
        quiet += not batch
        read += batch
    producer.close()
    assert sorted(read, key=int) == expected


@pytest.mark.kafka
def test_a_topic_that_nobody_wrote_to_ends_at_once(broker: Stack) -> None:
    create_topics(broker.bootstrap_servers, {"silent": 2})
    assert [batch for batch in tail(broker.bootstrap_servers, "silent", lambda: True) if batch] == []


@pytest.mark.kafka
def test_the_reader_gets_a_turn_while_nothing_arrives(broker: Stack) -> None:
    create_topics(broker.bootstrap_servers, {"waiting": 1})
    batches = tail(broker.bootstrap_servers, "waiting", lambda: False)
    assert [next(batches), next(batches)] == [[], []]
    batches.close()
