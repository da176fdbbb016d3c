"""Sending the bookstore's sales to a Kafka topic: at a multiple of the clock's pace, or as fast as Kafka takes them."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from bookstore.sales import Plan, Sale, sales
from devstack.errors import DevstackError

_CONNECT_MS = 5_000  # how long the broker may take to answer at first


@dataclass(frozen=True, slots=True)
class Produced:
    """What was sent and acknowledged."""

    records: int
    """Number of records."""
    quantity: int
    """Sum of their quantities."""


def encode(sale: Sale) -> bytes:
    """Write a sale as the input topic has it: one flat JSON object."""
    event_time = sale.event_time.strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps(
        {"event_time": event_time, "product_name": sale.product, "quantity": sale.quantity}, separators=(",", ":")
    ).encode("ascii")


def produce(
    plan: Plan,
    bootstrap_servers: str,
    topic: str,
    speed: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Produced:
    """Send all sales of a plan, keyed by product, each with its event time as the record's timestamp.

    Parameters
    ----------
    plan
        What to sell.
    bootstrap_servers
        `host:port` of the broker.
    topic
        An existing topic.
    speed
        How many times as fast as the clock; None for as fast as possible.
    progress
        Told twice a second how far it is, and an empty text at the end; without it, a terminal's standard error is.

    Raises
    ------
    DevstackError
        The broker cannot be reached, has no such topic, or does not take a record.
    """
    report = progress or _terminal()
    try:
        producer = KafkaProducer(
            bootstrap_servers=bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=20,
            batch_size=1 << 17,
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=_CONNECT_MS,
            max_block_ms=_CONNECT_MS,
        )
    except KafkaError as error:
        msg = f"No Kafka broker answers at {bootstrap_servers}: {error}"
        raise DevstackError(msg) from error
    try:
        _check_topic(producer, topic, bootstrap_servers)
        return _send(producer, plan, topic, speed, report)
    except KafkaError as error:
        msg = f"Kafka at {bootstrap_servers} did not take the sales for {topic!r}: {error}"
        raise DevstackError(msg) from error
    finally:
        producer.close()


def _check_topic(producer: KafkaProducer, topic: str, bootstrap_servers: str) -> None:
    try:
        producer.partitions_for(topic)
    except KafkaTimeoutError as error:
        msg = (
            f"The broker at {bootstrap_servers} has no topic {topic!r}. "
            f"Create it: python -m devstack topics --bootstrap {bootstrap_servers} {topic}=4"
        )
        raise DevstackError(msg) from error


def _send(
    producer: KafkaProducer, plan: Plan, topic: str, speed: float | None, report: Callable[[str], None]
) -> Produced:
    records = quantity = 0
    began = said = time.monotonic()
    length = (plan.end - plan.start).total_seconds()
    failures: list[BaseException] = []
    for sale in sales(plan):
        elapsed = (sale.event_time - plan.start).total_seconds()
        if speed is not None:
            time.sleep(max(0.0, began + elapsed / speed - time.monotonic()))
        key, stamp = sale.product.encode(), int(sale.event_time.timestamp() * 1000)
        producer.send(topic, encode(sale), key=key, timestamp_ms=stamp).add_errback(failures.append)
        records += 1
        quantity += sale.quantity
        if records % 64 == 0 and time.monotonic() > said + 0.5:
            said = time.monotonic()
            report(f"{sale.event_time:%Y-%m-%d %H:%M}  {elapsed / length:4.0%}  {records:,} records")
        if failures:
            break
    producer.flush()
    if failures:
        msg = f"{failures[0]}"
        raise KafkaError(msg)
    report("")
    return Produced(records, quantity)


def _terminal() -> Callable[[str], None]:
    """Make a progress line of standard error when it is a terminal, and keep silent otherwise."""
    if not sys.stderr.isatty():
        return lambda _text: None
    return lambda text: print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
