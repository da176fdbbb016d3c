"""What several numbers have in common is taken out of them, and no event, copy or early row upsets that."""

import struct

import numpy as np
import pytest

from anomaly import StateError
from anomaly.whitening import Whitening, size_of

ROWS = 3000


def connected(features: int = 2, rows: int = ROWS, seed: int = 1, own: float = 0.2) -> np.ndarray:
    """Give features that follow one number, each with a share of its own, small enough that few are clipped."""
    rng = np.random.default_rng(seed)
    return 0.7 * (rng.normal(size=(rows, 1)) + own * rng.normal(size=(rows, features)))


def learned(rows: np.ndarray) -> tuple[Whitening, np.ndarray]:
    whitening = Whitening(rows.shape[1])
    return whitening, np.array([whitening.apply(row) for row in rows])


@pytest.mark.parametrize("features", [1, 2, 3, 8, 20])
def test_connected_numbers_become_uncorrelated_and_equally_spread(features: int) -> None:
    white = learned(connected(features, own=0.5))[1][1000:]

    assert np.atleast_2d(np.cov(white.T)) == pytest.approx(np.eye(features), abs=0.15)


def test_the_first_coordinate_is_the_first_number_in_its_spread_and_the_next_what_it_does_not_tell() -> None:
    rows = connected(own=0.1)
    slope, rest = np.polyfit(rows[:, 0], rows[:, 1], 1)[0], np.diff(rows).std()

    whitening = learned(rows)[0]

    white = whitening.apply(np.array([2.0, -2.0]))
    assert white[0] == pytest.approx(2 / rows[:, 0].std(), rel=0.1)
    assert white[1] == pytest.approx((-2 - slope * 2) / rest, rel=0.15)


def test_a_broken_connection_lies_far_outside_and_the_ends_of_the_line_do_not() -> None:
    whitening, white = learned(connected())
    farthest = np.linalg.norm(white[1000:], axis=1).max()

    assert np.linalg.norm(whitening.apply(np.array([1.5, -1.5]))) > 2 * farthest
    assert np.linalg.norm(whitening.apply(np.array([1.5, 1.5]))) < farthest


@pytest.mark.parametrize("features", [2, 5, 30])
def test_copies_of_a_number_are_one_number_and_nothing_grows_without_bound(features: int) -> None:
    rows = np.repeat(connected(1), features, axis=1)

    white = learned(rows)[1]

    assert np.isfinite(white).all()
    assert white[1000:, 0].std() == pytest.approx(1, abs=0.1)
    assert np.abs(white[1000:, 1:]).max() < 1

    old = struct.pack("<IQ", features, 10**12) + learned(rows)[0].to_bytes()[12:]
    whitening = Whitening.from_bytes(features, old)
    for row in rows[:100]:
        whitening.apply(row)
    # After any time what tells copies apart counts no more than some thirty times as much as what tells rows apart.
    assert 1 < np.abs(whitening.apply(np.arange(features) == features - 1)).max() < 100


@pytest.mark.parametrize("constant", [0.0, 2.5])
def test_numbers_that_never_change_upset_no_other(constant: float) -> None:
    alone = learned(connected(own=0.5))[1]

    together = learned(np.column_stack([connected(own=0.5), np.full(ROWS, constant)]))[1]

    assert np.isfinite(together).all()
    assert together[1000:, :2] == pytest.approx(alone[1000:], rel=0.03, abs=0.03)


def test_rows_of_nothing_stay_nothing() -> None:
    whitening, white = learned(np.zeros((100, 3)))

    assert not white.any()
    assert whitening.apply(np.arange(3.0)).tolist() == [0.0, 1.0, 2.0]


def test_the_first_twenty_rows_are_not_changed() -> None:
    rows = connected(rows=21)

    white = learned(rows)[1]

    assert np.array_equal(white[:20], rows[:20])
    assert not np.array_equal(white[20], rows[20])


def test_few_rows_take_out_little() -> None:
    def taken(rows: int) -> float:
        """Give how far twenty numbers are moved that have nothing in common."""
        moved = learned(np.random.default_rng(3).normal(size=(rows, 20)))[0].apply(np.ones(20))
        return float(np.abs(moved - 1).max())

    assert taken(22) < 2  # 10 by the moments of 22 rows as they are
    assert taken(2000) < 0.2


def test_an_event_does_not_become_what_the_numbers_have_in_common() -> None:
    rows = connected()
    eventful = rows.copy()
    eventful[1500:1505] = 40.0, -40.0

    calm, upset = (learned(each[:1510])[0].apply(np.array([1.5, -1.5])) for each in (rows, eventful))

    assert np.linalg.norm(upset) > 0.5 * np.linalg.norm(calm)


def test_an_event_of_any_size_teaches_the_same() -> None:
    states = set()
    for height in (4.0, 50.0, 1e300):
        rows = connected(rows=200)
        rows[150] = height, -height
        states.add(learned(rows)[0].to_bytes())

    assert len(states) == 1


def test_a_row_is_judged_by_those_before_it_alone() -> None:
    rows, other = connected(rows=400), connected(rows=400)
    other[300:] *= -2.0

    assert np.array_equal(learned(rows)[1][:300], learned(other)[1][:300])
    before, after = learned(rows[:300])[0], learned(rows[:300])[0]
    strange = np.array([3.0, -3.0])
    assert np.array_equal(before.apply(strange), after.apply(strange))
    assert not np.array_equal(before.apply(strange), after.apply(rows[300]))


def test_while_all_rows_count_alike_their_order_does_not_matter() -> None:
    rows = connected(3, 1000)

    forwards, backwards = learned(rows)[0], learned(rows[::-1])[0]

    probe = np.array([1.0, -1.0, 0.5])
    assert forwards.apply(probe) == pytest.approx(backwards.apply(probe), rel=1e-9)


def test_after_thousands_of_rows_the_later_ones_count_more() -> None:
    apart = connected(rows=6000, seed=2) * [1, -1]

    now_apart = learned(np.concatenate([connected(rows=6000), apart]))[0]
    now_together = learned(np.concatenate([apart, connected(rows=6000)]))[0]

    probe = np.array([1.5, -1.5])
    assert np.linalg.norm(now_together.apply(probe)) > 2 * np.linalg.norm(now_apart.apply(probe))


def test_numbers_too_small_to_be_squared_are_nothing() -> None:
    assert np.isfinite(learned(np.full((50, 2), 3e-162))[1]).all()


# ---- its state


@pytest.mark.parametrize("features", [1, 2, 20])
@pytest.mark.parametrize("cut", [0, 1, 19, 20, 21, 300])
def test_a_restored_one_goes_on_bit_for_bit(features: int, cut: int) -> None:
    rows = connected(features, 400)
    whitening = learned(rows[:cut])[0]
    blob = whitening.to_bytes()

    restored = Whitening.from_bytes(features, blob)

    assert len(blob) == size_of(features)
    assert restored.to_bytes() == blob
    for row in rows[cut:]:
        assert restored.apply(row).tobytes() == whitening.apply(row).tobytes()
    assert restored.to_bytes() == whitening.to_bytes()


BLOB = learned(connected(rows=50))[0].to_bytes()


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (b"", "the joint view of 2 features begins with 76 bytes"),
        (BLOB[:-1], "begins with 76 bytes"),
        (BLOB + b"\0", "begins with 76 bytes"),
        (Whitening(3).to_bytes(), "begins with 76 bytes"),
        (struct.pack("<I", 3) + BLOB[4:], "those of other features, or none that rows have"),
        (BLOB[:4] + struct.pack("<Q", 2**53) + BLOB[12:], "other features, or none that rows have"),
        (BLOB[:12] + struct.pack("<d", float("nan")) + BLOB[20:], "or none that rows have"),
        (BLOB[:-8] + struct.pack("<d", float("-inf")), "or none that rows have"),
    ],
    ids=["none", "short", "long", "of three", "features", "rows", "a moment", "the transformation"],
)
def test_bytes_that_are_no_such_state_are_refused_with_the_reason(blob: bytes, message: str) -> None:
    with pytest.raises(StateError, match=message):
        Whitening.from_bytes(2, blob)
