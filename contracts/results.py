"""The result record: one scored period of one series, as JSON on the output topic.

The first fields, up to ``expectedValue``, have the names, types and order of AWS's published record. Ours follow and
are only ever added to, so a reader skips fields it does not know and a missing later field takes its default.
"""

import math
from datetime import datetime, timedelta
from typing import Literal

import msgspec

SCHEMA_VERSION = 1

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC: the text carries no offset
_FIRST_MS = -62_135_596_800_000  # 0001-01-01 00:00:00
_LAST_MS = 253_402_300_799_000  # 9999-12-31 23:59:59


class RecordError(ValueError):
    """A record that is not what its contract says; the text tells what was found."""


class Dimension(msgspec.Struct, frozen=True):
    """One dimension of a series, such as ``product_name`` = ``item-A``."""

    name: str
    value: str


class Attribution(msgspec.Struct, frozen=True):
    """How much of the evidence one component of the detector saw, from 0 to 1; the shares of a record sum to 1."""

    name: str
    share: float


class Result(msgspec.Struct, frozen=True, rename="camel"):
    """One scored period of one series.

    ``alert`` is 1 on the record that should reach people, ``anomaly_decision`` on every anomalous period, ``recovered``
    on the record that ends an episode that alerted. ``reason`` says in one sentence why ``anomaly_decision`` is 1.
    ``attribution`` begins with the largest share. ``imputed`` is 1 if the value was filled in rather than measured.
    ``suppressed_by`` names the rule that withheld an alert.
    Times are UTC text, ``YYYY-MM-DD HH:MM:SS``. Every number is finite: see `encode`.
    """

    detector_name: str
    measure: str
    timeseries_id: str
    anomaly_decision_threshold: int | float
    dimension_list: tuple[Dimension, ...]
    aggregated_measure_value: float
    anomaly_score: float
    detection_period_start_time: str
    detection_period_end_time: str
    processed_data_points: int
    anomaly_confidence_score: float
    anomaly_decision: Literal[0, 1]
    model_stage: Literal["LEARNING", "INFERENCE"]
    expected_value: float
    lower_bound: float = 0.0
    upper_bound: float = 0.0
    raw_score: float = 0.0
    direction: Literal["HIGH", "LOW", "NONE"] = "NONE"
    attribution: tuple[Attribution, ...] = ()
    reason: str | None = None
    alert: Literal[0, 1] = 0
    recovered: Literal[0, 1] = 0
    episode_start_time: str | None = None
    imputed: Literal[0, 1] = 0
    suppressed_by: str | None = None
    schema_version: int = SCHEMA_VERSION


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Result)


def encode(result: Result) -> bytes:
    """Write a result as compact, strict JSON.

    Parameters
    ----------
    result
        The result to write.

    Returns
    -------
    UTF-8 JSON without white space; equal results give equal bytes.

    Raises
    ------
    RecordError
        If a number is NaN or infinite, which JSON cannot say.
    """
    if not _is_finite(result):
        name = next(name for name in result.__struct_fields__ if not _is_finite_number(getattr(result, name)))
        msg = f"result of series {result.timeseries_id}: {name} is {getattr(result, name)}, expected finite numbers"
        raise RecordError(msg)
    return _encoder.encode(result)


def decode(data: bytes | str) -> Result:
    """Read a result, skipping unknown fields.

    Parameters
    ----------
    data
        The record's JSON.

    Returns
    -------
    The result; fields that an older writer did not know have their defaults.

    Raises
    ------
    RecordError
        If the bytes are not JSON or not a result.
    """
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        msg = f"not a result record: {error}"
        raise RecordError(msg) from error


def format_time(milliseconds: float) -> str:
    """Write a time as ``YYYY-MM-DD HH:MM:SS`` in UTC, cutting the fraction of a second.

    Parameters
    ----------
    milliseconds
        Since 1970-01-01 UTC. A time outside the years 1 to 9999 (the end of the last period of the year 9999, say)
        is written as the nearest time inside: one absurd event must not stop a stream.
    """
    inside = min(max(math.floor(milliseconds), _FIRST_MS), _LAST_MS)
    return (_EPOCH + timedelta(milliseconds=inside)).isoformat(sep=" ", timespec="seconds")


def _is_finite(result: Result) -> bool:
    # Spelled out because it runs for every record: a loop over the fields by name costs as much as the encoding.
    return (
        math.isfinite(result.anomaly_decision_threshold)
        and math.isfinite(result.aggregated_measure_value)
        and math.isfinite(result.anomaly_score)
        and math.isfinite(result.anomaly_confidence_score)
        and math.isfinite(result.expected_value)
        and math.isfinite(result.lower_bound)
        and math.isfinite(result.upper_bound)
        and math.isfinite(result.raw_score)
        and (not result.attribution or all(math.isfinite(part.share) for part in result.attribution))
    )


def _is_finite_number(value: object) -> bool:
    if isinstance(value, tuple):
        return all(math.isfinite(part.share) for part in value if isinstance(part, Attribution))
    return not isinstance(value, float) or math.isfinite(value)
