from datetime import UTC, datetime, timedelta

import pytest

from bookstore.demo_report import Tracker, reckon, reckoning_lines, table
from bookstore.sales import PlantedSpike
from contracts.results import Dimension, Result, decode

# As the job writes it: AWS's published fields, then ours.
RECORD = """
{"detectorName":"anybooks","measure":"quantity","timeseriesId":"f3c7f14e","anomalyDecisionThreshold":70,
"dimensionList":[{"name":"product_name","value":"item-A"}],"aggregatedMeasureValue":94.0,"anomalyScore":93.2,
"detectionPeriodStartTime":"2024-11-04 13:35:00","detectionPeriodEndTime":"2024-11-04 13:36:00",
"processedDataPoints":1261,"anomalyConfidenceScore":80.4674989791107,"anomalyDecision":1,"modelStage":"INFERENCE",
"expectedValue":20.1,"lowerBound":11.8,"upperBound":28.3,"rawScore":3.1,"direction":"HIGH",
"attribution":[{"name":"residual","share":1.0}],"reason":null,"alert":1,"recovered":0,
"episodeStartTime":"2024-11-04 13:35:00","imputed":0,"suppressedBy":null,"schemaVersion":1}
"""
START = datetime(2024, 11, 4, 13, 35, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def record(minute: int = 0, product: str = "item-A", *, value: float = 20.0, alert: bool = False) -> Result:
    start = START + minute * MINUTE
    return Result(
        "anybooks",
        "quantity",
        product,
        70,
        (Dimension("product_name", product),),
        value,
        0.0,
        f"{start:%Y-%m-%d %H:%M:%S}",
        f"{start + MINUTE:%Y-%m-%d %H:%M:%S}",
        minute + 1,
        50.0,
        1 if alert else 0,
        "INFERENCE",
        20.0,
        lower_bound=12.0,
        upper_bound=28.0,
        alert=1 if alert else 0,
    )


def test_the_table_has_a_line_for_each_series_with_its_newest_minute() -> None:
    tracker = Tracker()
    tracker.add(record(1, "item-B", value=31.0))
    tracker.add(record(0, "item-B", value=12.0))
    tracker.add(decode(RECORD))
    heading, first, second = table(tracker)
    assert heading.split() == ["series", "minutes", "stage", "confidence", "last", "expected", "score", "alerts"]
    assert first.split() == ["item-A", "1", "inference", "80", "%", "94", "20", "(12-28)", "93", "1"]
    assert second.split() == ["item-B", "2", "inference", "50", "%", "31", "20", "(12-28)", "0", "0"]
    assert len({len(heading), len(first), len(second)}) == 1


def test_a_series_that_still_learns_has_no_expectation_yet() -> None:
    tracker = Tracker()
    tracker.add(decode(RECORD.replace("INFERENCE", "LEARNING")))
    assert table(tracker)[1].split() == ["item-A", "1", "learning", "80", "%", "94", "-", "-", "1"]


def test_there_is_no_table_before_the_first_record() -> None:
    assert table(Tracker()) == []


def test_a_repeated_record_counts_once_and_alerts_once() -> None:
    tracker = Tracker()
    for _ in range(2):
        tracker.add(record(0, alert=True))
    assert (tracker.minutes, len(tracker.alerts())) == (1, 1)


def test_alerts_come_in_order_of_time() -> None:
    tracker = Tracker()
    for result in (record(5, "item-B", alert=True), record(3, alert=True), record(4)):
        tracker.add(result)
    assert [alert.timeseries_id for alert in tracker.alerts()] == ["item-A", "item-B"]


SPIKE = PlantedSpike("item-A", START, START + 2 * MINUTE, 3.5)
LATER = PlantedSpike("item-B", START + 120 * MINUTE, START + 121 * MINUTE, 4.0)


@pytest.mark.parametrize(("minute", "counts"), [(-1, False), (0, True), (1, True), (2, True), (4, True), (5, False)])
def test_an_alert_within_a_spike_or_three_minutes_after_it_finds_it(minute: int, counts: bool) -> None:
    reckoning = reckon([SPIKE], [record(minute, alert=True)])
    assert bool(reckoning.found) == counts
    assert len(reckoning.unexplained) == (0 if counts else 1)


def test_an_alert_of_another_product_finds_nothing() -> None:
    reckoning = reckon([LATER, SPIKE], [record(0, "item-B", alert=True), record(0, "item-C", alert=True)])
    assert reckoning.missed == (SPIKE, LATER)
    assert len(reckoning.unexplained) == 2


def test_several_alerts_of_one_spike_find_one_spike() -> None:
    assert reckon([SPIKE, LATER], [record(0, alert=True), record(1, alert=True)]).found == (SPIKE,)


def test_the_reckoning_names_what_was_missed() -> None:
    assert reckoning_lines(reckon([SPIKE, LATER], [record(0, alert=True), record(60, alert=True)])) == [
        "1 of 2 planted spikes found, 1 other alert.",
        "  missed: item-B, 4 times the usual sales from 15:35 to 15:36 on 4 Nov",
    ]
    assert reckoning_lines(reckon([], [])) == ["No spikes were planted, no other alert."]
