"""Kafka and Postgres as children of this process: for tests, benches and tools. `make up` runs them in supervisor."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from feuilleton_local.failures import ServerFailedError
from feuilleton_local.paths import JARS_FOLDER
from feuilleton_local.ports import LOOPBACK, free_ports
from feuilleton_local.servers.jars import fetch_jars
from feuilleton_local.servers.postgres import url_of
from feuilleton_local.servers.readiness import why_no_kafka, why_no_postgres
from feuilleton_local.telling_line import cause_in

START_SECONDS = 60.0
LOCK_WAIT_SECONDS = 15.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Endpoints:
    """Where the servers of a run answer."""

    kafka_bootstrap_servers: str
    database_url: str


class LocalServer:
    """One server process that can be stopped, killed, frozen and started again on the same folder and port.

    Goes when this process goes, even by kill -9. Start it from the main thread: Linux ties it to the thread.
    """

    def __init__(
        self,
        *,
        name: str,
        address: str,
        command: list[str],
        log: Path,
        stop_signal: signal.Signals,
        why_not_ready: Callable[[], Awaitable[str | None]],
    ) -> None:
        self.name = name
        self.address = address
        self._command = command
        self._log = log
        self._stop_signal = stop_signal
        self._why_not_ready = why_not_ready
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerFailedError(f"{self.name} is not running")
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it answers. Raises ServerFailedError with the cause from its log."""
        self.spawn()
        self.wait_until_ready()

    def spawn(self) -> None:
        """Start without waiting."""
        if threading.current_thread() is not threading.main_thread():
            raise ServerFailedError(f"start {self.name} from the main thread: it would end with any other")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C on the terminal is ours to pass on, in order
            )

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while why := _run(self._why_not_ready()):
            if self._process is None or self._process.poll() is not None:
                raise ServerFailedError(f"{self.name} did not start: {cause_in(self._log)}", log=self._log)
            if time.monotonic() > deadline:
                raise ServerFailedError(f"{self.name} is not ready after {seconds:.0f} s: {why}", log=self._log)
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Stop cleanly; does nothing when it is not running."""
        self._end(self._stop_signal)

    def kill(self) -> None:
        """End at once, as by kill -9; what was acknowledged is kept."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, with_signal: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(with_signal)
            process.send_signal(signal.SIGCONT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def kafka_server(
    folder: Path, *, lock_wait_seconds: float = LOCK_WAIT_SECONDS, advertised_port: int | None = None
) -> LocalServer:
    """A Kafka on free ports, not started yet; the data stay in `folder`. `address` is its bootstrap server. Clients
    that come there are sent on to `advertised_port`: that of a proxy which leads to `address`.
    """
    port, controller_port = free_ports(2)
    address = f"{LOOPBACK}:{port}"
    options = ["--port", str(port), "--controller-port", str(controller_port), "--lock-wait", str(lock_wait_seconds)]
    if advertised_port is not None:
        options += ["--advertised-port", str(advertised_port)]
    return LocalServer(
        name="Kafka",
        address=address,
        command=[sys.executable, "-m", "feuilleton_local.servers", "kafka", str(folder), *options],
        log=folder / "kafka.log",
        stop_signal=signal.SIGTERM,
        why_not_ready=lambda: why_no_kafka(address),
    )


def postgres_server(folder: Path, *, lock_wait_seconds: float = LOCK_WAIT_SECONDS) -> LocalServer:
    """A Postgres on a free port, not started yet; the data stay in `folder`. `address` is its URL."""
    (port,) = free_ports(1)
    options = ["--port", str(port), "--lock-wait", str(lock_wait_seconds)]
    return LocalServer(
        name="Postgres",
        address=url_of(port),
        command=[sys.executable, "-m", "feuilleton_local.servers", "postgres", str(folder), *options],
        log=folder / "postgres.log",
        stop_signal=signal.SIGINT,
        why_not_ready=lambda: why_no_postgres(url_of(port), tls=False),
    )


@contextmanager
def running(server: LocalServer) -> Iterator[LocalServer]:
    """The server, started on entry and stopped on exit."""
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def running_servers(
    folder: Path, *, kafka_bootstrap_servers: str | None = None, database_url: str | None = None
) -> Iterator[Endpoints]:
    """Kafka and Postgres on free ports with their data in `folder`; an address that is given is used instead.

    Both start at the same time (about 4 s cold). Call it from the main thread.
    """
    with ExitStack() as stack:
        started: list[LocalServer] = []
        if kafka_bootstrap_servers is None:
            fetch_jars(JARS_FOLDER)
            started.append(kafka_server(folder / "kafka"))
            kafka_bootstrap_servers = started[-1].address
        if database_url is None:
            started.append(postgres_server(folder / "postgres"))
            database_url = started[-1].address
        for server in started:
            stack.callback(server.stop)
            server.spawn()
        for server in started:
            server.wait_until_ready()
        yield Endpoints(kafka_bootstrap_servers, database_url)


def _run(answer: Awaitable[str | None]) -> str | None:
    async def ask() -> str | None:
        return await answer

    # In a thread of its own, since a caller may be inside a loop already (an asynchronous test that kills a server).
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, ask()).result()
