"""What the extractor says of a chunk: results and failures, made out to where it lies (pure)."""

from dataclasses import dataclass
from typing import Self

from feuilleton.contracts.documents import ChunkFailure, Manifest, Usage
from feuilleton.contracts.events import ChunkSubmitted, Origin
from feuilleton.contracts.settled import ChunkPlace


@dataclass(frozen=True)
class ChunkAddress(ChunkPlace):
    """A chunk's place, as the extractor learns it."""

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
