"""What was sent already, by Powertools' idempotency records: in DynamoDB, or in this process' memory.

Powertools wraps one function call in one record. Here a call of SNS carries up to ten alerts, so its persistence layer
is used directly, one record an alert, with the same steps: claim (put unless there), send, complete; or release, when
it was not sent. A claim ends with the invocation that took it, so one that died keeps nobody waiting for longer.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency import (
    BasePersistenceLayer,
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import STATUS_CONSTANTS, DataRecord
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


REMEMBERED_SECONDS = 7 * 86_400
"""As long as Kafka keeps records by default: a trigger cannot deliver again what is no longer there."""

_MOST_IN_MEMORY = 10_000
_MOST_UNNOTED = 1_000


class LedgerError(Exception):
    """The table did not answer; nobody knows what was sent."""


class Claim(StrEnum):
    """Whose turn it is to send."""

    OURS = "ours"
    DONE = "done"
    BUSY = "busy"


class Ledger:
    """Sees to it that a thing is done once.

    Parameters
    ----------
    layer
        Where records are kept.
    prefix
        Sets the keys apart from those of others in the same table.
    """

    def __init__(self, layer: BasePersistenceLayer, prefix: str) -> None:
        config = IdempotencyConfig(expires_after_seconds=REMEMBERED_SECONDS, hash_function="sha256")
        layer.configure(config, key_prefix=prefix)
        self._layer = layer
        self._unnoted: deque[str] = deque(maxlen=_MOST_UNNOTED)

    def claim(self, key: str, remaining_ms: int) -> Claim:
        """Take a key, unless somebody has.

        Parameters
        ----------
        key
            What makes it the same thing again.
        remaining_ms
            How long this invocation can last; then the claim ends by itself.

        Raises
        ------
        LedgerError
            If the table does not answer.
        """
        if key in self._unnoted:
            self.complete(key)
            with contextlib.suppress(ValueError):  # two at once
                self._unnoted.remove(key)
            return Claim.DONE
        with _answering():
            try:
                self._layer.save_inprogress(_data(key), remaining_ms)
            except IdempotencyItemAlreadyExistsError as found:
                return self._found(key, found.old_data_record)
        return Claim.OURS

    def complete(self, key: str) -> None:
        """Note that it is done.

        Raises
        ------
        LedgerError
            If the table does not answer.
        """
        with _answering():
            self._layer.save_success(_data(key), {})

    def remember(self, key: str) -> None:
        """Keep in this process that a thing is done which the table could not note; it is noted when it comes again."""
        self._unnoted.append(key)

    def release(self, key: str) -> None:
        """Give a key back, because it was not done.

        Raises
        ------
        LedgerError
            If the table does not answer; the claim then ends with the invocation.
        """
        with _answering():
            self._layer.delete_record(_data(key), LedgerError())

    def _found(self, key: str, record: DataRecord | None) -> Claim:
        if record is None:
            try:
                record = self._layer.get_record(_data(key))
            except IdempotencyItemNotFoundError:
                return Claim.BUSY  # gone in the meantime; whoever comes next takes it
        return Claim.DONE if record is not None and record.status == STATUS_CONSTANTS["COMPLETED"] else Claim.BUSY


def dynamodb_ledger(client: "DynamoDBClient", table: str, prefix: str) -> Ledger:
    """Keep records in a DynamoDB table with the partition key `id` (text) and time to live by `expiration`."""
    return Ledger(DynamoDBPersistenceLayer(table_name=table, boto3_client=client), prefix)


def memory_ledger(prefix: str) -> Ledger:
    """Keep records in this process; they end with it."""
    return Ledger(MemoryPersistenceLayer(), prefix)


class MemoryPersistenceLayer(BasePersistenceLayer):
    """Powertools' records in a dictionary, with DynamoDB's conditions; the oldest of more than 10,000 are forgotten."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._records: dict[str, DataRecord] = {}
        self._lock = threading.Lock()

    def _get_record(self, idempotency_key: str) -> DataRecord:
        with self._lock:
            try:
                return self._records[idempotency_key]
            except KeyError:
                raise IdempotencyItemNotFoundError from None

    def _put_record(self, data_record: DataRecord) -> None:
        with self._lock:
            old = self._records.get(data_record.idempotency_key)
            if old is not None and not _over(old):
                raise IdempotencyItemAlreadyExistsError(old_data_record=old)
            self._records[data_record.idempotency_key] = data_record
            while len(self._records) > _MOST_IN_MEMORY:
                del self._records[next(iter(self._records))]

    def _update_record(self, data_record: DataRecord) -> None:
        with self._lock:
            self._records[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record: DataRecord) -> None:
        with self._lock:
            self._records.pop(data_record.idempotency_key, None)


def _over(record: DataRecord) -> bool:
    if record.is_expired:
        return True
    ends = record.in_progress_expiry_timestamp
    in_progress = record.status == STATUS_CONSTANTS["INPROGRESS"]
    return in_progress and ends is not None and ends < datetime.now(UTC).timestamp() * 1000


def _data(key: str) -> dict[str, Any]:
    return {"key": key}


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        cause = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        raise LedgerError(cause) from error
