"""The services as real processes on free ports, for tests that need the whole system or one true service."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

from feuilleton_local.parent_death import bound_to_parent
from feuilleton_local.ports import LOOPBACK, free_ports

API_KEY = "test-key-0123456789abcdef"
READY_SECONDS = 60.0
_STOP_SECONDS = 30.0

COMMANDS: dict[str, tuple[str, ...]] = {
    "ingest": ("ingest", "serve"),
    "splitter": ("splitter",),
    "extractor": ("extractor",),
    "merger": ("merger",),
    "projector": ("status_api", "projector"),
    "webhooks": ("status_api", "webhooks"),
    "status-api": ("status_api", "api"),
}
MIGRATIONS: tuple[tuple[str, ...], ...] = (("ingest", "migrate"), ("status_api", "migrate"))


class ServiceFailedError(Exception):
    """A service ended or never became ready; the text holds the end of its log."""


@dataclass
class Service:
    """One process. `launcher` is a module that runs the service's own, whose name and arguments it is given."""

    name: str
    port: int
    log: Path
    env: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    launcher: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                bound_to_parent([sys.executable, "-m", *self.launcher, *COMMANDS[self.name]], signal.SIGKILL),
                env={**os.environ, **self.env, "HTTP_PORT": str(self.port)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                raise ServiceFailedError(f"{self.name} ended: {self.tail()}")
            try:
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise ServiceFailedError(f"{self.name} is not ready after {seconds:.0f} s: {self.tail()}")

    def kill(self) -> None:
        """End it as by kill -9, and wait until it is gone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int | None:
        """SIGTERM and wait. Returns the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise ServiceFailedError(f"{self.name} did not stop: {self.tail()}") from None

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""


@dataclass
class Stack:
    """Services that share a prefix, a database and a store. As a context: all that were added run in it."""

    folder: Path
    env: dict[str, str]
    services: dict[str, Service] = field(default_factory=dict)

    def add(self, name: str, replica: int = 0, **env: str) -> Service:
        (port,) = free_ports(1)
        label = f"{name}-{replica}" if replica else name
        service = Service(name, port, self.folder / f"{label}.log", {**self.env, **env})
        self.services[label] = service
        return service

    def __getitem__(self, label: str) -> Service:
        return self.services[label]

    @property
    def ingest_url(self) -> str:
        return self["ingest"].url

    @property
    def status_url(self) -> str:
        return self["status-api"].url

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start all that were added, at once, and wait until each is ready."""
        for service in self.services.values():
            service.start()
        for service in self.services.values():
            service.wait_ready()

    def stop(self) -> None:
        for service in self.services.values():
            if service.process is not None and service.process.poll() is None:
                service.process.send_signal(signal.SIGTERM)
        for service in self.services.values():
            service.stop()


RunServices = Callable[..., AbstractContextManager[Stack]]


def migrate(env: dict[str, str], commands: tuple[tuple[str, ...], ...] = MIGRATIONS) -> None:
    for command in commands:
        subprocess.run([sys.executable, "-m", *command], env={**os.environ, **env}, check=True, timeout=60)


def environment(*, kafka: str, prefix: str, database_url: str, object_store_url: str, **more: str) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "KAFKA_PREFIX": prefix,
        "DATABASE_URL": database_url,
        "OBJECT_STORE_URL": object_store_url,
        "API_KEY": API_KEY,
        "UPLOADS_PER_HOUR": "1000000",  # the default of 10 is a test's own matter
        "MONTHLY_CREDITS": "1000000000",  # so are 50 credits: the fake models' tokens cost what true ones cost
        "QUOTA_JOBS": "1000000",
        "QUOTA_BYTES": "1000000000000",
        "HTTP_HOST": LOOPBACK,
        # Never what the person's own shell says: that could cost money.
        "ENGINES": "local",
        # Tests hand in the same book again and again and mean a new job each time.
        # tests/integration/ingest/test_reuse.py has it on, as a deployment has.
        "REUSE_COMPLETED": "false",
        "GEMINI_API_KEY": "",
        "GEMINI_BASE_URL": "",
        "OPENAI_BASE_URL": "",
        "OPENAI_API_KEY": "",
        "OCR": "off",  # what this machine has installed must not decide what a test sees
        **more,
    }


@contextmanager
def running_stack(folder: Path, env: dict[str, str], names: tuple[str, ...] = ()) -> Iterator[Stack]:
    """The services of these names, or all; migrated and ready; stopped at the end, whatever happened."""
    folder.mkdir(parents=True, exist_ok=True)
    names = names or tuple(COMMANDS)
    modules = {COMMANDS[name][0] for name in names}
    if "status_api" in modules:
        modules.add("ingest")  # the keys that it looks up
    migrate(env, tuple(command for command in MIGRATIONS if command[0] in modules))
    stack = Stack(folder, env)
    for name in names:
        stack.add(name)
    with stack:
        yield stack


def auth() -> dict[str, str]:
    return {"Authorization": f"Bearer {API_KEY}"}
