import hashlib
import json
from pathlib import Path
from typing import TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jvm_twins import bucket_of, encode_series

from contracts.series import Series, SeriesError, decode_series, timeseries_id


class Case(TypedDict):
    measure: str
    dimensions: dict[str, str]
    key: str
    timeseriesId: str
    bucketOf64: int


CASES: list[Case] = json.loads((Path(__file__).parent / "golden" / "series.json").read_text(encoding="utf-8"))
dimensions_of = st.dictionaries(st.text(), st.text(), max_size=5)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['measure']} {case['dimensions']}"[:60])
def test_identifiers_of_every_released_version_stay_what_they_were(case: Case) -> None:
    key = encode_series(case["measure"], case["dimensions"])

    assert key.hex() == case["key"]
    assert timeseries_id(key) == case["timeseriesId"]
    assert bucket_of(key, 64) == case["bucketOf64"]


def test_the_bytes_are_lengths_and_texts_in_order_of_the_dimension_names() -> None:
    key = encode_series("quantity", {"shop": "é", "product_name": "item-A"})

    assert key == (b"\0\0\0\x08quantity\0\0\0\x0cproduct_name\0\0\0\x06item-A\0\0\0\x04shop\0\0\0\x02\xc3\xa9")
    assert timeseries_id(key) == hashlib.sha256(key).hexdigest()


@given(st.text(min_size=1), dimensions_of, st.randoms(use_true_random=False))
def test_the_order_of_the_dimensions_makes_no_difference(measure: str, dimensions: dict[str, str], random) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    shuffled = list(dimensions.items())
    random.shuffle(shuffled)

    assert encode_series(measure, dict(shuffled)) == encode_series(measure, dimensions)


@given(st.text(min_size=1), dimensions_of)
def test_a_series_survives_a_round_trip(measure: str, dimensions: dict[str, str]) -> None:
    key = encode_series(measure, dimensions)

    assert decode_series(key) == Series(measure, tuple(sorted(dimensions.items())))


@given(
    st.tuples(st.text(min_size=1, max_size=3), st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2)),
    st.tuples(st.text(min_size=1, max_size=3), st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2)),
)
def test_different_series_have_different_bytes(
    first: tuple[str, dict[str, str]], second: tuple[str, dict[str, str]]
) -> None:
    assert (encode_series(*first) == encode_series(*second)) == (first == second)


@given(st.binary(max_size=60))
def test_whatever_decodes_is_the_canonical_encoding_of_what_it_decodes_to(data: bytes) -> None:
    try:
        series = decode_series(data)
    except SeriesError:
        return
    assert encode_series(series.measure, dict(series.dimensions)) == data


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (b"", "expected a measure"),
        (b"\0\0\0\0", "expected a measure"),
        (b"\0\0\0\1a\0\0\0\1b", "pairs"),
        (b"\0\0\0\2a", "cut short at byte 0"),
        (b"\0\0\0\1a\0\0", "cut short at byte 5"),
        (b"\xff\xff\xff\xffa", "cut short"),
        (b"\0\0\0\1\xff", "not UTF-8"),
        (b"\0\0\0\1m\0\0\0\1b\0\0\0\1x\0\0\0\1a\0\0\0\1x", "ascending"),
        (b"\0\0\0\1m\0\0\0\1a\0\0\0\1x\0\0\0\1a\0\0\0\1y", "ascending"),
    ],
)
def test_other_bytes_are_refused_saying_why(key: bytes, problem: str) -> None:
    with pytest.raises(SeriesError, match=problem):
        decode_series(key)


def test_buckets_share_the_series_about_evenly() -> None:
    counts = [0] * 16
    for number in range(16_000):
        counts[bucket_of(encode_series("quantity", {"product_name": f"item-{number}"}), 16)] += 1

    assert min(counts) > 850
    assert max(counts) < 1150
