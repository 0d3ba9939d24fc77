"""report.json: what became of the book, in figures that add up (pure)."""

from collections import Counter

from feuilleton.contracts.documents import (
    Checkpoint,
    ChunkFailure,
    ChunkKind,
    DroppedLine,
    Manifest,
    ManifestChunk,
    MissingChunk,
    Report,
    ReportChunk,
    Usage,
)
from feuilleton.contracts.events import EndCounts, Outcome
from feuilleton.contracts.ids import read_from_image
from feuilleton.contracts.job_settings import Engine
from feuilleton.contracts.quality import QualityCounts, quality_of
from feuilleton.contracts.text import count_words
from merger.assembly import AssembledChunk
from merger.coverage import coverage_text


class Tally:
    """Counts the chunks of one result as they are assembled, in book order.

    Holds for the whole book: one entry a chunk, and the dropped sentences with their text.
    """

    def __init__(self) -> None:
        self.usage = Usage()
        self.failed_tokens = 0
        self._at = 0
        self._chunks: list[ReportChunk] = []
        self._missing: list[MissingChunk] = []
        self._dropped: list[DroppedLine] = []
        self._methods: Counter[str] = Counter()
        self._verdicts: Counter[str] = Counter()
        self._quality = QualityCounts()
        self._card_words = 0
        self._words = 0
        self._represented = 0
        self._missing_sentences = 0
        self._from_images: set[int] = set()  # pages whose text layer, if any, is in no card
        self._made_by: tuple[Engine, str] | None = None

    def add(self, chunk: ManifestChunk, checkpoint: Checkpoint, assembled: AssembledChunk, size_bytes: int) -> None:
        """Count a good chunk whose lines took `size_bytes` bytes of cards.jsonl."""
        self._made_by = self._made_by or (checkpoint.engine, checkpoint.model)
        self._chunks.append(
            ReportChunk(
                index=chunk.index,
                pages=chunk.pages,
                cards=len(assembled.cards),
                start=self._at,
                end=self._at + size_bytes,
            )
        )
        self._at += size_bytes
        if any(read_from_image(sentence.id) for sentence in checkpoint.sentences):
            self._from_images.update(chunk.pages)
        self._represented += assembled.represented
        self._dropped += assembled.dropped
        self._methods.update(card.method.value for card in assembled.cards)
        self._card_words += sum(count_words(card.text) for card in assembled.cards)
        self._words += sum(count_words(sentence.text) for sentence in checkpoint.sentences)
        self._verdicts.update(checkpoint.verdicts)
        self._quality = self._quality.plus(checkpoint.quality or QualityCounts())
        self.usage = self.usage + checkpoint.usage

    def miss(self, chunk: ManifestChunk, failure: ChunkFailure) -> None:
        """Count a chunk that has no good checkpoint. What it cost is told, and not billed."""
        self._missing.append(MissingChunk(index=chunk.index, pages=chunk.pages, code=failure.code))
        self._missing_sentences += chunk.sentences
        if chunk.kind is ChunkKind.PAGE:
            self._from_images.update(chunk.pages)
        self._chunks.append(
            ReportChunk(index=chunk.index, pages=chunk.pages, cards=0, start=self._at, end=self._at, code=failure.code)
        )
        self.failed_tokens += failure.usage.tokens

    @property
    def good(self) -> int:
        return len(self._chunks) - len(self._missing)

    @property
    def outcome(self) -> Outcome:
        if self._missing:
            return Outcome.PARTIAL if self.good else Outcome.FAILED
        return Outcome.COMPLETED

    @property
    def code(self) -> str | None:
        """Why it is not complete: the one code of all missing chunks, or that there are several."""
        codes = {missing.code for missing in self._missing}
        if not codes:
            return None
        return codes.pop() if len(codes) == 1 else "chunks_failed"

    def counts(self, manifest: Manifest) -> EndCounts:
        """source_sentences = represented + dropped + those of missing chunks (none known for a missing page)."""
        return EndCounts(
            pages=manifest.pages,
            chunks=len(self._chunks),
            chunks_failed=len(self._missing),
            source_sentences=self._represented + len(self._dropped) + self._missing_sentences,
            represented=self._represented,
            dropped=len(self._dropped),
            cards=self._methods.total(),
        )

    def report(self, manifest: Manifest, attempt: int) -> Report:
        """The same tally gives the same bytes. Raises ValueError without one good chunk."""
        if self._made_by is None:
            raise ValueError("no chunk is good: there is nothing to report on")
        engine, model = self._made_by
        counts = self.counts(manifest)
        return Report(
            job=manifest.job,
            attempt=attempt,
            outcome=self.outcome,
            engine=engine,
            model=model,
            pages=manifest.pages,
            words=manifest.words + self._words,
            source_sentences=counts.source_sentences,
            represented=counts.represented,
            cards=counts.cards,
            mean_card_words=round(self._card_words / counts.cards, 2) if counts.cards else 0.0,
            cards_by_method=dict(sorted(self._methods.items())),
            dropped_by_reason=dict(sorted(Counter(line.reason for line in self._dropped).items())),
            verdicts=dict(sorted(self._verdicts.items())),
            chapters=manifest.chapters,
            chunks=tuple(self._chunks),
            missing=tuple(self._missing),
            dropped=tuple(self._dropped),
            left_out=manifest.left_out,
            bad_ocr=manifest.bad_ocr,
            bad_ocr_used=tuple(page for page in manifest.bad_ocr if page not in self._from_images),
            coverage=coverage_text(self._quality, engine),
            quality=quality_of(self._quality) if self._quality.chunks else None,
            usage=self.usage,
        )
