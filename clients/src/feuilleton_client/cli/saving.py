"""Cards into a file that the user named."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import typer

from feuilleton_client.cards_file import CardFormat, format_of, replacing, write_cards
from feuilleton_client.cli.session import OutputFileError
from feuilleton_client.errors import UnexpectedAnswerError
from feuilleton_client.models import Card, Job


@dataclass(frozen=True)
class Target:
    """A file that is to be written, seen before anything is asked of the server."""

    path: Path
    form: CardFormat
    force: bool

    @classmethod
    def named(cls, path: Path, form: CardFormat | None, *, force: bool) -> Self:
        """Raises typer.BadParameter for a name without a format."""
        known = form or format_of(path)
        if known is None:
            raise typer.BadParameter(f"{path} must end in .csv or .jsonl", param_hint="--output")
        return cls(path, known, force)

    def check(self) -> None:
        """Raise OutputFileError if writing cannot work: better before a book is paid for than after."""
        if self.path.is_dir():
            raise OutputFileError(f"{self.path} is a folder")
        if self.path.is_file() and not self.force:
            raise OutputFileError(f"{self.path} exists; --force replaces it")
        if not self.path.resolve().parent.is_dir():
            raise OutputFileError(f"there is no folder {self.path.resolve().parent}")

    def save(self, cards: Iterable[Card], job: Job) -> int:
        """Write all cards, or leave what was there. Raises OutputFileError, and what reading the cards raises."""
        self.check()
        try:
            with replacing(self.path) as out:
                count = write_cards(cards, out, self.form)
                if job.status.has_cards and count != job.cards:
                    raise UnexpectedAnswerError(f"{count} cards came of {job.cards}; nothing was written")
        except OSError as exc:
            raise OutputFileError(f"{self.path}: {exc.strerror or exc}") from exc
        return count
