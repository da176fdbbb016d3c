"""One run: from the marker to the scheduled time, in transactions, as far as the time allows."""

import contextlib
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ingest_lambda.catalogue import Table
from ingest_lambda.database import Snapshot, Source
from ingest_lambda.deadline import Deadline
from ingest_lambda.errors import ProgressError, RefusedError, TakenOverError, UnavailableError
from ingest_lambda.markers import Marker
from ingest_lambda.publisher import Publisher
from ingest_lambda.settings import Settings
from ingest_lambda.windows import Window, cut, next_window
from readers.times import utc, written

LOOK_BACK = timedelta(minutes=10)
"""How far before the marker rows are counted again, to notice those that were committed too late."""

_MAX_ROWS, _MAX_BYTES = 10_000, 8 << 20
_LEAST_SECONDS = 0.5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Report:
    """What a run has done so far; it survives the attempts."""

    outcome: str = "failed"
    start: datetime | None = None
    end: datetime | None = None
    rows: int = 0
    transactions: int = 0
    late_rows: int = 0

    def answer(self, scheduled: datetime, goal: datetime | None) -> dict[str, Any]:
        behind = (goal - self.end).total_seconds() if goal and self.end else 0.0
        return {
            "outcome": self.outcome,
            "scheduled": written(scheduled),
            "from": written(self.start) if self.start else None,
            "to": written(self.end) if self.end else None,
            "rows": self.rows,
            "transactions": self.transactions,
            "behindSeconds": max(0.0, behind),
            "lateRows": self.late_rows,
        }


class Ingest:
    """The function, warm: its settings and its two connections.

    Parameters
    ----------
    settings
        The function's settings.
    source, publisher
        Where rows come from and go to.
    """

    def __init__(self, settings: Settings, source: Source, publisher: Publisher) -> None:
        self._settings = settings
        self._source = source
        self._publisher = publisher

    def run(self, scheduled: datetime, now: datetime, deadline: Deadline) -> dict[str, Any]:
        """Publish what settled before the scheduled time.

        Parameters
        ----------
        scheduled
            The time for which the run was scheduled.
        now
            The clock.
        deadline
            When to be done.

        Returns
        -------
        `outcome`: `caught up`; `behind`, the next run goes on; `nothing to do`, an earlier run did it; `taken over`, a
        newer run does it. `from`, `to`, `rows`, `transactions`: what was published. `behindSeconds`: what is left.
        `lateRows`: how many rows of the last ten minutes were committed after they had been passed.

        Raises
        ------
        IngestError
            What was committed stays, the rest is left to the next run.
        """
        report = _Report()
        pause = _FIRST_PAUSE
        refusals = 0
        opened_here = False
        while True:
            opened_here = opened_here or not self._publisher.is_open
            try:
                self._attempt(report, scheduled, now, deadline)
                break
            except TakenOverError:
                # A warm producer may have lost the id in the meantime: take it back. One that was made in this very
                # run lost it to a run that is at work now; two that took it back would fence each other for ever.
                if opened_here:
                    report.outcome = "taken over"
                    break
            except UnavailableError as error:
                refusals += isinstance(error, RefusedError)
                if refusals > 1 or deadline.remaining() < pause + _LEAST_SECONDS:
                    raise
                logger.warning("retry reason=%r", str(error))
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        answer = report.answer(scheduled, min(scheduled, now) - self._settings.settle)
        logger.info("run %s", " ".join(f"{name}={value!r}" for name, value in answer.items()))
        return answer

    def _attempt(self, report: _Report, scheduled: datetime, now: datetime, deadline: Deadline) -> None:
        settings = self._settings
        self._publisher.open(deadline)
        marker = self._publisher.marker
        window = next_window(
            marker.position if marker else None, scheduled, now, settings.settle, settings.max_catch_up
        )
        if window is None:
            # After an attempt that failed once it had committed, everything may be done.
            report.outcome = "caught up" if report.transactions else "nothing to do"
            return
        table = self._source.open(deadline)
        if marker:
            self._check_owner(marker, table)
        elif table.timestamps_may_be_null:
            logger.warning(
                "nulls column=%r text=%r",
                settings.timestamp_column,
                "may be null; rows without a timestamp are never published",
            )
        with self._source.snapshot(deadline) as snapshot:
            self._count_late_rows(snapshot, marker, report)
            self._publish(snapshot, table, window, report, deadline)

    def _publish(self, snapshot: Snapshot, table: Table, window: Window, report: _Report, deadline: Deadline) -> None:
        slowest, began = 0.0, time.monotonic()
        report.start = report.start or window.start
        with contextlib.closing(snapshot.records(window)) as records:
            for batch in cut(records, _MAX_ROWS, _MAX_BYTES):
                end = utc(batch.next_time) if batch.next_time else window.end
                recent_start = end - LOOK_BACK
                marker = Marker(
                    position=end,
                    table=table.qualified,
                    timestamp_column=self._settings.timestamp_column,
                    input_topic=self._settings.input_topic,
                    recent_start=recent_start,
                    recent_rows=snapshot.count(recent_start, end),
                )
                self._publisher.commit(batch.rows, marker, deadline)
                report.end = end
                report.rows += len(batch.rows)
                report.transactions += 1
                report.outcome = "caught up" if window.caught_up and batch.next_time is None else "behind"
                slowest, began = max(slowest, time.monotonic() - began), time.monotonic()
                if batch.next_time and deadline.remaining() < max(_LEAST_SECONDS, 2 * slowest):
                    return

    def _count_late_rows(self, snapshot: Snapshot, marker: Marker | None, report: _Report) -> None:
        if marker is None or marker.recent_start is None:
            return
        late = snapshot.count(marker.recent_start, marker.position) - marker.recent_rows
        if late > 0:
            report.late_rows = late
            logger.warning(
                "late rows=%d before=%s settle_seconds=%d text=%r",
                late,
                written(marker.position),
                self._settings.settle.total_seconds(),
                "these rows were committed after their time had been passed and are not published; "
                "SETTLE_SECONDS must be longer than the longest transaction",
            )

    def _check_owner(self, marker: Marker, table: Table) -> None:
        """Refuse a marker of another source, unless that source is gone: then it was renamed, and this is the same."""
        if marker.input_topic not in (None, self._settings.input_topic):
            msg = (
                f"PROGRESS_TOPIC {self._settings.progress_topic!r} belongs to the rows of INPUT_TOPIC "
                f"{marker.input_topic!r}, not {self._settings.input_topic!r}; every detector needs its own"
            )
            raise ProgressError(msg)
        theirs = (marker.table or table.qualified, marker.timestamp_column or self._settings.timestamp_column)
        ours = (table.qualified, self._settings.timestamp_column)
        if theirs != ours and self._source.has_column(*theirs):
            msg = (
                f"PROGRESS_TOPIC {self._settings.progress_topic!r} belongs to column {theirs[1]!r} of {theirs[0]}, "
                f"which is still there, not to {ours[1]!r} of {ours[0]}; every detector needs its own"
            )
            raise ProgressError(msg)
