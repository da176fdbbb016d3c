"""Why, in one sentence: from what the components found to words that a person can act on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from anomaly.kernels.clock import DAY, HOUR, LATEST_TIME
from anomaly.kernels.outage import OUTAGE_ROWS
from anomaly.kernels.sums import SUM_LONG

__all__ = ["Facts", "reason_of"]

_WORDS = ("", "", "twice", "three times", "four times", "five times", "six times", "seven times", "eight times",
          "nine times", "ten times")  # fmt: skip
_UNTIMED = 1e8
"""Epoch seconds below are no dates but counts: a series without times, or with its own clock."""


class Facts(NamedTuple):
    """What a sentence is made of: numbers of `anomaly.kernels.columns` and the value itself.

    ``age``, ``step`` and ``time`` are in seconds; ``evidence`` holds each component's by its name, 1 = the bar.
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
    evidence: Mapping[str, float]


def reason_of(facts: Facts) -> str:
    """Return one sentence, without a full stop: what the component with most evidence saw."""
    name = max(facts.evidence, key=lambda component: facts.evidence[component])
    if name == "run":
        return _run(facts)
    if name in ("sum", "hour_sum"):
        return _sum(facts)
    if name == "outage":
        rows = max(facts.run, OUTAGE_ROWS) if facts.value == 0 else OUTAGE_ROWS
        return f"{number(facts.value)} where {number(facts.expected)} is usual, for {_duration(rows, facts.step)}"
    if name == "absence":
        return f"what recurs regularly did not come {_when(facts)}".rstrip()
    if name == "rare":
        return f"{number(facts.value)}, where a series that hardly ever changes has {number(facts.expected)}"
    if name == "forest" and facts.low <= facts.value <= facts.high:
        return f"values like those up to this {number(facts.value)} have not been seen before{_extreme(facts)}"
    if name == "forest" and not facts.extreme:
        return f"{_against(facts)}; no value like it has been seen"
    if name == "hour":
        return f"{_against(facts)}; unusual for {_hour(facts)}"
    return f"{_against(facts)}{_extreme(facts)}"


def number(value: float) -> str:
    """Return a number as people write it: whole where it is, else with four digits at most."""
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
    """Compare the value with what was expected."""
    value, expected = number(facts.value), number(facts.expected)
    if facts.value == facts.expected:
        return value
    if facts.expected == 0 or facts.value / facts.expected < 0 or abs(facts.expected) < 1e-300:
        return f"{value}, where {expected} was expected"
    ratio = facts.value / facts.expected
    if facts.expected < 0:
        return f"{value}, {'above' if facts.value > facts.expected else 'below'} the {expected} expected"
    if ratio >= 1.95:
        whole = round(ratio)
        near = whole < len(_WORDS) and abs(ratio - whole) <= 0.05 * whole
        times = _WORDS[whole] if near else f"{number(whole) if ratio >= 10 else f'{ratio:.1f}'} times"
        return f"{value}, {times} the {expected} expected"
    percent = abs(ratio - 1) * 100
    share = f"{percent:.0f} %" if percent >= 1 else f"{percent:.2g} %"
    return f"{value}, {share} {'above' if ratio > 1 else 'below'} the {expected} expected"


def _extreme(facts: Facts) -> str:
    if not facts.extreme or facts.age < HOUR:
        return ""
    return f"; {'highest' if facts.extreme > 0 else 'lowest'} in {span(facts.age)}"


def _run(facts: Facts) -> str:
    length = _duration(facts.run, facts.step)
    if facts.value == 0 and facts.expected > 0:
        return f"silent for {length}, usually about {number(facts.expected)} each {_each(facts.step)}"
    if facts.value == 0:
        return f"silent for {length}, longer than ever before"
    return f"stuck at {number(facts.value)} for {length}, longer than ever before"


def _sum(facts: Facts) -> str:
    length = _duration(SUM_LONG, facts.step)
    side = "above" if facts.drift > 0 else "below"
    ordinary = facts.value - facts.drift if facts.expected == 0 else facts.expected
    percent = abs(facts.drift / ordinary) * 100 if ordinary else 0.0
    if 1 <= percent <= 500:
        what = f"about {percent:.0f} % {side} what {_hour(facts)} expects"
    else:
        what = f"about {number(float(f'{abs(facts.drift):.2g}'))} {side} what {_hour(facts)} expects"
    return f"{what}, for {length}"


def _duration(rows: int, step: float) -> str:
    return span(rows * step) if step > 0 else f"{rows} rows"


def _each(step: float) -> str:
    text = span(step)
    return text.removeprefix("1 ")


def _when(facts: Facts) -> str:
    return f"by {_clock(facts.time)}" if _is_date(facts.time) else ""


def _hour(facts: Facts) -> str:
    """Name the place in the week that was compared, as far as there is one."""
    if not _is_date(facts.time):
        return "the course so far"
    if facts.age < 2 * DAY:
        return _clock(facts.time)
    return f"{_clock(facts.time)} on a {datetime.fromtimestamp(facts.time, UTC):%A}"


def _clock(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%H:%M}"


def _is_date(time: float) -> bool:
    return _UNTIMED < time < min(LATEST_TIME, 2.5e11)
