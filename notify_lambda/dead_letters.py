"""Records that can never be sent, to an SQS queue in the format of `contracts.deadletters`."""

import json
import logging
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from contracts.deadletters import MAX_BODY_BYTES, DeadLetter, body_of
from readers.kafka_event import KafkaRecord

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef


_MOST_BYTES = 262_144

_logger = logging.getLogger(__name__)


class DeadLetterQueue:
    """Sends dead letters to one queue."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, record: KafkaRecord, reason: str) -> bool:
        """Send one letter.

        Parameters
        ----------
        record
            What could not be sent.
        reason
            One of `notify_lambda.alerts.REASONS`.

        Returns
        -------
        Whether the queue took it.
        """
        attributes: dict[str, MessageAttributeValueTypeDef] = {
            "reason": {"DataType": "String", "StringValue": reason},
            "place": {"DataType": "String", "StringValue": record.place},
        }
        try:
            self._client.send_message(
                QueueUrl=self._queue_url, MessageBody=write_letter(record, reason), MessageAttributes=attributes
            )
        except (ClientError, BotoCoreError) as error:
            _logger.error("dead-letter queue did not take a letter error=%s", type(error).__name__)
            return False
        return True


def write_letter(record: KafkaRecord, reason: str) -> str:
    """Write a dead letter as JSON in ASCII, its body cut so that SQS takes the letter."""
    keep = MAX_BODY_BYTES
    while True:
        text = json.dumps(msgspec.to_builtins(_letter(record, reason, keep)), separators=(",", ":"))
        if len(text) <= _MOST_BYTES - 1000:  # the attributes count as well
            return text
        keep = keep * 3 // 4


def _letter(record: KafkaRecord, reason: str, keep: int) -> DeadLetter:
    place = record.topic, record.partition, record.offset, record.timestamp
    return DeadLetter(reason, *place, *body_of(record.value if record.encoded is None else record.encoded, keep))
