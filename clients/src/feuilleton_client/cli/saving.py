"""Cards into a file that the user named."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self, TypeVar

import typer

from feuilleton_client.cards_file import CardFormat, replacing, replacing_bytes, write_cards
from feuilleton_client.cli.session import OutputFileError
from feuilleton_client.client import FeuilletonClient
from feuilleton_client.errors import UnexpectedAnswerError
from feuilleton_client.exports import ExportFormat, export_format_of
from feuilleton_client.models import Job

Out = TypeVar("Out")


@dataclass(frozen=True)
class Target:
    """A file that is to be written, seen before anything is asked of the server."""

    path: Path
    form: ExportFormat
    force: bool

    @classmethod
    def named(cls, path: Path, form: ExportFormat | None, *, force: bool) -> Self:
        """Raises typer.BadParameter for a name without a format."""
        known = form or export_format_of(path)
        if known is None:
            raise typer.BadParameter(f"{path} must end in .csv, .jsonl, .txt, .xlsx or .apkg", param_hint="--output")
        return cls(path, known, force)

    def check(self) -> None:
        """Raise OutputFileError if writing cannot work: better before a book is paid for than after."""
        if self.path.is_dir():
            raise OutputFileError(f"{self.path} is a folder")
        if self.path.is_file() and not self.force:
            raise OutputFileError(f"{self.path} exists; --force replaces it")
        if not self.path.resolve().parent.is_dir():
            raise OutputFileError(f"there is no folder {self.path.resolve().parent}")

    def save(self, client: FeuilletonClient, job: Job) -> int:
        """Write all cards, or leave what was there; returns how many. A running job has them as CSV and JSON Lines
        alone.

        Raises OutputFileError, and what reading the cards raises.
        """
        if self.form not in {ExportFormat.CSV, ExportFormat.JSONL}:
            self.fill(lambda out: client.exports.result(job.id, self.form, out))
            return job.cards
        with self._replacing(replacing) as out:
            count = write_cards(client.cards(job.id), out, CardFormat(self.form))
            if job.status.has_cards and count != job.cards:
                raise UnexpectedAnswerError(f"{count} cards came of {job.cards}; nothing was written")
        return count

    def fill(self, write: Callable[[BinaryIO], int]) -> int:
        """Write what `write` writes, or leave what was there; returns what it returns. Raises as `save`."""
        with self._replacing(replacing_bytes) as out:
            return write(out)

    @contextmanager
    def _replacing(self, opened: Callable[[Path], AbstractContextManager[Out]]) -> Iterator[Out]:
        self.check()
        try:
            with opened(self.path) as out:
                yield out
        except OSError as exc:
            raise OutputFileError(f"{self.path}: {exc.strerror or exc}") from exc
