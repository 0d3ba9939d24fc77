"""What the merger says of a chunk on job-events: the same from a message as from the stored document (pure)."""

from feuilleton.contracts.documents import Checkpoint, ChunkFailure, Manifest, ManifestChunk
from feuilleton.contracts.events import ChunkExtracted, ChunkFinished
from feuilleton.contracts.ids import TenantId
from feuilleton.contracts.settled import ChunkPlace


def finished_from_message(result: ChunkExtracted) -> ChunkFinished:
    return ChunkFinished.model_validate(result.model_dump())


def finished_from_store(
    tenant: TenantId, attempt: int, manifest: Manifest, chunk: ManifestChunk, settled: Checkpoint | ChunkFailure
) -> ChunkFinished:
    place = ChunkPlace(manifest.job, tenant, attempt, chunk.index, len(manifest.chunks), chunk.pages)
    return finished_from_message(place.result(settled))
