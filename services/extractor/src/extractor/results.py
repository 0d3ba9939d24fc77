"""What the extractor says of a chunk: the figures of its checkpoint or failure (pure)."""

from dataclasses import dataclass
from typing import Self

from feuilleton.contracts.documents import Checkpoint, ChunkFailure, Manifest, Usage
from feuilleton.contracts.events import ChunkExtracted, ChunkOutcome, ChunkSubmitted, Origin
from feuilleton.contracts.ids import JobId, TenantId


@dataclass(frozen=True)
class ChunkAddress:
    """Which chunk of which attempt, and where it lies in the book. Results and failures are made out to it."""

    job: JobId
    tenant: TenantId
    attempt: int
    index: int
    total: int
    pages: tuple[int, ...]

    @classmethod
    def of(cls, chunk: ChunkSubmitted) -> Self:
        return cls(chunk.job, chunk.tenant, chunk.attempt, chunk.index, chunk.total, chunk.pages)

    @classmethod
    def in_manifest(cls, origin: Origin, manifest: Manifest) -> Self | None:
        """The chunk that a message's headers name, or None where the manifest has no such chunk."""
        for chunk in manifest.chunks:
            if chunk.index == origin.index:
                total = len(manifest.chunks)
                return cls(origin.job, origin.tenant, origin.attempt, chunk.index, total, chunk.pages)
        return None

    def failure(self, code: str, detail: str, usage: Usage) -> ChunkFailure:
        return ChunkFailure(job=self.job, index=self.index, attempt=self.attempt, code=code, detail=detail, usage=usage)

    def result(self, settled: Checkpoint | ChunkFailure) -> ChunkExtracted:
        """The same for every process that reads the same document, so that duplicates say the same."""
        good = isinstance(settled, Checkpoint)
        usage = settled.usage
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
            # A failed chunk is not billed, whatever its calls cost.
            billed_tokens=usage.billed_tokens if good else 0,
            calls=usage.calls,
            seconds=usage.seconds,
        )
