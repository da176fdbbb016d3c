"""Runs beside their twin."""

import pytest
from hostile import STREAMS, Stream, few_examples, streams
from hypothesis import given
from naive import runs as naive
from uncompiled import fresh, plain

from anomaly.kernels import runs as kernel

OLD = 290  # points: runs are judged from the 300th on


def compare(stream: Stream, old: int = OLD) -> float:
    rec, twin = fresh(kernel.runs_record), naive.Runs()
    values, most, lowest = stream.centred, 0.0, float("inf")
    for i, value in enumerate(values):
        points = 0 if i == 0 else i + old
        lowest = min(lowest, value)
        if i % 97 == 96:  # as after a gap
            rec.length = 0
            twin.gap()
        share = (values[:i] == value).mean() if i else 0.0
        found = plain(kernel.runs_look)(rec, points, value, value == lowest, share, float(i))
        assert found == pytest.approx(twin.look(points, value, share, float(i), lowest=value == lowest), rel=1e-9)
        assert rec.length == (len(twin.values) if i else 0)
        most = max(most, found)
    return most


@pytest.mark.parametrize("name", STREAMS)
def test_evidence_of_a_run_is_its_chance_against_the_bar(name: str) -> None:
    compare(STREAMS[name])


@few_examples
@given(streams())
def test_evidence_of_any_run_is_its_chance_against_the_bar(stream: Stream) -> None:
    compare(stream)


def test_a_silence_is_found_and_a_constant_is_none() -> None:
    assert compare(STREAMS["counts with an outage"]) > 1
    assert compare(STREAMS["constant"], old=0) < 1
