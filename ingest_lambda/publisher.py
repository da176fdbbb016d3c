"""Kafka: rows and marker in one transaction, under a transactional id that only one run at a time can hold.

A transaction is committed by the producer that initialised the id last. Whoever initialises it reads the marker after
that, when nobody else can move it any more; so a producer that still commits knows the last marker without reading it
again, and one that lost the id finds out because its commit fails, its rows never to be seen.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import (
    AuthorizationError,
    InvalidProducerEpochError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    ProducerFencedError,
    RecordListTooLargeError,
    RetriableError,
    SaslAuthenticationFailedError,
)
from kafka.net.compat import KafkaNetClient
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector

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

_REQUEST_MS = 10_000
_BOOTSTRAP_MS = 8_000
_RECONNECT_MS = 1_000
_RETRY_MS = 20
_LAST_RECORDS = 16
_BATCH_BYTES = 1 << 18


class Publisher:
    """The producer, kept from run to run, and the marker that it committed last.

    Parameters
    ----------
    settings
        The detector's settings.
    read_secret
        Reads a secret by its ARN.
    """

    def __init__(self, settings: Settings, read_secret: Callable[[str], Mapping[str, str]]) -> None:
        self._settings = settings
        self._read_secret = read_secret
        self._producer: _Producer | None = None
        self._marker: Marker | None = None

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
        # Not all the time that is left, because a refused password is only told at the end of it.
        bootstrap_ms = min(_BOOTSTRAP_MS, deadline.remaining_ms())
        options |= {
            "bootstrap_timeout_ms": bootstrap_ms,
            "request_timeout_ms": _REQUEST_MS,
            "reconnect_backoff_max_ms": _RECONNECT_MS,
        }
        with self._reporting():
            with _closing_on_failure() as make_client:
                self._producer = _Producer(
                    **options,
                    kafka_client=make_client,
                    transactional_id=self._settings.transactional_id,
                    transaction_timeout_ms=TRANSACTION_SECONDS * 1000,
                    max_block_ms=deadline.remaining_ms(),
                    delivery_timeout_ms=TRANSACTION_SECONDS * 1000,
                    retry_backoff_ms=_RETRY_MS,
                    batch_size=_BATCH_BYTES,
                    allow_auto_create_topics=False,
                )
            self._producer.init_transactions()
            with _closing_on_failure() as make_client:
                consumer = KafkaConsumer(
                    **options,
                    kafka_client=make_client,
                    isolation_level="read_committed",
                    enable_auto_commit=False,
                    auto_offset_reset="none",  # a marker that was skipped would look like none
                )
            try:
                self._check_topics(consumer)
                self._marker = self._last_marker(consumer, deadline)
            finally:
                consumer.close(autocommit=False, timeout_ms=1000)

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
            raise UnavailableError("the producer is closed")
        with self._reporting():
            producer.begin_transaction()
            sent = [producer.send(self._settings.input_topic, value=row.value, key=row.key) for row in records]
            sent.append(producer.send(self._settings.progress_topic, value=encode(marker), key=KEY, partition=0))
            # The producer may answer some errors by starting over without what was sent before, and would then
            # commit nothing and say that all is well. So look at every record before asking for the commit.
            producer.flush(timeout=max(0.001, deadline.remaining()))
            for future in sent:
                future.get(timeout=0)
            producer.commit_within(deadline.remaining_ms())
            self._marker = marker

    def close(self) -> None:
        """Give the producer up; the next `open` takes the id over, and what was begun is finished or undone."""
        producer, self._producer, self._marker = self._producer, None, None
        if producer is not None:
            producer.abandon()

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn the client's errors into ours; none of them leaves a producer behind that could be used again."""
        try:
            yield
        except IngestError:
            self.close()
            raise
        except KafkaError as error:
            fenced = self._producer is not None and self._producer.fenced
            self.close()
            raise self._ours(error, fenced=fenced) from error
        except BaseException:
            self.close()
            raise

    def _ours(self, error: KafkaError, *, fenced: bool) -> IngestError:
        name = type(error).__name__
        if fenced or isinstance(error, ProducerFencedError | InvalidProducerEpochError):
            return TakenOverError(f"another run took over the transactional id {self._settings.transactional_id}")
        if isinstance(error, SaslAuthenticationFailedError):
            return RefusedError(f"Kafka refused the credentials: {name}")
        if isinstance(error, AuthorizationError):
            return SourceError(f"Kafka does not allow this: {name}; see the permissions that the function needs")
        if isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
            return SourceError(
                f"a row is larger than Kafka takes ({name}); leave its long column out of SOURCE_COLUMNS, or raise "
                f"max.message.bytes of {self._settings.input_topic!r} if that is below 1 MiB"
            )
        return UnavailableError(f"Kafka at {', '.join(self._settings.bootstrap_servers)} failed: {str(error)[:200]}")

    def _check_topics(self, consumer: Any) -> None:  # noqa: ANN401 - kafka-python has no types
        for setting, topic in (
            ("INPUT_TOPIC", self._settings.input_topic),
            ("PROGRESS_TOPIC", self._settings.progress_topic),
        ):
            partitions = consumer.partitions_for_topic(topic)
            if not partitions:
                raise SourceError(f"{setting} is {topic!r}, but the brokers know no such topic, or do not show it")
            if setting == "PROGRESS_TOPIC" and partitions != {0}:
                raise ProgressError(f"{setting} is {topic!r}, which has {len(partitions)} partitions, expected one")

    def _last_marker(self, consumer: Any, deadline: Deadline) -> Marker | None:  # noqa: ANN401
        """Read the last committed record; aborted ones and the ends of transactions take offsets, too."""
        partition = TopicPartition(self._settings.progress_topic, 0)
        consumer.assign([partition])
        begin = consumer.beginning_offsets([partition])[partition]
        end = consumer.end_offsets([partition])[partition]
        step, start = _LAST_RECORDS, end
        while start > begin:
            start = max(begin, end - step)
            step *= 16
            consumer.seek(partition, start)
            last = None
            while consumer.position(partition) < end:
                if deadline.remaining() <= 0:
                    raise UnavailableError("there was no time left to read the progress topic")
                for batch in consumer.poll(timeout_ms=200).values():
                    last = batch[-1]
            if last is not None:
                # A tombstone is how a person says: forget it.
                return decode(last.value) if last.value is not None else None
        if begin > 0:
            raise ProgressError(
                f"PROGRESS_TOPIC {self._settings.progress_topic!r} held a marker, but its retention has deleted it, so "
                "nobody knows which rows were published; write a marker by hand, and set cleanup.policy=compact"
            )
        return None


class _Producer(KafkaProducer):  # type: ignore[misc] # kafka-python has no types
    """kafka-python's producer with the three things that it lacks: a bounded commit, the cause, and a way out."""

    @property
    def fenced(self) -> bool:
        """Whether another producer has the transactional id; the error that is raised does not always say so."""
        return isinstance(self._transaction_manager.last_error, ProducerFencedError | InvalidProducerEpochError)

    def commit_within(self, timeout_ms: int) -> None:
        """Commit like `commit_transaction`, which would wait for ever for brokers that are gone."""
        result = self._transaction_manager.begin_commit()
        self._sender.wakeup()
        if not result.wait(timeout_ms=timeout_ms):
            raise KafkaTimeoutError(f"no answer to the commit within {timeout_ms} ms")

    def abandon(self) -> None:
        """Stop at once; `close` would first wait for what cannot be sent, and then leave its thread behind."""
        self._sender.force_close()
        self._sender.join(timeout=2)
        with contextlib.suppress(KafkaError):
            self.close(timeout=0)


class _Manager(KafkaConnectionManager):  # type: ignore[misc] # kafka-python has no types
    """kafka-python's connections; it remembers why they failed, which their user is not told."""

    failure: KafkaError | None = None

    async def _build_transport(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """Build a transport that reads what came with the end of the connection before it sees the end.

        kafka-python drops it, and that is where a broker says why it refuses somebody.
        """
        transport = await super()._build_transport(*arguments, **options)
        receive: Callable[[], tuple[bytes, KafkaError | None]] = transport._sock_recv  # noqa: SLF001

        def receive_all() -> tuple[bytes, KafkaError | None]:
            data, end = receive()
            return data, None if data else end

        transport._sock_recv = receive_all  # noqa: SLF001
        return transport

    def get_connection(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """Open a connection, or find it open."""
        connection = super().get_connection(*arguments, **options)
        connection.init_future.add_errback(self._remember)
        return connection

    def _remember(self, error: BaseException) -> None:
        # The last attempt may end with its time, or by a broker that only hangs up: what one said before outlasts that.
        told = self.failure is not None and not isinstance(self.failure, RetriableError)
        if isinstance(error, KafkaError) and not (told and isinstance(error, RetriableError)):
            self.failure = error


@contextlib.contextmanager
def _closing_on_failure() -> Iterator[Callable[..., KafkaNetClient]]:
    """Close the sockets of a client whose constructor raises, which kafka-python leaves open, and raise the cause."""
    made: list[tuple[KafkaNetClient, _Manager]] = []

    def make(**configs: Any) -> KafkaNetClient:  # noqa: ANN401
        net = NetworkSelector(**configs)
        manager = _Manager(net, **configs)
        made.append((KafkaNetClient(net=net, manager=manager, **configs), manager))
        return made[-1][0]

    try:
        yield make
    except BaseException as error:
        for client, manager in made:
            client.close()
            if isinstance(error, KafkaTimeoutError) and manager.failure is not None:
                raise manager.failure from error
        raise
