"""The properties that the job's state depends on: it cannot be continued under other values of them.

The JVM half keeps their values with the state and compares them when it is restored, before a record is read
(`StateTerms`). Nothing else compares them; the deployment refuses to change them for the same reasons.
"""

from collections.abc import Mapping
from types import MappingProxyType

STATE_TERMS: Mapping[str, str] = MappingProxyType(
    {
        "detector.detection.period": "models learned what is usual from one period to the next, of this length",
        "detector.measure.aggregation": "models learned values that were made of events in this way",
        "detector.output.after": "it is part of each model",
        "job.buckets": "a series' state lies in the bucket that this number gives it",
    }
)
"""For each, as group and key, why."""
