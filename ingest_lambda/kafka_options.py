"""From the settings to what librdkafka's clients are told."""

import base64
import ssl
import time
from collections.abc import Mapping
from typing import Any

from ingest_lambda.errors import SourceError
from ingest_lambda.settings import Settings

_TOKEN_SECONDS = 900


def client_options(settings: Settings, secret: Mapping[str, str] | None) -> dict[str, Any]:
    """Choose the options that every client shares.

    Parameters
    ----------
    settings
        The function's settings.
    secret
        The user's secret, for `scram`: `username` and `password`, as Amazon MSK has it.

    Raises
    ------
    SourceError
        The secret lacks one of the two, or `iam` has no credentials to sign with.
    """
    options: dict[str, Any] = {"bootstrap.servers": ",".join(settings.bootstrap_servers)}
    auth = settings.kafka_auth
    if auth.kind == "none":
        return options
    # The system's certificate authorities, or those of SSL_CERT_FILE; the broker's name is checked.
    options |= {"security.protocol": "SSL", "ssl.ca.location": ssl.get_default_verify_paths().cafile or "probe"}
    if auth.kind == "iam":
        iam_token("")  # fails here and at once, or the client would wait for it
        options |= {"security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER", "oauth_cb": iam_token}
    if auth.kind == "scram":
        missing = [name for name in ("username", "password") if not (secret or {}).get(name)]
        if secret is None or missing:
            msg = f"the secret {auth.secret_arn} has no {' and no '.join(missing)}"
            raise SourceError(msg)
        options |= {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": secret["username"],
            "sasl.password": secret["password"],
        }
    return options


def iam_token(_: str) -> tuple[str, float]:
    """Make a token for Amazon MSK: a signed request to connect, with the credentials of the function's role.

    Returns
    -------
    The token, and the time when it ends.

    Raises
    ------
    SourceError
        There are no credentials.
    """
    # Imported here because it takes as long as everything else together, and not every cluster has IAM.
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.session import Session

    session = Session()
    region, credentials = session.get_config_variable("region"), session.get_credentials()
    if credentials is None or not region:
        msg = "KAFKA_AUTH is iam, but there are no AWS credentials, or AWS_DEFAULT_REGION is not set"
        raise SourceError(msg)
    request = AWSRequest("GET", f"https://kafka.{region}.amazonaws.com/", params={"Action": "kafka-cluster:Connect"})
    now = time.time()
    SigV4QueryAuth(credentials.get_frozen_credentials(), "kafka-cluster", region, _TOKEN_SECONDS).add_auth(request)
    url = f"{request.url}&User-Agent=ingest_lambda"
    return base64.urlsafe_b64encode(url.encode()).decode().rstrip("="), now + _TOKEN_SECONDS
