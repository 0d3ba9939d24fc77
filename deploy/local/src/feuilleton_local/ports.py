"""Which ports are free, and who holds one that is not."""

import random
import socket
from dataclasses import dataclass

import psutil

from feuilleton_local.failures import PortTakenError

LOOPBACK = "127.0.0.1"
# Below the range from which Linux draws the ports of outgoing connections (32768 up), so that none of those gets
# between choosing a port and listening on it.
_TEST_PORTS = range(20_000, 32_000)
_TRIES = 200


@dataclass(frozen=True)
class PortHolder:
    pid: int
    command: str


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections linger in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    """Distinct ports on which nothing listens now. Nothing is reserved: take them into use at once."""
    found: set[int] = set()
    for _ in range(_TRIES):
        if len(found) == count:
            return sorted(found)
        port = random.choice(_TEST_PORTS)
        if port not in found and is_free(port):
            found.add(port)
    raise PortTakenError(f"found no {count} free ports between {_TEST_PORTS.start} and {_TEST_PORTS.stop}")


def holder_of(port: int) -> PortHolder | None:
    """Who listens on the port; None when that is another user's process, or nobody."""
    for connection in psutil.net_connections(kind="tcp"):
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        if listens and connection.pid:
            try:
                return PortHolder(connection.pid, " ".join(psutil.Process(connection.pid).cmdline()))
            except psutil.Error:
                return None
    return None


def port_taken_message(*, user: str, port: int, variable: str, holder: PortHolder | None) -> str:
    by = "a process of another user" if holder is None else f"pid {holder.pid} ({_shortened(holder.command)})"
    return f"port {port} ({user}) is taken by {by}: end that, or choose another: {variable}={port + 1000} make ..."


def require_free(port: int, *, user: str, variable: str) -> None:
    """Raises PortTakenError, whose line says who holds the port and how to choose another."""
    if not is_free(port):
        raise PortTakenError(port_taken_message(user=user, port=port, variable=variable, holder=holder_of(port)))


def _shortened(command: str, limit: int = 60) -> str:
    return command if len(command) <= limit else command[: limit - 1] + "…"
