"""Everything that AWS will be given for a detector, made and checked without asking AWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from deploy.changes import Change, creations
from deploy.checks import check_settings
from deploy.intrinsics import Place, Resolver
from deploy.parameters import complete_parameters
from deploy.spec import DetectorSpec
from deploy.template import detector_template, foundation_template, job_parameters, parse
from deploy.uploads import CODE_PARAMETERS, Upload, package_uploads, text_upload
from flink_job.state_terms import STATE_TERMS

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
class Blueprint:
    """What AWS will be given."""

    region: str
    """Where the detector's cluster is."""
    foundation_template: str
    """Of the foundation."""
    foundation_parameters: Mapping[str, str | None]
    """Text by name; None where the value shall stay as it is, or be the default."""
    template: Upload
    """The detector's template, as an upload."""
    parameters: Mapping[str, str]
    """Of the detector, all of them."""
    code: tuple[Upload, ...]
    """The packages, as uploads."""
    foundation_creates: tuple[Change, ...]
    creates: tuple[Change, ...]
    """What the stacks consist of where they are new."""

    def changed_state_terms(self, before: Mapping[str, str]) -> dict[str, str]:
        """Tell which parameters differ from those before though the job's state was made with them, each with why."""
        return {
            name: STATE_TERMS[term]
            for term, name in job_parameters().items()
            if term in STATE_TERMS and before.get(name, self.parameters[name]) != self.parameters[name]
        }


def make_blueprint(spec: DetectorSpec, packages: Path) -> Blueprint:
    """Check parameters against the templates, and what comes of them by the code that will read it.

    Parameters
    ----------
    spec
        The detector.
    packages
        Folder with the built packages.

    Raises
    ------
    DeployError
        With every parameter that is wrong, or if a package is missing.
    """
    foundation_text = foundation_template()
    foundation = parse(foundation_text)
    own = {name: text for name, text in spec.given.items() if name in foundation["Parameters"]}
    foundation_parameters = complete_parameters(foundation, own)

    text = detector_template(spec.dimensions)
    template = parse(text)
    given = {name: value for name, value in spec.given.items() if name not in own}
    parameters = complete_parameters(template, given | dict.fromkeys(CODE_PARAMETERS, "code/to-be"))
    _, partition, _, region, account = parameters["ClusterArn"].split(":")[:5]
    place = Place(partition, region, account)
    exports = {f"{spec.foundation}-{name}": value for name, value in _EXPORTS.items()}
    resolver = Resolver(template, parameters, exports, place)
    check_settings(template, resolver)
    code = package_uploads(packages)
    return Blueprint(
        region=region,
        foundation_template=foundation_text,
        foundation_parameters=dict.fromkeys(foundation_parameters, None) | own,
        template=text_upload(text, "detector.yaml"),
        parameters=parameters | {parameter: upload.key for parameter, upload in code.items()},
        code=tuple(code.values()),
        foundation_creates=creations(Resolver(foundation, foundation_parameters, {}, place).resources()),
        creates=creations(resolver.resources()),
    )
