"""From the settings to what kafka-python's clients are told."""

import ssl
from collections.abc import Mapping
from typing import Any

from ingest_lambda.errors import SourceError
from ingest_lambda.settings import Settings


def client_options(settings: Settings, secret: Mapping[str, str] | None) -> dict[str, Any]:
    """Choose the options that every client shares.

    Parameters
    ----------
    settings
        The detector's settings.
    secret
        The user's secret, for `scram`: `username` and `password`, as Amazon MSK has it.

    Raises
    ------
    SourceError
        The secret lacks one of the two.
    """
    options: dict[str, Any] = {"bootstrap_servers": list(settings.bootstrap_servers), "metrics_enabled": False}
    auth = settings.kafka_auth
    if auth.kind == "none":
        return options
    # The system's certificate authorities, or those of SSL_CERT_FILE; the broker's name is checked.
    options["ssl_context"] = ssl.create_default_context()
    options["security_protocol"] = "SSL"
    if auth.kind == "iam":
        # Signed anew for every connection, with the credentials of the function's role.
        options.update(security_protocol="SASL_SSL", sasl_mechanism="AWS_MSK_IAM")
    if auth.kind == "scram":
        missing = [name for name in ("username", "password") if not (secret or {}).get(name)]
        if secret is None or missing:
            raise SourceError(f"the secret {auth.secret_arn} has no {' and no '.join(missing)}")
        options.update(
            security_protocol="SASL_SSL",
            sasl_mechanism="SCRAM-SHA-512",
            sasl_plain_username=secret["username"],
            sasl_plain_password=secret["password"],
        )
    return options
