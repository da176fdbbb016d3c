"""How many KPUs a detector needs, and what decides."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.costs.sizing import Measured, Workload, size

ROUND = Measured(point_us=1000, event_us=10, model_bytes=100e3, state_bytes=50e3, python_gb=1, headroom=1)
SERIES = st.integers(1, 3_000_000)
PERIODS = st.floats(1, 604_800)


def watched(series: int, period_seconds: float, **more: float) -> Workload:
    return Workload(series=series, period_seconds=period_seconds, **more)  # type: ignore[arg-type] # floats do as well


def kpus_for(resource: str, workload: Workload, measured: Measured = ROUND) -> int:
    return {need.resource: need.kpus for need in size(workload, measured).needs}[resource]


def test_a_bookstore_fits_into_one_kpu() -> None:
    assert size(watched(2, 60, events_per_point=25), Measured()).kpus == 1


def test_a_point_costs_what_was_measured_and_its_events() -> None:
    # 2,000 points a second at 1,000 µs are 2 vCPUs, 0.02 for the events.
    assert kpus_for("CPU", watched(2000, 1)) == 3
    assert kpus_for("CPU", watched(2000, 1), replace(ROUND, event_us=0.0)) == 2
    assert kpus_for("CPU", watched(2000, 1, events_per_point=100), ROUND) == 4
    assert kpus_for("CPU", watched(2000, 1), replace(ROUND, headroom=1.5)) == 4


def test_fast_series_are_bound_by_cpu() -> None:
    sizing = size(watched(20_000, 1), ROUND)  # 2 GB; 20,000 points a second at 1,010 µs

    assert (sizing.kpus, sizing.binding.resource) == (21, "CPU")


def test_slow_series_are_bound_by_memory() -> None:
    sizing = size(watched(100_000, 3600), ROUND)

    assert (sizing.kpus, sizing.binding.resource) == (10, "memory")
    assert kpus_for("CPU", watched(100_000, 3600)) == 1


def test_state_that_exceeds_the_disk_of_fewer_kpus_is_counted_twice_for_compaction() -> None:
    assert kpus_for("disk", watched(1_000_000, 3600)) == 2  # 1,000,000 × 0.05 MB × 2 / 50 GB


def test_ones_own_throughput_replaces_what_was_measured_here() -> None:
    own = Measured(points_per_second=100, headroom=1.5)

    assert kpus_for("CPU", watched(6000, 60), own) == 2  # 100 points/s × 1.5 / 100


@given(SERIES, SERIES, PERIODS)
def test_more_series_never_need_fewer_kpus(some: int, others: int, period: float) -> None:
    fewer, more = sorted((some, others))

    assert size(watched(fewer, period), Measured()).kpus <= size(watched(more, period), Measured()).kpus


@given(SERIES, PERIODS, PERIODS)
def test_a_longer_period_never_needs_more_kpus(series: int, one: float, other: float) -> None:
    short, long = sorted((one, other))

    assert size(watched(series, long), Measured()).kpus <= size(watched(series, short), Measured()).kpus


@given(SERIES, PERIODS, st.floats(1, 100))
def test_the_kpus_are_enough_for_every_point_and_every_model(series: int, period: float, events: float) -> None:
    measured = Measured()
    kpus = size(watched(series, period, events_per_point=events), measured).kpus
    used_us = series * (measured.point_us + events * measured.event_us)

    assert kpus >= used_us / 1e6 / period * measured.headroom * (1 - 1e-9)
    assert kpus * measured.python_gb * 1e9 * (1 + 1e-9) >= series * measured.model_bytes


@pytest.mark.parametrize("series", [1, 10_000, 1_000_000])
def test_one_kpu_fewer_would_not_be_enough(series: int) -> None:
    sizing = size(watched(series, 60), Measured())

    assert sizing.kpus == max(need.kpus for need in sizing.needs)
    assert sizing.kpus == sizing.binding.kpus
