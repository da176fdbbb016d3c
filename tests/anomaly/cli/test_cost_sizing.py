"""How many KPUs a detector needs, and what decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.cli.cost_sizing import Measured, Workload, size

ROUND = Measured(
    live_us=1000, resting_us=2000, event_us=10, live_bytes=400e3, resting_bytes=100e3, python_gb=1, headroom=1
)
SERIES = st.integers(1, 3_000_000)
PERIODS = st.floats(1, 604_800)


def watched(series: int, period_seconds: float, **more: float) -> Workload:
    return Workload(series=series, period_seconds=period_seconds, **more)  # type: ignore[arg-type] # floats do as well


def kpus_for(resource: str, workload: Workload, measured: Measured = ROUND) -> int:
    return {need.resource: need.kpus for need in size(workload, measured).needs}[resource]


def test_a_bookstore_fits_into_one_kpu_with_every_model_live() -> None:
    sizing = size(watched(2, 60, events_per_point=25), Measured())

    assert (sizing.kpus, sizing.live_models) == (1, 2)


def test_live_models_cost_what_was_measured_for_live_ones() -> None:
    # 2,000 models of 0.4 MB are 0.8 GB: all live. 2,000 points a second at 1,000 µs are 2 vCPUs.
    assert kpus_for("CPU", watched(2000, 1, events_per_point=1), ROUND) == 3  # 2 for the points, 0.02 for the events
    assert size(watched(2000, 1), Measured(**{**fields(ROUND), "event_us": 0.0})).kpus == 2


def test_models_that_do_not_fit_live_rest_and_cost_more() -> None:
    # 100,000 series at 0.1 MB are 10 GB: 10 KPUs, and no room left for a live one.
    # One point in 10 s each: 10,000 a second at 2,000 µs and 10 µs for the event are 20.1 vCPUs.
    # 18 KPUs keep 26,666 live: 10,000 × (0.2667 × 1,000 + 0.7333 × 2,000 + 10) µs = 17.4; 17 keep 23,333: 17.8 is over.
    sizing = size(watched(100_000, 10), ROUND)

    assert (sizing.kpus, sizing.live_models, sizing.binding.resource) == (18, 26_666, "CPU")


def test_slow_series_are_bound_by_memory() -> None:
    sizing = size(watched(100_000, 3600), ROUND)

    assert (sizing.kpus, sizing.binding.resource) == (10, "memory")
    assert kpus_for("CPU", watched(100_000, 3600)) == 1


def test_state_that_exceeds_the_disk_of_fewer_kpus_is_counted_twice_for_compaction() -> None:
    assert kpus_for("disk", watched(500_000, 3600)) == 2  # 500,000 × 0.1 MB × 2 / 50 GB


def test_ones_own_throughput_replaces_what_was_measured_here() -> None:
    own = Measured(points_per_second=100, headroom=1.5)

    assert kpus_for("CPU", watched(6000, 60), own) == 2  # 100 points/s × 1.5 / 100


def test_what_each_worker_should_keep_live_is_a_share_of_what_fits() -> None:
    assert size(watched(100_000, 10), ROUND).live_models_per_kpu == 1482  # 26,666 / 18, rounded up


@given(SERIES, SERIES, PERIODS)
def test_more_series_never_need_fewer_kpus(some: int, others: int, period: float) -> None:
    fewer, more = sorted((some, others))

    assert size(watched(fewer, period), Measured()).kpus <= size(watched(more, period), Measured()).kpus


@given(SERIES, PERIODS, PERIODS)
def test_a_longer_period_never_needs_more_kpus(series: int, one: float, other: float) -> None:
    short, long = sorted((one, other))

    assert size(watched(series, long), Measured()).kpus <= size(watched(series, short), Measured()).kpus


@given(SERIES, PERIODS, st.floats(1, 100))
def test_the_kpus_are_enough_for_the_models_that_they_are_said_to_keep_live(
    series: int, period: float, events: float
) -> None:
    measured = Measured()
    sizing = size(watched(series, period, events_per_point=events), measured)
    live, resting = sizing.live_models, series - sizing.live_models
    used = live * measured.live_us + resting * measured.resting_us + series * events * measured.event_us

    assert sizing.kpus >= used / 1e6 / period * measured.headroom * (1 - 1e-9)
    assert sizing.kpus * measured.python_gb * 1e9 * (1 + 1e-9) >= (
        live * measured.live_bytes + resting * measured.resting_bytes
    )


@pytest.mark.parametrize("series", [1, 10_000, 1_000_000])
def test_one_kpu_fewer_would_not_be_enough(series: int) -> None:
    sizing = size(watched(series, 60), Measured())

    assert sizing.kpus == max(need.kpus for need in sizing.needs)
    assert sizing.kpus == sizing.binding.kpus


def fields(measured: Measured) -> dict[str, float]:
    names = ("live_us", "resting_us", "event_us", "live_bytes", "resting_bytes", "python_gb", "headroom")
    return {name: getattr(measured, name) for name in names}
