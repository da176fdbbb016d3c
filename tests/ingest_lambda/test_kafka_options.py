import json
import ssl
from types import MappingProxyType

import pytest
from kafka.net.sasl.msk import SaslMechanismAwsMskIam

from ingest_lambda.errors import SourceError
from ingest_lambda.kafka_options import client_options
from ingest_lambda.settings import Settings, parse_settings

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_shop-AbCdEf"
USER = MappingProxyType({"username": "ingest", "password": "canary"})


def settings(auth: str) -> Settings:
    return parse_settings(
        {
            "DATABASE_SECRET_ARN": ARN,
            "SOURCE_TABLE": "sales",
            "TIMESTAMP_COLUMN": "event_time",
            "SOURCE_COLUMNS": "quantity",
            "BOOTSTRAP_SERVERS": "b-1.shop:9098,b-2.shop:9098",
            "INPUT_TOPIC": "sales",
            "PROGRESS_TOPIC": "sales-progress",
            "KAFKA_AUTH": auth,
        }
    )


def test_none_is_plain_text() -> None:
    options = client_options(settings("none"), None)

    assert options == {"bootstrap_servers": ["b-1.shop:9098", "b-2.shop:9098"], "metrics_enabled": False}


@pytest.mark.parametrize(
    ("auth", "protocol", "mechanism"),
    [("tls", "SSL", None), ("iam", "SASL_SSL", "AWS_MSK_IAM"), (f"scram:{ARN}", "SASL_SSL", "SCRAM-SHA-512")],
)
def test_everything_else_is_encrypted_and_checks_whom_it_talks_to(
    auth: str, protocol: str, mechanism: str | None
) -> None:
    options = client_options(settings(auth), USER)

    assert options["security_protocol"] == protocol
    assert options.get("sasl_mechanism") == mechanism
    context = options["ssl_context"]
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_scram_sends_the_secret_s_user() -> None:
    options = client_options(settings(f"scram:{ARN}"), USER)

    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("ingest", "canary")


@pytest.mark.parametrize("secret", [{}, {"username": "ingest"}, {"username": "ingest", "password": ""}])
def test_a_secret_without_user_or_password_is_refused(secret: dict[str, str]) -> None:
    with pytest.raises(SourceError, match=r"has no .*password"):
        client_options(settings(f"scram:{ARN}"), secret)


def test_iam_signs_a_connection_with_the_role_s_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "canary",
        "AWS_SESSION_TOKEN": "session",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    options = client_options(settings("iam"), None)

    message = SaslMechanismAwsMskIam(host="b-1.shop", **options).auth_bytes()

    token = json.loads(message)
    assert token["host"] == "b-1.shop"
    assert token["action"] == "kafka-cluster:Connect"
    assert token["x-amz-credential"].startswith("AKIDEXAMPLE/")
    assert token["x-amz-credential"].endswith("/eu-central-1/kafka-cluster/aws4_request")
    assert token["x-amz-security-token"] == "session"
    assert b"canary" not in message
