"""Commands that make something of a result: files, words, decks for lists of words."""

import io
import sys
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from feuilleton_client.cli import options as opt
from feuilleton_client.cli.exit_codes import EXIT_CODES_HELP
from feuilleton_client.cli.saving import Target
from feuilleton_client.cli.session import Access, OutputFileError, session
from feuilleton_client.exports import ExportFormat, ExportsClient, read_words

app = typer.Typer()

Form = Annotated[ExportFormat | None, typer.Option("--format", help="Instead of what the file's name says.")]


@app.command(epilog=EXIT_CODES_HELP)
def export(
    job_id: opt.JobArgument,
    output: opt.OutputFile = None,
    form: Form = None,
    bom: Annotated[bool, typer.Option("--bom", help="Begin a text with a mark by which Excel knows UTF-8.")] = False,
    force: opt.Force = False,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """Save the result of an ended job as a file: for Excel, for Anki, as CSV, JSON Lines or text."""
    target = Target.named(output, form, force=force) if output else None
    piped = target.form if target else _piped(form)
    with session(Access(env_file, patience), as_json=as_json) as current:
        if target is None:
            _pipe(current.client.exports, job_id, piped, bom=bom)
            return
        target.check()
        size = target.fill(lambda out: current.client.exports.result(job_id, target.form, out, bom=bom))
        current.output.exported(size, str(target.path))


@app.command(epilog=EXIT_CODES_HELP)
def vocabulary(
    job_id: opt.JobArgument,
    count: Annotated[int | None, typer.Option("--max", min=1, help="How many, the most frequent first.")] = None,
    names: Annotated[bool, typer.Option("--names/--no-names", help="With names of people and places.")] = True,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """The words on a job's cards: how often each is met, and the first card that holds it."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        lemmas = (lemma for lemma in current.client.exports.vocabulary(job_id) if names or not lemma.name)
        current.output.vocabulary(islice(lemmas, count))


@app.command(epilog=EXIT_CODES_HELP)
def deck(
    job_id: opt.JobArgument,
    words: Annotated[
        Path,
        typer.Option("--words", metavar="FILE", exists=True, dir_okay=False, allow_dash=True, help="A word a line."),
    ],
    most: Annotated[int | None, typer.Option("--most", min=1, help="At most so many cards.")] = None,
    output: opt.OutputFile = None,
    form: Form = None,
    force: opt.Force = False,
    env_file: opt.EnvFile = None,
    patience: opt.Patience = opt.PATIENCE_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """The fewest cards that hold all words of a list; what no card has is named."""
    target = Target.named(output, form, force=force) if output else None
    wanted = _words_in(words)
    with session(Access(env_file, patience), as_json=as_json) as current:
        if target:
            target.check()
        chosen = current.client.exports.deck(job_id, wanted, most=most)
        if target:
            exports = current.client.exports
            target.fill(lambda out: exports.deck_file(job_id, wanted, target.form, out, most=most))
        current.output.deck(chosen, str(target.path) if target else None)


class _Stdout(io.BufferedWriter):
    """Only ever goes on: it may be a pipe, or a file that others wrote to before."""

    def __init__(self) -> None:
        super().__init__(io.FileIO(sys.stdout.fileno(), "wb", closefd=False))

    def seekable(self) -> bool:
        return False


def _pipe(exports: ExportsClient, job_id: str, form: ExportFormat, *, bom: bool) -> None:
    try:
        with _Stdout() as out:
            exports.result(job_id, form, out, bom=bom)
    except io.UnsupportedOperation as exc:
        raise OutputFileError("the connection broke, and a pipe cannot begin again: name a file with -o") from exc


def _piped(form: ExportFormat | None) -> ExportFormat:
    """Raises typer.BadParameter where nobody says what is wanted, or it would go to a terminal."""
    if form is None:
        raise typer.BadParameter("say which, or name a file with -o", param_hint="--format")
    if not form.is_text and sys.stdout.isatty():
        raise typer.BadParameter(f"{form} is no text: name a file with -o", param_hint="--output")
    return form


def _words_in(path: Path) -> list[str]:
    """Raises typer.BadParameter for a file that is none of words."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise typer.BadParameter(f"{path} cannot be read as UTF-8", param_hint="--words") from exc
    words = read_words(text)
    if not words:
        raise typer.BadParameter(f"{path} holds no word", param_hint="--words")
    return words
