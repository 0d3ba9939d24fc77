"""A local system of its own for a test: its command line, its processes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from feuilleton_local.ports import free_ports

_COMMAND_SECONDS = 600.0
_HERE = Path(__file__).parent
SERVICES = ("ingest", "splitter", "extractor", "merger", "status_api")
# What a person has set for real work must not reach a test: with a key, it would pay for cards.
_UNSET = frozenset(
    {
        "KAFKA_BOOTSTRAP_SERVERS",
        "KAFKA_PREFIX",
        "DATABASE_URL",
        "OBJECT_STORE_URL",
        "API_KEY",
        "ENGINES",
        "GEMINI_API_KEY",
    }
)
_PORTS = (
    "KAFKA_PORT",
    "KAFKA_CONTROLLER_PORT",
    "POSTGRES_PORT",
    "INGEST_PORT",
    "STATUS_PORT",
    "SPLITTER_PORT",
    "EXTRACTOR_PORT",
    "MERGER_PORT",
    "PROJECTOR_PORT",
    "WEBHOOKS_PORT",
)


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Launcher:
    """The command line of the local system, in a folder and on ports of its own."""

    home: Path
    environment: Mapping[str, str]

    def run(self, *command: str, **more: str) -> Said:
        done = subprocess.run(
            self.command(*command),
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def command(self, *command: str) -> list[str]:
        return [sys.executable, "-m", "feuilleton_local", *command]

    def port(self, variable: str) -> int:
        return int(self.environment[variable])

    def supervisor_pid(self) -> int:
        return int((self.home / "run" / "supervisord.pid").read_text())

    def pid_of(self, word: str) -> int:
        """The supervised process with the word in its command."""
        children = psutil.Process(self.supervisor_pid()).children()
        (found,) = [child.pid for child in children if word in " ".join(child.cmdline())]
        return found

    def family(self) -> list[psutil.Process]:
        supervisor = psutil.Process(self.supervisor_pid())
        return [supervisor, *supervisor.children(recursive=True)]


def make_launcher(folder: Path, *, standins_for: Sequence[str] = SERVICES) -> Launcher:
    """With stand-ins for services, in a folder whose name would break what does not quote it."""
    standins = folder / "standins"
    standins.mkdir()
    for name in standins_for:
        start = f"import sys\nsys.path.append({json.dumps(str(_HERE))})\nfrom standin import main\nmain({name!r})\n"
        (standins / f"{name}.py").write_text(start)
    ports = {variable: str(port) for variable, port in zip(_PORTS, free_ports(len(_PORTS)), strict=True)}
    environment = {name: value for name, value in os.environ.items() if name not in _UNSET}
    home = folder / "à côté #1, 100 %"
    return Launcher(home, {**environment, **ports, "LOCAL_DIR": str(home), "PYTHONPATH": str(standins)})


def is_running(process: psutil.Process) -> bool:
    """A zombie does not count: it is only waiting for its parent to ask."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until(true: Callable[[], bool], *, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "still not so"
        time.sleep(0.05)
