"""What a stored checkpoint or failure says of its chunk: the same from whoever reads the document (pure)."""

from dataclasses import dataclass

from feuilleton.contracts.documents import Checkpoint, ChunkFailure
from feuilleton.contracts.events import ChunkExtracted, ChunkOutcome
from feuilleton.contracts.ids import JobId, TenantId


@dataclass(frozen=True)
class ChunkPlace:
    """Which chunk of which attempt, and where it lies in the book."""

    job: JobId
    tenant: TenantId
    attempt: int
    index: int
    total: int
    pages: tuple[int, ...]

    def result(self, settled: Checkpoint | ChunkFailure) -> ChunkExtracted:
        """The figures of a chunk. A failed one is not billed, whatever its calls cost."""
        usage = settled.usage
        good = isinstance(settled, Checkpoint)
        return ChunkExtracted(
            job=self.job,
            tenant=self.tenant,
            attempt=self.attempt,
            index=self.index,
            total=self.total,
            pages=self.pages,
            outcome=ChunkOutcome.OK if good else ChunkOutcome.FAILED,
            code=None if isinstance(settled, Checkpoint) else settled.code,
            cards=len(settled.cards) if isinstance(settled, Checkpoint) else 0,
            tokens=usage.tokens,
            billed_tokens=usage.billed_tokens if good else 0,
            calls=usage.calls,
            seconds=usage.seconds,
        )
