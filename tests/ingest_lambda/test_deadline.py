from time import monotonic

import pytest

from ingest_lambda.deadline import Deadline


@pytest.mark.parametrize(("remaining_ms", "usable"), [(60_000, 57.0), (4_000, 3.0), (0, 0.0)])
def test_a_part_of_the_time_is_kept_for_the_end(remaining_ms: int, usable: float) -> None:
    assert Deadline.before(remaining_ms).remaining() == pytest.approx(usable, abs=0.1)


def test_a_passed_deadline_is_a_short_time_out_and_never_none() -> None:
    assert Deadline(monotonic() - 5).remaining() < -4
    assert Deadline(monotonic() - 5).remaining_ms() == 1
