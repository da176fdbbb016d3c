"""Records as JSON: what the library says, with detector, series and period."""

import math

import numpy as np
import pytest

from anomaly import Fleet
from contracts.results import RecordError, decode, encode
from contracts.series import encode_series
from flink_job.results import Period, Series, records_of
from flink_job.settings import ScoringSettings, detector_config
from flink_job.state_log import Layout

SETTINGS = ScoringSettings('100 % "books"', 70, output_after=12, layout=Layout(buckets=4, period_ms=60_000))
SERIES = [Series(encode_series("quantity", {"product %b": name})) for name in ("a%b", 'b"\n', "ü")]


def lines_of(values: list[float]) -> list[bytes]:
    detections = Fleet(detector_config(SETTINGS)).process([one.key for one in SERIES], values, 0.0)
    return [line for _, line in records_of(SETTINGS, SERIES, Period(0, 60_000), np.array(values), detections)]


def test_a_record_is_what_the_contract_would_write() -> None:
    for line, value in zip(lines_of([1.0, 2.5, 1e300]), [1.0, 2.5, 1e300], strict=True):
        assert encode(decode(line)) == line
        assert decode(line).aggregated_measure_value == value


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_that_json_cannot_say_is_refused_and_named(number: float) -> None:
    with pytest.raises(RecordError, match="from 0 ms: aggregated_measure_value is not finite"):
        lines_of([1.0, number, 2.0])
