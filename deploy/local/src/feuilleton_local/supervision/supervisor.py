"""Talking to the supervisord of a local system, over its Unix socket."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport

from feuilleton_local.failures import LocalError, ServerFailedError
from feuilleton_local.parent_death import bound_to_parent
from feuilleton_local.paths import LocalPaths
from feuilleton_local.supervision.config import SOCKET_NAME
from feuilleton_local.telling_line import cause_in

_START_SECONDS = 15.0
_SHUTDOWN_SECONDS = 45.0
_POLL_SECONDS = 0.05


class State(StrEnum):
    """supervisor's own states of a process."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    BACKOFF = "BACKOFF"
    STOPPING = "STOPPING"
    EXITED = "EXITED"
    FATAL = "FATAL"
    UNKNOWN = "UNKNOWN"

    @property
    def is_up(self) -> bool:
        return self in (State.STARTING, State.RUNNING, State.BACKOFF)


@dataclass(frozen=True)
class ProcessInfo:
    name: str
    state: State
    pid: int
    started_at: int
    """Unix time; 0 when it never started."""


class Supervisor:
    """A running supervisord. Its calls raise LocalError when it has gone meanwhile."""

    def __init__(self, paths: LocalPaths) -> None:
        self._paths = paths
        # The folder by its descriptor: the socket's own path may be longer than a socket's path may be.
        self._folder = os.open(paths.run, os.O_RDONLY | os.O_DIRECTORY)
        socket = f"unix:///proc/self/fd/{self._folder}/{SOCKET_NAME}"
        self._server = ServerProxy("http://localhost", transport=SupervisorTransport(None, None, socket))
        try:
            self.pid = int(self._call("getPID"))
        except LocalError:
            os.close(self._folder)
            raise

    def all_processes(self) -> dict[str, ProcessInfo]:
        """By name without the group."""
        return {
            entry["name"]: ProcessInfo(entry["name"], State(entry["statename"]), entry["pid"], entry["start"])
            for entry in self._call("getAllProcessInfo")
        }

    def start(self, full_name: str) -> None:
        """Have it started, without waiting; does nothing when it runs already."""
        try:
            self._call("startProcess", full_name, False)  # noqa: FBT003 - wait
        except Fault as fault:
            if not fault.faultString.startswith("ALREADY_STARTED"):
                raise ServerFailedError(f"{full_name} cannot be started: {fault.faultString}") from fault

    def stop(self, full_name: str) -> None:
        self._call("stopProcess", full_name)

    def shut_down(self) -> None:
        """Stop all processes, services before servers, and supervisord; returns when they are gone."""
        self._call("shutdown")
        wait_for_end(self.pid, seconds=_SHUTDOWN_SECONDS)

    def is_alive(self) -> bool:
        try:
            self._call("getPID")
        except LocalError:
            return False
        return True

    def _call(self, method: str, *arguments: object) -> Any:
        try:
            return getattr(self._server.supervisor, method)(*arguments)
        except (OSError, HTTPException) as gone:
            log = self._paths.log_of("supervisord")
            raise LocalError("supervisord is not running", log=log if log.exists() else None) from gone


def find_supervisor(paths: LocalPaths) -> Supervisor | None:
    try:
        return Supervisor(paths)
    except (LocalError, FileNotFoundError):
        return None


def start_supervisor(paths: LocalPaths, config: str, environment: Mapping[str, str], *, bound: bool) -> Supervisor:
    """Start supervisord with no process running yet. `bound`: it stops everything when this process dies."""
    file = paths.run / "supervisord.conf"
    file.write_text(config, encoding="utf-8")
    command = [sys.executable, "-m", "supervisor.supervisord", "--configuration", file.name]
    if bound:
        command = bound_to_parent(command, signal.SIGTERM)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    log = paths.log_of("supervisord-start")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=paths.run,
            env={**os.environ, **environment, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        supervisor = find_supervisor(paths)
        if supervisor is not None and supervisor.pid == process.pid:
            return supervisor
        time.sleep(_POLL_SECONDS)
    process.terminate()
    raise ServerFailedError(f"supervisord did not start: {cause_in(log)}", log=log)


def wait_for_end(pid: int, *, seconds: float) -> None:
    """Return when the process is gone; a zombie (our own child, not waited for) counts as gone."""
    try:
        process = psutil.Process(pid)
        deadline = time.monotonic() + seconds
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                raise LocalError(f"supervisord (pid {pid}) did not stop within {seconds:.0f} s")
            time.sleep(_POLL_SECONDS)
    except psutil.NoSuchProcess:
        return
