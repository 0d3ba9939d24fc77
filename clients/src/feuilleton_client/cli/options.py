"""The options that commands share, each defined once."""

from pathlib import Path
from typing import Annotated

import typer

from feuilleton_client.uploads import EngineChoice, ModelTier

EnvFile = Annotated[
    Path | None,
    typer.Option(
        "--env-file",
        envvar="FEUILLETON_ENV_FILE",
        help="File with FEUILLETON_INGEST_URL, FEUILLETON_STATUS_URL, FEUILLETON_API_KEY.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, one document a line; errors as JSON on stderr.")]
Patience = Annotated[
    float,
    typer.Option("--patience", min=0, metavar="SECONDS", help="How long to wait in all when nothing answers."),
]
JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]
BookArgument = Annotated[
    Path, typer.Argument(metavar="NOVEL.pdf", exists=True, dir_okay=False, readable=True, help="The book.")
]
OutputFile = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="cards.csv or cards.jsonl; without it, to stdout."),
]
Force = Annotated[bool, typer.Option("-f", "--force", help="Replace the output file if it exists.")]
IdempotencyKey = Annotated[
    str | None,
    typer.Option(help="Run the same command again with the same key, and it finds the same job."),
]

Engine = Annotated[EngineChoice | None, typer.Option(help="What writes the cards.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="WORDS", help="Longest card, in words.")]
Minimum = Annotated[int | None, typer.Option("--min", metavar="WORDS", help="Shortest card, in words.")]
Pages = Annotated[str | None, typer.Option(metavar="RANGE", help="Pages to read: 7, 3-20, 3- or -20.")]
Tier = Annotated[ModelTier | None, typer.Option("--model", help="Size of the model.")]
IgnoreDialogue = Annotated[bool | None, typer.Option("--ignore-dialogue/--keep-dialogue", help="Leave speech whole.")]
PreserveFormatting = Annotated[
    bool | None,
    typer.Option("--preserve-formatting/--plain-formatting", help="Keep the book's spaces and quotes."),
]
FixHyphenation = Annotated[
    bool | None, typer.Option("--fix-hyphenation/--keep-hyphenation", help="Join words cut at line ends.")
]
