"""Kafka: rows and marker in one transaction, under a transactional id that only one run at a time can hold.

A transaction is committed by the producer that initialised the id last. Whoever initialises it reads the marker after
that, when nobody else can move it any more; so a producer that still commits knows the last marker without reading it
again, and one that lost the id finds out because its commit fails, its rows never to be seen.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from ingest_lambda.deadline import Deadline
from ingest_lambda.errors import (
    IngestError,
    ProgressError,
    RefusedError,
    SourceError,
    TakenOverError,
    UnavailableError,
)
from ingest_lambda.kafka_options import client_options
from ingest_lambda.markers import KEY, Marker, decode, encode
from ingest_lambda.records import Record
from ingest_lambda.settings import Settings

TRANSACTION_SECONDS = 60
"""After so long the brokers abort a transaction, and readers no longer wait for a run that died in it."""

_OPEN_SECONDS = 10.0
_REQUEST_MS = 5_000
_STEP_SECONDS = 0.1
_LAST_RECORDS = 16

# Names of errors: the brokers' own, and with an underscore librdkafka's.
_TAKEN_OVER = {"_FENCED", "PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH"}
_REFUSED = {"_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED"}
_FORBIDDEN = {
    "TOPIC_AUTHORIZATION_FAILED",
    "CLUSTER_AUTHORIZATION_FAILED",
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
}
_TOO_LARGE = {"MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"}
_UNTRUSTED = (
    "its certificate is of another name, or of an authority that is not trusted here (certificate verify failed); "
    "SSL_CERT_FILE may name a file of those that are"
)

# What a connection goes through is told in errors; what librdkafka mends by itself interests nobody.
_silent = logging.getLogger(f"{__name__}.librdkafka")
_silent.disabled = True


class Publisher:
    """The producer, kept from run to run, and the marker that it committed last.

    Parameters
    ----------
    settings
        The function's settings.
    read_secret
        Reads a secret by its ARN.
    """

    def __init__(self, settings: Settings, read_secret: Callable[[str], Mapping[str, str]]) -> None:
        self._settings = settings
        self._read_secret = read_secret
        self._producer: Producer | None = None
        self._marker: Marker | None = None
        self._failure: KafkaError | None = None

    @property
    def is_open(self) -> bool:
        """Whether a producer is held."""
        return self._producer is not None

    @property
    def marker(self) -> Marker | None:
        """The last committed marker; None before the first."""
        return self._marker

    def open(self, deadline: Deadline) -> None:
        """Take the transactional id over and read the marker, unless that was done before.

        Raises
        ------
        UnavailableError
            The brokers do not answer, or (`RefusedError`) not to these credentials.
        SourceError
            They refuse the topics, or have none of these names.
        ProgressError
            The progress topic holds no readable marker.
        """
        if self._producer is not None:
            return
        arn = self._settings.kafka_auth.secret_arn
        options = client_options(self._settings, self._read_secret(arn) if arn else None)
        options |= {
            "error_cb": self._remember,
            # A connection that died while the function was frozen is noticed in time for another.
            "socket.timeout.ms": _REQUEST_MS,
            "socket.connection.setup.timeout.ms": _REQUEST_MS,
            "reconnect.backoff.max.ms": 1000,
        }
        deadline = deadline.at_most(_OPEN_SECONDS)
        self._failure = None
        with self._reporting():
            self._producer = Producer(
                options
                | {
                    "transactional.id": self._settings.transactional_id,
                    "transaction.timeout.ms": TRANSACTION_SECONDS * 1000,
                    "request.timeout.ms": _REQUEST_MS,
                    "partitioner": "murmur2_random",  # as Kafka's own clients do
                    "message.max.bytes": 1 << 20,
                    # Rows of one time are one transaction, however many.
                    "queue.buffering.max.messages": 0,
                    "queue.buffering.max.kbytes": (1 << 21) - 1,
                },
                logger=_silent,
            )
            self._take_over(self._producer, deadline)
            consumer = Consumer(
                options
                | {
                    "group.id": self._settings.transactional_id,  # librdkafka wants one; no offset is ever kept for it
                    "isolation.level": "read_committed",
                    "enable.auto.commit": False,
                    "auto.offset.reset": "error",  # a marker that was skipped would look like none
                    "enable.partition.eof": True,
                    "fetch.wait.max.ms": 10,
                },
                logger=_silent,
            )
            try:
                self._check_topics(consumer, deadline)
                self._marker = self._last_marker(consumer, deadline)
            finally:
                consumer.close()

    def commit(self, records: Sequence[Record], marker: Marker, deadline: Deadline) -> None:
        """Publish rows and marker, both or neither.

        Raises
        ------
        TakenOverError
            Another producer has the transactional id; nothing was published.
        UnavailableError
            The brokers did not answer in time. Whether they committed shows in the marker after the next `open`.
        SourceError
            They refuse a record or the topic; nothing was published.
        """
        producer = self._producer
        if producer is None:
            msg = "the producer is closed"
            raise UnavailableError(msg)
        self._failure = None
        with self._reporting():
            producer.begin_transaction()
            for row in records:
                producer.produce(self._settings.input_topic, value=row.value, key=row.key)
            producer.produce(self._settings.progress_topic, value=encode(marker), key=KEY, partition=0)
            # Fails unless every record was acknowledged.
            producer.commit_transaction(deadline.remaining_ms() / 1000)
            self._marker = marker

    def close(self) -> None:
        """Give the producer up; the next `open` takes the id over, and what was begun is finished or undone."""
        producer, self._producer, self._marker = self._producer, None, None
        if producer is not None:
            # Its own `close` would wait for brokers that are gone; without a record left to send it ends at once.
            producer.purge()

    def _take_over(self, producer: Producer, deadline: Deadline) -> None:
        """Initialise the transactional id, in short steps, because a refusal is only told between them."""
        while True:
            try:
                return producer.init_transactions(min(_STEP_SECONDS, deadline.remaining_ms() / 1000))
            except KafkaException as error:
                producer.poll(0)
                refused = self._failure is not None and self._failure.name() in _REFUSED
                if not error.args[0].retriable() or refused or deadline.remaining() <= 0:
                    raise

    def _remember(self, error: KafkaError) -> None:
        """Keep why a connection failed; what a broker said when it refused outlasts later attempts."""
        if self._failure is None or self._failure.name() not in _REFUSED:
            self._failure = error

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn the client's errors into ours; none of them leaves a producer behind that could be used again."""
        try:
            yield
        except KafkaException as error:
            if self._producer is not None:
                with contextlib.suppress(KafkaException):  # what is fatal it raises again
                    self._producer.poll(0)  # has `_remember` called
            self.close()
            raise self._ours(error.args[0]) from error
        except BaseException:
            self.close()
            raise

    def _ours(self, error: KafkaError) -> IngestError:
        if error.name() == "_TIMED_OUT" and self._failure is not None:
            error = self._failure
        name = error.name()
        if name in _TAKEN_OVER:
            return TakenOverError(f"another run took over the transactional id {self._settings.transactional_id}")
        if name in _REFUSED:
            return RefusedError(f"Kafka refused the credentials: {error.str()[:200]}")
        if name in _FORBIDDEN:
            return SourceError(f"Kafka does not allow this: {name}; see the permissions that the function needs")
        if name in _TOO_LARGE:
            return SourceError(
                f"a row is larger than Kafka takes ({name}); leave its long column out of SOURCE_COLUMNS, or raise "
                f"max.message.bytes of {self._settings.input_topic!r} if that is below 1 MiB"
            )
        reason = _UNTRUSTED if "certificate verify failed" in error.str() else error.str()[:200]
        return UnavailableError(f"Kafka at {', '.join(self._settings.bootstrap_servers)} failed: {reason}")

    def _check_topics(self, consumer: Consumer, deadline: Deadline) -> None:
        for setting, topic in (
            ("INPUT_TOPIC", self._settings.input_topic),
            ("PROGRESS_TOPIC", self._settings.progress_topic),
        ):
            found = consumer.list_topics(topic, deadline.remaining_ms() / 1000).topics[topic]
            if found.error is not None and found.error.name() in _FORBIDDEN:
                raise KafkaException(found.error)
            if not found.partitions:
                msg = f"{setting} is {topic!r}, but the brokers know no such topic, or do not show it"
                raise SourceError(msg)
            if setting == "PROGRESS_TOPIC" and set(found.partitions) != {0}:
                msg = f"{setting} is {topic!r}, which has {len(found.partitions)} partitions, expected one"
                raise ProgressError(msg)

    def _last_marker(self, consumer: Consumer, deadline: Deadline) -> Marker | None:
        """Read the last committed record; aborted ones and the ends of transactions take offsets, too."""
        topic = self._settings.progress_topic
        begin, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), deadline.remaining_ms() / 1000)
        step, start = _LAST_RECORDS, end
        while start > begin:
            start = max(begin, end - step)
            step *= 16
            last = _last_record(consumer, TopicPartition(topic, 0, start), deadline)
            if last is not None:
                # A tombstone is how a person says: forget it.
                value = last.value()
                return decode(value) if value is not None else None
        if begin > 0:
            msg = (
                f"PROGRESS_TOPIC {topic!r} held a marker, but its retention has deleted it, so "
                "nobody knows which rows were published; write a marker by hand, and set cleanup.policy=compact"
            )
            raise ProgressError(msg)
        return None


def _last_record(consumer: Consumer, start: TopicPartition, deadline: Deadline) -> Message | None:
    """Read from an offset to the end of a partition."""
    consumer.assign([start])
    last = None
    while deadline.remaining() > 0:
        message = consumer.poll(_STEP_SECONDS)
        if message is None:
            continue
        error = message.error()
        if error is None:
            last = message
        elif error.name() == "_PARTITION_EOF":
            return last
        elif error.name() != "GROUP_AUTHORIZATION_FAILED":  # the group is not used
            raise KafkaException(error)
    msg = "there was no time left to read the progress topic"
    raise UnavailableError(msg)
