"""How large a detector must be: from the series and their period to the KPUs that they need, and why that many.

A KPU is the unit of Managed Service for Apache Flink: 1 vCPU, 4 GB of memory, 50 GB of disk. Nothing here was measured
on the service; what a point costs was, on one core of an ordinary server, with the defaults of the model.
"""

import math
from dataclasses import dataclass

__all__ = ["MONTH_SECONDS", "Measured", "Need", "Sizing", "Workload", "size"]

MONTH_SECONDS = 730 * 3600
"""A month of 730 hours, as the vendors reckon."""

_GB = 1e9


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What is watched.

    Parameters
    ----------
    series
        Number of time series.
    period_seconds
        Length of the detection period.
    events_per_point
        Events in one period of one series, on average; at least 1, for a period without events has no point.
    event_bytes
        Size of one event in Kafka: key, value and the record's own overhead.
    keep_days
        How long results are kept on S3.
    kafka_days
        How long Kafka keeps events and results.
    """

    series: int
    period_seconds: float
    events_per_point: float = 1.0
    event_bytes: int = 110
    keep_days: int = 365
    kafka_days: int = 7

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

    The defaults are from one core of a shared server on 2026-11-23, for the slowest kind of series that was tried
    (heavy-tailed; ordinary ones take two thirds) and models that are full (3,000 points; younger ones take less).

    Parameters
    ----------
    live_us, resting_us
        Microseconds of CPU that the Python half spends on a point, when the model is live and when it rests as bytes
        and has to be built, and stored again.
    event_us
        Microseconds of CPU that the JVM half spends on an event.
    live_bytes, resting_bytes
        Memory of one series' model.
    result_bytes
        Size of a result in Kafka: key, value and the record's own overhead.
    row_bytes
        Size of a result in Parquet.
    transform_us
        Microseconds of CPU that the transform function spends on a result.
    python_gb
        Memory that the Python worker of one KPU may take. An assumption: the service leaves about 1 GB of a KPU's 4 GB
        to everything outside the JVM's heap.
    headroom
        By how much the average is exceeded: room for bursts, checkpoints and catching up.
    points_per_second
        Points a second and KPU, if you measured it yourself: replaces `live_us`, `resting_us` and `event_us`.
    """

    live_us: float = 1460.0
    resting_us: float = 2860.0
    event_us: float = 4.6
    live_bytes: float = 360e3
    resting_bytes: float = 86e3
    result_bytes: float = 850.0
    row_bytes: float = 100.0
    transform_us: float = 22.0
    python_gb: float = 0.6
    headroom: float = 1.3
    points_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """KPUs that one resource asks for, and how that was reckoned."""

    resource: str
    kpus: int
    explanation: str


@dataclass(frozen=True, slots=True)
class Sizing:
    """How many KPUs, and what decides.

    Parameters
    ----------
    kpus
        KPUs that work; the service bills one more for orchestration.
    live_models
        Models that fit live into that many KPUs; the others rest as bytes.
    needs
        What each resource asks for.
    state_gb
        Keyed state, at most.
    """

    kpus: int
    live_models: int
    needs: tuple[Need, ...]
    state_gb: float

    @property
    def binding(self) -> Need:
        """The need that decides; of equal ones the first."""
        return max(self.needs, key=lambda need: need.kpus)

    @property
    def live_models_per_kpu(self) -> int:
        """What to set the job's `live.models` to, when each KPU runs one worker."""
        return -(-self.live_models // self.kpus)


def size(workload: Workload, measured: Measured) -> Sizing:
    """Find the smallest number of KPUs that satisfies every need.

    More KPUs have more memory, so more models stay live, so a point costs less: the number is searched for.

    Parameters
    ----------
    workload
        What is watched.
    measured
        What a point costs.
    """
    memory = _memory(workload, measured)
    disk = _disk(workload, measured)
    cpu = _cpu(workload, measured, floor=max(memory.kpus, disk.kpus))
    kpus = max(cpu.kpus, memory.kpus, disk.kpus)
    return Sizing(kpus, _live(workload, measured, kpus), (cpu, memory, disk), _state_gb(workload, measured))


def _memory(workload: Workload, measured: Measured) -> Need:
    """Every model lies in the worker's memory at least as bytes."""
    gb = workload.series * measured.resting_bytes / _GB
    kpus = max(1, math.ceil(gb / measured.python_gb))
    return Need(
        "memory",
        kpus,
        f"{workload.series:,} series × {measured.resting_bytes / 1e3:g} KB at rest / {measured.python_gb:g} GB for "
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
    return 2 * workload.series * measured.resting_bytes / _GB


def _cpu(workload: Workload, measured: Measured, floor: int) -> Need:
    """Search the smallest number from `floor` on whose vCPUs suffice; below `floor` it does not matter."""
    high = floor
    while _cpu_need(workload, measured, high) > high:
        high *= 2
    low = floor
    while low < high:
        middle = (low + high) // 2
        if _cpu_need(workload, measured, middle) > middle:
            low = middle + 1
        else:
            high = middle
    need = _cpu_need(workload, measured, high)
    rate, headroom = workload.points_per_second, f"{measured.headroom:g} for headroom"
    if measured.points_per_second is not None:
        how = f"{rate:,.2f} points/s / {measured.points_per_second:,g} points/s and KPU × {headroom}"
    else:
        live = _live(workload, measured, high)
        how = (
            f"{rate:,.2f} points/s × ({_score_us(workload, measured, high):,.0f} µs a point, "
            f"{live:,} of {workload.series:,} models live, + {workload.events_per_point:g} events × "
            f"{measured.event_us:g} µs) × {headroom}"
        )
    # One KPU fewer would leave fewer models live, and need more: rounding up the need is right at the floor only.
    return Need("CPU", high if high > floor else max(1, math.ceil(need)), f"{how} = {need:,.2f}")


def _cpu_need(workload: Workload, measured: Measured, kpus: int) -> float:
    """Return the vCPUs that are needed when that many KPUs' memory is there."""
    rate = workload.points_per_second * measured.headroom
    if measured.points_per_second is not None:
        return rate / measured.points_per_second
    point_us = _score_us(workload, measured, kpus) + workload.events_per_point * measured.event_us
    return rate * point_us / 1e6


def _score_us(workload: Workload, measured: Measured, kpus: int) -> float:
    share = _live(workload, measured, kpus) / workload.series
    return share * measured.live_us + (1 - share) * measured.resting_us


def _live(workload: Workload, measured: Measured, kpus: int) -> int:
    """Return how many models can be live beside all others at rest."""
    spare = kpus * measured.python_gb * _GB - workload.series * measured.resting_bytes
    return max(0, min(workload.series, int(spare / (measured.live_bytes - measured.resting_bytes))))
