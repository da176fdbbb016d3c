"""Reasons: one sentence a person can act on at night, for what each component sees, from real series."""

import numpy as np
import pytest
from streams import DAY, HOUR, MINUTE, MONDAY

from anomaly import Detection, Detector
from anomaly.reasons import Facts, number, reason_of, span

ROWS = 1440
AT = 9 * ROWS + 700  # ten days of minutes, an event at 11:40 on the last


def noise(level: float, sigma: float, rows: int = 10 * ROWS, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(level, sigma, size=rows)


def daily(rows: int = 10 * ROWS) -> np.ndarray:
    return np.maximum(100 + 60 * np.sin(np.arange(rows) * 2 * np.pi / ROWS - 1.5) + noise(0, 5, rows), 0)


def first_alert(values: np.ndarray, since: int, step: float | None = MINUTE) -> Detection:
    times = None if step is None else MONDAY + step * np.arange(len(values))
    detections = Detector().process_many(values, times)
    return detections[int(since + np.flatnonzero(detections.alert[since:])[0])]


def event(values: np.ndarray, what: float, rows: int = 1, at: int = AT) -> np.ndarray:
    changed = values.copy()
    changed[at : at + rows] = what
    return changed


def poisson(mean: float) -> np.ndarray:
    return np.random.default_rng(1).poisson(mean, size=10 * ROWS).astype(float)


def stuck() -> np.ndarray:
    values = np.round(20 + noise(0, 0.5), 2)
    return event(values, values[AT], 200)


def job(until: int) -> np.ndarray:
    values = noise(50, 3, 14 * ROWS)
    for day in range(until):
        values[day * ROWS + 120 : day * ROWS + 123] += 40
    return values


def dies() -> np.ndarray:
    rows = np.arange(30 * ROWS)
    values = (60 + 55 * np.sin(rows * 2 * np.pi / ROWS - 1.5) + noise(0, 25, len(rows))).clip(0).round()
    return event(values, 0.0, 120, 25 * ROWS + 900)


def rare_counts() -> np.ndarray:
    return np.where(np.random.default_rng(2).random(20 * ROWS) < 0.0005, 1.0, 0.0)


SENTENCES = {
    "spike": (event(daily(), 400.0), MINUTE, AT, "400, 2.5 times the 159 expected; highest in 9 days"),
    "drop": (event(daily(), 40.0), MINUTE, AT, "40, 75 % below the 159 expected"),
    "nothing": (event(daily(), 0.0, 60), MINUTE, AT, "0, where 159 was expected; lowest in 9 days"),
    "spike around zero": (event(noise(0, 1), 30.0), MINUTE, AT, "30, where -2.51 to 2.33 is usual; highest in 9 days"),
    "spike of a count": (event(poisson(0.2), 9.0), MINUTE, AT, "9, where 0 to 2.19 is usual; highest in 9 days"),
    "below zero": (event(noise(20, 2), -40.0), MINUTE, AT, "-40, where 19.8 was expected; lowest in 9 days"),
    "further below zero": (event(noise(-20, 2), -60.0), MINUTE, AT, "-60, below the -20.2 expected; lowest in 9 days"),
    "hour": (event(noise(100, 3), 125.0), MINUTE, AT, "125, 25 % above the 99.7 expected; highest in 9 days"),
    "silence": (event(poisson(3), 0.0, 60), MINUTE, AT, "silent for 9 minutes, where about 1.8 is usual"),
    "silence, no times": (event(poisson(3), 0.0, 60), None, AT, "silent for 18 minutes, longer than ever before"),
    "stuck": (stuck(), MINUTE, AT, "stuck at 20.2 for 27 minutes, longer than ever before"),
    "outage": (dies(), MINUTE, 25 * ROWS + 900, "0, where 94.6 is usual at 15:02 UTC, for 3 minutes"),
    "drift": (
        noise(200, 10) + event(np.zeros(10 * ROWS), 15.0, 60),
        MINUTE,
        AT,
        "about 6 % above what is usual at 11:50 UTC, over the last 12 minutes",
    ),
    "drift around zero": (
        noise(0, 10) + event(np.zeros(10 * ROWS), 15.0, 60),
        MINUTE,
        AT,
        "about 11 above what is usual at 11:50 UTC, over the last 12 minutes",
    ),
    "first event": (event(np.zeros(10 * ROWS), 3.0), MINUTE, AT, "3, where 0 was expected; highest in 9 days"),
    "rare": (rare_counts(), MINUTE, 4000, "1, where a series that hardly ever changes has 0"),
    "job that does not come": (job(13), MINUTE, 13 * ROWS, "what recurs regularly had not come by 02:04 UTC"),
    "hours": (
        event(noise(100, 4, 60 * 24), 200.0, 1, 1203),
        HOUR,
        1203,
        "200, twice the 99.1 expected; highest in 50 days",
    ),
    "days": (
        event(noise(100, 4, 400), 10.0, 1, 350),
        DAY,
        350,
        "10, 90 % below the 101 expected; lowest in 350 days",
    ),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_an_alert_is_explained_in_a_sentence(name: str) -> None:
    values, step, since, sentence = SENTENCES[name]

    found = first_alert(values, since, step)

    assert found.reason == sentence, found


def facts(**changed: object) -> Facts:
    names = ("forest", "residual", "hour", "hour_sum", "sum", "run", "rare", "absence", "outage")
    evidence = dict.fromkeys(names, 0.0) | changed.pop("evidence", {"residual": 2.0})
    ordinary = {
        "value": 94.0,
        "time": MONDAY + 11 * HOUR + 40 * MINUTE,
        "expected": 20.0,
        "low": 12.0,
        "high": 29.0,
        "extreme": 0,
        "run": 1,
        "age": 9 * DAY,
        "step": MINUTE,
        "drift": 5.0,
        "usual": 20.0,
        "low_rows": 3,
    }
    return Facts(**{**ordinary, **changed}, evidence=evidence)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, "94, 4.7 times the 20 expected"),
        ({"value": 100.0}, "100, five times the 20 expected"),
        ({"value": 4_000.0, "extreme": 1}, "4,000, 200 times the 20 expected; highest in 9 days"),
        ({"value": 30.0}, "30, 50 % above the 20 expected"),
        ({"value": 20.1}, "20.1, 0.5 % above the 20 expected"),
        ({"value": 5.0, "extreme": -1, "age": 5 * HOUR}, "5, 75 % below the 20 expected; lowest in 5 hours"),
        ({"value": 94.0, "extreme": 1, "age": 600.0}, "94, 4.7 times the 20 expected"),
        ({"value": 0.0}, "0, where 20 was expected"),
        ({"value": -3.0}, "-3, where 20 was expected"),
        ({"value": 20.0}, "20"),
        ({"expected": 0.01, "low": -2.1, "high": 1.98}, "94, where -2.1 to 1.98 is usual"),
        ({"expected": 0.0, "low": 0.0, "high": 0.0}, "94, where 0 was expected"),
        ({"expected": -20.0, "low": -29.0, "high": -12.0, "value": -3.0}, "-3, above the -20 expected"),
        ({"evidence": {"forest": 2.0}}, "94, 4.7 times the 20 expected; no value like it lately"),
        ({"evidence": {"forest": 2.0}, "extreme": 1}, "94, 4.7 times the 20 expected; highest in 9 days"),
        ({"evidence": {"forest": 2.0}, "value": 28.0}, "values like those up to this 28 have not been seen lately"),
        ({"evidence": {"hour": 2.0}}, "94, 4.7 times the 20 expected; unusual for 11:40 UTC"),
        ({"evidence": {"sum": 1.1}, "value": 28.0}, "about 25 % above what was expected, over the last 12 minutes"),
        ({"evidence": {"sum": 1.1}, "drift": -5.0}, "about 25 % below what was expected, over the last 12 minutes"),
        ({"evidence": {"sum": 1.1}, "drift": -50.0}, "about 50 below what was expected, over the last 12 minutes"),
        (
            {"evidence": {"sum": 1.1}, "value": 28.0, "step": 300.0},
            "about 25 % above what was expected, over the last hour",
        ),
        (
            {"evidence": {"sum": 1.1}, "drift": -5.0, "value": 0.0, "run": 5},
            "silent for 5 minutes, where about 20 is usual",
        ),
        (
            {"evidence": {"sum": 1.0, "hour_sum": 1.1}, "value": 28.0},
            "about 25 % above what is usual at 11:40 UTC, over the last 12 minutes",
        ),
        (
            {"evidence": {"sum": 0.1, "hour_sum": 1.1}, "value": 28.0},
            "values unusual for 11:40 UTC, over the last 12 minutes",
        ),
        ({"evidence": {"sum": 1.1}, "value": 94.0}, "94, 4.7 times the 20 expected"),
        ({"evidence": {"run": 1.2}, "run": 45, "value": 17.5}, "stuck at 17.5 for 45 minutes, longer than ever before"),
        ({"evidence": {"run": 1.2}, "run": 45, "value": 0.0}, "silent for 45 minutes, where about 20 is usual"),
        (
            {"evidence": {"run": 1.2}, "run": 45, "value": 0.0, "expected": 0.0},
            "silent for 45 minutes, longer than ever before",
        ),
        ({"evidence": {"run": 1.2}, "run": 45, "step": 0.0}, "stuck at 94 for 45 rows, longer than ever before"),
        ({"evidence": {"outage": 1.2}, "value": 1.0}, "1, where 20 is usual at 11:40 UTC, for 3 minutes"),
        ({"evidence": {"outage": 1.2}, "low_rows": 40}, "94, where 20 is usual at 11:40 UTC, for 40 minutes"),
        ({"evidence": {"absence": 1.2}}, "what recurs regularly had not come by 11:40 UTC"),
        ({"evidence": {"absence": 1.2}, "time": 6000.0}, "what recurs regularly had not come"),
        ({"evidence": {"rare": 1.2}}, "94, where a series that hardly ever changes has 20"),
    ],
)
def test_each_kind_of_evidence_has_its_words(changed: dict[str, object], sentence: str) -> None:
    assert reason_of(facts(**changed)) == sentence


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (14.0, "14"),
        (-3.0, "-3"),
        (1234567.0, "1,234,567"),
        (1234.56, "1,235"),
        (18.0612, "18.06"),
        (0.000123456, "0.0001235"),
        (1e20, "1e+20"),
        (5e-324, "4.941e-324"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_are_written_as_people_write_them(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.5, "0.5 seconds"),
        (1.0, "1 second"),
        (59.0, "59 seconds"),
        (60.0, "1 minute"),
        (119.0, "119 seconds"),
        (120.0, "2 minutes"),
        (3600.0, "1 hour"),
        (5400.0, "90 minutes"),
        (7200.0, "2 hours"),
        (86_400.0, "1 day"),
        (100_000.0, "28 hours"),
        (9 * 86_400.0, "9 days"),
    ],
)
def test_spans_are_told_in_the_largest_unit_that_fits(seconds: float, text: str) -> None:
    assert span(seconds) == text
