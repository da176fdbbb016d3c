"""Scoring the series of one bucket: a period's values in, results out, and the changes of state that remember them."""

from dataclasses import dataclass

from anomaly import Detections, Fleet, StateError
from flink_job.results import Series, records_of
from flink_job.settings import ScoringSettings
from flink_job.state_log import (
    PHASES,
    JobStateError,
    KeyedBytes,
    Snapshot,
    append,
    phase_of,
    restore,
    write_snapshot,
)
from flink_job.wire import Payload, decode_payload, encode_results


@dataclass(frozen=True, slots=True)
class ScoredPeriod:
    """One bucket's results of one period as a block (`flink_job.wire`), and what to count of them."""

    block: bytes
    points: int
    anomalies: int
    alerts: int
    state_bytes: int


class BucketScorer:
    """Scores one bucket, period after period; an element that was scored before changes nothing.

    Parameters
    ----------
    settings
        What to score with.
    fleet
        The models of all buckets of this worker, by the series' keys.
    state
        The state of this bucket; it is read here, once, and only written from then on. It must be the current one
        whenever a method runs.

    Raises
    ------
    JobStateError
        If the state is damaged or of another version.
    """

    def __init__(self, settings: ScoringSettings, fleet: Fleet, state: KeyedBytes) -> None:
        self._settings = settings
        self._fleet = fleet
        self._state = state
        restored = restore(state)
        self._count = restored.count
        self._series: dict[bytes, Series] = {}
        self._phases: list[list[Series]] = [[] for _ in range(PHASES)]
        for key, snapshot in restored.snapshots.items():
            series = self._add(key)
            series.end = series.saved = snapshot.end
            try:
                fleet.restore(key, snapshot.model)
            except StateError as error:
                msg = f"a model in the job's state cannot be read: {error}; restore an earlier checkpoint"
                raise JobStateError(msg) from error
        for entry in restored.log:
            self._learn(*self._unseen(entry))

    def __len__(self) -> int:
        """Count the series of the bucket."""
        return len(self._series)

    def score(self, payload: bytes) -> ScoredPeriod:
        """Score the values of a period, in the order of the series' keys.

        Parameters
        ----------
        payload
            The period and its values, as `flink_job.wire` has it.

        Returns
        -------
        The results; empty if all of these values were scored before.
        """
        unseen, series = self._unseen(decode_payload(payload))
        if not series:
            return ScoredPeriod(encode_results(()), 0, 0, 0, 0)
        detections = self._learn(unseen, series)
        return ScoredPeriod(
            block=encode_results(records_of(self._settings, series, unseen, detections)),
            points=len(series),
            anomalies=int(detections.is_anomaly.sum()),
            alerts=int(detections.alert.sum()),
            state_bytes=self._remember(unseen),
        )

    def _unseen(self, payload: Payload) -> tuple[Payload, list[Series]]:
        """Give the part of a payload that was not scored before, and its series."""
        series = [self._series.get(key) or self._add(key) for key in payload.keys]
        places = [place for place, one in enumerate(series) if one.end < payload.end]
        if len(places) == len(series):
            return payload, series
        return payload.of(places), [series[place] for place in places]

    def _add(self, key: bytes) -> Series:
        if key in self._fleet:  # of a state that was given up for the one that is being restored
            self._fleet.forget(key)
        series = self._series[key] = Series(key)
        self._phases[phase_of(series.identifier)].append(series)
        return series

    def _learn(self, payload: Payload, series: list[Series]) -> Detections:
        detections = self._fleet.process(payload.keys, payload.values, payload.start / 1000)
        for one in series:
            one.end = payload.end
        return detections

    def _remember(self, learned: Payload) -> int:
        self._count += 1
        written = append(self._state, self._count, learned)
        for series in self._phases[self._count % PHASES]:
            if series.saved < series.end:
                snapshot = Snapshot(series.end, self._fleet.to_bytes(series.key))
                written += write_snapshot(self._state, series.key, snapshot)
                series.saved = series.end
        return written
