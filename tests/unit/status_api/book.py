"""A small split book in an object store: manifest, source, checkpoints, and a result as the merger writes it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from feuilleton.contracts import ids
from feuilleton.contracts.card_lines import card_lines, chapter_titles
from feuilleton.contracts.documents import (
    CardDraft,
    CardLine,
    CardMethod,
    Chapter,
    Checkpoint,
    ChunkKind,
    Manifest,
    ManifestChunk,
    Report,
    ReportChunk,
    SourceSentence,
    Usage,
)
from feuilleton.contracts.ids import JobId, SentenceId
from feuilleton.contracts.job_settings import Engine
from feuilleton.http.auth import DEFAULT_TENANT
from feuilleton.storage.ports import ObjectStore

TEXTS = ("Il pleuvait, et personne ne passait.", "« Entrez ! » dit-elle.", "=SOMME d’ennuis.", "L’œuf était là.")


@dataclass(frozen=True)
class Book:
    """`sizes` are the sentences of each chunk; every sentence but each seventh has two cards, stored backwards."""

    job: JobId
    sizes: tuple[int, ...]

    def sentences(self, index: int) -> list[SourceSentence]:
        first = sum(self.sizes[:index])
        return [
            SourceSentence(
                id=SentenceId(f"s{number:06d}"),
                text=TEXTS[number % len(TEXTS)],
                page=number // 3 + 1,
                chapter=int(index > 0),
            )
            for number in range(first, first + self.sizes[index])
        ]

    def manifest(self) -> Manifest:
        chunks, at = [], 0
        for index, size in enumerate(self.sizes):
            sentences = self.sentences(index)
            length = sum(len(one.to_bytes()) + 1 for one in sentences)
            chunks.append(
                ManifestChunk(
                    index=index,
                    kind=ChunkKind.TEXT,
                    text_hash=f"hash-{index}",
                    pages=tuple(sorted({one.page for one in sentences})),
                    sentences=size,
                    source_start=at,
                    source_end=at + length,
                )
            )
            at += length
        return Manifest(
            job=self.job,
            tenant=DEFAULT_TENANT,
            source_sha256="0" * 64,
            pages=9,
            chapters=(Chapter(number=1, title="I. Le banc", page=2),),
            source_sentences=sum(self.sizes),
            words=100,
            chunks=tuple(chunks),
            version="test",
        )

    def checkpoint(self, index: int) -> Checkpoint:
        drafts = [
            CardDraft(source_id=one.id, text=f"{one.text} {take}", method=CardMethod.CUT)
            for one in self.sentences(index)
            for take in (1, 2)
            if int(one.id[1:]) % 7
        ]
        return Checkpoint(
            job=self.job,
            index=index,
            text_hash=f"hash-{index}",
            attempt=1,
            engine=Engine.LOCAL,
            model="m",
            cards=tuple(sorted(drafts, key=lambda card: card.source_id, reverse=True)),
            dropped=(),
        )

    def lines(self, index: int) -> Sequence[CardLine]:
        return card_lines(self.checkpoint(index).cards, self.sentences(index), chapter_titles(self.manifest()))

    async def store_split(self, store: ObjectStore) -> None:
        source = b"".join(one.to_bytes() + b"\n" for i in range(len(self.sizes)) for one in self.sentences(i))
        await store.put(ids.source_key(DEFAULT_TENANT, self.job), source)
        await store.put(ids.manifest_key(DEFAULT_TENANT, self.job), self.manifest().to_bytes())

    async def store_checkpoint(self, store: ObjectStore, index: int) -> None:
        await store.put(ids.checkpoint_key(DEFAULT_TENANT, self.job, index), self.checkpoint(index).to_bytes())

    async def store_result(self, store: ObjectStore, missing: tuple[int, ...] = (), attempt: int = 1) -> str:
        """Returns the folder that an end names."""
        body, chunks = b"", []
        for index, chunk in enumerate(self.manifest().chunks):
            lines = [] if index in missing else self.lines(index)
            part = b"".join(line.to_bytes() + b"\n" for line in lines)
            chunks.append(
                ReportChunk(
                    index=index, pages=chunk.pages, cards=len(lines), start=len(body), end=len(body) + len(part)
                )
            )
            body += part
        folder = ids.result_prefix(DEFAULT_TENANT, self.job, attempt, hashlib.sha256(body).hexdigest())
        await store.put(ids.cards_key(folder), body)
        await store.put(ids.report_key(folder), self._report(attempt, tuple(chunks)).to_bytes())
        return folder

    def _report(self, attempt: int, chunks: tuple[ReportChunk, ...]) -> Report:
        return Report(
            job=self.job,
            attempt=attempt,
            outcome="completed",
            engine=Engine.LOCAL,
            model="m",
            pages=9,
            words=100,
            source_sentences=sum(self.sizes),
            represented=sum(self.sizes),
            cards=sum(chunk.cards for chunk in chunks),
            mean_card_words=5.0,
            cards_by_method={},
            dropped_by_reason={},
            verdicts={},
            chapters=(),
            chunks=chunks,
            missing=(),
            dropped=(),
            usage=Usage(),
        )
