"""AWS: moto's server, which answers for S3, SNS, SQS, Secrets Manager and others from memory.

What it holds is gone when it stops. It asks for no real credentials and checks none.
"""

import http.client
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from devstack.ports import HOST

_REGION = "us-east-1"


class AwsServer:
    """How to start moto and to see that it serves."""

    name = "aws"
    port_names: tuple[str, ...] = ("server",)
    account = None
    stop_signal = signal.SIGTERM

    def prepare(self, directory: Path, ports: Mapping[str, int]) -> list[str]:  # noqa: ARG002 - nothing to write
        """Return the command that starts the server."""
        return [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(ports["server"])]

    def endpoints(self, directory: Path, ports: Mapping[str, int]) -> dict[str, str]:  # noqa: ARG002 - has no secret
        """Name the address of every service, and the region that clients should say."""
        return {"endpoint.url": f"http://{HOST}:{ports['server']}", "region": _REGION}

    def ready(self, ports: Mapping[str, int]) -> bool:
        """Ask for moto's own page, which touches no service."""
        connection = http.client.HTTPConnection(HOST, ports["server"], timeout=2)
        try:
            connection.request("GET", "/moto-api/")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
