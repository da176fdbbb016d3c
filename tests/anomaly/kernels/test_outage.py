"""The outage rule beside its twin; in double."""

import pytest
from hostile import STREAMS, Stream, few_examples, pace_of, streams
from hypothesis import given
from naive import outage as naive
from uncompiled import fresh, plain

from anomaly.kernels import outage as kernel


def compare(stream: Stream, usual: float, deviation: float) -> list[float]:
    rec, twin = fresh(kernel.outage_record, kernel.outage_new), naive.Outage()
    found = []
    for i, value in enumerate(stream.values):
        pace = pace_of(60.0 if i % 200 < 190 else 3600.0)
        x, possible = value - 20.0, i % 50 != 49  # origin 20
        say = plain(kernel.outage_look)(rec, pace, i, x, usual - 20, deviation, 20.0, possible)
        assert say == twin.look(pace.step, i, x, usual - 20, deviation, 20.0, possible=possible)
        assert rec.episodes == pytest.approx(twin.episodes, rel=1e-12)
        found.append(say)
    return found


@pytest.mark.parametrize("name", STREAMS)
def test_three_rows_of_nearly_nothing_are_an_outage_and_the_third_in_a_week_is_not(name: str) -> None:
    for usual, deviation in ((50.0, 5.0), (0.5, 0.01), (0.0, 0.0), (1e18, 1.0)):
        compare(STREAMS[name], usual, deviation)


@few_examples
@given(streams())
def test_any_rows_of_nearly_nothing_are_judged_alike(stream: Stream) -> None:
    compare(stream, 4.0, 1.0)


def test_an_outage_speaks_from_its_third_row_and_twice_a_week() -> None:
    row = [50.0] * 100 + [3.0] * 10
    found = compare(Stream(None, row * 3), 50.0, 5.0)

    assert [i for i in range(330) if found[i] > 0] == [*range(102, 110), *range(212, 220)]
