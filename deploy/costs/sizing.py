"""How large a detector must be: from the series and their period to the KPUs that they need, and why that many.

A KPU is the unit of Managed Service for Apache Flink: 1 vCPU, 4 GB of memory, 50 GB of disk. Nothing here was measured
on the service; what a point costs was, on one core of an ordinary server.
"""

import math
from dataclasses import dataclass

MONTH_SECONDS = 730 * 3600
"""A month of 730 hours, as the vendors reckon."""

_GB = 1e9


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What is watched."""

    series: int
    """Number of time series."""
    period_seconds: float
    """Length of the detection period."""
    events_per_point: float = 1.0
    """Events in one period of one series, on average; at least 1, for a period without events has no point."""
    event_bytes: int = 110
    """Size of one event in Kafka: key, value and the record's own overhead."""
    keep_days: int = 365
    """How long results are kept on S3."""
    kafka_days: int = 7
    """How long Kafka keeps events and results."""

    @property
    def points_per_second(self) -> float:
        """Points that are scored in a second, on average over the period."""
        return self.series / self.period_seconds

    @property
    def points_per_month(self) -> float:
        """Points that are scored in a month."""
        return self.points_per_second * MONTH_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the job needs for one point, one event and one series, at the model's defaults.

    The defaults are from one core of a shared server on 2026-12-01, for the slowest kind of series that was tried
    (heavy-tailed; ordinary ones take two thirds) and models that are past LEARNING.
    """

    point_us: float = 35.0
    """Microseconds of CPU that the Python half spends on a point: scoring, its result, its part of the state."""
    event_us: float = 4.6
    """Microseconds of CPU that the JVM half spends on an event."""
    model_bytes: float = 11e3
    """Memory of one series in a worker: its model, its key and what its results repeat."""
    state_bytes: float = 12e3
    """Keyed state of one series: a snapshot of its model, and its part of the log."""
    result_bytes: float = 850.0
    """Size of a result in Kafka: key, value and the record's own overhead."""
    row_bytes: float = 100.0
    """Size of a result in Parquet."""
    transform_us: float = 22.0
    """Microseconds of CPU that the transform function spends on a result."""
    python_gb: float = 0.6
    """Memory that the Python worker of one KPU may take. An assumption: the service leaves about 1 GB of a KPU's 4 GB
    to everything outside the JVM's heap."""
    headroom: float = 1.3
    """By how much the average is exceeded: room for bursts, checkpoints and catching up."""
    points_per_second: float | None = None
    """Points a second and KPU, if you measured it yourself: replaces `point_us` and `event_us`."""


@dataclass(frozen=True, slots=True)
class Need:
    """KPUs that one resource asks for, and how that was reckoned."""

    resource: str
    kpus: int
    explanation: str


@dataclass(frozen=True, slots=True)
class Sizing:
    """How many KPUs, and what decides."""

    kpus: int
    """KPUs that work; the service bills one more for orchestration."""
    needs: tuple[Need, ...]
    """What each resource asks for."""
    state_gb: float
    """Keyed state, at most."""

    @property
    def binding(self) -> Need:
        """The need that decides; of equal ones the first."""
        return max(self.needs, key=lambda need: need.kpus)


def size(workload: Workload, measured: Measured) -> Sizing:
    """Find the smallest number of KPUs that satisfies every need.

    Parameters
    ----------
    workload
        What is watched.
    measured
        What a point costs.
    """
    needs = (_cpu(workload, measured), _memory(workload, measured), _disk(workload, measured))
    return Sizing(max(need.kpus for need in needs), needs, _state_gb(workload, measured))


def _cpu(workload: Workload, measured: Measured) -> Need:
    rate, headroom = workload.points_per_second, f"{measured.headroom:g} for headroom"
    if measured.points_per_second is not None:
        need = rate / measured.points_per_second * measured.headroom
        how = f"{rate:,.2f} points/s / {measured.points_per_second:,g} points/s and KPU × {headroom}"
    else:
        point_us = measured.point_us + workload.events_per_point * measured.event_us
        need = rate * point_us / 1e6 * measured.headroom
        how = (
            f"{rate:,.2f} points/s × ({measured.point_us:g} µs a point + {workload.events_per_point:g} events × "
            f"{measured.event_us:g} µs) × {headroom}"
        )
    return Need("CPU", max(1, math.ceil(need)), f"{how} = {need:,.2f}")


def _memory(workload: Workload, measured: Measured) -> Need:
    """Every model lies in the memory of a worker."""
    gb = workload.series * measured.model_bytes / _GB
    return Need(
        "memory",
        max(1, math.ceil(gb / measured.python_gb)),
        f"{workload.series:,} series × {measured.model_bytes / 1e3:g} KB / {measured.python_gb:g} GB for "
        f"Python a KPU = {gb / measured.python_gb:,.2f}",
    )


def _disk(workload: Workload, measured: Measured) -> Need:
    gb = _state_gb(workload, measured)
    return Need(
        "disk",
        max(1, math.ceil(gb / 50)),
        f"{gb:,.2f} GB of state, twice over while it is compacted, / 50 GB a KPU = {gb / 50:,.2f}",
    )


def _state_gb(workload: Workload, measured: Measured) -> float:
    return 2 * workload.series * measured.state_bytes / _GB
