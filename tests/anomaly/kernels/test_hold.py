"""The hold beside its twin; memories are float32 on both sides, the rest is double."""

import numpy as np
import pytest
from hostile import STREAMS, Stream, few_examples, pace_of, streams
from hypothesis import given
from naive import forecaster as naive_forecaster
from naive import hold as naive
from uncompiled import fresh, plain

from anomaly.kernels import forecaster
from anomaly.kernels import hold as kernel


def compare(stream: Stream, seed: int, calm: float) -> tuple[int, int]:
    """Drive both with surprises that come in bursts; return how many events ended, and how many became normal."""
    rng = np.random.default_rng(seed)
    rec, recent = fresh(kernel.hold_record), fresh(forecaster.memory_record)
    twin, actual = naive.Hold(), naive_forecaster.Memory()
    step, level, ended, normal = 60.0, 0.0, 0, 0
    for i, value in enumerate(stream.centred.tolist()):
        if rng.random() < calm:
            step, level = rng.choice([60.0, 600.0, 3600.0, 86400.0]), rng.choice([0.0, 0.3, 0.5, 0.9])
        surprise, may_skip = level + rng.choice([0.0, 0.3]), level != 0.5
        found = plain(kernel.hold_look)(rec, pace_of(step), surprise, may_skip)
        assert found == twin.look(step, surprise, may_skip=may_skip)
        assert rec.skipped == found[1]
        assert rec.skipped_seconds == pytest.approx(twin.skipped_for)
        held = rec.points_left > 0
        over = plain(kernel.hold_learn)(rec, recent, pace_of(step), i, found[0], value, value / 2)
        assert over == twin.learn(actual, step, value, value / 2, flagged=found[0])
        ended += over
        normal += held and not over and rec.points_left == 0
        assert rec.points_left == twin.left
        assert rec.flagged_seconds == pytest.approx(twin.flagged_for)
        same_memory(recent, actual, i + 1)
        if twin.clean:
            same_memory(rec.clean, twin.clean, i + 1)
        rec.suspicious = twin.suspicious = bool(found[0] or rng.random() < 0.01)
    return ended, normal


def same_memory(rec: object, twin: naive_forecaster.Memory, count: int) -> None:
    newest_first = [rec.values[(count - 1 - k) % 20] for k in range(len(twin.values))]
    assert newest_first == list(reversed(twin.values))
    assert plain(forecaster.memory_median)(rec, count) == pytest.approx(twin.median(), rel=1e-6)


@pytest.mark.parametrize("name", STREAMS)
def test_events_are_held_and_let_go_as_on_paper(name: str) -> None:
    ended, normal = compare(STREAMS[name], seed=1, calm=0.03)

    assert ended >= 1
    assert normal >= 1


@few_examples
@given(streams())
def test_any_event_is_held_and_let_go_as_on_paper(stream: Stream) -> None:
    compare(stream, seed=len(stream.values), calm=0.2)


def test_a_flagged_hour_is_skipped_every_day_but_not_every_two_hours() -> None:
    for every, skipped_to_the_end in ((24 * 60 * 14, True), (120, False)):
        rec = fresh(kernel.hold_record)
        skipped = [
            plain(kernel.hold_look)(rec, pace_of(60.0), 2.0 if minute % every < 60 else 0.0, True)[1]
            for minute in range(3000)
        ]
        assert (sum(skipped) == sum(minute % every < 60 for minute in range(3000))) == skipped_to_the_end
