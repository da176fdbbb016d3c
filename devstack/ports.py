"""Ports on this machine that nobody listens on."""

import contextlib
import socket
from collections.abc import Mapping, Sequence

HOST = "127.0.0.1"


def choose_ports(names: Sequence[str], preferred: Mapping[str, int]) -> dict[str, int]:
    """Choose a free port for every name.

    A port may be taken between the choice and its use, so whoever starts a server on it must be ready to choose again.

    Parameters
    ----------
    names
        What the ports are for.
    preferred
        Ports to take again where they are free, so that a restart does not change addresses.

    Returns
    -------
    The ports by name, all different.
    """
    # All sockets stay open until the last port is chosen: the system then cannot give one port twice.
    with contextlib.ExitStack() as held:
        return {name: held.enter_context(_bind(preferred.get(name, 0))).getsockname()[1] for name in names}


def _bind(port: int) -> socket.socket:
    """Bind to the port if it is free, else to any free one."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # As servers do: connections of an earlier server that still wind down do not count as taken.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        if port == 0:
            listener.close()
            raise
        listener.bind((HOST, 0))
    return listener
