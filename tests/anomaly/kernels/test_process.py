"""The whole way of a row: compiled, by the interpreter, and through all twins put together.

Compiled code computes in double what numpy computes in float32, hence a millionth. Twins compute in double what the
core keeps in float32; that moves evidence by a thousandth at most, and a score by more where few points are as rare.
"""

import hostile
import numpy as np
import pytest
from hostile import Stream, steady
from naive.series import Series
from uncompiled import plain

from anomaly.kernels.columns import ALERT, COLUMNS, COMPONENTS, IS_ANOMALY, RECOVERED, SCORE
from anomaly.kernels.process import process_rows
from anomaly.kernels.step import scratch_record, series_new


def _wild(n: int) -> Stream:
    rng = np.random.default_rng(1)
    times = 1.7e9 + np.cumsum(rng.choice([3600.0, 3600.0, 3600.0, 0.0, 9e4], n))
    values = 20 + rng.standard_t(2, size=n)
    values[rng.random(n) < 0.03] = np.nan
    values[n // 2] = 1e12  # beyond, the running sum of the last 32 keeps nothing of small values
    return Stream(times, values)


def _streams() -> dict[str, Stream]:
    rng = np.random.default_rng(2)
    i = np.arange(260)
    daily = 10 * np.sin(i * 2 * np.pi / 24) + 0.3 * rng.normal(size=260)
    daily[[150, 200]] += 9
    counts = rng.poisson(20, 360).astype(float)
    counts[[340, 350]] = 90, 0
    sparse = np.where(rng.random(300) < 0.06, rng.exponential(50, 300), 0.0)
    sparse[250] = 2000
    return {
        "hours of days": steady(daily, 3600.0),
        "counts a minute": steady(counts),
        "sparse": steady(sparse, 3600.0),
        "gaps, missing, equal times, a wild value": _wild(260),
        "two values": steady(np.where(i > 200, 1, rng.integers(0, 2, 260)), 3600.0),
    }


STREAMS = _streams()


def run(stream: Stream, *, compiled: bool, telling: bool = True) -> tuple[np.ndarray, np.void]:
    """Return what is said of each row, and the record of the series."""
    fleet, scratch = series_new(), np.zeros(1, scratch_record)
    n = len(stream.values)
    rows, times, out = np.zeros(n, np.int64), stream.times.astype(float), np.zeros((n, len(COLUMNS)))
    kernel = process_rows if compiled else plain(process_rows)
    if not compiled:
        fleet, scratch = fleet.view(np.recarray), scratch.view(np.recarray)
    assert kernel(fleet, rows, times, stream.values.copy(), 70.0, float(telling), 0, scratch, out)[0] == 0
    return out, fleet[0]


@pytest.mark.parametrize("name", STREAMS)
def test_the_uncompiled_kernels_give_the_same_numbers_and_the_same_alerts(name: str) -> None:
    compiled, plainly = run(STREAMS[name], compiled=True)[0], run(STREAMS[name], compiled=False)[0]

    assert np.array_equal(compiled[:, [IS_ANOMALY, ALERT, RECOVERED]], plainly[:, [IS_ANOMALY, ALERT, RECOVERED]])
    for k, column in enumerate(COLUMNS):
        least = 1e-4 if k == SCORE else 1e-6  # of 100
        assert plainly[:, k] == pytest.approx(compiled[:, k], rel=1e-6, abs=least, nan_ok=True), column
    if name != "two values":
        assert compiled[:, ALERT].any()


NAMES = {
    "shown": "expected_value",
    "low": "lower_bound",
    "high": "upper_bound",
    "raw": "raw_score",
    "evidence": "evidence",
    "alert": "strength",
    "held": "held",
} | {name: f"{name}_evidence" for name in COMPONENTS}


def _weeks() -> Stream:
    """Five weeks of hours: weekends, a daily job that fails to come once, an outage, a spike."""
    i, rng = np.arange(840), np.random.default_rng(5)
    values = 20 + 10 * np.sin(i * 2 * np.pi / 24) * (1 - 0.7 * (i // 24 % 7 > 4)) + 0.5 * rng.normal(size=840)
    values[24 * 14 : 24 * 24 : 24] += 12
    values[24 * 27 : 24 * 27 + 8] = 0
    values[24 * 31] += 8
    return steady(values, 3600.0)


# Not among them: "spikes of 1e18" (see above), and "ramp", whose shapes are all as far apart, but for rounding.
LIKE_ON_PAPER = STREAMS | {
    "weeks": _weeks(),
    "stuck, then half way": steady([*np.random.default_rng(4).normal(size=320), *[0.5] * 33, 5.0, *[0.5] * 9]),
    **{
        name: hostile.STREAMS[name]
        for name in (
            "denormals", "integers beyond 2^53", "tiny range", "long runs", "quarters of an hour", "days",
            "gaps and equal times", "counts with an outage", "heavy tails", "hardly moving at first",
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("name", LIKE_ON_PAPER)
def test_every_row_is_judged_as_on_paper(name: str) -> None:
    stream = LIKE_ON_PAPER[name]
    (out, record), twin = run(stream, compiled=True, telling=False), Series()
    for i, (time, value) in enumerate(zip(stream.times.tolist(), stream.values.tolist(), strict=True)):
        found = twin.row(time, value)
        row = dict(zip(COLUMNS, out[i].tolist(), strict=True))
        for mine, column in NAMES.items():
            if mine in found:
                assert row[column] == pytest.approx(found[mine], rel=2e-3, abs=2e-4, nan_ok=True), (i, column)
        if "score" in found:
            assert row["score"] == pytest.approx(found["score"], abs=0.2), i
    remembered = record["recurrence"]["onsets"][record["recurrence"]["sizes"] != 0]
    assert sorted(remembered) == sorted(event.onset for event in twin.recurrence.events if event)
