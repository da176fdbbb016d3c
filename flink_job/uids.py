"""The uid of every operator. State is found by uid: changing one loses what its operator remembers."""

SOURCE = "source"
LATE_GATE = "late-gate"
SERIES_WINDOWS = "series-windows"
LATE_AT_WINDOWS = "late-at-windows"
BUCKET_WINDOWS = "bucket-windows"
SCORE = "score"
SPLIT_RESULTS = "split-results"
RESULTS_SINK = "results-sink"
DEAD_LETTERS_SINK = "dead-letters-sink"
LATE_SINK = "late-sink"

ALL = (
    SOURCE,
    LATE_GATE,
    SERIES_WINDOWS,
    LATE_AT_WINDOWS,
    BUCKET_WINDOWS,
    SCORE,
    SPLIT_RESULTS,
    RESULTS_SINK,
    DEAD_LETTERS_SINK,
    LATE_SINK,
)
"""All of them. The JVM half has the same list in `org.anomaly.flink.Uids`; only ``score`` is set in Python."""
