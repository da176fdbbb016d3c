"""Reading a secret of AWS Secrets Manager."""

import json

from ingest_lambda.errors import SourceError, UnavailableError
from readers.arns import region_of


def read_secret(arn: str) -> dict[str, str]:
    """Read a secret's current version, a JSON object; nothing is kept, so that a rotated secret is seen at once.

    Parameters
    ----------
    arn
        Of the secret.

    Returns
    -------
    Its fields, numbers as text.

    Raises
    ------
    UnavailableError
        Secrets Manager does not answer.
    SourceError
        It refuses, or the secret is not a JSON object of text and numbers.
    """
    # Imported here because it takes as long as everything else together, and not every run reads a secret.
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    config = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})
    region = region_of(arn)
    try:
        client = boto3.client("secretsmanager", region_name=region, config=config)
        text = client.get_secret_value(SecretId=arn)["SecretString"]
    except ClientError as error:
        msg = f"Secrets Manager refused the secret {arn}: {error.response['Error']['Code']}"
        raise SourceError(msg) from error
    except BotoCoreError as error:
        msg = f"Secrets Manager did not give the secret {arn}: {type(error).__name__}"
        raise UnavailableError(msg) from error
    except KeyError as error:
        msg = f"the secret {arn} holds no text"
        raise SourceError(msg) from error
    fields = _fields(text)
    if fields is None:
        msg = f"the secret {arn} is not a JSON object of text and numbers"
        raise SourceError(msg)
    return fields


def _fields(text: str) -> dict[str, str] | None:
    """Parse outside of any error that could carry the text along."""
    try:
        fields = json.loads(text)
    except ValueError:
        return None
    if not isinstance(fields, dict) or not all(isinstance(value, str | int) for value in fields.values()):
        return None
    return {name: str(value) for name, value in fields.items()}
