"""One batch of records: what is told, what is put aside, what has to come again.

An alert is claimed, sent, and noted as done. A record fails when its alert could not be sent, when somebody else is
sending it at this moment, or when the time is nearly up; the trigger then delivers it again. Once the topic or the
table does not answer, nothing further is tried: the rest of the batch fails at once.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from notify_lambda.alerts import Alert, Poison, judge
from notify_lambda.dead_letters import DeadLetterQueue
from notify_lambda.idempotency import Claim, Ledger, LedgerError
from notify_lambda.message import Message, compose
from notify_lambda.publisher import CALL_SECONDS, Outcome, batches
from notify_lambda.settings import Settings
from readers.kafka_event import KafkaRecord

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a batch."""

    failed: tuple[KafkaRecord, ...]
    """Records that must be delivered again, each once, in the order of the batch."""
    counts: Mapping[str, int]
    """Records, by what became of them: `sent`, `repeated` (sent before), `dead_letter`, `failed` and the reasons of
    `notify_lambda.alerts.Quiet`."""


class Publisher(Protocol):
    """Brings messages to people."""

    def publish(self, messages: Sequence[Message]) -> list[Outcome]:
        """Send messages, some at once; say of each what became of it, in the same order."""


@dataclass(frozen=True, slots=True)
class Courier:
    """Everything that a batch needs."""

    settings: Settings
    """Which alerts, and where people look."""
    publisher: Publisher
    """Takes the alerts."""
    ledger: Ledger
    """Remembers them."""
    dead_letters: DeadLetterQueue | None
    """Takes records that can never be sent; None to log them only."""

    def deliver(self, records: Sequence[KafkaRecord], remaining_ms: Callable[[], int]) -> Report:
        """Tell people about the alerts among records.

        Parameters
        ----------
        records
            A batch.
        remaining_ms
            Tells how long this invocation may last.
        """
        return _Run(self, remaining_ms).deliver(records)


class _Run:
    """One batch on its way."""

    def __init__(self, courier: Courier, remaining_ms: Callable[[], int]) -> None:
        self._courier = courier
        self._ledger = courier.ledger
        self._remaining_ms = remaining_ms
        # Enough for the two calls that follow a claim, but not so much that a short time-out leaves time for nothing.
        self._reserve_ms = min(2 * CALL_SECONDS * 1000, remaining_ms() * 2 // 5)
        self._halted = False
        self._failed: set[KafkaRecord] = set()
        self._counts: Counter[str] = Counter()

    def deliver(self, records: Sequence[KafkaRecord]) -> Report:
        alerts: dict[str, Alert] = {}
        sharers: dict[str, list[KafkaRecord]] = {}
        poisons: list[tuple[KafkaRecord, str]] = []
        for record in records:
            found = judge(record, self._courier.settings.minimum_score)
            if isinstance(found, Alert):
                alerts.setdefault(found.key, found)
                sharers.setdefault(found.key, []).append(record)
            elif isinstance(found, Poison):
                poisons.append((record, found.reason))
            else:
                self._counts[found] += 1
        self._tell(list(alerts.values()), sharers)
        for record, reason in poisons:
            self._note(self._bury(record, reason), (record,), "dead_letter")
        failed = tuple(dict.fromkeys(record for record in records if record in self._failed))
        return Report(failed, dict(self._counts))

    def _tell(self, alerts: Sequence[Alert], sharers: Mapping[str, Sequence[KafkaRecord]]) -> None:
        messages = [compose(alert, self._courier.settings.dashboard_url) for alert in alerts]
        for batch in batches(messages):
            claimed = []
            for index in batch:
                key = alerts[index].key
                claim = self._claim(key)
                if claim is Claim.OURS:
                    claimed.append(index)
                else:
                    self._note(claim is Claim.DONE, sharers[key], "repeated")
            if self._halted:
                # The table went away in the middle: what is sent now could not be noted, and would be sent again.
                self._release(alerts[index].key for index in claimed)
                outcomes = [Outcome.UNAVAILABLE] * len(claimed)
            else:
                outcomes = self._publish([alerts[index] for index in claimed], [messages[index] for index in claimed])
            for index, outcome in zip(claimed, outcomes, strict=True):
                name = "dead_letter" if outcome is Outcome.REFUSED else "sent"
                done = outcome in {Outcome.SENT, Outcome.REFUSED}
                self._note(done, sharers[alerts[index].key], name)

    def _publish(self, alerts: Sequence[Alert], messages: Sequence[Message]) -> list[Outcome]:
        if not alerts:
            return []
        outcomes = self._courier.publisher.publish(messages)
        for index, (alert, outcome) in enumerate(zip(alerts, outcomes, strict=True)):
            if outcome is Outcome.REFUSED and not self._send_letter(alert.record, "refused"):
                outcomes[index] = Outcome.FAILED
        done = {Outcome.SENT, Outcome.REFUSED}
        self._complete(alert.key for alert, outcome in zip(alerts, outcomes, strict=True) if outcome in done)
        self._release(alert.key for alert, outcome in zip(alerts, outcomes, strict=True) if outcome not in done)
        self._halted = self._halted or Outcome.UNAVAILABLE in outcomes
        return outcomes

    def _bury(self, record: KafkaRecord, reason: str) -> bool:
        """Put a record aside once; tell whether that is done."""
        if self._courier.dead_letters is None:
            return self._send_letter(record, reason)
        # The time tells a record from one at the same offset of an earlier topic of this name.
        key = f"dead letter {record.place} {record.timestamp}"
        claim = self._claim(key)
        if claim is not Claim.OURS:
            return claim is Claim.DONE
        sent = self._send_letter(record, reason)
        (self._complete if sent else self._release)((key,))
        return sent

    def _send_letter(self, record: KafkaRecord, reason: str) -> bool:
        queue = self._courier.dead_letters
        _logger.error(
            "record cannot be told topic=%s partition=%d offset=%d reason=%s destination=%s",
            record.topic, record.partition, record.offset, reason, "none" if queue is None else "queue",
        )  # fmt: skip
        return queue is None or queue.send(record, reason)

    def _claim(self, key: str) -> Claim:
        """Take a key; `Claim.BUSY` as well when there is no time or no table."""
        remaining_ms = self._remaining_ms()
        if self._halted or remaining_ms <= self._reserve_ms:
            return Claim.BUSY
        try:
            return self._ledger.claim(key, remaining_ms)
        except LedgerError as error:
            self._halt(error)
            return Claim.BUSY

    def _complete(self, keys: Iterable[str]) -> None:
        for key in keys:
            # It was sent: calling it failed because it could not be noted would send it again for certain.
            if self._halted:
                self._ledger.remember(key)
                continue
            try:
                self._ledger.complete(key)
            except LedgerError as error:
                self._ledger.remember(key)
                self._halt(error)

    def _release(self, keys: Iterable[str]) -> None:
        for key in keys:
            try:
                self._ledger.release(key)
            except LedgerError as error:
                self._halt(error)
                return  # claims end with this invocation in any case

    def _halt(self, error: LedgerError) -> None:
        _logger.warning("idempotency table did not answer error=%s", error)
        self._halted = True

    def _note(self, done: bool, records: Sequence[KafkaRecord], name: str) -> None:
        self._counts[name if done else "failed"] += len(records)
        if not done:
            self._failed.update(records)
