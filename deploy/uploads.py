"""The built packages, and where they go: a key that changes with the content, so that CloudFormation sees new code."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from deploy.errors import DeployError

CODE_PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        "ApplicationCodeKey": "managed-flink.zip",
        "IngestCodeKey": "ingest-lambda.zip",
        "TransformCodeKey": "transform-lambda.zip",
        "NotifyCodeKey": "notify-lambda.zip",
    }
)
"""Name of the package by the detector's parameter for its key."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One object: its key in the bucket, and its content in a file or at hand."""

    key: str
    content: Path | bytes

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size


def package_uploads(folder: Path) -> dict[str, Upload]:
    """Find the packages.

    Parameters
    ----------
    folder
        Where `python -m deploy package` wrote them.

    Returns
    -------
    What is to be uploaded, by the detector's parameter for its key.

    Raises
    ------
    DeployError
        If one is missing.
    """
    missing = [name for name in CODE_PARAMETERS.values() if not (folder / name).is_file()]
    if missing:
        msg = f"{folder} has no {' and no '.join(missing)}; build them: python -m deploy package"
        raise DeployError(msg)
    return {parameter: _upload(folder / name) for parameter, name in CODE_PARAMETERS.items()}


def text_upload(text: str, name: str) -> Upload:
    """Prepare a text under a key of its content."""
    content = text.encode()
    return Upload(f"code/{hashlib.sha256(content).hexdigest()}/{name}", content)


def _upload(path: Path) -> Upload:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Upload(f"code/{digest}/{path.name}", path)
