"""Messages to SNS, up to ten a call.

What passes is tried once more: a call that is throttled, refused by an ailing service or lost on the way by botocore
(`CLIENT_CONFIG`), single messages of a call that SNS could not take by `SnsPublisher`. Then it is the trigger's turn.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from notify_lambda.message import Message

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


CLIENT_CONFIG = Config(
    connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 2, "mode": "standard"}, max_pool_connections=2
)
"""Two attempts with up to a second between them, for every AWS client of the function."""

CALL_SECONDS = 9
"""The longest that one call takes with `CLIENT_CONFIG`."""

_MOST_ENTRIES = 10
_MOST_BYTES = 262_144
_REFUSALS = frozenset(
    {"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationError", "BatchRequestTooLong"}
)
_PAUSE_SECONDS = (0.2, 0.5)

_logger = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What became of a message."""

    SENT = "sent"
    FAILED = "failed"
    """This message failed twice; others may pass."""
    UNAVAILABLE = "unavailable"
    """The whole call failed twice: there is no point in going on for now."""
    REFUSED = "refused"
    """SNS will never take this message."""


class SnsPublisher:
    """Sends messages to one topic.

    Parameters
    ----------
    client
        With `CLIENT_CONFIG`.
    topic_arn
        A standard or a FIFO topic.
    sleep
        Waits for some seconds.
    """

    def __init__(self, client: "SNSClient", topic_arn: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._topic_arn = topic_arn
        self._sleep = sleep

    def publish(self, messages: Sequence[Message]) -> list[Outcome]:
        """Send messages in one call, then those that failed once more.

        Parameters
        ----------
        messages
            One of `batches`.

        Returns
        -------
        What became of each.
        """
        outcomes = self._call(messages)
        again = [index for index, outcome in enumerate(outcomes) if outcome is Outcome.FAILED]
        if again:
            self._sleep(random.uniform(*_PAUSE_SECONDS))  # noqa: S311 - spreads the load, hides nothing
            for index, outcome in zip(again, self._call([messages[index] for index in again]), strict=True):
                outcomes[index] = outcome
        return outcomes

    def _call(self, messages: Sequence[Message]) -> list[Outcome]:
        fifo = self._topic_arn.endswith(".fifo")
        entries = [message.entry(str(index), fifo=fifo) for index, message in enumerate(messages)]
        try:
            reply = self._client.publish_batch(TopicArn=self._topic_arn, PublishBatchRequestEntries=entries)
        except ClientError as error:
            code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
            if code in _REFUSALS and "TopicArn" not in text:
                if len(messages) == 1:
                    return [Outcome.REFUSED]
                return self._one_by_one(messages)
            _logger.warning("SNS did not take a batch entries=%d code=%s", len(entries), code)
            return [Outcome.UNAVAILABLE] * len(messages)
        except BotoCoreError as error:
            _logger.warning("SNS did not answer entries=%d error=%s", len(entries), type(error).__name__)
            return [Outcome.UNAVAILABLE] * len(messages)
        # A message in neither list was not sent as far as anybody knows.
        outcomes = [Outcome.FAILED] * len(messages)
        for success in reply.get("Successful", ()):
            outcomes[int(success["Id"])] = Outcome.SENT
        for failure in reply.get("Failed", ()):
            refused = failure["SenderFault"] and failure["Code"] in _REFUSALS
            outcomes[int(failure["Id"])] = Outcome.REFUSED if refused else Outcome.FAILED
            _logger.warning("SNS did not take a message code=%s", failure["Code"])
        return outcomes

    def _one_by_one(self, messages: Sequence[Message]) -> list[Outcome]:
        """Find the message for which SNS refused them all."""
        outcomes: list[Outcome] = []
        for message in messages:
            if Outcome.UNAVAILABLE in outcomes:
                outcomes.append(Outcome.UNAVAILABLE)
            else:
                outcomes += self._call([message])
        return outcomes


def batches(messages: Sequence[Message]) -> Iterator[list[int]]:
    """Divide messages, in their order, into calls of at most ten entries and 262,144 bytes.

    Returns
    -------
    The indexes of each call's messages.
    """
    batch: list[int] = []
    size = 0
    for index, message in enumerate(messages):
        if batch and (len(batch) == _MOST_ENTRIES or size + message.size > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(index)
        size += message.size
    if batch:
        yield batch
