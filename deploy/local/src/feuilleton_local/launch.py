"""Bringing the whole local system up and down."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from feuilleton_local.credentials import api_key, write_client_env
from feuilleton_local.failures import LocalError, PortTakenError
from feuilleton_local.folder_lock import hold_folder
from feuilleton_local.machine import require_machine
from feuilleton_local.paths import JARS_FOLDER, LocalPaths
from feuilleton_local.ports import require_free
from feuilleton_local.preparation import prepare_servers, require_given_servers
from feuilleton_local.readiness import is_server, start_and_wait, what_is_missing
from feuilleton_local.servers.jars import fetch_jars
from feuilleton_local.settings import LocalSettings
from feuilleton_local.supervision.config import supervisor_config
from feuilleton_local.supervision.processes import ManagedProcess, processes, shared_environment
from feuilleton_local.supervision.supervisor import State, Supervisor, find_supervisor, start_supervisor

Say = Callable[[str], None]
"""Tells a person what happens now."""

_LAUNCHER_WAIT_SECONDS = 120.0
# Servers of a run that was killed, which left its mark behind, need a moment to let go of their ports.
_PORT_WAIT_SECONDS = 5.0
_OWN_VARIABLES = ("GEMINI_", "GOOGLE_", "OPENAI_", "FEUILLETON_", "AWS_", "OCR", "TESSDATA_")


@dataclass(frozen=True)
class RunMark:
    """What is remembered of a run beside its supervisord."""

    supervisor_pid: int
    fingerprint: str
    owner_pid: int | None
    """The `make demo` that the run ends with; None when it was started by `make up`."""


@dataclass(frozen=True)
class LocalSystem:
    """The running system."""

    settings: LocalSettings
    supervisor: Supervisor
    api_key: str
    is_ours: bool
    """This call started it, so its caller stops it."""


def bring_up(settings: LocalSettings, say: Say, *, bound: bool) -> LocalSystem:
    """Start what does not run and return when all is ready; costs little when it is.

    `bound` ties a newly started system to this process. On failure nothing that this call started is left. Raises
    LocalError.
    """
    paths = settings.paths
    require_machine(paths)
    key = api_key(settings)
    write_client_env(settings, key)
    table = processes(settings)
    environment = shared_environment(settings, api_key=key)
    with _one_launcher(paths):
        fingerprint = _fingerprint(supervisor_config(table), environment)
        supervisor = _same_system(paths, fingerprint, say)
        if supervisor is not None:
            _repair(supervisor, table, settings, environment, say)
            return LocalSystem(settings, supervisor, key, is_ours=False)
        supervisor = _start_afresh(settings, table, environment, say, bound=bound)
        owner = os.getpid() if bound else None
        _mark_file(paths).write_text(json.dumps(asdict(RunMark(supervisor.pid, fingerprint, owner))))
        return LocalSystem(settings, supervisor, key, is_ours=True)


def bring_down(paths: LocalPaths) -> bool:
    """Stop everything; False when nothing ran. What was stored stays."""
    if not paths.run.is_dir():
        return False
    with _one_launcher(paths):
        supervisor = find_supervisor(paths)
        if supervisor is not None:
            supervisor.shut_down()
        _mark_file(paths).unlink(missing_ok=True)
        return supervisor is not None


def owner_of(paths: LocalPaths) -> int | None:
    """The process of the `make demo` with which the running system ends."""
    mark = _mark(paths)
    return None if mark is None else mark.owner_pid


def _start_afresh(
    settings: LocalSettings,
    table: Sequence[ManagedProcess],
    environment: Mapping[str, str],
    say: Say,
    *,
    bound: bool,
) -> Supervisor:
    servers = [process for process in table if is_server(process)]
    _require_ports(table, wait_seconds=_PORT_WAIT_SECONDS if _mark(settings.paths) else 0.0)
    require_given_servers(settings)
    if settings.kafka_bootstrap_servers is None:
        if not (JARS_FOLDER / "verified").exists():
            say("fetching Kafka (43 MB)")
        fetch_jars(JARS_FOLDER)
    supervisor = start_supervisor(settings.paths, supervisor_config(table), environment, bound=bound)
    try:
        if servers:
            say("starting " + " and ".join(process.name.capitalize() for process in servers))
        start_and_wait(supervisor, servers, settings, say)
        _prepare_and_start_services(supervisor, table, settings, environment, say)
    except BaseException:
        supervisor.shut_down()
        raise
    return supervisor


def _prepare_and_start_services(
    supervisor: Supervisor,
    table: Sequence[ManagedProcess],
    settings: LocalSettings,
    environment: Mapping[str, str],
    say: Say,
) -> None:
    say("topics and migrations")
    prepare_servers(settings, environment)
    services = [process for process in table if not is_server(process)]
    say("starting " + ", ".join(process.name for process in services))
    start_and_wait(supervisor, services, settings, say)


def _repair(
    supervisor: Supervisor,
    table: Sequence[ManagedProcess],
    settings: LocalSettings,
    environment: Mapping[str, str],
    say: Say,
) -> None:
    """Start again what has given up or was stopped; leaves what runs alone."""
    states = supervisor.all_processes()
    if all(states[process.name].state is State.RUNNING for process in table) and not any(
        what_is_missing(process, settings) for process in table
    ):
        return
    start_and_wait(supervisor, [process for process in table if is_server(process)], settings, say)
    _prepare_and_start_services(supervisor, table, settings, environment, say)


def _same_system(paths: LocalPaths, fingerprint: str, say: Say) -> Supervisor | None:
    """The running system if it is what would be started now; one with other settings is stopped."""
    supervisor = find_supervisor(paths)
    if supervisor is None:
        return None
    mark = _mark(paths)
    if mark is not None and mark.supervisor_pid == supervisor.pid:
        if mark.fingerprint == fingerprint:
            return supervisor
        if mark.owner_pid is not None:
            raise LocalError(f"a make demo (pid {mark.owner_pid}) runs with other settings: end it first")
    say("stopping the running system, which has other settings")
    supervisor.shut_down()
    return None


def _require_ports(table: Sequence[ManagedProcess], *, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    for process in table:
        for port in process.ports:
            _require_port(process.name, port.number, port.variable, deadline)


def _require_port(user: str, port: int, variable: str, deadline: float) -> None:
    while True:
        try:
            return require_free(port, user=user, variable=variable)
        except PortTakenError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def _fingerprint(config: str, environment: Mapping[str, str]) -> str:
    passed_on = {name: value for name, value in os.environ.items() if name.startswith(_OWN_VARIABLES)}
    described = json.dumps([config, sorted(environment.items()), sorted(passed_on.items())])
    return hashlib.sha256(described.encode()).hexdigest()


@contextmanager
def _one_launcher(paths: LocalPaths) -> Iterator[None]:
    """Two commands at a time take turns."""
    lock = hold_folder(paths.run, user="make up or make down", wait_seconds=_LAUNCHER_WAIT_SECONDS)
    os.set_inheritable(lock, False)  # noqa: FBT003 - the standard library's own signature
    try:
        yield
    finally:
        os.close(lock)


def _mark_file(paths: LocalPaths) -> Path:
    return paths.run / "run.json"


def _mark(paths: LocalPaths) -> RunMark | None:
    try:
        return RunMark(**json.loads(_mark_file(paths).read_text()))
    except (OSError, ValueError, TypeError):
        return None
