"""Why, in one sentence: from what the components found to words that a person can act on."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from anomaly.kernels.clock import DAY, HOUR
from anomaly.kernels.runs import RUN_LEAST
from anomaly.kernels.sums import SUM_LONG

_WORDS = ("", "", "twice", "three times", "four times", "five times", "six times", "seven times", "eight times",
          "nine times", "ten times")  # fmt: skip
NEGLIGIBLE = 0.01
"""A band that is narrower than this share of a value's distance from it is told as the one value expected."""

AGREES = 0.5
"""The sums against what was expected agree with those by the hour if they see at least half as much."""

_UNTIMED = 1e8
"""Epoch seconds below are no dates but counts: a series without times, or with its own clock."""


class Facts(NamedTuple):
    """What a sentence is made of: numbers of `anomaly.kernels.columns` and the value itself.

    `age`, `step` and `time` are in seconds; `evidence` holds each component's by its name, 1 = the bar.
    """

    value: float
    time: float
    expected: float
    low: float
    high: float
    extreme: int
    run: int
    age: float
    step: float
    drift: float
    usual: float
    low_rows: int
    evidence: Mapping[str, float]


def reason_of(facts: Facts) -> str:
    """Return one sentence, without a full stop: what the component with most evidence saw."""
    name = max(facts.evidence, key=lambda component: facts.evidence[component])
    if name == "run":
        return _run(facts)
    if name in ("sum", "hour_sum"):
        return _sum(facts, name)
    if name == "outage":
        usual = f"{_rough(facts.usual)} is usual at {_clock(facts.time)}"
        return f"{number(facts.value)}, where {usual}, for {_duration(facts.low_rows, facts.step)}"
    if name == "absence":
        return f"what recurs regularly had not come {_when(facts)}".rstrip()
    if name == "rare":
        return f"{number(facts.value)}, where a series that hardly ever changes has {number(facts.expected)}"
    if name == "forest" and facts.low <= facts.value <= facts.high:
        return f"values like those up to this {number(facts.value)} have not been seen lately{_extreme(facts)}"
    if name == "forest" and not facts.extreme:
        return f"{_against(facts)}; no value like it lately"
    if name == "hour":
        return f"{_against(facts)}; unusual for {_clock(facts.time)}"
    return f"{_against(facts)}{_extreme(facts)}"


def number(value: float) -> str:
    """Return a number as people write it: whole where it is, else with four digits at most."""
    if not math.isfinite(value):
        return str(value)
    if value == round(value) and abs(value) < 1e15:
        return f"{value:,.0f}".replace("-0", "0") if value == 0 else f"{value:,.0f}"
    if 1000 <= abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def span(seconds: float) -> str:
    """Return a duration in the largest unit of which there are at least two, "9 days"."""
    for unit, length in (("day", DAY), ("hour", HOUR), ("minute", 60.0)):
        if seconds >= 2 * length or seconds == length:
            count = round(seconds / length)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{number(round(seconds, 3))} second{'' if seconds == 1 else 's'}"


def _against(facts: Facts) -> str:
    """Compare the value with what was expected: as a share of it where that means something, else with the band."""
    value, expected = number(facts.value), _rough(facts.expected)
    if facts.value == facts.expected:
        return value
    width = facts.high - facts.low
    outside = not facts.low <= facts.value <= facts.high
    if outside and abs(facts.expected) < width / 2:
        if width < NEGLIGIBLE * abs(facts.value - facts.expected):
            return f"{value}, where {_rough(facts.expected)} was expected"
        return f"{value}, where {_rough(facts.low)} to {_rough(facts.high)} is usual"
    if facts.value == 0 or abs(facts.expected) < 1e-300 or (facts.value < 0) != (facts.expected < 0):
        return f"{value}, where {expected} was expected"
    if facts.expected < 0:
        return f"{value}, {'above' if facts.value > facts.expected else 'below'} the {expected} expected"
    ratio = facts.value / facts.expected
    if ratio >= 1.95:
        whole = round(ratio)
        near = whole < len(_WORDS) and abs(ratio - whole) <= 0.05 * whole
        times = _WORDS[whole] if near else f"{number(whole) if ratio >= 10 else f'{ratio:.1f}'} times"
        return f"{value}, {times} the {expected} expected"
    percent = abs(ratio - 1) * 100
    share = f"{percent:.0f} %" if percent >= 1 else f"{percent:.2g} %"
    return f"{value}, {share} {'above' if ratio > 1 else 'below'} the {expected} expected"


def _rough(value: float, digits: int = 3) -> str:
    return number(float(f"{value:.{digits}g}"))


def _extreme(facts: Facts) -> str:
    if not facts.extreme or facts.age < HOUR:
        return ""
    return f"; {'highest' if facts.extreme > 0 else 'lowest'} in {span(facts.age)}"


def _run(facts: Facts) -> str:
    length = _duration(facts.run, facts.step)
    if facts.value == 0 and facts.expected > 0:
        return f"silent for {length}, where about {_rough(facts.expected, 2)} is usual"
    if facts.value == 0:
        return f"silent for {length}, longer than ever before"
    return f"stuck at {number(facts.value)} for {length}, longer than ever before"


def _sum(facts: Facts, name: str) -> str:
    """Say how far the last rows lie off together; `drift` measures it against what was expected, not by the hour."""
    if facts.value == 0 and facts.run >= RUN_LEAST and facts.drift < 0:
        return _run(facts)
    if not facts.low <= facts.value <= facts.high and (facts.value > facts.expected) == (facts.drift > 0):
        return f"{_against(facts)}{_extreme(facts)}"
    length = _duration(SUM_LONG, facts.step).removeprefix("1 ")
    if name == "hour_sum" and facts.evidence["sum"] < AGREES * facts.evidence["hour_sum"]:
        return f"values unusual for {_clock(facts.time)}, over the last {length}"
    side = "above" if facts.drift > 0 else "below"
    usual = f"what is usual at {_clock(facts.time)}" if name == "hour_sum" else "what was expected"
    meaningful = abs(facts.expected) >= (facts.high - facts.low) / 2 and abs(facts.drift) <= abs(facts.expected)
    percent = abs(facts.drift / facts.expected) * 100 if meaningful and facts.expected else 0.0
    off = f"{percent:.0f} %" if percent >= 1 else _rough(abs(facts.drift), 2)
    return f"about {off} {side} {usual}, over the last {length}"


def _duration(rows: int, step: float) -> str:
    return span(rows * step) if 0 < rows * step < math.inf else f"{rows} rows"


def _when(facts: Facts) -> str:
    return f"by {_clock(facts.time)}" if facts.time > _UNTIMED else ""


def _clock(time: float) -> str:
    minutes = int(time // 60)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d} UTC"
