"""The command line `feuilleton`."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from feuilleton_client.cards_file import CardFormat, write_cards
from feuilleton_client.cli import decks, identity, keeping, money, ops, webhooks
from feuilleton_client.cli import options as opt
from feuilleton_client.cli.batch import Wish, orders, run_books
from feuilleton_client.cli.exit_codes import EXIT_CODES_HELP, ExitCode, of_status
from feuilleton_client.cli.saving import Target
from feuilleton_client.cli.session import Access, InputFileError, Session, session
from feuilleton_client.cli.wording import printable
from feuilleton_client.exports import ExportFormat
from feuilleton_client.models import Job, JobStatus
from feuilleton_client.uploads import JobOptions

_DELETION_LOOKS = 40
_DELETION_LOOK_SECONDS = 0.5

app = typer.Typer(
    name="feuilleton",
    help="A French novel in, a deck of short standalone sentences out.",
    epilog=EXIT_CODES_HELP,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold the key
)
app.add_typer(decks.app)
app.add_typer(keeping.app)
app.add_typer(money.app)
app.add_typer(ops.app)
app.add_typer(identity.keys_app)
app.add_typer(identity.tenants_app)
app.add_typer(webhooks.app)


@app.command(epilog=EXIT_CODES_HELP)
@opt.takes_job_options
def run(
    books: opt.BooksArgument,
    *,
    chosen: JobOptions,
    output: opt.OutputFile = None,
    at_once: opt.AtOnce = 3,
    force: opt.Force = False,
    anew: opt.Anew = False,
    idempotency_key: opt.IdempotencyKey = None,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Upload a novel, wait for its cards, download them. Of several, each goes its own way; -o then names a folder."""
    access = Access(env_file, patience)
    if len(books) > 1:
        with session(access, as_json=as_json) as current:
            made = orders(books, output, idempotency_key, force=force)
            worst = run_books(current, made, Wish(chosen, anew), at_once=at_once)
        raise typer.Exit(worst)
    target = Target.named(output, None, force=force) if output else None
    with session(access, as_json=as_json) as current:
        if target:
            target.check()
        job = _hand_in(current, books[0], Wish(chosen, anew), idempotency_key)
        last = _follow_to_cards(current, job, target, as_json=as_json)
    raise typer.Exit(of_status(last.status))


@app.command(epilog=EXIT_CODES_HELP)
@opt.takes_job_options
def again(
    job_id: opt.JobArgument,
    *,
    chosen: JobOptions,
    output: opt.OutputFile = None,
    force: opt.Force = False,
    anew: opt.Anew = False,
    idempotency_key: opt.IdempotencyKey = None,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Run a job's book once more with other settings, without sending it; what is not given stays as it was."""
    target = Target.named(output, None, force=force) if output else None
    with session(Access(env_file, patience), as_json=as_json) as current:
        if target:
            target.check()
        job = current.client.copy(job_id, chosen, force=anew, idempotency_key=idempotency_key)
        last = _follow_to_cards(current, job, target, as_json=as_json)
    raise typer.Exit(of_status(last.status))


@app.command(epilog=EXIT_CODES_HELP)
@opt.takes_job_options
def upload(
    book: opt.BookArgument,
    *,
    chosen: JobOptions,
    anew: opt.Anew = False,
    idempotency_key: opt.IdempotencyKey = None,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Upload a novel and return at once; prints the job's id."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        job = _hand_in(current, book, Wish(chosen, anew), idempotency_key)
        current.progress.close()
        current.output.accepted(job)


@app.command(epilog=EXIT_CODES_HELP)
def watch(
    job_id: opt.JobArgument,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Follow a job until it ends."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        last = current.follow(job_id)
        current.output.ended(last, None)
    raise typer.Exit(of_status(last.status))


@app.command(epilog=EXIT_CODES_HELP)
def cards(
    job_id: opt.JobArgument,
    output: opt.OutputFile = None,
    force: opt.Force = False,
    form: Annotated[CardFormat | None, typer.Option("--format", help="Instead of what the file's name says.")] = None,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Download a job's cards; of a job that still runs, those that there are so far."""
    target = Target.named(output, ExportFormat(form) if form else None, force=force) if output else None
    with session(Access(env_file, patience), as_json=as_json) as current:
        job = current.client.job(job_id)
        current.job_id = job.id
        if target:
            count = target.save(current.client, job)
            current.output.saved(count, str(target.path), job)
        elif form:
            write_cards(current.client.cards(job_id), sys.stdout, form)
        else:
            current.output.cards(current.client.cards(job_id))


@app.command(epilog=EXIT_CODES_HELP)
def report(
    job_id: opt.JobArgument,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """The figures of a job's result."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        current.output.report(current.client.report(job_id))


@app.command(epilog=EXIT_CODES_HELP)
def cancel(
    job_id: opt.JobArgument,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Stop a job and wait until that is decided: exit status 0 if it was cancelled, 6 if it had ended."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        current.client.cancel(job_id)
        last = current.follow(job_id)
        current.output.ended(last, None)
    raise typer.Exit(ExitCode.OK if last.status is JobStatus.CANCELLED else ExitCode.REJECTED)


@app.command(epilog=EXIT_CODES_HELP)
def delete(
    job_id: opt.JobArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Remove a job with its book and its cards, for good; one that runs is stopped. Exit status 8 if it takes long."""
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("nobody is there to ask: say --yes")
        typer.confirm(f"Remove job {printable(job_id)}, its book and its cards?", abort=True, err=True)
    with session(Access(env_file, patience), as_json=as_json) as current:
        last = current.client.delete(job_id)
        for _ in range(_DELETION_LOOKS):
            if last.status is JobStatus.DELETED:
                break
            time.sleep(_DELETION_LOOK_SECONDS)
            last = current.client.job(job_id)
        current.saw(last)
        current.output.ended(last, None)
    raise typer.Exit(ExitCode.OK if last.status is JobStatus.DELETED else ExitCode.UNAVAILABLE)


@app.command(epilog=EXIT_CODES_HELP)
def retry(
    job_id: opt.JobArgument,
    idempotency_key: opt.IdempotencyKey = None,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Run an ended job once more for what is missing of it, and follow it; only that is worked on and paid."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        begun = current.client.retry(job_id, idempotency_key=idempotency_key)
        last = current.follow(begun.id, begun.attempt)
        current.output.ended(last, None)
    raise typer.Exit(of_status(last.status))


def _hand_in(current: Session, book: Path, wish: Wish, key: str | None) -> Job:
    sent = current.progress.sending
    try:
        job = current.client.upload(book, wish.options, force=wish.anew, idempotency_key=key, sent=sent)
    except OSError as exc:
        raise InputFileError(f"{book}: {exc.strerror or exc}") from exc
    current.job_id = job.id
    return job


def _follow_to_cards(current: Session, job: Job, target: Target | None, *, as_json: bool) -> Job:
    current.progress.accepted(job)
    last = current.follow(job.id, job.attempt)
    if last.status.has_cards:
        _deliver(current, last, target, as_json=as_json)
    else:
        current.output.ended(last, None)
    return last


def _deliver(current: Session, job: Job, target: Target | None, *, as_json: bool) -> None:
    """The cards of a job that ended well enough, then what became of the book."""
    figures = current.client.report(job.id)
    if target:
        target.save(current.client, job)
    elif not as_json:
        current.output.cards(current.client.cards(job.id))
    current.output.ended(job, str(target.path) if target else None)
    if not as_json:
        current.output.report(figures)


def main() -> None:
    app()
