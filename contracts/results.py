"""The result record: one scored period of one series, as JSON on the output topic.

The first fields, up to `expectedValue`, have the names, types and order of AWS's published record. Ours follow and
are only ever added to, so a reader skips fields it does not know and a missing later field takes its default.
"""

import math
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

SCHEMA_VERSION = 1

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC: the text carries no offset
_FIRST_MS = -62_135_596_800_000  # 0001-01-01 00:00:00
_LAST_MS = 253_402_300_799_000  # 9999-12-31 23:59:59


class RecordError(ValueError):
    """A record that is not what its contract says; the text tells what was found."""


class Dimension(msgspec.Struct, frozen=True):
    """One dimension of a series, such as `product_name` = `item-A`."""

    name: str
    value: str


class Attribution(msgspec.Struct, frozen=True):
    """How much of the evidence one component of the detector saw, from 0 to 1; the shares of a record sum to 1."""

    name: str
    share: float


_TIME = {"kind": "timestamp"}
_LARGE = {"kind": "bigint"}


class Result(msgspec.Struct, frozen=True, rename="camel"):
    """One scored period of one series.

    This is the one declaration of the record: flat rows, tables' columns and the tables of the documentation are made
    from its fields' names, types and descriptions. A new field stands last here, and in `anomaly.detections.Detection`;
    the tests name whatever else is to be mended. Glue wants descriptions of at most 255 characters.
    `attribution` begins with the largest share. Times are UTC text, `YYYY-MM-DD HH:MM:SS`. Every number is finite:
    see `encode`.
    """

    detector_name: Annotated[str, Meta(description="which detector")]
    measure: Annotated[str, Meta(description="what it measures")]
    timeseries_id: Annotated[
        str, Meta(description="the series: SHA-256 of measure and dimensions, 64 hexadecimal digits")
    ]
    anomaly_decision_threshold: Annotated[int | float, Meta(description="the threshold in force")]
    dimension_list: Annotated[
        tuple[Dimension, ...], Meta(description="the series' dimensions, value by name, names as they are")
    ]
    aggregated_measure_value: Annotated[float, Meta(description="the measure over the period")]
    anomaly_score: Annotated[
        float, Meta(description="0 to 100: how rare this is in this series; 0 for noise and while LEARNING")
    ]
    detection_period_start_time: Annotated[str, Meta(description="start of the period, UTC", extra=_TIME)]
    detection_period_end_time: Annotated[str, Meta(description="end of the period, UTC", extra=_TIME)]
    processed_data_points: Annotated[
        int, Meta(description="points of this series so far, this one included", extra=_LARGE)
    ]
    anomaly_confidence_score: Annotated[float, Meta(description="0 to 100: how much the model has seen")]
    anomaly_decision: Annotated[Literal[0, 1], Meta(description="1 when the score is over the threshold, else 0")]
    model_stage: Annotated[Literal["LEARNING", "INFERENCE"], Meta(description="LEARNING or INFERENCE")]
    expected_value: Annotated[float, Meta(description="what was expected; 0 while LEARNING")]
    lower_bound: Annotated[float, Meta(description="lower end of the expected band")] = 0.0
    upper_bound: Annotated[float, Meta(description="upper end of the expected band")] = 0.0
    raw_score: Annotated[
        float, Meta(description="what residual and forest say, over about three points; 1 is the bar of each")
    ] = 0.0
    direction: Annotated[
        Literal["HIGH", "LOW", "NONE"], Meta(description="HIGH, LOW, or NONE where the score is 0")
    ] = "NONE"
    attribution: Annotated[
        tuple[Attribution, ...],
        Meta(description="the components that saw it, each with its share; the shares sum to 1"),
    ] = ()
    reason: Annotated[str | None, Meta(description="why, in one sentence, where anomaly_decision is 1")] = None
    alert: Annotated[Literal[0, 1], Meta(description="1 on the record that should reach people, else 0")] = 0
    recovered: Annotated[
        Literal[0, 1], Meta(description="1 on the record that ends an episode that alerted, else 0")
    ] = 0
    episode_start_time: Annotated[
        str | None, Meta(description="when the episode that the period belongs to began, UTC", extra=_TIME)
    ] = None
    imputed: Annotated[
        Literal[0, 1], Meta(description="1 when the value was filled in rather than measured, else 0")
    ] = 0
    suppressed_by: Annotated[str | None, Meta(description="the rule that withheld an alert")] = None
    schema_version: Annotated[int, Meta(description="version of the result record that the row was made from")] = (
        SCHEMA_VERSION
    )


_NUMBERS = tuple(
    field.name for field in msgspec.structs.fields(Result) if get_args(field.type)[0] in {float, int | float}
)
_numbers_of = attrgetter(*_NUMBERS)
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
    wrong = [name for name, number in zip(_NUMBERS, _numbers_of(result), strict=True) if not math.isfinite(number)]
    wrong += ["attribution" for part in result.attribution if not math.isfinite(part.share)]
    if wrong:
        found = getattr(result, wrong[0])
        msg = f"result of series {result.timeseries_id}: {wrong[0]} is {found}, expected finite numbers"
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
    """Write a time as `YYYY-MM-DD HH:MM:SS` in UTC, cutting the fraction of a second.

    Parameters
    ----------
    milliseconds
        Since 1970-01-01 UTC. A time outside the years 1 to 9999 (the end of the last period of the year 9999, say)
        is written as the nearest time inside: one absurd event must not stop a stream.
    """
    inside = min(max(math.floor(milliseconds), _FIRST_MS), _LAST_MS)
    return (_EPOCH + timedelta(milliseconds=inside)).isoformat(sep=" ", timespec="seconds")
