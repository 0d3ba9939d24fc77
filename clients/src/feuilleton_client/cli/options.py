"""The options that commands share, each defined once."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from feuilleton_client.uploads import Confidence, EngineChoice, JobOptions, ModelTier

PATIENCE_SECONDS = 90.0
QUICK_SECONDS = 30.0  # for what a service does at once

EnvFile = Annotated[
    Path | None,
    typer.Option(
        "--env-file",
        envvar="FEUILLETON_ENV_FILE",
        help="File with FEUILLETON_INGEST_URL, FEUILLETON_STATUS_URL, FEUILLETON_API_KEY.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, one document a line; errors as JSON on stderr.")]
QuickPatience = Annotated[float, typer.Option("--patience", min=0, metavar="SECONDS", help="How long to wait in all.")]
Patience = Annotated[
    float,
    typer.Option("--patience", min=0, metavar="SECONDS", help="How long to wait in all when nothing answers."),
]
JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]
BookArgument = Annotated[
    Path, typer.Argument(metavar="NOVEL.pdf", exists=True, dir_okay=False, readable=True, help="The book.")
]
BooksArgument = Annotated[
    list[Path],
    typer.Argument(metavar="NOVEL.pdf...", exists=True, dir_okay=False, readable=True, help="The book, or several."),
]
AtOnce = Annotated[int, typer.Option("--at-once", min=1, max=16, help="Of several books, how many at the same time.")]
OutputFile = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="FILE", help="cards.csv, .jsonl, .txt, .xlsx or .apkg (Anki); without it, to stdout."
    ),
]
Force = Annotated[bool, typer.Option("-f", "--force", help="Replace the output file if it exists.")]
Anew = Annotated[
    bool, typer.Option("--anew", help="A new job, even where the same file was completed with the same settings.")
]
IdempotencyKey = Annotated[
    str | None,
    typer.Option(help="Run the same command again with the same key, and it finds the same job."),
]

Engine = Annotated[EngineChoice | None, typer.Option("--engine", help="What writes the cards.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="WORDS", help="Longest card, in words.")]
Minimum = Annotated[int | None, typer.Option("--min", metavar="WORDS", help="Shortest card, in words.")]
Pages = Annotated[str | None, typer.Option("--pages", metavar="RANGE", help="Pages to read: 7, 3-20, 3- or -20.")]
Tier = Annotated[ModelTier | None, typer.Option("--model", help="Size of the model.")]
Sureness = Annotated[
    Confidence | None, typer.Option("--confidence", help="Of the local engine; strict: fewer cards, fewer wrong ones.")
]
IgnoreDialogue = Annotated[bool | None, typer.Option("--ignore-dialogue/--keep-dialogue", help="Leave speech whole.")]
CompleteOnly = Annotated[
    bool | None, typer.Option("--complete-only/--with-fragments", help="Leave out sentences without a verb.")
]
IncludeMatter = Annotated[
    bool | None, typer.Option("--include-matter/--story-only", help="Read prefaces and notes too.")
]
PreserveFormatting = Annotated[
    bool | None,
    typer.Option("--preserve-formatting/--plain-formatting", help="Keep the book's spaces and quotes."),
]
FixHyphenation = Annotated[
    bool | None, typer.Option("--fix-hyphenation/--keep-hyphenation", help="Join words cut at line ends.")
]

_JOB_OPTIONS = {
    "engine": Engine,
    "sentence_length_limit": Limit,
    "min_sentence_length": Minimum,
    "pages": Pages,
    "model": Tier,
    "confidence": Sureness,
    "ignore_dialogue": IgnoreDialogue,
    "complete_only": CompleteOnly,
    "include_matter": IncludeMatter,
    "preserve_formatting": PreserveFormatting,
    "fix_hyphenation": FixHyphenation,
}


def takes_job_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command an option for each field of JobOptions, which it gets as its argument `chosen`.

    typer reads options from a signature, so this writes one.
    """

    @wraps(command)
    def with_options(**values: Any) -> None:
        chosen = JobOptions(**{name: values.pop(name) for name in _JOB_OPTIONS})
        command(chosen=chosen, **values)

    own = [each for each in signature(command, eval_str=True).parameters.values() if each.name != "chosen"]
    added = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=form) for name, form in _JOB_OPTIONS.items()
    ]
    own = [each.replace(kind=Parameter.KEYWORD_ONLY) for each in own]
    with_options.__signature__ = Signature([*own[:1], *added, *own[1:]])  # type: ignore[attr-defined]
    with_options.__annotations__ = {each.name: each.annotation for each in (*own, *added)}
    return with_options
