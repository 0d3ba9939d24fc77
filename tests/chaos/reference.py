"""What an undisturbed run made of each book, and what a disturbed one must equal."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from feuilleton.contracts import ids
from feuilleton.contracts.events import JobEnded
from feuilleton.contracts.ids import JobId
from feuilleton.http.auth import DEFAULT_TENANT
from feuilleton_client.models import Job
from tests.chaos.model import Call, ChunkName
from tests.results import Result, result_in


@dataclass(frozen=True)
class Reference:
    """`results` by the book's number; `calls` counts the bodies that were paid for."""

    results: dict[int, Result]
    calls: Counter[bytes]

    def texts(self) -> dict[ChunkName, list[str]]:
        """The sentences of each chunk of each book."""
        found: dict[ChunkName, list[str]] = {}
        for number, result in self.results.items():
            position = 0
            for chunk in result.manifest.chunks:
                held = result.source[position : position + chunk.sentences]
                found[number, chunk.index] = [sentence.text for sentence in held]
                position += chunk.sentences
        return found

    def cards_without(self, book: int, missing: set[int]) -> bytes:
        """The cards of a book minus those of some of its chunks."""
        result = self.results[book]
        return b"".join(
            result.cards_jsonl[chunk.start : chunk.end]
            for chunk in sorted(result.report.chunks, key=lambda each: each.index)
            if chunk.index not in missing
        )


def job_folder(objects: Path, job: str) -> Path:
    return objects / ids.job_prefix(DEFAULT_TENANT, JobId(job))


def read_ended(objects: Path, job: Job, end: JobEnded) -> Result:
    """The result that an end event names. Raises OSError or ValueError where it does not stand there whole."""
    if end.result is None:
        raise ValueError("the end names no result")
    return result_in(job_folder(objects, job.id), job, objects / end.result)


def make_reference(results: dict[int, Result], calls: list[Call]) -> Reference:
    return Reference(results, Counter(call.digest for call in calls if call.paid_at is not None))
