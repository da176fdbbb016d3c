"""The start beside its twin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import start as naive
from uncompiled import fresh, plain

from anomaly.kernels import start as kernel

VALUES = st.floats(-1e29, 1e29) | st.sampled_from([0.0, 1.0, 1.0, 5.0, 1e18, 5e-324, 2.0**53 + 2])


@given(st.lists(VALUES, min_size=12, max_size=12))
def test_origin_is_the_seventh_smallest_and_values_far_beyond_nine_of_the_twelve_are_clipped(values: list) -> None:
    rec = fresh(kernel.start_record)
    rec["values"] = values

    origin = plain(kernel.start_origin)(rec, np.zeros(12))

    expected, clipped = naive.start_origin(values)
    assert origin == expected
    assert rec["values"].tolist() == pytest.approx(clipped, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "last"),
    [([*range(11), 1e9], 6.0 + 10 * 4), ([0.0] * 10 + [2.0, 1e9], 20.0), ([0.0] * 11 + [1e9], 0.0)],
    ids=["among many", "the farther of two events", "the only event"],
)
def test_one_wild_value_is_clipped(values: list[float], last: float) -> None:
    rec = fresh(kernel.start_record)
    rec["values"] = values

    plain(kernel.start_origin)(rec, np.zeros(12))

    assert rec["values"][-1] == last
