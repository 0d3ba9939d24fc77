"""Topics and migrations: what the servers must hold before a service starts."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from feuilleton_local.failures import ServerFailedError
from feuilleton_local.paths import LocalPaths
from feuilleton_local.servers.readiness import why_no_kafka, why_no_postgres
from feuilleton_local.settings import LocalSettings
from feuilleton_local.supervision.processes import database_url, kafka_address
from feuilleton_local.telling_line import cause_in

_STEP_SECONDS = 120.0


@dataclass(frozen=True)
class Step:
    """A command that may be run again at any time."""

    name: str
    module: tuple[str, ...]


TOPICS = Step("topics", ("feuilleton.streaming.admin",))
MIGRATIONS = (Step("migrate-ingest", ("ingest", "migrate")), Step("migrate-status", ("status_api", "migrate")))


def require_given_servers(settings: LocalSettings) -> None:
    """Servers of a person's own are only used, so they have to be there. Raises ServerFailedError."""
    given = settings.kafka_bootstrap_servers
    if given is not None and (why := asyncio.run(why_no_kafka(given))):
        raise ServerFailedError(f"Kafka at {given} (KAFKA_BOOTSTRAP_SERVERS): {why}")
    if settings.database_url is not None and (why := asyncio.run(why_no_postgres(database_url(settings)))):
        raise ServerFailedError(f"Postgres at DATABASE_URL: {why}")


def prepare_servers(settings: LocalSettings, environment: Mapping[str, str]) -> None:
    """Create what is missing in Kafka at `kafka_address` and in the database, all steps at once."""
    run_steps((TOPICS, *MIGRATIONS), settings.paths, environment)


def run_steps(steps: tuple[Step, ...], paths: LocalPaths, environment: Mapping[str, str]) -> None:
    """Run them side by side. Raises ServerFailedError for the first that fails."""
    running = [(step, _spawn(step, paths.log_of(step.name), environment)) for step in steps]
    deadline = time.monotonic() + _STEP_SECONDS
    try:
        for step, process in running:
            _finish(step, process, paths.log_of(step.name), deadline)
    finally:
        for _, process in running:
            if process.poll() is None:
                process.kill()
                process.wait()


def topics_report(settings: LocalSettings) -> str:
    """What the last run of the topics step said."""
    return settings.paths.log_of(TOPICS.name).read_text(errors="replace").strip() or kafka_address(settings)


def _spawn(step: Step, log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *step.module],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _finish(step: Step, process: subprocess.Popen[bytes], log: Path, deadline: float) -> None:
    try:
        status = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise ServerFailedError(f"{step.name} took over {_STEP_SECONDS:.0f} s", log=log) from None
    if status != 0:
        raise ServerFailedError(f"{step.name} failed: {cause_in(log)}", log=log)
