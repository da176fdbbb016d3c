"""Which detector is meant: a parameters file, and the names that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """A detector as its parameters file has it."""

    given: Mapping[str, str]
    """Text by name: the detector's parameters, and those of the foundation that shall not stay as they are."""

    @property
    def name(self) -> str:
        """The detector's name."""
        return self.given.get("DetectorName", "")

    @property
    def stack(self) -> str:
        """Name of its stack."""
        return f"anomaly-{self.name}"

    @property
    def application(self) -> str:
        """Name of its application."""
        return f"anomaly-{self.name}"

    @property
    def foundation(self) -> str:
        """Name of the foundation's stack."""
        return self.given.get("FoundationStack", "anomaly-foundation")

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of its dimensions."""
        return tuple(filter(None, (name.strip() for name in self.given.get("DimensionFields", "").split(","))))
