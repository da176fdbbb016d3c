from collections.abc import Callable
from typing import Any

from jvm_twins import decode_results, encode_series

from flink_job.operators import ScoringOperator
from flink_job.settings import ScoringSettings
from flink_job.wire import Payload, encode_payload

SETTINGS = ScoringSettings("bookstore", 70, 12)
SERIES = encode_series("quantity", {"product_name": "item-A"})


class Flink:
    """What the operator sees of Flink: state of the current key, metrics, and the key."""

    def __init__(self) -> None:
        self.key = 0
        self.maps: dict[int, dict[str, Any]] = {}
        self.counts: dict[str, int] = {}
        self.gauges: dict[str, Callable[[], int]] = {}

    def get_map_state(self, _descriptor: object) -> "Flink":
        return self

    def items(self) -> list[tuple[str, Any]]:
        return list(self.maps.get(self.key, {}).items())

    def put(self, key: str, value: object) -> None:
        self.maps.setdefault(self.key, {})[key] = value

    def remove(self, key: str) -> None:
        self.maps.get(self.key, {}).pop(key, None)

    def get_metrics_group(self) -> "Flink":
        return self

    def add_group(self, _name: str) -> "Flink":
        return self

    def counter(self, name: str) -> "Counter":
        return Counter(self.counts, name)

    def distribution(self, name: str) -> "Counter":
        return Counter(self.counts, name)

    def gauge(self, name: str, value: Callable[[], int]) -> None:
        self.gauges[name] = value

    def get_current_key(self) -> int:
        return self.key


class Counter:
    """A metric."""

    def __init__(self, counts: dict[str, int], name: str) -> None:
        self._counts, self._name = counts, name
        counts[name] = 0

    def inc(self, number: int) -> None:
        self._counts[self._name] += number

    def update(self, number: int) -> None:
        self._counts[self._name] = number


def opened(flink: Flink) -> ScoringOperator:
    operator = ScoringOperator(SETTINGS)
    operator.open(flink)
    return operator


def element(period: int) -> bytes:
    return encode_payload(Payload(period * 60_000, (period + 1) * 60_000, (SERIES,), (5.0,)))


def test_a_new_operator_continues_from_the_state_of_the_old_one() -> None:
    flink = Flink()
    old = opened(flink)
    first = [list(old.process_element(element(period), flink)) for period in range(40)]
    new = opened(flink)

    assert all(len(decode_results(block)) == 1 for [block] in first)
    assert list(new.process_element(element(39), flink)) == []
    [block] = new.process_element(element(40), flink)
    assert b'"processedDataPoints":41,' in decode_results(block)[0][1]


def test_buckets_have_models_of_their_own() -> None:
    flink = Flink()
    operator = opened(flink)
    for flink.key in (1, 2):
        [block] = operator.process_element(element(0), flink)
        assert b'"processedDataPoints":1,' in decode_results(block)[0][1]


def test_points_series_and_model_bytes_are_counted() -> None:
    flink = Flink()
    operator = opened(flink)
    for period in range(3):
        list(operator.process_element(element(period), flink))

    assert (flink.counts["points"], flink.gauges["series"]()) == (3, 1)
    assert 9_000 < flink.gauges["model_bytes"]() < 11_000
    assert flink.counts["state_bytes_written"] > 0
