"""AnyBooks, the campus bookstore: sales of two products, minute by minute, with spikes that nothing explains.

In even hours about 20 of item-A and 30 of item-B are sold a minute, in odd hours half of that. After two clean days,
spikes are planted: for 1 to 3 minutes 3 to 5 times the usual sales, at least 90 minutes apart. Everything follows from
the seed; nothing here looks at a clock.
"""

import bisect
import heapq
import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

MEAN_SALES: Mapping[str, float] = MappingProxyType({"item-A": 20.0, "item-B": 30.0})
"""Mean sales a minute in even hours (UTC), by product."""

_CLEAN = timedelta(days=2)
_APART = timedelta(minutes=90)
_SPIKES_A_DAY = 4.0
_LAST_HOUR = timedelta(hours=1)
_DISORDER = 10.0  # seconds by which one sale may arrive before an earlier one
_BASKETS = (1, 1, 1, 2, 2, 3, 4, 5)  # how many copies customers take, each as likely as the others


@dataclass(frozen=True, slots=True)
class Sale:
    """One record of the input topic."""

    event_time: datetime
    """When it was sold, UTC, whole seconds."""
    product: str
    """What was sold."""
    quantity: int
    """How many copies, 1 to 5."""


@dataclass(frozen=True, slots=True)
class PlantedSpike:
    """A time in which far more is sold than usual."""

    product: str
    """Of which product."""
    start: datetime
    end: datetime
    """First moment, and first moment after it; whole minutes, UTC."""
    factor: float
    """The multiple of the usual sales, 3 to 5."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be sold: the time, the seed and the ground truth."""

    start: datetime
    end: datetime
    """First moment, and first moment after the last; whole minutes, UTC."""
    seed: int
    """Decides about every sale."""
    planted: tuple[PlantedSpike, ...]
    """The spikes, in order of time."""


def expected_sales(product: str, minute: datetime) -> float:
    """Tell the mean sales of a product in an ordinary minute."""
    return MEAN_SALES[product] * (1.0 if minute.astimezone(UTC).hour % 2 == 0 else 0.5)


def make_plan(start: datetime, end: datetime, seed: int) -> Plan:
    """Plant the spikes.

    Parameters
    ----------
    start, end
        First moment, and first moment after the last; with a time zone, cut to whole minutes.
    seed
        The same seed gives the same plan and the same sales.

    Raises
    ------
    ValueError
        A time has no time zone, or less than a minute lies between them.
    """
    if start.tzinfo is None or end.tzinfo is None:
        msg = f"start and end need a time zone, found {start.isoformat()} and {end.isoformat()}"
        raise ValueError(msg)
    start, end = (time.astimezone(UTC).replace(second=0, microsecond=0) for time in (start, end))
    if start >= end:
        msg = f"start must be at least a minute before end, found {start.isoformat()} and {end.isoformat()}"
        raise ValueError(msg)
    draw = random.Random(f"{seed} plan").random  # noqa: S311 - simulated sales, not secrets
    minute = timedelta(minutes=1)
    # Gaps are 90 minutes and an exponential rest, so that spikes are as many as wished and as unforeseeable as can be.
    rest = timedelta(days=1) / _SPIKES_A_DAY - _APART
    planted: list[PlantedSpike] = []
    time = start + _CLEAN
    while True:
        time += _APART + minute * round(-math.log(1.0 - draw()) * (rest / minute))
        spike_end = time + minute * (1 + int(draw() * 3))
        if spike_end > end - _LAST_HOUR:
            return Plan(start, end, seed, tuple(planted))
        product = list(MEAN_SALES)[int(draw() * len(MEAN_SALES))]
        planted.append(PlantedSpike(product, time, spike_end, round(3.0 + 2.0 * draw(), 2)))
        time = spike_end


def sales(plan: Plan) -> Iterator[Sale]:
    """Sell: every sale of the plan's time, in order of arrival.

    A sale arrives up to 10 seconds late, so it may come after one with an event time up to 10 seconds later.
    """
    return (sale for _, sale in _all_arrivals(plan))


def sales_by_minute(plan: Plan) -> Iterator[tuple[datetime, list[Sale]]]:
    """Sell minute by minute: the moment at which each minute is over, and the sales that arrived in it, in order.

    The last pair may lie a minute after the plan's end: it has what arrived late.
    """
    minute = timedelta(minutes=1)
    over = plan.start + minute
    arrived: list[Sale] = []
    for arrival, sale in _all_arrivals(plan):
        while plan.start + timedelta(seconds=arrival) >= over:
            yield over, arrived
            over, arrived = over + minute, []
        arrived.append(sale)
    yield over, arrived


def _all_arrivals(plan: Plan) -> Iterator[tuple[float, Sale]]:
    return heapq.merge(*(_arrivals(plan, product) for product in MEAN_SALES), key=lambda arrival: arrival[0])


def _arrivals(plan: Plan, product: str) -> Iterator[tuple[float, Sale]]:
    """Sell one product: pairs of the time of arrival, in seconds after the start, and the sale; in order of arrival."""
    draw = random.Random(f"{plan.seed} {product}").random  # noqa: S311
    factors = _factors(plan, product)
    waiting: list[tuple[float, Sale]] = []
    for number in range(round((plan.end - plan.start) / timedelta(minutes=1))):
        minute = plan.start + timedelta(minutes=number)
        left = _poisson(draw, expected_sales(product, minute) * factors.get(minute, 1.0))
        while left:
            quantity = min(left, _BASKETS[int(draw() * len(_BASKETS))])
            left -= quantity
            second = int(draw() * 60)
            arrival = 60.0 * number + second + _DISORDER * draw()
            waiting.append((arrival, Sale(minute + timedelta(seconds=second), product, quantity)))
        # What arrives in this minute's time is complete now; what arrives later waits for the next minute's sales.
        waiting.sort(key=lambda arrival: arrival[0])
        border = 60.0 * (number + 1)
        split = bisect.bisect_left(waiting, border, key=lambda arrival: arrival[0])
        yield from waiting[:split]
        waiting = waiting[split:]
    yield from waiting


def _factors(plan: Plan, product: str) -> dict[datetime, float]:
    """Spread the product's spikes over their minutes."""
    minute = timedelta(minutes=1)
    return {
        spike.start + minute * i: spike.factor
        for spike in plan.planted
        if spike.product == product
        for i in range(round((spike.end - spike.start) / minute))
    }


def _poisson(draw: Callable[[], float], mean: float) -> int:
    """Draw a Poisson number: how many uniform draws can be multiplied before the product falls to exp(-mean)."""
    limit, count, product = math.exp(-mean), 0, draw()
    while product > limit:
        count += 1
        product *= draw()
    return count
