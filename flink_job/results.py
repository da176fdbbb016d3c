"""From what the library says of a period's series to result records, as JSON.

What a record says of its period is the library's (`anomaly.records`); this adds detector, series and period. Records
are put together from the constant text of their series and columns of JSON, without an object a record; the tests hold
them against `contracts.results.encode`, byte for byte.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import msgspec

from anomaly import Detections
from anomaly.records import RECORD_FIELDS, columns_of, names_of
from contracts import results
from contracts.results import Dimension, Result
from contracts.series import decode_series, timeseries_id
from flink_job.settings import ScoringSettings
from flink_job.wire import Payload

_encoder = msgspec.json.Encoder()


@dataclass(slots=True, eq=False)
class Series:
    """One series of the job: its key, what all its results repeat, and how far it has come.

    `end` is the end, in milliseconds, of the period that was scored last; `saved` that of the newest snapshot.
    """

    key: bytes
    end: int = -(2**63)
    saved: int = -(2**63)
    measure: str = field(init=False)
    identifier: str = field(init=False)
    dimensions: tuple[Dimension, ...] = field(init=False)
    head: bytes | None = None

    def __post_init__(self) -> None:
        """Read the parts of the key."""
        series = decode_series(self.key)
        self.measure = series.measure
        self.identifier = timeseries_id(self.key)
        self.dimensions = tuple(Dimension(name, value) for name, value in series.dimensions)


def records_of(
    settings: ScoringSettings, series: Sequence[Series], scored: Payload, detections: Detections
) -> list[tuple[bytes, bytes]]:
    """Write the result records of a period.

    Parameters
    ----------
    settings
        What was scored with.
    series
        The series of the payload.
    scored
        Period and values.
    detections
        What the library says of them.

    Returns
    -------
    For each series the Kafka key and the record.

    Raises
    ------
    RecordError
        If a number is not finite, which JSON cannot say.
    """
    start, end = (_encoder.encode(results.format_time(time)) for time in (scored.start, scored.end))
    told = columns_of(detections, RECORD_FIELDS, time=lambda seconds: results.format_time(seconds * 1000))
    ours = zip(_TOLD, [list(scored.values), *told], strict=True)
    columns: dict[str, Iterable[bytes]] = {
        "detection_period_start_time": repeat(start, len(series)),
        "detection_period_end_time": repeat(end, len(series)),
        **{name: _json(name, column, scored.start) for name, column in ours},
    }
    heads = [one.head or _head(settings, one) for one in series]
    rows = zip(heads, *(columns[name] for name in _SLOTS), strict=True)
    return [(one.identifier.encode(), _LINE % row) for one, row in zip(series, rows, strict=True)]


def _json(name: str, column: list[Any], start: int) -> list[bytes]:
    """Write the values of a field: in one go, as lines, because JSON has no line feeds of its own."""
    lines = _encoder.encode_lines(column)
    if name not in _NULLABLE and b"null" in lines:  # what a number becomes that is not finite
        msg = f"a result of the period from {start} ms: {name} is not finite, expected a finite number"
        raise results.RecordError(msg)
    return lines.splitlines()


_TOLD = ("aggregated_measure_value", *names_of(RECORD_FIELDS))
_NULLABLE = frozenset(each.name for each in msgspec.structs.fields(Result) if each.default is None)
_OF_SERIES = ("detectorName", "measure", "timeseriesId", "anomalyDecisionThreshold", "dimensionList")
"""The fields with which a record begins, the same in all records of a series."""


def _template() -> tuple[bytes, list[str]]:
    """Write what all records have in common, and list the fields that go into its gaps, behind those of the series."""
    line, slots = b"%b", []
    for each in msgspec.structs.fields(Result)[len(_OF_SERIES) :]:
        given = each.default is msgspec.NODEFAULT or each.name in _TOLD
        slots += [each.name] if given else []
        line += b',"%b":' % each.encode_name.encode() + (b"%b" if given else _encoder.encode(each.default))
    return line + b"}", slots


_LINE, _SLOTS = _template()


def _head(settings: ScoringSettings, series: Series) -> bytes:
    """Write, and keep, the fields with which all records of a series begin."""
    same = settings.detector_name, series.measure, series.identifier, settings.threshold, series.dimensions
    series.head = _encoder.encode(dict(zip(_OF_SERIES, same, strict=True)))[:-1]
    return series.head
