from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from statistics import fmean, variance

import pytest

from bookstore.sales import MEAN_SALES, Plan, Sale, expected_sales, make_plan, sales, sales_by_minute

END = datetime(2024, 9, 15, 13, 20, tzinfo=UTC)
START = END - timedelta(days=14)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(START, END, seed=1)


@pytest.fixture(scope="module")
def sold(plan: Plan) -> list[Sale]:
    return list(sales(plan))


@pytest.fixture(scope="module")
def per_minute(sold: list[Sale]) -> Counter[tuple[str, datetime]]:
    totals: Counter[tuple[str, datetime]] = Counter()
    for sale in sold:
        totals[sale.product, sale.event_time.replace(second=0)] += sale.quantity
    return totals


def minutes(start: datetime, end: datetime) -> list[datetime]:
    return [start + MINUTE * number for number in range(round((end - start) / MINUTE))]


@pytest.mark.parametrize(
    ("product", "parity", "mean"), [("item-A", 0, 20), ("item-A", 1, 10), ("item-B", 0, 30), ("item-B", 1, 15)]
)
def test_an_ordinary_minute_sells_a_poisson_number_around_the_hour_s_mean(
    plan: Plan, per_minute: Counter[tuple[str, datetime]], product: str, parity: int, mean: float
) -> None:
    special = {
        minute for spike in plan.planted if spike.product == product for minute in minutes(spike.start, spike.end)
    }
    values = [
        per_minute[product, minute]
        for minute in minutes(START, END)
        if minute.hour % 2 == parity and minute not in special
    ]
    assert len(values) > 9_000
    assert fmean(values) == pytest.approx(mean, rel=0.02)
    assert variance(values) == pytest.approx(mean, rel=0.06)  # a Poisson number's variance is its mean


def test_a_planted_spike_sells_its_factor_times_the_usual(
    plan: Plan, per_minute: Counter[tuple[str, datetime]]
) -> None:
    for spike in plan.planted:
        for minute in minutes(spike.start, spike.end):
            mean = spike.factor * expected_sales(spike.product, minute)
            assert abs(per_minute[spike.product, minute] - mean) < 5 * mean**0.5


def test_spikes_are_short_strong_apart_and_spare_the_first_two_days_and_the_last_hour(plan: Plan) -> None:
    assert 35 <= len(plan.planted) <= 65
    assert {spike.product for spike in plan.planted} == set(MEAN_SALES)
    assert all(3 <= spike.factor <= 5 for spike in plan.planted)
    assert {(spike.end - spike.start) / MINUTE for spike in plan.planted} == {1, 2, 3}
    assert all(later.start - earlier.end >= timedelta(minutes=90) for earlier, later in pairwise(plan.planted))
    assert plan.planted[0].start >= START + timedelta(days=2, minutes=90)
    assert plan.planted[-1].end <= END - timedelta(hours=1)


def test_spikes_fall_into_even_and_odd_hours(plan: Plan) -> None:
    assert {spike.start.hour % 2 for spike in plan.planted} == {0, 1}


def test_sales_are_as_many_as_a_laptop_takes_in_seconds_and_within_the_plan(sold: list[Sale]) -> None:
    assert 300_000 <= len(sold) <= 400_000
    assert {sale.quantity for sale in sold} == {1, 2, 3, 4, 5}
    assert min(sale.event_time for sale in sold) >= START
    assert max(sale.event_time for sale in sold) < END
    assert all(sale.event_time.microsecond == 0 for sale in sold[:1000])


def test_sales_arrive_out_of_order_by_at_most_ten_seconds(sold: list[Sale]) -> None:
    newest, disorder = sold[0].event_time, timedelta()
    for sale in sold:
        newest = max(newest, sale.event_time)
        disorder = max(disorder, newest - sale.event_time)
    assert timedelta(seconds=5) <= disorder <= timedelta(seconds=10)


def test_the_seed_decides_everything() -> None:
    def history(days: int, seed: int) -> tuple[object, list[Sale]]:
        plan = make_plan(START, START + timedelta(days=days), seed)
        return plan.planted, list(sales(plan))

    assert history(3, seed=5) == history(3, seed=5)
    assert history(3, seed=5)[0] != history(3, seed=6)[0]
    assert history(1, seed=5)[1] != history(1, seed=6)[1]  # not for the spikes: there are none yet


def test_the_hours_that_count_are_those_of_utc() -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    elsewhere = make_plan(START.astimezone(india), END.astimezone(india), seed=1)
    assert elsewhere == make_plan(START, END, seed=1)
    assert expected_sales("item-A", datetime(2024, 9, 2, 5, 30, tzinfo=india)) == 20.0


def test_less_than_two_days_have_no_spike() -> None:
    assert make_plan(START, START + timedelta(days=1), seed=1).planted == ()


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (START.replace(tzinfo=None), END, "need a time zone, found 2024-09-01T13:20:00 "),
        (START, START, "start must be at least a minute before end"),
    ],
)
def test_impossible_times_are_refused(start: datetime, end: datetime, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_plan(start, end, seed=1)


def test_minute_by_minute_the_same_is_sold_in_the_same_order(plan: Plan, sold: list[Sale]) -> None:
    minutes_sold = list(sales_by_minute(plan))

    assert [sale for _, arrived in minutes_sold for sale in arrived] == sold
    assert [over for over, _ in minutes_sold[:-1]] == [START + MINUTE * n for n in range(1, len(minutes_sold))]
    for over, arrived in minutes_sold:
        assert all(over - MINUTE - timedelta(seconds=10) <= sale.event_time < over for sale in arrived)


def test_minutes_in_which_nothing_is_sold_are_told_as_well() -> None:
    quiet = Plan(START, START + 3 * MINUTE, 1, ())

    assert len(list(sales_by_minute(quiet))) in {3, 4}
