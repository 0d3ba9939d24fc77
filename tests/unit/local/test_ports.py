import os
import socket

import pytest

from feuilleton_local.failures import PortTakenError
from feuilleton_local.ports import PortHolder, free_ports, holder_of, is_free, port_taken_message, require_free


def test_a_taken_port_names_port_user_holder_and_the_variable_that_sets_another() -> None:
    line = port_taken_message(
        user="kafka", port=29092, variable="KAFKA_PORT", holder=PortHolder(7, "java -cp " + "x" * 99)
    )
    assert line.startswith("port 29092 (kafka) is taken by pid 7 (java -cp xx")
    assert line.endswith("x…): end that, or choose another: KAFKA_PORT=30092 make ...")


def test_a_holder_that_cannot_be_seen_is_another_users() -> None:
    line = port_taken_message(user="kafka", port=29092, variable="KAFKA_PORT", holder=None)
    assert "taken by a process of another user" in line


def test_a_port_that_somebody_listens_on_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        holder = holder_of(port)
        assert holder is not None
        assert holder.pid == os.getpid()
        with pytest.raises(PortTakenError, match=str(port)):
            require_free(port, user="ingest", variable="INGEST_PORT")


def test_free_ports_are_distinct_and_free() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert all(is_free(port) for port in ports)
