"""The table of everything that runs: the one place that knows commands, ports and variables."""

import signal
from dataclasses import dataclass
from enum import StrEnum

from feuilleton_local.parent_death import bound_to_parent
from feuilleton_local.ports import LOOPBACK
from feuilleton_local.servers.postgres import url_of
from feuilleton_local.settings import LocalSettings


class Group(StrEnum):
    """Started in this order, stopped in the reverse one; a group stops all at once."""

    SERVERS = "servers"
    SERVICES = "services"


@dataclass(frozen=True)
class Port:
    number: int
    variable: str
    """The variable that sets another."""


@dataclass(frozen=True)
class ManagedProcess:
    """One process under supervisor. `command` is started in the folder `run` with the environment's `bin` first on
    PATH, and names paths relative to that: supervisor would cut a path at " #" or " ;".
    """

    name: str
    group: Group
    command: tuple[str, ...]
    ports: tuple[Port, ...]
    environment: tuple[tuple[str, str], ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def full_name(self) -> str:
        return f"{self.group}:{self.name}"

    @property
    def http_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports[0].number}"


def processes(settings: LocalSettings) -> tuple[ManagedProcess, ...]:
    """All that the local system runs; a server that is given from outside is left out."""
    return (*_servers(settings), *_services(settings))


def shared_environment(settings: LocalSettings, *, api_key: str) -> dict[str, str]:
    """What every service, migration and tool of the local system gets; it holds secrets, so it goes to no file."""
    # Our own Postgres has no certificate, and looking for one of the client's in an unreadable HOME is an error.
    no_tls = {"PGSSLMODE": "disable"} if settings.database_url is None else {}
    return no_tls | {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_address(settings),
        "KAFKA_PREFIX": settings.kafka_prefix,
        "DATABASE_URL": database_url(settings),
        "OBJECT_STORE_URL": settings.object_store_url or settings.paths.objects.as_uri(),
        "API_KEY": api_key,
        "UPLOADS_PER_HOUR": str(settings.uploads_per_hour),
        "MONTHLY_CREDITS": str(settings.monthly_credits),
        "ENGINES": settings.engines_offered,
        "HTTP_HOST": LOOPBACK,
        "LOG_FORMAT": settings.log_format,
        "LOG_LEVEL": settings.log_level,
        "PUBLIC_INGEST_URL": settings.public_ingest_url or settings.ingest_url,
        "PUBLIC_STATUS_URL": settings.public_status_url or settings.status_url,
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }


def kafka_address(settings: LocalSettings) -> str:
    return settings.kafka_bootstrap_servers or f"{LOOPBACK}:{settings.kafka_port}"


def database_url(settings: LocalSettings) -> str:
    return settings.database_url or url_of(settings.postgres_port)


def _servers(settings: LocalSettings) -> list[ManagedProcess]:
    found = []
    if settings.kafka_bootstrap_servers is None:
        port = Port(settings.kafka_port, "KAFKA_PORT")
        controller = Port(settings.kafka_controller_port, "KAFKA_CONTROLLER_PORT")
        command = _server_command("kafka", port, "--controller-port", str(controller.number))
        found.append(ManagedProcess("kafka", Group.SERVERS, command, (port, controller)))
    if settings.database_url is None:
        port = Port(settings.postgres_port, "POSTGRES_PORT")
        command = _server_command("postgres", port)
        found.append(ManagedProcess("postgres", Group.SERVERS, command, (port,), stop_signal=signal.SIGINT))
    return found


def _server_command(name: str, port: Port, *options: str) -> tuple[str, ...]:
    module = ("python", "-m", "feuilleton_local.servers")
    return (*module, name, f"../data/{name}", "--port", str(port.number), *options)


def _services(settings: LocalSettings) -> list[ManagedProcess]:
    return [
        _service("ingest", ("ingest", "serve"), Port(settings.ingest_port, "INGEST_PORT")),
        _service("splitter", ("splitter",), Port(settings.splitter_port, "SPLITTER_PORT")),
        _service("extractor", ("extractor",), Port(settings.extractor_port, "EXTRACTOR_PORT")),
        _service("merger", ("merger",), Port(settings.merger_port, "MERGER_PORT")),
        _service("status-api", ("status_api", "api"), Port(settings.status_port, "STATUS_PORT")),
        _service("projector", ("status_api", "projector"), Port(settings.projector_port, "PROJECTOR_PORT")),
        _service("webhooks", ("status_api", "webhooks"), Port(settings.webhooks_port, "WEBHOOKS_PORT")),
    ]


def _service(name: str, module: tuple[str, ...], port: Port) -> ManagedProcess:
    # Killed rather than asked when supervisord dies: nobody would be left to insist, and every service is built to
    # lose nothing by kill -9.
    command = bound_to_parent(["python", "-m", *module], signal.SIGKILL)
    return ManagedProcess(name, Group.SERVICES, tuple(command), (port,), (("HTTP_PORT", str(port.number)),))
