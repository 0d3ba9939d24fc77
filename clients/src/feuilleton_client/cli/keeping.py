"""Commands of those who have many jobs: to find one, to name it."""

from datetime import datetime
from itertools import islice
from typing import Annotated

import typer

from feuilleton_client.cli import options as opt
from feuilleton_client.cli.exit_codes import EXIT_CODES_HELP
from feuilleton_client.cli.session import Access, session
from feuilleton_client.models import JobFilter

_DAYS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]

app = typer.Typer()


@app.command(epilog=EXIT_CODES_HELP)
def jobs(
    count: Annotated[int, typer.Option("--max", min=1, help="How many, newest first.")] = 20,
    status: Annotated[
        list[str] | None, typer.Option(metavar="STATE", help="Only those in this state; repeat it for any of several.")
    ] = None,
    since: Annotated[datetime | None, typer.Option(formats=_DAYS, help="Accepted then or later.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=_DAYS, help="Accepted earlier than that.")] = None,
    name: Annotated[str | None, typer.Option(metavar="PART", help="A part of the name.")] = None,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """List the jobs, newest first; days begin where you are."""
    wanted = JobFilter(
        statuses=tuple(status or ()),
        created_after=since.astimezone() if since else None,
        created_before=until.astimezone() if until else None,
        name=name,
    )
    with session(Access(env_file, patience), as_json=as_json) as current:
        current.output.jobs(islice(current.client.jobs(wanted), count))


@app.command(epilog=EXIT_CODES_HELP)
def rename(
    job_id: opt.JobArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Shown from now on in place of the file's name.")],
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Give a job another name."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        current.output.renamed(current.client.rename(job_id, name))
