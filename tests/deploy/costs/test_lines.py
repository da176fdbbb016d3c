"""The bill, line by line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.costs.formulas import Line, Prices
from deploy.costs.lines import Broker, Choices, alternatives, bill, notes
from deploy.costs.prices import PRICES, Evidence
from deploy.costs.sizing import Measured, Workload, size

TABLE = Prices(PRICES)
SERIES = st.integers(1, 2_000_000)
PERIODS = st.floats(1, 604_800)
CHOICES = st.builds(
    Choices,
    broker=st.sampled_from(Broker),
    ingest=st.booleans(),
    store=st.booleans(),
    queries_per_day=st.floats(0.01, 1e4),
)


def billed(workload: Workload, choices: Choices | None = None) -> dict[tuple[str, str], float]:
    return {(line.service, line.what): line.usd for line in lines_of(workload, choices or Choices())}


def lines_of(workload: Workload, choices: Choices) -> list[Line]:
    measured = Measured()
    return bill(workload, measured, size(workload, measured), choices, TABLE)


def total(workload: Workload, choices: Choices) -> float:
    return sum(line.usd for line in lines_of(workload, choices))


def elsewhere(workload: Workload) -> dict[str, float]:
    return {line.service: line.usd for line in alternatives(workload, TABLE)}


def test_a_bookstore_is_billed_as_by_hand() -> None:
    amounts = billed(Workload(series=2, period_seconds=60, events_per_point=25))

    assert amounts["Managed Flink", "KPUs"] == pytest.approx(730 * 0.11)
    assert amounts["Managed Flink", "orchestration"] == pytest.approx(730 * 0.11)
    assert amounts["MSK", "brokers"] == pytest.approx(3 * 730 * 0.204)
    assert amounts["Lambda", "ingest"] == pytest.approx(43_800 * (0.2e-6 + (1 + 50 / 62_000) * 0.5 * 0.0000166667))
    assert amounts["EventBridge Scheduler", "ingest"] == pytest.approx(0.0438)
    assert amounts["Firehose", "results from Kafka"] == pytest.approx(87_600 * 850e-9 * 0.055)
    assert amounts["SNS", "alerts by e-mail"] == pytest.approx(8.76 * (0.5e-6 + 2e-5))


def test_serverless_kafka_is_billed_by_partition_and_by_byte() -> None:
    workload = Workload(series=1000, period_seconds=60, event_bytes=150)
    amounts = billed(workload, Choices(Broker.SERVERLESS))
    million = workload.points_per_month / 1e6  # 43.8

    assert amounts["MSK", "serverless cluster"] == pytest.approx(547.5)
    assert amounts["MSK", "partitions"] == pytest.approx(11 * 730 * 0.0015)
    assert amounts["MSK", "written"] == pytest.approx(million * (0.150 + 0.850) * 0.10)
    assert amounts["MSK", "read"] == pytest.approx(million * (0.150 + 3 * 0.850) * 0.05)
    assert amounts["MSK", "kept"] == pytest.approx(1000 / 60 * 1000 * 86_400 * 7 / 1e9 * 0.10)


def test_more_is_written_to_more_brokers() -> None:
    amounts = billed(Workload(series=1_000_000, period_seconds=10))  # 96 MB/s and a third, 15 each

    assert amounts["MSK", "brokers"] == pytest.approx(9 * 730 * 0.204)


def test_parts_that_are_left_out_are_not_billed() -> None:
    little = {
        service for service, _ in billed(Workload(series=2, period_seconds=60), Choices(Broker.EXISTING, False, False))
    }

    assert little == {"Managed Flink", "Lambda", "DynamoDB", "SNS", "CloudWatch", "KMS", "VPC"}


def test_the_others_are_billed_as_by_hand() -> None:
    amounts = elsewhere(Workload(series=1_000_000, period_seconds=60))

    metrics = 10_000 * 0.30 + 240_000 * 0.10 + 750_000 * 0.05
    requests = 43_800 * 1000 * 0.00001
    assert amounts["CloudWatch"] == pytest.approx(metrics + requests + 1_000_000 * 0.30)
    assert amounts["Datadog"] == pytest.approx(50_000)
    assert amounts["OpenSearch Service"] == pytest.approx(39 * 730 * 0.669)


@pytest.mark.parametrize(
    ("metrics", "usd"), [(1, 0.30), (10_000, 3000), (10_001, 3000.10), (250_000, 27_000), (1_000_001, 64_500.02)]
)
def test_metrics_are_billed_by_tier(metrics: int, usd: float) -> None:
    line = alternatives(Workload(series=metrics, period_seconds=604_800), TABLE)[0]
    tiers = [product for product in line.products if product.price.unit == "metric-month"]

    assert sum(product.usd for product in tiers) == pytest.approx(usd)


@given(SERIES, PERIODS, CHOICES)
def test_every_formula_worked_out_gives_its_amount(series: int, period: float, choices: Choices) -> None:
    workload = Workload(series=series, period_seconds=period)
    for line in [*lines_of(workload, choices), *alternatives(workload, TABLE)]:
        assert worked_out(line.formula) == pytest.approx(line.usd, rel=1e-4, abs=1e-9)


@given(SERIES, SERIES, PERIODS, CHOICES)
def test_more_series_never_cost_less(some: int, others: int, period: float, choices: Choices) -> None:
    fewer, more = (Workload(series=series, period_seconds=period) for series in sorted((some, others)))

    assert total(fewer, choices) <= total(more, choices) * (1 + 1e-9)
    assert all(elsewhere(fewer)[name] <= usd * (1 + 1e-9) for name, usd in elsewhere(more).items())


@given(SERIES, PERIODS, PERIODS, CHOICES)
def test_a_longer_period_never_costs_more(series: int, one: float, other: float, choices: Choices) -> None:
    short, long = (Workload(series=series, period_seconds=period) for period in sorted((one, other)))

    assert total(long, choices) <= total(short, choices) * (1 + 1e-9)


def test_what_the_services_do_not_allow_is_said() -> None:
    workload = Workload(series=14_000_000, period_seconds=60, events_per_point=20)
    said = " ".join(notes(workload, Measured(), size(workload, Measured()), Choices(Broker.SMALL)))

    assert "over what one application may have (250)" in said
    assert "--no-ingest" in said
    assert "kafka.t3.small is for trying things out" in said
    quiet = Workload(series=2, period_seconds=60)
    assert notes(quiet, Measured(), size(quiet, Measured()), Choices()) == []


def test_every_price_is_used_and_says_where_it_is_from() -> None:
    used = {
        product.price.source + product.price.unit
        for broker in Broker
        for line in [
            *lines_of(Workload(series=2_000_000, period_seconds=60), Choices(broker)),
            *alternatives(Workload(series=2_000_000, period_seconds=60), TABLE),
        ]
        for product in line.products
    }

    assert used == {price.source + price.unit for price in PRICES.values()}
    assert all(price.usd > 0 and "." in price.source for price in PRICES.values())
    assert {price.evidence for price in PRICES.values()} == set(Evidence)


def worked_out(formula: str) -> float:
    """Read a formula as a person would: numbers, × and +, leaving out the units."""
    total_usd = 0.0
    for product in re.split(r" \+ (?=[\d$])", formula):
        amount = 1.0
        for factor in product.split(" × "):
            number = re.match(r"\$?(-?[\d,]+(?:\.\d+)?(?:e[+-]?\d+)?)", factor)
            assert number is not None, factor
            amount *= float(number[1].replace(",", ""))
        total_usd += amount
    return total_usd
