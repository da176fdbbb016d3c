"""Models of series while the job runs: the recently used ones live, the others as bytes."""

from collections import OrderedDict
from dataclasses import dataclass, field

from anomaly import Detector, DetectorConfig, StateError
from contracts.results import Dimension
from contracts.series import decode_series, timeseries_id
from flink_job.state_log import JobStateError


@dataclass(slots=True, eq=False)
class Model:
    """The model of one series: live (``detector``), as bytes (``frozen``), or both while they are the same.

    ``end`` is the end, in milliseconds, of the period that it learned last; ``saved`` that of its newest snapshot.
    """

    series: bytes
    frozen: bytes | None = None
    end: int = -(2**63)
    saved: int = -(2**63)
    detector: Detector | None = None
    measure: str = field(init=False)
    identifier: str = field(init=False)
    dimensions: tuple[Dimension, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Read the parts of the series that every one of its results repeats."""
        series = decode_series(self.series)
        self.measure = series.measure
        self.identifier = timeseries_id(self.series)
        self.dimensions = tuple(Dimension(name, value) for name, value in series.dimensions)


class LiveModels:
    """Keeps at most a number of models live: a live one is fast and large, bytes are slow and an order smaller.

    Parameters
    ----------
    config
        Settings of a new model, and those that a restored one must have.
    bound
        How many models may be live after `settle`.
    """

    def __init__(self, config: DetectorConfig, bound: int) -> None:
        self._config = config
        self._bound = bound
        self._live: OrderedDict[int, Model] = OrderedDict()

    def __len__(self) -> int:
        """Count the live models."""
        return len(self._live)

    def wake(self, model: Model) -> Detector:
        """Give the live detector of a model, making it if the series is new; the caller is about to change it.

        Raises
        ------
        JobStateError
            If the model's bytes are damaged or were made under other settings.
        """
        detector = model.detector
        if detector is None:
            detector = Detector(self._config) if model.frozen is None else self._thaw(model.frozen)
            model.detector = detector
        model.frozen = None
        self._live[id(model)] = model
        self._live.move_to_end(id(model))
        return detector

    def settle(self, model: Model, previous_end: int) -> None:
        """Freeze one model if there are too many live ones, after ``model`` has been used.

        Parameters
        ----------
        model
            The model just used.
        previous_end
            End of the previous period, in milliseconds. Series come round in turn, period after period; throwing out
            the least recently used would then throw out every model just before its turn. So a model used since then
            stays, and the newcomer goes.
        """
        if len(self._live) <= self._bound:
            return
        oldest = next(iter(self._live.values()))
        self._freeze(oldest if oldest.end < previous_end else model)

    def bytes_of(self, model: Model) -> bytes:
        """Give the model as bytes."""
        if model.frozen is None:
            if model.detector is None:
                model.detector = Detector(self._config)
            model.frozen = model.detector.to_bytes()
        return model.frozen

    def _freeze(self, model: Model) -> None:
        self.bytes_of(model)
        model.detector = None
        del self._live[id(model)]

    def _thaw(self, frozen: bytes) -> Detector:
        try:
            detector = Detector.from_bytes(frozen, threshold=self._config.threshold)
        except StateError as error:
            msg = f"a model in the job's state cannot be read: {error}; restore an earlier checkpoint"
            raise JobStateError(msg) from error
        if detector.config != self._config:
            msg = (
                f"the models in the job's state were made with {detector.config}, the properties say {self._config}; "
                "set them back, or start without state"
            )
            raise JobStateError(msg)
        return detector
