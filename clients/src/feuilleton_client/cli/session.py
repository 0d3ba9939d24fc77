"""One command's run: the client, what is shown, and the one place where errors become exit codes."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from feuilleton_client.cli.exit_codes import ExitCode, of_refusal
from feuilleton_client.cli.output import Output, Shown, output_for, tell_error
from feuilleton_client.cli.progress import ProgressView, progress_for
from feuilleton_client.cli.wording import printable, refusal_text
from feuilleton_client.client import FeuilletonClient
from feuilleton_client.errors import ClientError, ProblemError, UnavailableError, UnexpectedAnswerError
from feuilleton_client.models import Job
from feuilleton_client.retry import Pacing, RetryPolicy
from feuilleton_client.settings import ClientSettings, SettingsError


class OutputFileError(ClientError):
    """The output cannot be written there."""


class InputFileError(ClientError):
    """The book cannot be read."""


@dataclass(frozen=True)
class Access:
    """How to reach the services, and for how long to try."""

    env_file: Path | None
    patience_seconds: float


@dataclass
class Session:
    """`job_id` is set as soon as there is a job, so that an error or Ctrl-C can tell how to go on with it."""

    access: Access
    shown: Shown
    client: FeuilletonClient
    progress: ProgressView
    output: Output
    job_id: str | None = None

    def another_client(self) -> FeuilletonClient:
        """For a thread of its own."""
        return _client(self.access, self.progress)

    def tell(self, error: ClientError, job_id: str | None, book: str) -> ExitCode:
        """Say what went wrong with one book of several; returns what the command would exit with for it alone."""
        _tell(error, Told(self.shown, job_id, self.access.env_file, book))
        return exit_code_of(error)

    def saw(self, job: Job) -> None:
        self.job_id = job.id
        self.progress.seen(job)
        self.output.seen(job)

    def follow(self, job_id: str, attempt: int | None = None) -> Job:
        """Show the job until it ended; returns how. `attempt` is one that was just accepted."""
        self.job_id = job_id
        last: Job | None = None
        for last in self.client.watch(job_id, attempt):
            self.saw(last)
        self.progress.close()
        if last is None:
            raise UnexpectedAnswerError(f"nothing was heard of job {job_id}")
        return last


@dataclass(frozen=True)
class Told:
    """What an error line can say besides the error."""

    shown: Shown
    job_id: str | None
    env_file: Path | None
    book: str | None = None


@contextmanager
def session(access: Access, *, as_json: bool) -> Iterator[Session]:
    """Everything that a command needs. Errors inside are told on stderr and leave as typer.Exit."""
    shown = Shown.JSON if as_json else Shown.WORDS
    progress = progress_for(as_json=as_json)
    current: Session | None = None
    try:
        with _client(access, progress) as client:
            current = Session(access, shown, client, progress, output_for(as_json=as_json))
            yield current
    except KeyboardInterrupt:
        progress.close()
        _tell_interrupted(Told(shown, current.job_id if current else None, access.env_file))
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except ClientError as exc:
        progress.close()
        _tell(exc, Told(shown, current.job_id if current else None, access.env_file))
        raise typer.Exit(exit_code_of(exc)) from exc
    finally:
        progress.close()


def _client(access: Access, progress: ProgressView) -> FeuilletonClient:
    settings = ClientSettings.load(access.env_file)
    return FeuilletonClient(
        str(settings.ingest_url),
        str(settings.status_url),
        settings.api_key.get_secret_value(),
        retry_policy=RetryPolicy(budget_seconds=access.patience_seconds),
        pacing=Pacing(on_wait=progress.waiting),
    )


def exit_code_of(error: ClientError) -> ExitCode:
    """What the command exits with after this error."""
    match error:
        case ProblemError():
            return of_refusal(error.status)
        case UnavailableError() | UnexpectedAnswerError():
            return ExitCode.UNAVAILABLE
        case SettingsError() | InputFileError():
            return ExitCode.USAGE
        case OutputFileError():
            return ExitCode.OUTPUT
        case _:
            return ExitCode.INTERNAL


def _tell(error: ClientError, told: Told) -> None:
    if isinstance(error, ProblemError):
        code, text, status = error.code, refusal_text(error.problem), error.status
        told = replace(told, job_id=error.problem.job_id or told.job_id)
    else:
        code, text, status = type(error).__name__.removesuffix("Error").lower(), printable(str(error)), None
    if told.book and told.shown is Shown.WORDS:
        text = f"{printable(told.book)}: {text}"
    tell_error(code, text, shown=told.shown, status=status, job_id=told.job_id, book=told.book)
    if exit_code_of(error) in {ExitCode.UNAVAILABLE, ExitCode.OUTPUT}:
        _tell_how_to_go_on(told)


def _tell_interrupted(told: Told) -> None:
    if told.job_id is None:
        text = "stopped; a book that was accepted already goes on: see feuilleton jobs"
    else:
        text = f"stopped looking; job {printable(told.job_id)} goes on"
    tell_error("interrupted", text, shown=told.shown, job_id=told.job_id)
    _tell_how_to_go_on(told)


def _tell_how_to_go_on(told: Told) -> None:
    if told.job_id is None or told.shown is Shown.JSON:
        return
    job_id = shlex.quote(printable(told.job_id))
    access = f" --env-file {shlex.quote(str(told.env_file))}" if told.env_file else ""
    tell_error("", f"to follow it: feuilleton watch {job_id}{access}", shown=told.shown)
    tell_error("", f"for its cards: feuilleton cards {job_id} -o cards.csv{access}", shown=told.shown)
