"""Amazon's names of resources: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`."""

import re

SECRET = r"secret:\S+"  # noqa: S105 - the pattern of a name
SNS_TOPIC = r"[A-Za-z0-9_-]{1,251}(\.fifo)?"
DYNAMODB_TABLE = r"table/[A-Za-z0-9_.-]{3,255}"


def is_arn(text: str, service: str, resource: str) -> bool:
    """Say whether a text is the ARN of a service's resource.

    Parameters
    ----------
    text
        Anything.
    service
        As it stands in the ARN: `sns`, `secretsmanager`, `dynamodb`.
    resource
        A pattern of what comes last, such as `SECRET`.
    """
    return re.fullmatch(rf"arn:aws[a-z-]*:{service}:[a-z0-9-]+:[0-9]{{12}}:({resource})", text) is not None


def region_of(arn: str) -> str:
    """Tell in which region a resource is."""
    return arn.split(":")[3]
