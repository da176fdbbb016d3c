"""Scoring the series of one bucket: a period's values in, results out, and the changes of state that remember them."""

from dataclasses import dataclass

from anomaly import Detection
from contracts.payloads import Payload, decode_payload, encode_results
from contracts.results import Result, encode, format_time
from flink_job.models import LiveModels, Model
from flink_job.settings import ScoringSettings
from flink_job.state_log import PHASES, KeyedBytes, Snapshot, append, phase_of, restore, write_snapshot


@dataclass(frozen=True, slots=True)
class Scored:
    """One bucket's results of one period as a block (`contracts.payloads`), and what to count of them."""

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
    live
        The models of all buckets of this worker that are live.
    state
        The state of this bucket; it is read here, once, and only written from then on. It must be the current one
        whenever a method runs.
    """

    def __init__(self, settings: ScoringSettings, live: LiveModels, state: KeyedBytes) -> None:
        self._settings = settings
        self._live = live
        self._state = state
        restored = restore(state, settings.layout)
        self._count = restored.count
        self._models: dict[bytes, Model] = {}
        self._phases: list[list[Model]] = [[] for _ in range(PHASES)]
        for series, snapshot in restored.snapshots.items():
            self._add(Model(series, snapshot.model, snapshot.end, snapshot.end))
        for entry in restored.log:
            for model, value in self._unseen(entry):
                self._learn(model, entry, value)

    def __len__(self) -> int:
        """Count the series of the bucket."""
        return len(self._models)

    def score(self, payload: bytes) -> Scored:
        """Score the values of a period, in the order of the series' keys.

        Parameters
        ----------
        payload
            The period and its values, as `contracts.payloads` has it.

        Returns
        -------
        The results; empty if all of these values were scored before.
        """
        element = decode_payload(payload)
        records: list[tuple[bytes, bytes]] = []
        learned: list[tuple[bytes, float]] = []
        anomalies = alerts = 0
        for model, value in self._unseen(element):
            detection = self._learn(model, element, value)
            result = _result(self._settings, model, element, value, detection)
            records.append((model.identifier.encode(), encode(result)))
            learned.append((model.series, value))
            anomalies += result.anomaly_decision
            alerts += result.alert
        return Scored(
            block=encode_results(records),
            points=len(records),
            anomalies=anomalies,
            alerts=alerts,
            state_bytes=self._remember(Payload(element.start, element.end, tuple(learned))) if learned else 0,
        )

    def _unseen(self, element: Payload) -> list[tuple[Model, float]]:
        pairs = ((self._models.get(series) or self._add(Model(series)), value) for series, value in element.values)
        return [(model, value) for model, value in pairs if model.end < element.end]

    def _add(self, model: Model) -> Model:
        self._models[model.series] = model
        self._phases[phase_of(model.identifier)].append(model)
        return model

    def _learn(self, model: Model, element: Payload, value: float) -> Detection:
        detection = self._live.wake(model).process(value, element.start / 1000)
        model.end = element.end
        self._live.settle(model, element.end - self._settings.layout.period_ms)
        return detection

    def _remember(self, learned: Payload) -> int:
        self._count += 1
        written = append(self._state, self._settings.layout, self._count, learned)
        for model in self._phases[self._count % PHASES]:
            if model.saved < model.end:
                snapshot = Snapshot(model.end, self._live.bytes_of(model))
                written += write_snapshot(self._state, model.series, snapshot)
                model.saved = model.end
        return written


def _result(settings: ScoringSettings, model: Model, element: Payload, value: float, detection: Detection) -> Result:
    start = detection.episode_start
    return Result(
        detector_name=settings.detector_name,
        measure=model.measure,
        timeseries_id=model.identifier,
        anomaly_decision_threshold=settings.threshold,
        dimension_list=model.dimensions,
        aggregated_measure_value=value,
        anomaly_score=detection.score,
        detection_period_start_time=format_time(element.start),
        detection_period_end_time=format_time(element.end),
        processed_data_points=detection.processed_points,
        anomaly_confidence_score=detection.confidence,
        anomaly_decision=1 if detection.is_anomaly else 0,
        model_stage=detection.stage.value,
        expected_value=_number(detection.expected_value),
        lower_bound=_number(detection.lower_bound),
        upper_bound=_number(detection.upper_bound),
        raw_score=detection.raw_score,
        direction=detection.direction.value,
        alert=1 if detection.alert else 0,
        episode_start_time=None if start is None else format_time(start * 1000),
    )


def _number(value: float | tuple[float, ...]) -> float:
    # A series of this job has one measure, for which the library gives a number and not a tuple.
    return value if isinstance(value, float) else value[0]
