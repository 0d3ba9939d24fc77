"""`feuilleton ops ...`: what operators do on the broker and the database themselves."""

import asyncio
import json
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, TypeVar

import typer

from feuilleton_client.cli import options as opt
from feuilleton_client.cli.exit_codes import ExitCode
from feuilleton_client.cli.output import Shown, tell_error
from feuilleton_client.cli.session import exit_code_of
from feuilleton_client.cli.wording import printable
from feuilleton_client.errors import ClientError

_T = TypeVar("_T")
_SHOWN_BYTES = 20_000
_DONE = {
    "asked": (ExitCode.OK, "its messages are published again within seconds"),
    "ended": (
        ExitCode.OK,
        "it has ended; what is known of it is published again (a new attempt: feuilleton retry)",
    ),
    "deleted": (ExitCode.CANCELLED, "it was deleted"),
    "unknown": (ExitCode.NOT_FOUND, "there is no such job"),
}

app = typer.Typer(
    name="ops",
    help="For operators: on the broker and the database (KAFKA_BOOTSTRAP_SERVERS, KAFKA_PREFIX, DATABASE_URL).",
    no_args_is_help=True,
)
letters_app = typer.Typer(name="dead-letters", help="Messages that no service could process.", no_args_is_help=True)
app.add_typer(letters_app)

EnvFile = Annotated[Path | None, typer.Option("--env-file", help="File with these variables, instead of the shell's.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Those with this code alone.")]
FromService = Annotated[str | None, typer.Option("--service", help="Those of this service alone.")]
OfJob = Annotated[str | None, typer.Option("--job", help="Those of this job alone.")]


@app.command()
def reconcile(
    job_id: Annotated[str | None, typer.Argument(metavar="JOB", help="The job's id.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every job: after job-events itself was lost.")] = False,
    env_file: EnvFile = None,
    as_json: opt.AsJson = False,
) -> None:
    """Publish a running job again at once, for what is missing of it: what has a checkpoint costs a read. Of a job that
    has ended, what is known is published again.
    """
    if (job_id is None) is not everything:
        raise typer.BadParameter("name a job, or say --all")
    with _telling(as_json=as_json):
        settings = _part("settings").OperatorSettings.load(env_file)
        if job_id is None:
            print(f"{_run(_part('database').reconcile_all(settings.database))} jobs")
            return
        said = _run(_part("database").reconcile(settings.database, job_id))
        status, text = _DONE[said]
    if as_json:
        print(json.dumps({"job_id": job_id, "reconcile": said}))
    else:
        print(f"job {printable(job_id)}: {text}")
    raise typer.Exit(status)


@app.command("rebuild-projection")
def rebuild_projection(env_file: EnvFile = None) -> None:
    """Drop what the API shows and fold it anew from job-events. Meanwhile it answers 503 for what it cannot know."""
    with _telling(as_json=False):
        settings = _part("settings").OperatorSettings.load(env_file)
        _run(_part("database").rebuild_projection(settings.database, _say_left))
    print("the projection is rebuilt")


@letters_app.command("list")
def list_letters(
    reason: Reason = None,
    service: FromService = None,
    job: OfJob = None,
    env_file: EnvFile = None,
    as_json: opt.AsJson = False,
) -> None:
    """One line a letter, the oldest first: id, time, service, reason, where it stood, job, attempt, chunk."""
    with _telling(as_json=as_json):
        for letter in _find(env_file, reason=reason, service=service, job=job):
            print(json.dumps(_facts(letter)) if as_json else "\t".join(printable(each) for each in _columns(letter)))


@letters_app.command("show")
def show_letter(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    env_file: EnvFile = None,
    as_json: opt.AsJson = False,
) -> None:
    """One letter whole: its headers, and the message as it came. It may hold text of a book."""
    with _telling(as_json=as_json):
        found = _find(env_file, ids=(letter_id,))
        if not found:
            tell_error("letter_not_found", f"there is no letter {printable(letter_id)}", shown=_shown(as_json=as_json))
            raise typer.Exit(ExitCode.NOT_FOUND)
        value = found[0].value[:_SHOWN_BYTES].decode(errors="backslashreplace")
        if as_json:
            print(json.dumps({**_facts(found[0]), "value": value}))
            return
        for name, fact in _facts(found[0]).items():
            print(f"{name}: {printable(str(fact))}")
        print(printable(value))


@letters_app.command("replay")
def replay_letters(
    letter_ids: Annotated[list[str] | None, typer.Argument(metavar="ID...", help="As `list` shows them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that the other options leave.")] = False,
    reason: Reason = None,
    service: FromService = None,
    job: OfJob = None,
    env_file: EnvFile = None,
) -> None:
    """Put messages back where they came from, as they came, each once. Safe to repeat.

    A chunk that was given up has a failure of its attempt by then: to do it again, retry the job.
    """
    if not letter_ids and not everything:
        raise typer.BadParameter("name letters, or say --all")
    with _telling(as_json=False):
        chosen = _find(env_file, ids=tuple(letter_ids or ()), reason=reason, service=service, job=job)
        settings = _part("settings").OperatorSettings.load(env_file)
        put_back = _run(_part("letters").replay(settings, chosen))
        for letter in put_back:
            print(f"{letter.id}\t{letter.topic}")


def _find(env_file: Path | None, **chosen: Any) -> list[Any]:
    letters = _part("letters")
    settings = _part("settings").OperatorSettings.load(env_file)
    found: list[Any] = _run(letters.find_letters(settings, letters.Choice(**chosen)))
    return found


def _facts(letter: Any) -> dict[str, str | int | None]:
    origin = letter.origin
    return {
        "id": letter.id,
        "time": letter.time.isoformat(timespec="seconds"),
        "service": letter.service,
        "reason": letter.reason,
        "topic": letter.topic,
        "place": letter.place,
        "job": origin.job if origin else None,
        "attempt": origin.attempt if origin else None,
        "index": origin.index if origin else None,
        "replay_of": letter.replay_of or None,
        "bytes": len(letter.value),
    }


def _columns(letter: Any) -> list[str]:
    facts = _facts(letter)
    place = f"{facts['topic']}/{facts['place']}"
    told = (facts["id"], facts["time"], facts["service"], facts["reason"], place)
    return [str(each) for each in told] + [str(facts[name] or "") for name in ("job", "attempt", "index", "replay_of")]


def _say_left(left: int) -> None:
    tell_error("", f"{left} events to fold", shown=Shown.WORDS)


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    return asyncio.run(work)


def _part(name: str) -> ModuleType:
    """A module of `operations`, imported only here: its libraries are an extra, and slow to load."""
    try:
        from feuilleton_client.operations import database, letters, settings  # noqa: PLC0415 (see above)
    except ImportError as exc:
        tell_error("usage", f"this needs feuilleton-client[ops]: {exc}", shown=Shown.WORDS)
        raise typer.Exit(ExitCode.USAGE) from exc
    return {"database": database, "letters": letters, "settings": settings}[name]


def _shown(*, as_json: bool) -> Shown:
    return Shown.JSON if as_json else Shown.WORDS


@contextmanager
def _telling(*, as_json: bool) -> Iterator[None]:
    try:
        yield
    except ClientError as exc:
        code = type(exc).__name__.removesuffix("Error").lower()
        tell_error(code, printable(str(exc)), shown=_shown(as_json=as_json))
        raise typer.Exit(exit_code_of(exc)) from exc
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.INTERRUPTED) from None
