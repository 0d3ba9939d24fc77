"""`feuilleton estimate` and `feuilleton credits`."""

from itertools import islice
from typing import Annotated

import typer

from feuilleton_client.cli import options as opt
from feuilleton_client.cli.exit_codes import EXIT_CODES_HELP
from feuilleton_client.cli.output import print_rows
from feuilleton_client.cli.session import Access, InputFileError, session
from feuilleton_client.cli.wording import bytes_text, printable
from feuilleton_client.credits import Credits, Estimate, LedgerRow
from feuilleton_client.uploads import JobOptions

app = typer.Typer()


@app.command(epilog=EXIT_CODES_HELP)
@opt.takes_job_options
def estimate(
    book: opt.BookArgument,
    *,
    chosen: JobOptions,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Say what a novel would cost at most, with these options; nothing of it is kept."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        try:
            told = current.client.credits.estimate(book, chosen, sent=current.progress.sending)
        except OSError as exc:
            raise InputFileError(f"{book}: {exc.strerror or exc}") from exc
        current.progress.close()
    _say(told.model_dump_json() if as_json else _estimate_text(told))


@app.command("credits", epilog=EXIT_CODES_HELP)
def show_credits(
    *,
    rows: Annotated[int, typer.Option("--rows", min=0, help="So many of the last rows of the ledger.")] = 0,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Say what can be spent; with --rows, why: a line each of number, time, kind, amount, balance, job, note."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        standing = current.client.credits.standing()
        last = list(islice(current.client.credits.ledger(), rows)) if rows else []
    _say(standing.model_dump_json() if as_json else _credits_text(standing))
    print_rows(last, _fields, as_json=as_json)


def _say(line: str) -> None:
    print(line, flush=True)


def _estimate_text(told: Estimate) -> str:
    scans = f", {told.scans} scans" if told.scans else ""
    lines = [
        f"pages: {told.pages}, {told.words} words{scans}",
        f"model: {printable(told.model)}, about {told.tokens} tokens",
        f"credits: {told.credits} at most, {told.available} available",
    ]
    return "\n".join([*lines, *([f"warning: {printable(told.warning)}"] if told.warning else [])])


def _credits_text(standing: Credits) -> str:
    quota = standing.quota
    return "\n".join(
        [
            f"available: {standing.available} credits, {standing.reserved} reserved by jobs that run",
            f"grant: {standing.monthly_credits} a month, the next on {standing.next_grant_at.date().isoformat()}",
            f"stored: {bytes_text(quota.stored_bytes)} of {bytes_text(quota.stored_bytes_limit)}",
            f"jobs in flight: {quota.jobs} of {quota.jobs_limit}",
        ]
    )


def _fields(row: LedgerRow) -> tuple[str, ...]:
    job = f"{row.job_id} ({row.attempt})" if row.job_id else "-"
    when = row.at.isoformat(timespec="seconds")
    return str(row.number), when, row.kind, f"{row.amount:+d}", str(row.balance), job, row.note
