import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from folders import tmp_path as tmp_path

from devstack import stack
from devstack.ports import HOST

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def unlucky_ports(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, int]]]:
    """Lets a stranger take the first port before it is used; gives the choices, that one among them."""
    choose = stack._choose_ports
    chosen: list[dict[str, int]] = []
    with socket.create_server((HOST, 0)) as thief:

        def unlucky(directory: Path, name: str) -> dict[str, int]:
            chosen.append(choose(directory, name) if chosen else {"server": thief.getsockname()[1]})
            (directory / name).mkdir(parents=True, exist_ok=True)
            return chosen[-1]

        monkeypatch.setattr(stack, "_choose_ports", unlucky)
        yield chosen
