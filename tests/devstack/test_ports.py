import socket

from devstack.ports import HOST, choose_ports


def test_ports_are_free_and_all_different() -> None:
    names = [f"port {number}" for number in range(50)]
    ports = choose_ports(names, {})
    assert list(ports) == names
    assert len(set(ports.values())) == len(names)
    for port in ports.values():
        with socket.create_server((HOST, port)):
            pass


def test_a_preferred_port_is_taken_again_when_it_is_free() -> None:
    first = choose_ports(["a", "b"], {})
    assert choose_ports(["a", "b"], first) == first


def test_a_preferred_port_that_somebody_listens_on_is_replaced() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert choose_ports(["a"], {"a": port})["a"] != port
