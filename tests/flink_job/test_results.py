"""Records as JSON: what the library says, with detector, series and period."""

import math

import pytest
from jvm_twins import encode_series

from anomaly import Fleet
from contracts.results import RecordError, decode, encode
from flink_job.results import Series, records_of
from flink_job.settings import ScoringSettings, detector_config
from flink_job.wire import Payload

SETTINGS = ScoringSettings('100 % "books"', 70, output_after=12)
SERIES = [Series(encode_series("quantity", {"product %b": name})) for name in ("a%b", 'b"\n', "ü")]


def lines_of(values: list[float]) -> list[bytes]:
    detections = Fleet(detector_config(SETTINGS)).process([one.key for one in SERIES], values, 0.0)
    payload = Payload(0, 60_000, tuple(one.key for one in SERIES), tuple(values))
    return [line for _, line in records_of(SETTINGS, SERIES, payload, detections)]


def test_a_record_is_what_the_contract_would_write() -> None:
    for line, value in zip(lines_of([1.0, 2.5, 1e300]), [1.0, 2.5, 1e300], strict=True):
        assert encode(decode(line)) == line
        assert decode(line).aggregated_measure_value == value


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_that_json_cannot_say_is_refused_and_named(number: float) -> None:
    with pytest.raises(RecordError, match="from 0 ms: aggregated_measure_value is not finite"):
        lines_of([1.0, number, 2.0])
