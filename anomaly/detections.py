"""What is said of an observation: one table of fields, from which rows, columns and records come.

A field is declared once, in `Detection`: the kernels' column that holds it, its kind, and its name in result records
and in the command's output, if it goes there. `anomaly.records` makes these of it.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from anomaly.kernels.columns import COLUMNS, COMPONENTS, FIRST_COMPONENT, IS_ANOMALY, SCORE
from anomaly.reasons import Facts, reason_of

Array = npt.NDArray[Any]


class Stage(StrEnum):
    """What a detector does with an observation: only learn from it, or score it, too."""

    LEARNING = "LEARNING"
    INFERENCE = "INFERENCE"


class Direction(StrEnum):
    """On which side of its expected value a scored observation lies; NONE when its score is 0."""

    HIGH = "HIGH"
    LOW = "LOW"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Attribution:
    """A component that saw what was scored, and its share of what was seen, 0 to 1."""

    name: str
    share: float


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a detection."""

    name: str
    """Its name in `Detection` and `Detections`."""
    column: int | None
    """The place of the kernels' column that holds it; None where it follows from others."""
    kind: str
    """What it is: number, expectation (a number that is not known while LEARNING), time, flag, count, stage, direction,
    sentence or attribution."""
    record: str
    """Its name in flat results and in the command's output, in camel case that in result records; empty where it is in
    none of them."""


def _told(column: str, kind: str = "number", record: str = "") -> dict[str, str]:
    return {"column": column, "kind": kind, "record": record}


@dataclass(frozen=True, slots=True)
class Detection:
    """What the detector says of one observation.

    Attributes
    ----------
    score
        0 to 100, higher is stranger; 0 for noise and in the LEARNING stage. 20 is passed by one point in ten of this
        very series, 40 by one in a hundred, 60 by one in a thousand; 70 is the bar, which ordinary series of one point
        a minute pass at most about once a week.
    is_anomaly
        Whether the score is over the threshold.
    alert
        Whether people should hear of it now: an episode starts here, or has become markedly worse.
    recovered
        Whether an episode that alerted ends here: for ten minutes (at least one point) no score was over the threshold,
        no value outside its band, and none held back as part of the event.
    stage
        LEARNING or INFERENCE.
    confidence
        0 to 100: how much the model has seen (:func:`anomaly.confidence.confidence`).
    expected_value, lower_bound, upper_bound
        What was expected here, and the band in which 98 of 100 ordinary observations lie; in the observation's unit,
        NaN in the LEARNING stage. While an event lasts, what was expected without it. Tuples, one number per feature,
        when there are several features.
    raw_score
        What residual and forest say, each 1 at its bar, over about three points: 0 or more, one meaning for all series,
        for ranking and for one threshold of one's own.
    direction
        HIGH, LOW or NONE: where what the strongest component saw lies, beside what was expected.
    episode_start
        Time of the first anomaly of the episode that this observation belongs to, in epoch seconds; NaN outside
        episodes.
    processed_points
        Observations processed so far, this one included; missing ones are not counted.
    evidence
        The greatest of the components', 0 or more; 1 is the bar.
    attribution
        The components that saw it, largest share first; the shares sum to 1. Empty where the score is 0.
    reason
        Why, in one sentence, for an anomaly; else None.
    """

    score: float = field(metadata=_told("score", record="anomaly_score"))
    is_anomaly: bool = field(metadata=_told("is_anomaly", "flag", record="anomaly_decision"))
    alert: bool = field(metadata=_told("alert", "flag", record="alert"))
    recovered: bool = field(metadata=_told("recovered", "flag", record="recovered"))
    raw_score: float = field(metadata=_told("raw_score", record="raw_score"))
    expected_value: float | tuple[float, ...] = field(metadata=_told("expected_value", "expectation", "expected_value"))
    lower_bound: float | tuple[float, ...] = field(metadata=_told("lower_bound", "expectation", "lower_bound"))
    upper_bound: float | tuple[float, ...] = field(metadata=_told("upper_bound", "expectation", "upper_bound"))
    direction: Direction = field(metadata=_told("direction", "direction", record="direction"))
    episode_start: float = field(metadata=_told("episode_start", "time", record="episode_start_time"))
    reason: str | None = field(metadata=_told("", "sentence", record="reason"))
    stage: Stage = field(metadata=_told("inference", "stage", record="model_stage"))
    confidence: float = field(metadata=_told("confidence", record="anomaly_confidence_score"))
    processed_points: int = field(metadata=_told("processed_points", "count", record="processed_data_points"))
    evidence: float = field(metadata=_told("evidence"))
    attribution: tuple[Attribution, ...] = field(metadata=_told("", "attribution", record="attribution"))


APPENDED: Mapping[str, str] = MappingProxyType(
    {
        "score": "0 to 100: 20 is passed by one row in 10 of this series, 40 by one in 100, 60 by one in 1,000; 70 is "
        "the bar that an ordinary series of a row a minute passes at most about once a week",
        "is_anomaly": "1 where the score is over the threshold, else 0",
        "alert": "1 where people should hear of it: an anomaly begins, or becomes markedly worse",
        "raw_score": "what residual and forest say, each 1 at its bar: for ranking, and for a threshold of your own",
        "expected_value": "what was expected in this row; empty while learning, as the band is",
        "lower_bound": "lower end of the band around it, in which 98 of 100 ordinary rows lie",
        "upper_bound": "upper end of the band",
        "direction": "HIGH or LOW where there is a score: above or below what was expected; else NONE",
        "episode_start": "when the anomaly began that this row belongs to; empty where there is none",
        "reason": "why, in one sentence, where anomaly_decision is 1",
        "stage": "LEARNING for the first rows of a series, which have the score 0: as many as there are in a day, at "
        "least 32 and at most 300; then INFERENCE",
        "confidence": "0 to 100: how much the model has seen",
    }
)
"""The fields that the command appends to a row, and what its help says of them."""

_STAGES = (Stage.LEARNING, Stage.INFERENCE)
_DIRECTIONS = (Direction.NONE, Direction.HIGH, Direction.LOW)  # by 0, 1, -1
_READ: Mapping[str, Callable[[float], Any]] = MappingProxyType(
    {
        "number": float,
        "expectation": float,
        "time": float,
        "flag": bool,
        "count": int,
        "stage": lambda number: _STAGES[int(number)],
        "direction": lambda number: _DIRECTIONS[int(number)],
    }
)
_COLUMN: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "number": lambda column: column,
        "expectation": lambda column: column,
        "time": lambda column: column,
        "flag": lambda column: column > 0,
        "count": lambda column: column.astype(np.int64),
        "stage": lambda column: np.array([str(stage) for stage in _STAGES])[column.astype(np.int64)],
        "direction": lambda column: np.array([str(side) for side in _DIRECTIONS])[column.astype(np.int64)],
    }
)

FIELDS = tuple(
    Field(each.name, **{**each.metadata, "column": COLUMNS.index(told) if (told := each.metadata["column"]) else None})
    for each in dataclasses.fields(Detection)
)
"""The fields of a detection, in its order; those without a column follow from the others."""

_FIELD_OF = MappingProxyType({each.name: each for each in FIELDS})


class Detections:
    """What the detector says of n observations: arrays of shape (n,) with the names and meaning of `Detection`.

    Expected values and bounds have the shape (n, features) when there are several features. `stage` and `direction`
    hold their text, `reason` and `attribution` objects. `detections[3]` is a `Detection`.
    """

    def __init__(
        self,
        told: npt.NDArray[np.float64],
        values: Array,
        times: Array,
        columns: Mapping[str, Array] | None = None,
        attributions: Callable[[int], tuple[Attribution, ...]] | None = None,
    ) -> None:
        self._told = told
        self._values = values
        self._times = times
        self._given = columns or {}
        self._columns: dict[str, Array] = dict(self._given)
        self._attribution_of = attributions or (lambda i: attribution_of(told[i].tolist()))

    @property
    def told(self) -> npt.NDArray[np.float64]:
        """All that the kernels wrote, shape (n, columns): `anomaly.kernels.columns` names the columns."""
        return self._told

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Times of the observations in epoch seconds; a series without times has one a minute from 0 on."""
        return self._times

    def __len__(self) -> int:
        """Count the observations."""
        return len(self._told)

    def __getattr__(self, name: str) -> Array:
        if name.startswith("_"):
            raise AttributeError(name)
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = self._column(name)
        return column

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *_FIELD_OF]

    @overload
    def __getitem__(self, number: int) -> Detection: ...

    @overload
    def __getitem__(self, number: "slice | Array") -> "Detections": ...

    def __getitem__(self, number: "int | slice | Array") -> "Detection | Detections":
        """Return what is said of one observation, or of some: a slice, a mask or an array of places."""
        if not isinstance(number, (int, np.integer)):
            places = np.arange(len(self))[number].tolist()
            given = {name: column[number] for name, column in self._given.items()}
            some = self._told[number], self._values[number], self._times[number], given
            return Detections(*some, lambda place: self._attribution_of(places[place]))
        row = self._told[number].tolist()
        return Detection(*[self._read(each, row, number) for each in FIELDS])

    def __iter__(self) -> Iterator[Detection]:
        """Iterate over what is said of each observation."""
        return (self[number] for number in range(len(self)))

    def __repr__(self) -> str:
        return f"Detections of {len(self)} observations, {self.is_anomaly.sum()} anomalies, {self.alert.sum()} alerts"

    def _read(self, each: Field, row: list[float], number: int) -> Any:  # noqa: ANN401 - of the field's type
        if each.column is None:
            if each.kind == "sentence":
                return self._reason(number, row)
            return self._attribution_of(number) if row[SCORE] > 0 else ()
        if each.name in self._given:
            return tuple(self._given[each.name][number].tolist())
        return _READ[each.kind](row[each.column])

    def _column(self, name: str) -> Array:
        known = _FIELD_OF.get(name)
        if known is not None and known.column is not None:
            return _COLUMN[known.kind](self._told[:, known.column])
        if known is not None and known.kind == "sentence":
            return self._objects(np.flatnonzero(self._told[:, IS_ANOMALY]), None, self._reason_at)
        if known is not None:
            return self._objects(np.flatnonzero(self._told[:, SCORE] > 0), (), self._attribution_of)
        msg = f"detections have no {name!r}, only {', '.join(_FIELD_OF)}"
        raise AttributeError(msg)

    def _objects(self, places: Array, otherwise: object, of: Callable[[int], object]) -> Array:
        column = np.empty(len(self), object)
        column[:] = [otherwise] * len(self)
        for place in places.tolist():
            column[place] = of(place)
        return column

    def _reason_at(self, number: int) -> str | None:
        return self._reason(number, self._told[number].tolist())

    def _reason(self, number: int, row: list[float]) -> str | None:
        if not row[IS_ANOMALY]:
            return None
        if "reason" in self._given:
            reason: str | None = self._given["reason"][number]
            return reason
        return reason_of(facts_of(row, float(self._values[number]), float(self._times[number])))


def facts_of(row: list[float], value: float, time: float) -> Facts:
    """Return what a reason is made of, from a row of the kernels' columns."""
    named = dict(zip(COLUMNS, row, strict=True))
    return Facts(
        value=value,
        time=time,
        expected=named["expected_value"],
        low=named["lower_bound"],
        high=named["upper_bound"],
        extreme=int(named["extreme"]),
        run=int(named["run"]),
        age=named["age"],
        step=named["step"],
        drift=named["drift"],
        usual=named["usual"],
        low_rows=int(named["low_rows"]),
        evidence=dict(zip(COMPONENTS, row[FIRST_COMPONENT:], strict=True)),
    )


def attribution_of(row: list[float]) -> tuple[Attribution, ...]:
    """Return what the components of a row of the kernels' columns saw, as shares."""
    return shares_of(list(zip(row[FIRST_COMPONENT:], COMPONENTS, strict=True)))


def shares_of(found: list[tuple[float, str]]) -> tuple[Attribution, ...]:
    """Return, of pairs of evidence and name, those with at least half of the most, as shares, largest first."""
    most = max(evidence for evidence, _ in found)
    seen = [(evidence, name) for evidence, name in found if evidence >= 0.5 * most > 0]
    total = sum(evidence for evidence, _ in seen)
    seen.sort(key=lambda pair: -pair[0])
    return tuple(Attribution(name, evidence / total) for evidence, name in seen)
