"""What the detector costs beside its peers: CPU time a point, and bytes a series.

All learn and score the same four streams of a minute a point, on one core, taking turns; each is grown up before it is
timed. Figures are medians of CPU time over the rounds. A peer's figure is of all it does: of krcf, rcf3, rrcf and
HalfSpaceTrees a bare score, of TRCF score, threshold and expected value, of ours score, threshold, expected value,
band, alert and what the reason is made of.
"""

import argparse
import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from anomaly import Detector, DetectorConfig, Fleet
from benchmarks import peers
from benchmarks.forest import streams

ROUNDS = 5
GROWN = 3000
SERIES = 20_000
MILLION = 1_000_000
_MIDNIGHT = 1_699_920_000.0
_PROGRAMS = 200
"""Different grown series, of which a fleet is made."""

FloatArray = npt.NDArray[np.float64]
Feed = Callable[[FloatArray, FloatArray], object]


@dataclass(frozen=True)
class _Contender:
    """`grown` points are learned, `timed` points timed in each round; `warm` points of another series come first."""

    name: str
    load: Callable[[], Callable[[], Feed]]
    grown: int = GROWN
    timed: int = 2000
    warm: int = 50


_CONTENDERS = (
    _Contender("anomaly: a series in one call", lambda: _many, timed=20_000),
    _Contender("anomaly: value by value", lambda: _one_by_one),
    _Contender(peers.KRCF.name, peers.KRCF.load),
    _Contender(peers.RCF3.name, peers.RCF3.load),
    _Contender(peers.TRCF.name, peers.TRCF.load, warm=40_000),
    _Contender(peers.TRCF_LIVE.name, peers.TRCF_LIVE.load, timed=500, warm=10_000),
    _Contender(peers.RRCF.name, peers.RRCF.load, grown=400, timed=50),
    _Contender(peers.HALF_SPACE_TREES.name, peers.HALF_SPACE_TREES.load),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a million series be made, which takes 12 GB."""
    parser.add_argument(
        "--million", action="store_true", help="also make 1,000,000 series: needs 12 GB and two minutes"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what the options say."""
    return measure(million=options.million)


def measure(*, million: bool = False) -> dict[str, Any]:
    """Return `points`: CPU µs a point of each contender on each stream; `fleet`, `million`: figures of many series."""
    with _one_core():
        figures: dict[str, Any] = {"points": _points(), "fleet": _fleet(SERIES, ROUNDS)}
        if million:
            figures["million"] = _fleet(MILLION, 1)
        return figures


def table(figures: dict[str, Any]) -> str:
    """Lay out what `measure` returned."""
    points: dict[str, Any] = figures["points"]
    kinds = [kind for f in points.values() if "us" in f for kind in f["us"]][:4]
    krcf = points["krcf"].get("median_us")
    lines = [
        "CPU µs a point" + " " * 16 + "".join(f"{kind:>16}" for kind in kinds) + f"{'median':>10}{'times krcf':>12}"
    ]
    for name, f in points.items():
        if "missing" in f:
            lines.append(f"{name:<30}{f['missing']}")
            continue
        ratio = f"{f['median_us'] / krcf:.2f}" if krcf else "-"
        each = "".join(f"{f['us'][kind]:>16.1f}" for kind in kinds)
        lines.append(f"{name:<30}{each}{f['median_us']:>10.1f}{ratio:>12}")
    for name in ("fleet", "million"):
        if name in figures:
            lines += ["", *_fleet_lines(figures[name])]
    return "\n".join(lines)


def _points() -> dict[str, Any]:
    feeds: dict[str, Callable[[], Feed]] = {}
    figures: dict[str, Any] = {}
    for contender in _CONTENDERS:
        try:
            feeds[contender.name] = contender.load()
        except peers.PeerMissingError as error:
            figures[contender.name] = {"missing": str(error)}
    present = [contender for contender in _CONTENDERS if contender.name in feeds]
    spent: dict[str, dict[str, list[float]]] = {contender.name: {} for contender in present}
    for contender in present:
        # Compiles what is compiled when it is used: kernels, and in the JVM what is hot.
        feeds[contender.name]()(_times(contender.warm), streams(0, contender.warm)["seasonal"])
    for kind in streams(0, 8):
        for name, each in _spent_on(kind, present, feeds).items():
            spent[name][kind] = each
    for name, by_kind in spent.items():
        medians = {kind: statistics.median(each) for kind, each in by_kind.items()}
        figures[name] = {"us": medians, "median_us": statistics.median(medians.values())}
    return {contender.name: figures[contender.name] for contender in _CONTENDERS}


def _spent_on(kind: str, contenders: list[_Contender], feeds: dict[str, Callable[[], Feed]]) -> dict[str, list[float]]:
    rows = max(contender.grown + ROUNDS * contender.timed for contender in contenders)
    stream = streams(1, rows)[kind]
    times = _times(rows)
    begun = {contender.name: feeds[contender.name]() for contender in contenders}
    for contender in contenders:
        begun[contender.name](times[: contender.grown], stream[: contender.grown])
    spent: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for k in range(ROUNDS):
        for contender in contenders:
            part = slice(contender.grown + k * contender.timed, contender.grown + (k + 1) * contender.timed)
            feed, some_times, values = begun[contender.name], times[part], stream[part]
            spent[contender.name].append(_cpu(lambda: feed(some_times, values)) / contender.timed * 1e6)  # noqa: B023
    return spent


def _many() -> Feed:
    detector = Detector(DetectorConfig())
    return lambda times, values: detector.process_many(values, times)


def _one_by_one() -> Feed:
    detector = Detector(DetectorConfig())

    def feed(times: FloatArray, values: FloatArray) -> None:
        for time_, value in zip(times.tolist(), values.tolist(), strict=True):
            detector.process(value, time_)

    return feed


def _fleet(series: int, rounds: int) -> dict[str, float]:
    """Make a fleet of grown series, and give each one point a round, in turn and in random order."""
    rng = np.random.default_rng(1)
    states = _states(_PROGRAMS)
    keys = [f"series-{i:07}" for i in range(series)]
    before = _resident()
    fleet = Fleet(DetectorConfig())
    restore = _cpu(lambda: _restore(fleet, keys, states))
    some = keys[:: max(1, series // 20_000)]
    to_bytes = statistics.median(_cpu(lambda: [fleet.to_bytes(key) for key in some]) for _ in range(ROUNDS))
    grown = _resident() - before
    now = _MIDNIGHT + 60.0 * GROWN
    in_turn: list[float] = []
    at_random: list[float] = []
    for _ in range(rounds):
        shuffled = [keys[i] for i in rng.permutation(series).tolist()]
        for order, spent in ((keys, in_turn), (shuffled, at_random)):
            values, times = rng.poisson(20, series).astype(float), np.full(series, now)
            spent.append(_cpu(lambda: fleet.process(order, values, times)) / series * 1e6)  # noqa: B023
            now += 60.0
    return {
        "series": series,
        "in_turn_us": statistics.median(in_turn),
        "at_random_us": statistics.median(at_random),
        "fleet_bytes_a_series": fleet.nbytes / series,
        "process_bytes_a_series": grown / series,
        "state_bytes": statistics.median(len(state) for state in states),
        "to_bytes_us": to_bytes / len(some) * 1e6,
        "restore_us": restore / series * 1e6,
    }


def _restore(fleet: Fleet, keys: list[str], states: list[bytes]) -> None:
    for i, key in enumerate(keys):
        fleet.restore(key, states[i % len(states)])


def _states(count: int) -> list[bytes]:
    """Return the bytes of so many grown series: full sketches, memories of days."""
    times = _times(GROWN)
    states = []
    for seed in range(count):
        detector = Detector(DetectorConfig())
        detector.process_many(np.random.default_rng(seed).poisson(20, GROWN).astype(float), times)
        states.append(detector.to_bytes())
    return states


def _fleet_lines(f: dict[str, float]) -> list[str]:
    return [
        f"{f['series']:,.0f} series, one point each",
        f"  in turn              {f['in_turn_us']:>10.1f} µs a point",
        f"  in random order      {f['at_random_us']:>10.1f} µs a point",
        f"  live                 {f['fleet_bytes_a_series']:>10,.0f} bytes a series (Fleet.nbytes)",
        f"  the process grew by  {f['process_bytes_a_series']:>10,.0f} bytes a series",
        f"  state                {f['state_bytes']:>10,.0f} bytes",
        f"  to bytes, restore    {f['to_bytes_us']:>10.1f} and {f['restore_us']:.1f} µs",
    ]


def _times(rows: int) -> FloatArray:
    return _MIDNIGHT + 60.0 * np.arange(rows)


def _cpu(work: Callable[[], object]) -> float:
    """Return CPU seconds, with the garbage collector off, as in `timeit`: who runs would clean up after the others."""
    collected = gc.isenabled()
    gc.disable()
    try:
        began = time.process_time()
        work()
        return time.process_time() - began
    finally:
        if collected:
            gc.enable()


def _resident() -> float:
    """Return the bytes that the process holds in memory; NaN where the system does not say."""
    try:
        return float(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return float("nan")


@contextmanager
def _one_core() -> Iterator[None]:
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
