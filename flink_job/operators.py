"""The scoring operator: hands Flink's keyed state and elements to the pure code, and counts."""

import time
from collections.abc import Iterator

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import MapStateDescriptor

from anomaly import Fleet
from flink_job.scoring import BucketScorer
from flink_job.settings import ScoringSettings, detector_config
from flink_job.state_log import KeyedBytes


class ScoringOperator(KeyedProcessFunction):  # type: ignore[misc] # PyFlink publishes no types
    """Scores the buckets of one subtask; the key is the bucket, an element its payload of one period.

    Parameters
    ----------
    settings
        What to score with.
    """

    def __init__(self, settings: ScoringSettings) -> None:
        self._settings = settings
        self._scorers: dict[int, BucketScorer] = {}

    def open(self, runtime_context: RuntimeContext) -> None:
        """Prepare the state and the counters of this subtask."""
        self._fleet = Fleet(detector_config(self._settings))
        descriptor = MapStateDescriptor("models", Types.STRING(), Types.PRIMITIVE_ARRAY(Types.BYTE()))
        self._state: KeyedBytes = runtime_context.get_map_state(descriptor)
        # Managed Flink sends to CloudWatch what is in a group of this name; elsewhere it is a name like others.
        metrics = runtime_context.get_metrics_group().add_group("kinesisanalytics").add_group("anomaly")
        self._points = metrics.counter("points")
        self._anomalies = metrics.counter("anomalies")
        self._alerts = metrics.counter("alerts")
        self._state_bytes = metrics.counter("state_bytes_written")
        self._scoring_time = metrics.distribution("scoring_microseconds")
        metrics.gauge("series", lambda: sum(len(scorer) for scorer in self._scorers.values()))
        metrics.gauge("model_bytes", lambda: self._fleet.nbytes)

    def process_element(self, value: bytes, ctx: KeyedProcessFunction.Context) -> Iterator[bytes]:
        """Score one bucket's period; yields one block of results, or nothing if it was scored before."""
        started = time.perf_counter_ns()
        bucket = ctx.get_current_key()
        scorer = self._scorers.get(bucket)
        if scorer is None:
            scorer = self._scorers[bucket] = BucketScorer(self._settings, self._fleet, self._state)
        scored = scorer.score(value)
        self._points.inc(scored.points)
        self._anomalies.inc(scored.anomalies)
        self._alerts.inc(scored.alerts)
        self._state_bytes.inc(scored.state_bytes)
        self._scoring_time.update((time.perf_counter_ns() - started) // 1000)
        if scored.points:
            yield scored.block
