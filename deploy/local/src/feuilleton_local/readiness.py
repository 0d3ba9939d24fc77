"""Waiting for supervised processes until each answers, and saying why one does not."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from feuilleton_local.failures import ServerFailedError
from feuilleton_local.paths import LocalPaths
from feuilleton_local.servers.readiness import why_no_kafka, why_no_postgres
from feuilleton_local.settings import LocalSettings
from feuilleton_local.supervision.processes import Group, ManagedProcess, database_url, kafka_address
from feuilleton_local.supervision.supervisor import State, Supervisor
from feuilleton_local.telling_line import cause_in, size_of

# Seconds on a machine with nothing else to do; this long on one that is busy with everything else.
_READY_SECONDS = 240.0
_TELL_EVERY_SECONDS = 15.0
_PROBE_SECONDS = 5.0
_POLL_SECONDS = 0.1
# One fall may be a race with a server that comes back; two in a row while everything it needs is there is a fault.
_FALLS_ALLOWED = 1

Probe = Callable[[], str | None]
"""Answers what is missing, None when nothing is."""


@dataclass
class Start:
    """One process on its way up."""

    process: ManagedProcess
    log_start: int
    """Size of its log when it was started: what is above was said by an earlier run."""
    pid: int = 0
    falls: int = 0
    missing: str | None = "no answer"

    def note(self, state: State, pid: int) -> None:
        """Count a fall for every process id that went."""
        if self.pid and pid != self.pid:
            self.falls += 1
        self.pid = pid
        if state is State.FATAL:
            self.falls = _FALLS_ALLOWED + 1


def start_and_wait(
    supervisor: Supervisor, wanted: Sequence[ManagedProcess], settings: LocalSettings, say: Callable[[str], None]
) -> None:
    """Start what is not up and return when all are ready. Raises ServerFailedError for the first that cannot."""
    paths = settings.paths
    states = supervisor.all_processes()
    starts = [Start(process, size_of(paths.log_of(process.name))) for process in wanted]
    for start in starts:
        if not states[start.process.name].state.is_up:
            supervisor.start(start.process.full_name)
    began = told = time.monotonic()
    waiting = starts
    while waiting:
        _look(supervisor, waiting, paths)
        waiting = [start for start in waiting if not _is_ready(start, settings)]
        now = time.monotonic()
        if waiting and now - began > _READY_SECONDS:
            raise _not_ready(waiting[0], paths)
        if waiting and now - told > _TELL_EVERY_SECONDS:
            told = now
            say("  waiting for " + ", ".join(f"{start.process.name} ({start.missing})" for start in waiting))
        time.sleep(_POLL_SECONDS if waiting else 0)


def _not_ready(start: Start, paths: LocalPaths) -> ServerFailedError:
    name = start.process.name
    return ServerFailedError(
        f"{name} is not ready after {_READY_SECONDS:.0f} s: {start.missing}", log=paths.log_of(name)
    )


def what_is_missing(process: ManagedProcess, settings: LocalSettings) -> str | None:
    """None when the process is ready."""
    if process.name == "kafka":
        return asyncio.run(why_no_kafka(kafka_address(settings)))
    if process.name == "postgres":
        return asyncio.run(why_no_postgres(database_url(settings), tls=False))
    return _missing_by_http(process)


def is_server(process: ManagedProcess) -> bool:
    return process.group is Group.SERVERS


def _look(supervisor: Supervisor, waiting: Sequence[Start], paths: LocalPaths) -> None:
    states = supervisor.all_processes()
    for start in waiting:
        info = states[start.process.name]
        start.note(info.state, info.pid)
        if start.falls > _FALLS_ALLOWED:
            log = paths.log_of(start.process.name)
            cause = cause_in(log, since_byte=start.log_start)
            raise ServerFailedError(f"{start.process.name} does not start: {cause}", log=log)


def _is_ready(start: Start, settings: LocalSettings) -> bool:
    start.missing = what_is_missing(start.process, settings)
    return start.missing is None


def _missing_by_http(process: ManagedProcess) -> str | None:
    try:
        answer = httpx.get(f"{process.http_url}/readyz", timeout=_PROBE_SECONDS, trust_env=False)
    except httpx.HTTPError:
        return f"no answer at {process.http_url}/readyz"
    if answer.status_code == httpx.codes.OK:
        return None
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{process.http_url}/readyz answers {answer.status_code}"
