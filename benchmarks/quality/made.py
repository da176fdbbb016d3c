"""Series that are made: changed copies of labelled ones, the bookstore's sales, streams in which nothing happens."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.quality.series import FloatArray, IntArray, Series, labels_of

_DAY = 1440
_WEEK = 7 * _DAY
_MIDNIGHT = 1_699_920_000.0
"""2023-11-14 00:00 UTC, where the streams begin."""
STREAM_WEEKS = 4


def twin(series: Series, rng: np.random.Generator) -> Series:
    """Return a changed copy: 3 % of its points dropped, its start cut, noise added, its size slowly warped.

    What helps a set and not its twins fits the set's files, and not the kind of series.
    """
    rows = len(series.values)
    cut = int(rng.uniform(0, 0.04) * rows)
    keep = np.flatnonzero(rng.random(rows) > 0.03)
    ends = [row for window in series.windows for row in window]
    keep = np.union1d(keep[keep >= cut], np.array(ends, dtype=np.int64))
    values = series.values
    whole = bool((values == np.round(values)).all())
    cycles, phase = rng.uniform(1, 3), rng.uniform(0, 6)
    values = values * (1 + 0.05 * np.sin(np.arange(rows) / rows * 2 * np.pi * cycles + phase))
    noise = rng.normal(size=rows) * float(np.median(np.abs(np.diff(series.values)))) * 0.3
    values = np.round(values) if whole else values + noise
    windows = tuple((int(np.searchsorted(keep, a)), int(np.searchsorted(keep, b))) for a, b in series.windows)
    return Series(series.name, series.times[keep], values[keep], labels_of(len(keep), windows), windows)


def quiet_streams(seed: int) -> Iterator[Series]:
    """Yield 18 kinds of streams, four weeks of minutes each, in which nothing happens; the last four are hard."""
    rng = np.random.default_rng(seed)
    n = STREAM_WEEKS * _WEEK
    minute = np.arange(n)
    noise = rng.normal(size=n)
    autoregressive = np.zeros(n)
    for i in range(1, n):
        autoregressive[i] = 0.9 * autoregressive[i - 1] + noise[i]
    angle = 2 * np.pi * minute / _DAY
    day = 100 * (1 + 0.6 * np.sin(angle))
    # In this order, so that a seed gives the same streams for ever.
    streams: dict[str, FloatArray | IntArray] = {
        "normal": rng.normal(size=n),
        "Poisson .3": rng.poisson(0.3, n),
        "Poisson 2": rng.poisson(2, n),
        "Poisson 20": rng.poisson(20, n),
        "exponential": rng.exponential(size=n),
        "lognormal": rng.lognormal(size=n),
        "t(3)": rng.standard_t(3, n),
        "AR(.9)": autoregressive,
        "sine": np.sin(angle) + 0.1 * rng.normal(size=n),
        "walk": np.cumsum(rng.normal(size=n)),
        "1 % spikes": rng.normal(size=n) + (rng.random(n) < 0.01) * rng.uniform(5, 20, n),
        "daily": day + 5 * rng.normal(size=n),
        "daily Poisson": rng.poisson(20 * (1 + 0.8 * np.sin(angle))),
        "weekly": day * np.where(minute // _DAY % 7 >= 5, 0.5, 1) + 5 * rng.normal(size=n),
        "daily, lognormal": 100 * np.exp(np.sin(angle) + 0.1 * rng.normal(size=n)),
        "hourly job": rng.normal(size=n) + 30 * (minute % 60 < 2),
        "daily job": rng.normal(size=n) + 30 * (minute % _DAY // 10 == 20),
    }
    bursts = np.zeros(n)
    for start in np.flatnonzero(rng.random(n) < 1 / 700).tolist():
        bursts[start : start + rng.integers(3, 20)] = rng.uniform(5, 15)
    streams["bursts"] = rng.normal(size=n) + bursts
    for name, values in streams.items():
        yield Series(name, _MIDNIGHT + 60.0 * minute, values.astype(np.float64), labels_of(n, ()), ())


@dataclass(frozen=True)
class _Kind:
    """A kind of event in the bookstore: how often, how many minutes, and how much of the usual sales."""

    share: float
    shortest: int
    longest: int
    factor: tuple[float, float] | None = None


_KINDS = {
    "spike": _Kind(0.40, 1, 3, (3.0, 5.0)),
    "surge": _Kind(0.15, 10, 30, (1.8, 2.5)),
    "outage": _Kind(0.20, 5, 20, (0.0, 0.1)),
    "wronghour": _Kind(0.15, 30, 50),  # the other hour's level: values are ordinary, their time is not
    "noise": _Kind(0.10, 20, 40),  # the same mean, four times the spread
}
_BOOKS = {"Item-A": 20.0, "Item-B": 30.0}
"""A minute, in even hours; half of it in odd ones."""
_OPENED = 1_725_235_200.0
"""2024-09-02 00:00 UTC."""
_CLEAN_DAYS = 2
_EVENTS_A_DAY = 3.0
_APART = 90
_LATE = 3
"""Minutes that an alert may come after an event's end."""


@dataclass(frozen=True)
class _Event:
    kind: str
    first: int
    last: int
    factor: float


def bookstore(days: int = 14, seed: int = 1) -> list[Series]:
    """Return two weeks of the bookstore's minute sales with events of five kinds, whose extent is known exactly."""
    return [_sales(item, base, days * _DAY, random.Random(f"{seed} {item}")) for item, base in _BOOKS.items()]


def _sales(item: str, base: float, minutes: int, rng: random.Random) -> Series:
    events = _plan(rng, minutes)
    at = {minute: event for event in events for minute in range(event.first, event.last + 1)}
    values = np.array([_sold(rng, base, minute, at.get(minute)) for minute in range(minutes)])
    windows = tuple((event.first, event.last + _LATE) for event in events)
    return Series(item, _OPENED + 60.0 * np.arange(minutes), values, labels_of(minutes, windows), windows)


def _plan(rng: random.Random, minutes: int) -> list[_Event]:
    events: list[_Event] = []
    minute = _CLEAN_DAYS * _DAY
    while True:
        minute += _APART + round(rng.expovariate(_EVENTS_A_DAY / _DAY))
        name = rng.choices(list(_KINDS), [kind.share for kind in _KINDS.values()])[0]
        length = rng.randint(_KINDS[name].shortest, _KINDS[name].longest)
        if name == "wronghour":  # stays inside one hour
            minute = minute // 60 * 60 + rng.randint(0, 59 - length)
            if events and minute - events[-1].last < _APART:
                continue
        if minute + length >= minutes - 60:
            return events
        factors = {kind: rng.uniform(*of.factor) for kind, of in _KINDS.items() if of.factor}
        events.append(_Event(name, minute, minute + length - 1, round(factors.get(name, 1.0), 3)))
        minute += length


def _sold(rng: random.Random, base: float, minute: int, event: _Event | None) -> float:
    kind = event.kind if event else None
    odd = (minute // 60 % 2 == 1) != (kind == "wronghour")
    mean = base * (0.5 if odd else 1.0) * (event.factor if event else 1.0)
    sold = _poisson(rng, mean)
    return max(0.0, round(mean + 4 * (sold - mean))) if kind == "noise" else float(sold)


def _poisson(rng: random.Random, mean: float) -> int:
    if mean > 60:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count
