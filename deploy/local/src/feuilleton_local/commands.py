"""One function per command of `python -m feuilleton_local`; each returns the exit status."""

import argparse
import asyncio
import os
import shlex
import sys
import time

import psutil
from rich.console import Console
from rich.table import Table

from feuilleton_local.failures import LocalError
from feuilleton_local.launch import LocalSystem, bring_down, bring_up, owner_of
from feuilleton_local.paths import shown
from feuilleton_local.preparation import TOPICS, run_steps
from feuilleton_local.servers.readiness import why_no_kafka
from feuilleton_local.settings import LocalSettings
from feuilleton_local.supervision.processes import (
    ManagedProcess,
    kafka_address,
    processes,
    shared_environment,
)
from feuilleton_local.supervision.supervisor import ProcessInfo, find_supervisor

_LINES_SHOWN = 50


def say(line: str) -> None:
    print(line, flush=True)


def up(_asked: argparse.Namespace, settings: LocalSettings) -> int:
    began = time.monotonic()
    system = bring_up(settings, say, bound=False)
    if system.is_ours:
        say(f"up after {time.monotonic() - began:.1f} s")
    else:
        owner = owner_of(settings.paths)
        say("already up" if owner is None else f"already up, and ends with the make demo of pid {owner}")
    say(addresses(system))
    return 0


def down(_asked: argparse.Namespace, settings: LocalSettings) -> int:
    stopped = bring_down(settings.paths)
    say(f"stopped; the data stay in {shown(settings.paths.data)}" if stopped else "nothing was running")
    return 0


def ps(asked: argparse.Namespace, settings: LocalSettings) -> int:
    supervisor = find_supervisor(settings.paths)
    if supervisor is None:
        if not asked.quiet:
            say("nothing is running: make up")
        return 1
    if not asked.quiet:
        found = supervisor.all_processes()
        table = Table("process", "state", "pid", "since", "port", "memory", box=None)
        for process in processes(settings):
            if process.name in found:
                table.add_row(*_row(process, found[process.name]))
        Console(soft_wrap=True).print(table)
    return 0


def logs(asked: argparse.Namespace, settings: LocalSettings) -> int:
    """Follow on a terminal; print the last lines in a pipe. Becomes tail."""
    paths = settings.paths
    known = sorted(log.stem for log in paths.logs.glob("*.log"))
    unknown = [name for name in asked.service if name not in known]
    if unknown or not known:
        raise LocalError(f"no log of {' '.join(unknown) or 'anything'} in {shown(paths.logs)}: {', '.join(known)}")
    command = ["tail", "-n", str(_LINES_SHOWN), *(["-F"] if sys.stdout.isatty() else [])]
    command += [str(paths.log_of(name)) for name in asked.service or known]
    os.execvp(command[0], command)  # noqa: S606 - our own command


def topics(_asked: argparse.Namespace, settings: LocalSettings) -> int:
    address = kafka_address(settings)
    if why := asyncio.run(why_no_kafka(address)):
        raise LocalError(f"Kafka at {address}: {why}; make up starts it")
    settings.paths.make_folders()
    run_steps((TOPICS,), settings.paths, shared_environment(settings, api_key=""))
    say(settings.paths.log_of(TOPICS.name).read_text(encoding="utf-8").strip())
    return 0


def demo(_asked: argparse.Namespace, settings: LocalSettings) -> int:
    from feuilleton_local.demo import run_demo  # noqa: PLC0415 - the client is needed by this command alone

    return run_demo(settings)


def addresses(system: LocalSystem) -> str:
    settings, paths = system.settings, system.settings.paths
    client_env = shlex.quote(shown(paths.client_env))
    return "\n".join(
        (
            f"  upload        {settings.ingest_url}/v1/uploads",
            f"  jobs          {settings.status_url}/v1/jobs",
            f"  API key       {shown(paths.api_key)}",
            f"  command line  FEUILLETON_ENV_FILE={client_env} .venv/bin/feuilleton run X.pdf -o cards.jsonl",
            "  more          make ps, make logs, make logs SERVICE=extractor, make down",
        )
    )


def _row(process: ManagedProcess, info: ProcessInfo) -> tuple[str, ...]:
    ports = ", ".join(str(port.number) for port in process.ports)
    if not info.pid:
        return (process.name, info.state.lower(), "-", "-", ports, "-")
    since = time.strftime("%H:%M:%S", time.localtime(info.started_at))
    return (process.name, info.state.lower(), str(info.pid), since, ports, _memory(info.pid))


def _memory(pid: int) -> str:
    """Resident memory of the process and all below it."""
    try:
        process = psutil.Process(pid)
        used = sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
    except psutil.Error:
        return "-"
    return f"{used / 2**20:.0f} MB"
