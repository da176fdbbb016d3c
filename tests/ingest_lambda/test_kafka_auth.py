"""A real broker with a certificate of its own, for TLS and SCRAM; that it refuses IAM shows that IAM was asked for."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from devstack.java import find_java
from devstack.kafka_server import KafkaServer, render_properties
from devstack.ports import HOST, choose_ports
from devstack.topics import create_topics
from ingest_lambda.deadline import Deadline
from ingest_lambda.errors import RefusedError, SourceError, UnavailableError
from ingest_lambda.markers import Marker
from ingest_lambda.publisher import Publisher
from ingest_lambda.records import Record
from ingest_lambda.settings import parse_settings

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_shop-AbCdEf"
JARS = Path(__file__).parents[2] / "devstack" / "kafka" / "target" / "libs"
STORE_PASSWORD, PASSWORD = "keystore", "canary"


@dataclass(frozen=True)
class Broker:
    plain: str
    tls: str
    sasl: str
    certificate: Path


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("auth")
    java, server = find_java(), KafkaServer()
    certificate = _certificate(Path(java).with_name("keytool"), folder)
    ports = choose_ports(("broker", "controller", "tls", "sasl"), {})
    plain, tls, sasl = (f"{HOST}:{ports[name]}" for name in ("broker", "tls", "sasl"))
    properties = dict(line.split("=", 1) for line in render_properties(ports, folder / "data").splitlines())
    properties["listeners"] += f",SSL://{tls},SASL_SSL://{sasl}"
    properties["advertised.listeners"] += f",SSL://{tls},SASL_SSL://{sasl}"
    properties |= {
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL",
        "inter.broker.listener.name": "PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "ssl.keystore.location": str(folder / "keystore.p12"),
        "ssl.keystore.password": STORE_PASSWORD,
        "ssl.keystore.type": "PKCS12",
    }
    configuration = folder / "server.properties"
    configuration.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
    jvm = [java, "-Xmx256m", "-XX:+UseSerialGC", "-cp", str(JARS / "*")]
    scram = f"SCRAM-SHA-512=[name=ingest,password={PASSWORD}]"
    format_ = ["kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", str(configuration)]
    subprocess.run([*jvm, *format_, "--add-scram", scram], check=True, capture_output=True)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*jvm, "kafka.Kafka", str(configuration)], stdout=log, stderr=log)
    try:
        deadline = monotonic() + 60
        while not server.ready(ports):
            assert process.poll() is None, (folder / "log").read_text()[-3000:]
            assert monotonic() < deadline
            sleep(0.2)
        create_topics(plain, {"sales": 4, "progress": 1, "hidden": 1})
        _allow(plain)
        yield Broker(plain, tls, sasl, certificate)
    finally:
        process.terminate()
        process.wait(30)


def _allow(servers: str) -> None:
    """Give the user what docs/ingest.md says that the function needs, and nothing else."""
    topics = [ResourcePattern(ResourceType.TOPIC, name) for name in ("sales", "progress")]
    identifier = ResourcePattern(ResourceType.TRANSACTIONAL_ID, "ingest.progress")
    cluster = ResourcePattern(ResourceType.CLUSTER, "kafka-cluster")
    rights = [(topic, operation) for topic in topics for operation in (ACLOperation.DESCRIBE, ACLOperation.WRITE)]
    rights += [(topics[1], ACLOperation.READ), (cluster, ACLOperation.IDEMPOTENT_WRITE)]
    rights += [(identifier, ACLOperation.DESCRIBE), (identifier, ACLOperation.WRITE)]
    admin: Any = KafkaAdminClient(bootstrap_servers=servers)
    try:
        admin.create_acls(
            [ACL("User:ingest", "*", operation, ACLPermissionType.ALLOW, resource) for resource, operation in rights]
        )
    finally:
        admin.close()


def _certificate(keytool: Path, folder: Path) -> Path:
    store = ["-keystore", str(folder / "keystore.p12"), "-storetype", "PKCS12", "-storepass", STORE_PASSWORD]
    who = ["-alias", "broker", "-dname", "CN=broker", "-ext", "SAN=ip:127.0.0.1", "-keyalg", "RSA", "-validity", "2"]
    subprocess.run([str(keytool), "-genkeypair", *who, *store], check=True, capture_output=True)
    target = folder / "broker.pem"
    export = ["-exportcert", "-rfc", "-alias", "broker", "-file", str(target)]
    subprocess.run([str(keytool), *export, *store], check=True, capture_output=True)
    return target


def publish(
    servers: str, auth: str, secret: Mapping[str, str] | None = None, seconds: float = 20, topic: str = "sales"
) -> None:
    settings = parse_settings(
        {
            "DATABASE_SECRET_ARN": ARN,
            "SOURCE_TABLE": "sales",
            "TIMESTAMP_COLUMN": "event_time",
            "SOURCE_COLUMNS": "quantity",
            "BOOTSTRAP_SERVERS": servers,
            "INPUT_TOPIC": topic,
            "PROGRESS_TOPIC": "progress",
            "KAFKA_AUTH": auth,
        }
    )
    publisher = Publisher(settings, lambda _: dict(secret or {}))
    try:
        publisher.open(Deadline(monotonic() + seconds))
        publisher.commit([Record(b"k", b"{}", "")], Marker(datetime.now(UTC)), Deadline(monotonic() + seconds))
    finally:
        publisher.close()


@pytest.fixture
def trusted(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Broker:
    monkeypatch.setenv("SSL_CERT_FILE", str(broker.certificate))
    return broker


def test_plain_text(broker: Broker) -> None:
    publish(broker.plain, "none")


def test_tls(trusted: Broker) -> None:
    publish(trusted.tls, "tls")


def test_scram_over_tls(trusted: Broker) -> None:
    publish(trusted.sasl, f"scram:{ARN}", {"username": "ingest", "password": PASSWORD})


def test_a_topic_that_the_user_has_no_right_to_is_told(trusted: Broker) -> None:
    secret = {"username": "ingest", "password": PASSWORD}

    with pytest.raises(SourceError, match="Kafka does not allow this: TOPIC_AUTHORIZATION_FAILED"):
        publish(trusted.sasl, f"scram:{ARN}", secret, topic="hidden")


def test_a_broker_whose_certificate_nobody_vouches_for_is_not_talked_to(broker: Broker) -> None:
    with pytest.raises(UnavailableError, match="of an authority that is not trusted here"):
        publish(broker.tls, "tls", seconds=2)


def test_a_broker_of_another_name_is_not_talked_to(trusted: Broker) -> None:
    with pytest.raises(UnavailableError, match="its certificate is of another name"):
        publish(trusted.tls.replace("127.0.0.1", "localhost"), "tls", seconds=2)


def test_a_wrong_password_is_refused_and_not_shown(trusted: Broker) -> None:
    with pytest.raises(RefusedError, match="Kafka refused the credentials") as raised:
        publish(trusted.sasl, f"scram:{ARN}", {"username": "ingest", "password": "canary-2"}, seconds=3)

    error: BaseException | None = raised.value
    while error is not None:
        assert "canary" not in f"{error!r}"
        error = error.__cause__ or error.__context__


def test_iam_is_asked_for_over_tls(trusted: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-central-1")

    # This broker speaks TLS with us and then says that it takes passwords only.
    with pytest.raises(RefusedError, match=r"OAUTHBEARER mechanism handshake failed: .* mechanisms: SCRAM-SHA-512"):
        publish(trusted.sasl, "iam", seconds=3)
