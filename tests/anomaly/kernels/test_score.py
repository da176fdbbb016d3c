"""The score beside its twin. The histogram is float32: a ten-thousandth of a point of the score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import score as naive
from uncompiled import fresh, plain

from anomaly.kernels import score as kernel
from anomaly.kernels.histogram import histogram_learn

EVIDENCE = st.floats(0, 3) | st.sampled_from([0.0, 1.0, 0.999999, 1e3, 1e18])


@given(st.lists(EVIDENCE, max_size=80))
def test_score_says_how_rare_this_much_evidence_is_here(evidence: list[float]) -> None:
    rec, twin = fresh(kernel.score_record, kernel.score_new), naive.Score()
    for e in evidence:
        assert plain(kernel.score_of)(rec, e) == pytest.approx(twin.of(e), abs=1e-4)
        assert plain(kernel.score_rank)(rec, e, 0.5 * e) == pytest.approx(twin.ranked(e, 0.5 * e), rel=1e-9)
        plain(histogram_learn)(rec.evidence, 0, e, kernel.SCORE_MEMORY)
        twin.learn(e)


def test_the_bar_is_seventy_and_what_is_one_in_a_hundred_scores_forty() -> None:
    rec = fresh(kernel.score_record, kernel.score_new)
    evidence = np.random.default_rng(1).permutation(np.repeat([0.0, 0.1, 0.7], [9000, 900, 100]))
    for e in evidence:
        plain(histogram_learn)(rec.evidence, 0, e, 1e9)

    assert plain(kernel.score_of)(rec, 1.0) == pytest.approx(70)
    assert plain(kernel.score_of)(rec, 0.7) == pytest.approx(40 + 20 * np.log10(2), abs=0.2)  # half of its own bin
    assert plain(kernel.score_of)(rec, 0.05) == 0
    assert plain(kernel.score_of)(rec, 0.99999) == 69
