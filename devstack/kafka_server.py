"""Apache Kafka: one real KRaft broker that is its own controller, from the jars that Maven copied.

The settings keep what is replayed, however old its timestamps are (no retention), create no topic by accident, and
start small; everything else is Kafka's default.
"""

import base64
import signal
import socket
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from devstack.errors import DevstackError
from devstack.java import find_java
from devstack.ports import HOST

_JARS = Path(__file__).parent / "kafka" / "target" / "libs"
# One broker for one person: the serial collector starts sooner and takes no core from the rest of the machine.
_JVM_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.showDateTime=true")


def render_properties(ports: Mapping[str, int], data: Path) -> str:
    """Write the broker's configuration file.

    Parameters
    ----------
    ports
        The port of the `broker` and of the `controller`.
    data
        Folder for the broker's logs.
    """
    broker, controller = f"{HOST}:{ports['broker']}", f"{HOST}:{ports['controller']}"
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{broker}",
        "controller.listener.names": "CONTROLLER",
        # A fixed voter is read anew at each start, so the controller's port may change between starts.
        "controller.quorum.voters": f"1@{controller}",
        "log.dirs": str(data).replace("\\", "\\\\"),
        "auto.create.topics.enable": "false",
        # Replayed records carry their old event times, which a retention by age would delete at once.
        "log.retention.ms": "-1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "group.initial.rebalance.delay.ms": "0",
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


class KafkaServer:
    """How to start the broker and to see that it serves."""

    name = "kafka"
    port_names: tuple[str, ...] = ("broker", "controller")
    account = None
    stop_signal = signal.SIGTERM

    def prepare(self, directory: Path, ports: Mapping[str, int]) -> list[str]:
        """Write the configuration, format the log folder if it is new; see `devstack.stack.Server`."""
        java = find_java()
        if not any(_JARS.glob("kafka_*.jar")):
            msg = (
                f"Found no Kafka jars in {_JARS}. Run `make setup` in {_JARS.parents[3]}, "
                "or `mvn -B -q -f devstack/kafka/pom.xml package` there."
            )
            raise DevstackError(msg)
        configuration = directory / "server.properties"
        data = directory.resolve() / "data"
        configuration.write_text(render_properties(ports, data), encoding="utf-8")
        jvm = [java, *_JVM_OPTIONS, "-cp", str(_JARS / "*")]
        if not (data / "meta.properties").exists():
            _format(jvm, configuration)
        return [*jvm, "kafka.Kafka", str(configuration)]

    def endpoints(self, directory: Path, ports: Mapping[str, int]) -> dict[str, str]:  # noqa: ARG002 - has no secret
        """Name the address for clients as a Kafka client names it."""
        return {"bootstrap.servers": f"{HOST}:{ports['broker']}"}

    def ready(self, ports: Mapping[str, int]) -> bool:
        """Ask the broker for the cluster's metadata.

        Returns
        -------
        True when it answers and counts itself among the brokers.
        """
        try:
            # The client would log each refused connection as an error.
            socket.create_connection((HOST, ports["broker"]), timeout=1).close()
        except OSError:
            return False
        try:
            admin = KafkaAdminClient(bootstrap_servers=f"{HOST}:{ports['broker']}", bootstrap_timeout_ms=10_000)
        except KafkaError:
            return False
        try:
            return bool(admin.describe_cluster()["brokers"])
        except KafkaError:
            return False
        finally:
            admin.close()


def _format(jvm: list[str], configuration: Path) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
    # `=`: an identifier may begin with a minus sign.
    arguments = ["format", f"--cluster-id={cluster}", "--config", str(configuration)]
    # A second of work is not worth the optimizing compiler.
    tool = [jvm[0], "-XX:TieredStopAtLevel=1", *jvm[1:], "kafka.tools.StorageTool", *arguments]
    run = subprocess.run(tool, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        msg = f"Kafka could not format its folder {configuration.parent}:\n{run.stderr.strip()[-2000:]}"
        raise DevstackError(msg)
