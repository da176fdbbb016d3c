"""The share of points off the median beside its twin; in double."""

from statistics import median

import pytest
from hostile import STREAMS
from naive import sparse as naive
from uncompiled import fresh, plain

from anomaly.kernels import sparse as kernel


@pytest.mark.parametrize("name", STREAMS)
def test_sparse_and_rare_are_decided_by_the_share_of_points_off_the_median(name: str) -> None:
    rec, twin = fresh(kernel.sparse_record), naive.Sparse()
    values = STREAMS[name].values.tolist()
    for i in range(1, len(values)):
        assert plain(kernel.sparse_before)(rec, i) == twin.is_sparse(i)
        off = values[i] != median(values[max(0, i - 20) : i])
        plain(kernel.sparse_learn)(rec, i, off)
        twin.learn(i, off=off)
        for weekly in (0.0, 2.9, 3.0):
            assert plain(kernel.sparse_look)(rec, i, off, weekly) == twin.rare(i, weekly, off=off)
        assert rec.off_median == pytest.approx(twin.share, rel=1e-12)


@pytest.mark.parametrize(("one_in", "rare"), [(60, True), (40, False)])
def test_one_event_in_sixty_is_news_and_one_in_forty_is_not(one_in: int, *, rare: bool) -> None:
    rec = fresh(kernel.sparse_record)
    found = []
    for i in range(1, 2000):
        plain(kernel.sparse_learn)(rec, i, i % one_in == 0)
        found.append(plain(kernel.sparse_look)(rec, i, i % one_in == 0, 0.0)[1] == 1.2)

    assert any(found[1000:]) == rare
