"""A detector as its parameters file describes it, checked without asking AWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from deploy.changes import Change, creations
from deploy.checks import check_parts
from deploy.code import PARAMETERS, Upload, package_uploads, text_upload
from deploy.intrinsics import Place, Resolver
from deploy.parameters import check_parameters
from deploy.template import DETECTOR, FOUNDATION, parse, with_columns

__all__ = ["Described", "Wanted", "describe"]

_EXPORTS = MappingProxyType(
    {
        "Bucket": "bucket-to-be",
        "KeyArn": "arn:aws:kms:us-east-1:123456789012:key/to-be",
        "Database": "anomaly",
        "WorkGroup": "anomaly",
    }
)
"""Stand-ins for what the foundation exports; only their form matters."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A parameters file.

    Parameters
    ----------
    given
        Text by name: the detector's parameters, and those of the foundation that shall not stay as they are.
    packages
        Folder with the built packages.
    """

    given: Mapping[str, str]
    packages: Path

    @property
    def detector(self) -> str:
        """The detector's name."""
        return self.given.get("DetectorName", "")

    @property
    def stack(self) -> str:
        """Name of its stack."""
        return f"anomaly-{self.detector}"

    @property
    def application(self) -> str:
        """Name of its application."""
        return f"anomaly-{self.detector}"

    @property
    def foundation(self) -> str:
        """Name of the foundation's stack."""
        return self.given.get("FoundationStack", "anomaly-foundation")

    def template(self) -> str:
        """Write the detector's template, with a column for each of its dimensions."""
        dimensions = [name.strip() for name in self.given.get("DimensionFields", "").split(",")]
        return with_columns(DETECTOR.read_text("utf-8"), filter(None, dimensions))


@dataclass(frozen=True, slots=True)
class Described:
    """Everything that AWS will be given.

    Parameters
    ----------
    region
        Where the detector's cluster is.
    foundation_template
        Of the foundation.
    foundation_parameters
        Text by name; None where the value shall stay as it is, or be the default.
    template
        The detector's template, as an upload.
    parameters
        Of the detector, all of them.
    code
        The packages, as uploads.
    foundation_creates, creates
        What the stacks consist of where they are new.
    """

    region: str
    foundation_template: str
    foundation_parameters: Mapping[str, str | None]
    template: Upload
    parameters: Mapping[str, str]
    code: tuple[Upload, ...]
    foundation_creates: tuple[Change, ...]
    creates: tuple[Change, ...]


def describe(wanted: Wanted) -> Described:
    """Check a parameters file against the templates, and what it makes of them against the parts' own parsers.

    Raises
    ------
    DeployError
        With every parameter that is wrong, or if a package is missing.
    """
    foundation_text = FOUNDATION.read_text("utf-8")
    foundation = parse(foundation_text)
    own = {name: text for name, text in wanted.given.items() if name in foundation["Parameters"]}
    foundation_parameters = check_parameters(foundation, own)

    text = wanted.template()
    template = parse(text)
    given = {name: value for name, value in wanted.given.items() if name not in own}
    parameters = check_parameters(template, given | dict.fromkeys(PARAMETERS, "code/to-be"))
    _, partition, _, region, account = parameters["ClusterArn"].split(":")[:5]
    place = Place(partition, region, account)
    exports = {f"{wanted.foundation}-{name}": value for name, value in _EXPORTS.items()}
    resolver = Resolver(template, parameters, exports, place)
    check_parts(template, resolver)
    code = package_uploads(wanted.packages)
    return Described(
        region=region,
        foundation_template=foundation_text,
        foundation_parameters=dict.fromkeys(foundation_parameters, None) | own,
        template=text_upload(text, "detector.yaml"),
        parameters=parameters | {parameter: upload.key for parameter, upload in code.items()},
        code=tuple(code.values()),
        foundation_creates=creations(Resolver(foundation, foundation_parameters, {}, place).resources()),
        creates=creations(resolver.resources()),
    )
