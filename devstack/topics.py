"""Making topics on a broker that makes none by itself."""

import contextlib
from collections.abc import Iterator, Mapping

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from devstack.errors import DevstackError


@contextlib.contextmanager
def open_admin(bootstrap_servers: str) -> Iterator[KafkaAdminClient]:
    """Connect to a broker as its administrator.

    Raises
    ------
    DevstackError
        The broker does not answer.
    """
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers)
    except KafkaError as error:
        msg = f"No Kafka broker answers at {bootstrap_servers}: {error}"
        raise DevstackError(msg) from error
    with contextlib.closing(admin):
        yield admin


def create_topics(bootstrap_servers: str, partitions: Mapping[str, int]) -> None:
    """Create topics and wait until every partition has a leader.

    Parameters
    ----------
    bootstrap_servers
        `host:port` of the broker.
    partitions
        The number of partitions of each topic to create.

    Raises
    ------
    DevstackError
        The broker does not answer or refuses; the message tells why. If some exist already, none of them is created
        anew, but the others may be.
    """
    topics = {name: {"num_partitions": count, "replication_factor": 1} for name, count in partitions.items()}
    try:
        with open_admin(bootstrap_servers) as admin:
            admin.create_topics(topics, wait_for_metadata=True)
    except TopicAlreadyExistsError as error:
        msg = f"One of the topics {', '.join(partitions)} exists already at {bootstrap_servers}."
        raise DevstackError(msg) from error
    except KafkaError as error:
        msg = f"Kafka at {bootstrap_servers} made no topics: {error}"
        raise DevstackError(msg) from error


def list_topics(bootstrap_servers: str) -> set[str]:
    """List the topics of a broker.

    Parameters
    ----------
    bootstrap_servers
        `host:port` of the broker.

    Raises
    ------
    DevstackError
        The broker does not answer.
    """
    try:
        with open_admin(bootstrap_servers) as admin:
            return set(admin.list_topics())
    except KafkaError as error:
        msg = f"Kafka at {bootstrap_servers} did not list its topics: {error}"
        raise DevstackError(msg) from error
