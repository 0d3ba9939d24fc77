"""`feuilleton webhooks ...`."""

from itertools import islice
from typing import Annotated

import typer
from pydantic import BaseModel

from feuilleton_client.cli import options as opt
from feuilleton_client.cli.output import print_rows
from feuilleton_client.cli.session import Access, session
from feuilleton_client.webhooks import NewWebhook, Webhook, WebhookDelivery

app = typer.Typer(name="webhooks", help="URLs that are told of your jobs.", no_args_is_help=True)

WebhookArgument = Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]
OfJob = Annotated[str | None, typer.Option("--job", metavar="JOB", help="Of this job alone.")]


@app.command("add")
def add_webhook(
    url: Annotated[str, typer.Argument(help="Public, and https.")],
    *,
    events: Annotated[
        list[str] | None,
        typer.Option("--event", metavar="TYPE", help="Such as job.ended, the default; repeat it for several."),
    ] = None,
    job: OfJob = None,
    env_file: opt.EnvFile = None,
    as_json: opt.AsJson = False,
) -> None:
    """Be told of events from now on. Prints the secret that verifies them: it is shown this once."""
    with session(Access(env_file, opt.QUICK_SECONDS), as_json=as_json) as current:
        made = current.client.webhooks.add(url, tuple(events or ()), job_id=job)
    print_rows([made], _fields, as_json=as_json)


@app.command("list")
def list_webhooks(
    *,
    job: OfJob = None,
    env_file: opt.EnvFile = None,
    patience: opt.QuickPatience = opt.QUICK_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """One line a webhook for all jobs (or for one), oldest first: id, state, events, URL."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        print_rows(current.client.webhooks.all(job), _fields, as_json=as_json)


@app.command("enable")
def enable_webhook(
    webhook_id: WebhookArgument,
    *,
    env_file: opt.EnvFile = None,
    patience: opt.QuickPatience = opt.QUICK_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Take one up again whose receiver said that it was gone."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        print_rows([current.client.webhooks.switch(webhook_id, enabled=True)], _fields, as_json=as_json)


@app.command("remove")
def remove_webhook(
    webhook_id: WebhookArgument,
    *,
    env_file: opt.EnvFile = None,
    patience: opt.QuickPatience = opt.QUICK_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Tell it nothing more, and forget its log."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        current.client.webhooks.remove(webhook_id)


@app.command("test")
def send_test(webhook_id: WebhookArgument, *, env_file: opt.EnvFile = None, as_json: opt.AsJson = False) -> None:
    """Send it a message that says nothing; `deliveries` tells whether that arrived."""
    with session(Access(env_file, opt.QUICK_SECONDS), as_json=as_json) as current:
        print_rows([current.client.webhooks.test(webhook_id)], _fields, as_json=as_json)


@app.command("deliveries")
def list_deliveries(
    webhook_id: WebhookArgument,
    *,
    count: Annotated[int, typer.Option("--max", min=1, help="How many, newest first.")] = 20,
    env_file: opt.EnvFile = None,
    patience: opt.QuickPatience = opt.QUICK_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """One line a message, newest first: id, when, event, job, state, tries, the last answer or error."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        print_rows(islice(current.client.webhooks.deliveries(webhook_id), count), _fields, as_json=as_json)


@app.command("redeliver")
def redeliver(
    webhook_id: WebhookArgument,
    delivery_id: Annotated[str, typer.Argument(metavar="DELIVERY", help="As `deliveries` shows it.")],
    *,
    env_file: opt.EnvFile = None,
    patience: opt.QuickPatience = opt.QUICK_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Send a message again, whatever became of it."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        print_rows([current.client.webhooks.redeliver(webhook_id, delivery_id)], _fields, as_json=as_json)


def _fields(each: BaseModel) -> tuple[str, ...]:
    match each:
        case NewWebhook():
            return each.id, each.secret
        case Webhook():
            state = f"disabled ({each.disabled_for})" if each.disabled_for else "enabled"
            return each.id, state, ",".join(each.events), each.url
        case WebhookDelivery():
            last = str(each.status or each.error or "-")
            made = each.created_at.isoformat(timespec="seconds")
            return each.id, made, each.type, each.job or "-", each.state, str(each.tries), last
        case _:
            raise TypeError(type(each).__name__)
