"""`make demo`: the whole system, one novel through it, and what came out."""

import signal
import sys
import time
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from rich.console import Console

from feuilleton_client.cli.progress import ProgressView, progress_for
from feuilleton_client.client import FeuilletonClient
from feuilleton_client.errors import ClientError
from feuilleton_client.models import Job
from feuilleton_local.commands import addresses, say
from feuilleton_local.demo_view import show_result
from feuilleton_local.failures import LocalError
from feuilleton_local.launch import LocalSystem, bring_up
from feuilleton_local.paths import LocalPaths, shown
from feuilleton_local.settings import LocalSettings
from feuilleton_local.telling_line import exception_in, size_of
from feuilleton_local.watch import SystemWatch
from feuilleton_sample.typeset import typeset_sample

CARDS_SHOWN = 8
_POLL_SECONDS = 0.3
_JOB_SECONDS = 900.0
_INTERRUPTED = 130
_HTTP_SERVICES = ("status-api", "ingest")


def run_demo(settings: LocalSettings) -> int:
    """On a terminal stays up until Ctrl-C; else ends after the result. Stops what it started, and nothing else.

    Raises LocalError.
    """
    began = time.monotonic()
    system = bring_up(settings, say, bound=True)
    try:
        say("the system is up" if system.is_ours else "the system was up already")
        _one_novel(system)
        say(f"\n{time.monotonic() - began:.1f} s from the start to these cards. How to go on:")
        return _stay(system)
    except KeyboardInterrupt:
        return _INTERRUPTED
    finally:
        if system.is_ours:
            _stop(system)


def _one_novel(system: LocalSystem) -> None:
    book = system.settings.paths.home / "sample.pdf"
    book.write_bytes(typeset_sample())
    settings = system.settings
    view = progress_for(as_json=False)
    said_before = {name: size_of(settings.paths.log_of(name)) for name in _HTTP_SERVICES}
    try:
        with FeuilletonClient(settings.ingest_url, settings.status_url, system.api_key) as client:
            job = _follow(client, book, system, view)
            view.close()
            if not job.status.has_cards:
                raise LocalError(f"the job ended as {job.status} ({job.code})", log=settings.paths.logs)
            cards = list(islice(client.cards(job.id), CARDS_SHOWN))
            show_result(Console(highlight=False), job, client.report(job.id), cards)
    except ClientError as failure:
        raise _explained(failure, settings.paths, said_before) from failure
    finally:
        view.close()


def _explained(failure: ClientError, paths: LocalPaths, said_before: Mapping[str, int]) -> LocalError:
    """The refusal with what the service that made it logged about it."""
    for name, since_byte in said_before.items():
        log = paths.log_of(name)
        if cause := exception_in(log, since_byte=since_byte):
            return LocalError(f"{name}: {failure}: {cause}", log=log)
    return LocalError(str(failure), log=paths.logs)


def _follow(client: FeuilletonClient, book: Path, system: LocalSystem, view: ProgressView) -> Job:
    """Upload and poll until the end. Polled rather than streamed, to look at the processes in between."""
    watch = SystemWatch(system)
    job = client.upload(book, force=True, sent=view.sending)  # a demo shows the work, each time
    deadline = time.monotonic() + _JOB_SECONDS
    while not job.status.ended:
        view.seen(job)
        watch.look()
        if time.monotonic() > deadline:
            raise LocalError(
                f"the job still reads {job.status} after {_JOB_SECONDS:.0f} s", log=system.settings.paths.logs
            )
        time.sleep(_POLL_SECONDS)
        job = client.job(job.id)
    view.seen(job)
    return job


def _stay(system: LocalSystem) -> int:
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if system.is_ours and not on_terminal:
        say("  make up leaves the system running; make demo on a terminal keeps it up until Ctrl-C.")
        return 0
    say(addresses(system))
    if not system.is_ours:
        say("It was up before and stays up: make down stops it.")
        return 0
    say("It stays up until Ctrl-C.")
    return _until_interrupted(system)


def _until_interrupted(system: LocalSystem) -> int:
    try:
        while system.supervisor.is_alive():
            time.sleep(1)
    except KeyboardInterrupt:
        return 0
    raise LocalError("the system was stopped from elsewhere", log=system.settings.paths.log_of("supervisord"))


def _stop(system: LocalSystem) -> None:
    # Stopping takes a second or two, and an impatient second Ctrl-C must not leave half of it running.
    for again in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(again, signal.SIG_IGN)
    if system.supervisor.is_alive():
        say("\nstopping")
        system.supervisor.shut_down()
    say(f"stopped; make demo starts again in seconds, the data stay in {shown(system.settings.paths.data)}")
