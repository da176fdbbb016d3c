import base64
import ssl
import time
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

import pytest

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
    assert client_options(settings("none"), None) == {"bootstrap.servers": "b-1.shop:9098,b-2.shop:9098"}


@pytest.mark.parametrize(
    ("auth", "protocol", "mechanism"),
    [("tls", "SSL", None), ("iam", "SASL_SSL", "OAUTHBEARER"), (f"scram:{ARN}", "SASL_SSL", "SCRAM-SHA-512")],
)
@pytest.mark.usefixtures("role")
def test_everything_else_is_encrypted(auth: str, protocol: str, mechanism: str | None) -> None:
    options = client_options(settings(auth), USER)

    assert options["security.protocol"] == protocol
    assert options.get("sasl.mechanism") == mechanism


def test_the_authorities_are_the_systems_or_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    system = ssl.get_default_verify_paths().cafile
    assert client_options(settings("tls"), None)["ssl.ca.location"] == (system or "probe")

    monkeypatch.setenv("SSL_CERT_FILE", __file__)
    assert client_options(settings("tls"), None)["ssl.ca.location"] == __file__


def test_scram_sends_the_secret_s_user() -> None:
    options = client_options(settings(f"scram:{ARN}"), USER)

    assert (options["sasl.username"], options["sasl.password"]) == ("ingest", "canary")


@pytest.mark.parametrize("secret", [{}, {"username": "ingest"}, {"username": "ingest", "password": ""}])
def test_a_secret_without_user_or_password_is_refused(secret: dict[str, str]) -> None:
    with pytest.raises(SourceError, match=r"has no .*password"):
        client_options(settings(f"scram:{ARN}"), secret)


@pytest.fixture
def role(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "canary",
        "AWS_SESSION_TOKEN": "session",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("role")
def test_iam_signs_a_request_to_connect_with_the_role_s_credentials() -> None:
    token, ends = client_options(settings("iam"), None)["oauth_cb"]("")

    assert "=" not in token
    url = urlsplit(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode())
    query = dict(parse_qsl(url.query))
    assert (url.scheme, url.netloc, url.path) == ("https", "kafka.eu-central-1.amazonaws.com", "/")
    assert query["Action"] == "kafka-cluster:Connect"
    assert query["X-Amz-Credential"].startswith("AKIDEXAMPLE/")
    assert query["X-Amz-Credential"].endswith("/eu-central-1/kafka-cluster/aws4_request")
    assert query["X-Amz-Security-Token"] == "session"
    assert query["X-Amz-Expires"] == "900"
    assert len(query["X-Amz-Signature"]) == 64
    assert "canary" not in url.query
    assert 890 < ends - time.time() <= 900


def test_iam_without_credentials_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    with pytest.raises(SourceError, match="KAFKA_AUTH is iam, but there are no AWS credentials"):
        client_options(settings("iam"), None)
