"""Servers in a folder: starting them healthy, looking at them, stopping them.

    with running_stack() as stack:
        create_topics(stack.bootstrap_servers, {"sales": 4})

The folder holds `logs/NAME.log` and `NAME/` (configuration, data) for each server, and `stack.json` while they run.
"""

import contextlib
import fcntl
import json
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from devstack.aws_server import AwsServer
from devstack.errors import DevstackError
from devstack.kafka_server import KafkaServer
from devstack.ports import choose_ports
from devstack.postgres_server import PostgresServer
from devstack.processes import Process
from devstack.supervisor import Program, Supervised, read_state, stop_all

Endpoints = Mapping[str, Mapping[str, str]]

_STATE = "stack.json"
_ATTEMPTS = 5
_START_SECONDS = 180.0
_PORT_TAKEN = ("Address already in use", "failed to bind", "is in use by another program")


class Server(Protocol):
    """What the stack must know of a kind of server."""

    name: str
    port_names: tuple[str, ...]
    stop_signal: signal.Signals

    @property
    def account(self) -> str | None:
        """Name the account that it must run as, None for this process' own."""

    def prepare(self, directory: Path, ports: Mapping[str, int]) -> list[str]:
        """Write what the server needs into its own folder, which exists.

        Parameters
        ----------
        directory
            The folder.
        ports
            One port for each of `port_names`.

        Returns
        -------
        The command that starts the server.

        Raises
        ------
        DevstackError
            Its program is missing, or the folder cannot be used.
        """

    def endpoints(self, directory: Path, ports: Mapping[str, int]) -> dict[str, str]:
        """Name the addresses that clients use; the folder is the one that was prepared."""

    def ready(self, ports: Mapping[str, int]) -> bool:
        """Say whether it serves."""


SERVERS: Mapping[str, Server] = {server.name: server for server in (KafkaServer(), PostgresServer(), AwsServer())}


@dataclass(frozen=True, slots=True)
class Stack:
    """Servers that run and answer."""

    directory: Path
    """Their folder."""
    endpoints: Endpoints
    """Addresses for clients, by server, under the names that the clients give them."""
    _supervised: Supervised | None = field(default=None, repr=False, compare=False)

    @property
    def bootstrap_servers(self) -> str:
        """Kafka's `host:port`."""
        return self.endpoints["kafka"]["bootstrap.servers"]

    @property
    def database_url(self) -> str:
        """PostgreSQL's address, as its superuser, password included."""
        return self.endpoints["postgres"]["url"]

    @property
    def aws_environment(self) -> dict[str, str]:
        """Environment variables that send AWS clients to the local server."""
        aws = self.endpoints["aws"]
        return {
            "AWS_ENDPOINT_URL": aws["endpoint.url"],
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": aws["region"],
            "AWS_REGION": aws["region"],
        }

    def kill(self, name: str) -> None:
        """Kill a server (`SIGKILL`) and keep it down until `restart`; return when it is gone.

        Only for servers that this process started with `running_stack`.
        """
        self._held().hold(name)
        _wait_until(lambda: not _process(self.directory, name).alive(), f"{name} did not die")

    def restart(self, name: str) -> None:
        """Start a killed server on its old port and data; return when it answers."""
        self._held().resume(name)
        self.wait_until_ready(name)

    def wait_until_ready(self, name: str) -> None:
        """Wait until a server answers, as after its death, when it is restarted."""
        ports = _state(self.directory)["details"]["ports"][name]
        _wait_until(lambda: SERVERS[name].ready(ports), f"{name} did not answer")

    def _held(self) -> Supervised:
        if self._supervised is None:
            msg = "Only a stack of `running_stack` can be told to kill and restart its servers."
            raise DevstackError(msg)
        return self._supervised


@contextlib.contextmanager
def running_stack(directory: Path | None = None, only: Sequence[str] = ("kafka",)) -> Iterator[Stack]:
    """Run servers for the time of a `with` block; they end with it, and with this process however it ends.

    Parameters
    ----------
    directory
        Their folder; without it a temporary one, deleted at the end.
    only
        Names of the servers.

    Raises
    ------
    DevstackError
        A server cannot be started, or the folder's servers run already.
    """
    with contextlib.ExitStack() as held:
        if directory is None:
            directory = Path(
                held.enter_context(tempfile.TemporaryDirectory(prefix="devstack-", ignore_cleanup_errors=True))
            )
        if status(directory):
            msg = f"The servers of {directory} run already; stop them with `python -m devstack down`."
            raise DevstackError(msg)
        supervised, stack = _start(directory, only)
        held.callback(supervised.stop)
        yield stack


def start(directory: Path, only: Sequence[str]) -> Stack:
    """Start servers that outlive this process; when they run and answer already, leave them be.

    Parameters
    ----------
    directory
        Their folder, made if missing.
    only
        Names of the servers.

    Raises
    ------
    DevstackError
        A server cannot be started.
    """
    _check_names(only)
    directory.mkdir(parents=True, exist_ok=True)
    with _alone(directory):
        found = status(directory)
        if set(only) <= {name for name, server in found.items() if server["state"] == "running"}:
            return Stack(directory, {name: server["endpoints"] for name, server in found.items()})
        stop_all(directory / _STATE)
        supervised, stack = _start(directory, only)
        supervised.release()
        return Stack(directory, stack.endpoints)


def status(directory: Path) -> dict[str, dict[str, Any]]:
    """Look at the servers of a folder.

    Returns
    -------
    For each server that was started and not stopped: `state` (`running`, `not answering`, `ended`), `endpoints`,
    `pid` and `log`.
    """
    state = read_state(directory / _STATE)
    if state is None:
        return {}
    result = {}
    for name, program in state["programs"].items():
        ports = state["details"]["ports"][name]
        alive = program["process"].alive()
        answers = alive and SERVERS[name].ready(ports)
        result[name] = {
            "state": "running" if answers else "not answering" if alive else "ended",
            "endpoints": SERVERS[name].endpoints(directory / name, ports),
            "pid": program["process"].pid,
            "log": program["log"],
        }
    anybody = state["supervisor"].alive() or any(server["state"] != "ended" for server in result.values())
    return result if anybody else {}


def stop(directory: Path) -> list[str]:
    """Stop the servers of a folder, whoever started them; return when they are gone.

    Returns
    -------
    The names of those that ran.
    """
    if not directory.exists():
        return []
    with _alone(directory):
        return stop_all(directory / _STATE)


def _start(directory: Path, only: Sequence[str]) -> tuple[Supervised, Stack]:
    """Start servers on this process' leash and wait until they answer, on other ports if some were taken meanwhile."""
    _check_names(only)
    (directory / "logs").mkdir(parents=True, exist_ok=True)
    for attempt in range(1, _ATTEMPTS + 1):
        ports = {name: _choose_ports(directory, name) for name in only}
        programs = []
        for name in only:
            server = SERVERS[name]
            command = server.prepare(directory / name, ports[name])
            log = directory / "logs" / f"{name}.log"
            programs.append(Program(name, command, log, True, server.account, server.stop_signal))
        supervised = Supervised.start(programs, directory / _STATE, {"ports": ports})
        try:
            _wait_until_started(directory, supervised, programs, ports)
        except _PortTakenError:
            supervised.stop()
            if attempt == _ATTEMPTS:
                raise
        except BaseException:
            supervised.stop()
            raise
        else:
            endpoints = {name: SERVERS[name].endpoints(directory / name, ports[name]) for name in only}
            return supervised, Stack(directory, endpoints, supervised)
    msg = "the last attempt returns or raises"
    raise AssertionError(msg)


class _PortTakenError(DevstackError):
    """Somebody else took a port between its choice and its use."""


def _wait_until_started(
    directory: Path, supervised: Supervised, programs: Sequence[Program], ports: Mapping[str, Mapping[str, int]]
) -> None:
    """Wait until all answer; one that ends before is not waited for, although it would be restarted."""
    deadline = time.monotonic() + _START_SECONDS
    state = None
    while state is None and supervised.poll() is None:
        time.sleep(0.02)
        state = read_state(directory / _STATE)
    for program in programs:
        while not SERVERS[program.name].ready(ports[program.name]):
            ended = state is None or not state["programs"][program.name]["process"].alive()
            if ended or time.monotonic() > deadline:
                log = program.log.read_text(encoding="utf-8", errors="replace") if program.log.exists() else ""
                what = "ended" if ended else f"did not answer within {_START_SECONDS:g} s"
                taken = ended and any(text in log for text in _PORT_TAKEN)
                error = _PortTakenError if taken else DevstackError
                tail = "\n".join(log.splitlines()[-15:])
                msg = f"{program.name} {what} while starting. The end of {program.log}:\n{tail}"
                raise error(msg)
            time.sleep(0.1)


def _wait_until(condition: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            msg = f"{complaint} within {_START_SECONDS:g} s."
            raise DevstackError(msg)
        time.sleep(0.05)


def _state(directory: Path) -> dict[str, Any]:
    state = read_state(directory / _STATE)
    if state is None:
        msg = f"Nothing runs in {directory}."
        raise DevstackError(msg)
    return state


def _process(directory: Path, name: str) -> Process:
    process: Process = _state(directory)["programs"][name]["process"]
    return process


def _choose_ports(directory: Path, name: str) -> dict[str, int]:
    """Choose a server's ports, the same as last time if they are free, and remember them in its folder."""
    (directory / name).mkdir(parents=True, exist_ok=True)
    memory = directory / name / "ports.json"
    last = json.loads(memory.read_text(encoding="utf-8")) if memory.exists() else {}
    ports = choose_ports(SERVERS[name].port_names, last)
    memory.write_text(json.dumps(ports) + "\n", encoding="utf-8")
    return ports


def _check_names(names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in SERVERS]
    if unknown or not names:
        msg = f"Unknown server {', '.join(map(repr, unknown)) or '(none)'}; known: {', '.join(SERVERS)}."
        raise DevstackError(msg)


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Keep two commands from working on one folder at the same time; the second waits."""
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
