"""What the merger says of a chunk on job-events: the same from a message as from the stored document (pure)."""

from feuilleton.contracts.documents import Checkpoint, ChunkFailure, Manifest, ManifestChunk
from feuilleton.contracts.events import ChunkExtracted, ChunkFinished, ChunkOutcome
from feuilleton.contracts.ids import TenantId


def finished_from_message(result: ChunkExtracted) -> ChunkFinished:
    return ChunkFinished.model_validate(result.model_dump())


def finished_from_store(
    tenant: TenantId, attempt: int, manifest: Manifest, chunk: ManifestChunk, settled: Checkpoint | ChunkFailure
) -> ChunkFinished:
    good = isinstance(settled, Checkpoint)
    usage = settled.usage
    return ChunkFinished(
        job=manifest.job,
        tenant=tenant,
        attempt=attempt,
        index=chunk.index,
        total=len(manifest.chunks),
        pages=chunk.pages,
        outcome=ChunkOutcome.OK if good else ChunkOutcome.FAILED,
        code=None if isinstance(settled, Checkpoint) else settled.code,
        cards=len(settled.cards) if isinstance(settled, Checkpoint) else 0,
        tokens=usage.tokens,
        billed_tokens=usage.billed_tokens if good else 0,
        calls=usage.calls,
        seconds=usage.seconds,
    )
