"""Source sentences and pages without text to chunks. Pure: the same book and settings give the same chunks.

Chunks hold whole sentences and follow each other without gap or overlap. No seam stands beside a sentence under
the minimum length, which an engine may merge with its neighbour: so the cards do not depend on the seams.
"""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from feuilleton.contracts.documents import ChunkKind, SourceSentence
from feuilleton.contracts.ids import text_hash
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.contracts.text import count_words

TARGET_WORDS = 1_000  # one model call
MAX_CHUNK_BYTES = 400_000  # of text: a message may have 1,000,000 with all that stands around it
_CHAPTER_SHARE = 0.5  # of the target: from here on a chapter's end is the better seam
_SENTENCE_BYTES = 200  # what a sentence takes in a message besides its text
_HASH_VERSION = "chunk-1"


@dataclass(frozen=True)
class PlannedChunk:
    """A run of sentences, or one page to be read from its image (`page`). A page's sentences are those of its bad text
    layer, for whoever cannot read the image.
    """

    sentences: tuple[SourceSentence, ...] = ()
    page: int | None = None

    @property
    def kind(self) -> ChunkKind:
        return ChunkKind.TEXT if self.page is None else ChunkKind.PAGE

    @property
    def pages(self) -> tuple[int, ...]:
        """The pages on which its sentences begin, in order."""
        if self.page is not None:
            return (self.page,)
        return tuple(sorted({sentence.page for sentence in self.sentences}))


def plan_chunks(
    sentences: Sequence[SourceSentence],
    picture_pages: Sequence[int],
    *,
    min_sentence_length: int,
    doubtful_pages: Sequence[int] = (),
    target_words: int = TARGET_WORDS,
) -> tuple[PlannedChunk, ...]:
    """Every sentence in exactly one chunk and every page in one of its own, in book order.

    A picture page stands at the first seam behind the sentences that begin before it. Where short sentences leave
    no seam for long, a chunk grows past the target; only above `MAX_CHUNK_BYTES` is it cut anywhere.
    A doubtful page takes its sentences with it: no paragraph of it goes on beyond it, so none of them may be merged
    with a neighbour outside.
    """
    pages = list(
        accumulate((sentence.page for sentence in sentences), max)
    )  # a note's page lies behind its paragraph's
    chunks: list[PlannedChunk] = []
    start, last = 0, 0
    for page in (*sorted(doubtful_pages), None):
        end = len(sentences) if page is None else bisect_left(pages, page)
        pictures = [one for one in picture_pages if one > last and (page is None or one < page)]
        chunks += _stretch(sentences[start:end], pages[start:end], pictures, min_sentence_length, target_words)
        if page is not None:
            start, last = bisect_left(pages, page + 1), page
            chunks.append(PlannedChunk(tuple(sentences[end:start]), page))
    return tuple(chunks)


def _stretch(
    sentences: Sequence[SourceSentence],
    sentence_pages: Sequence[int],
    pictures: Sequence[int],
    min_sentence_length: int,
    target_words: int,
) -> Iterator[PlannedChunk]:
    """The chunks between two doubtful pages."""
    words = [count_words(sentence.text) for sentence in sentences]
    seams = _seams(words, min_sentence_length)
    start = 0
    for page in sorted(pictures):
        end = _place(sentence_pages, seams, page)
        yield from _runs(sentences, words, [seam for seam in seams if start < seam <= end], start, target_words)
        yield PlannedChunk(page=page)
        start = max(start, end)
    yield from _runs(sentences, words, [seam for seam in seams if seam > start], start, target_words)


def chunk_hash(chunk: PlannedChunk, before: str, settings: JobSettings, engine: Engine, model: str) -> str:
    """What a result of the chunk depends on: a checkpoint with this hash is good for it.

    The pages asked for are in the text already; a setting that is added later counts without being named here.
    """
    chosen = settings.model_dump(mode="json", exclude={"engine", "pages"})
    parts = [_HASH_VERSION, engine.value, model, json.dumps(chosen, sort_keys=True), before]
    for sentence in chunk.sentences:
        parts += [sentence.id, sentence.text, str(sentence.dialogue), *(["half"] if sentence.cut_by_page else [])]
    return text_hash(*parts)


def page_hash(chunk: PlannedChunk, body: bytes | None, settings: JobSettings, engine: Engine, model: str) -> str:
    """The same for a page chunk, whose text is the cut page's bytes, and the bad text that goes with it."""
    content = "" if body is None else hashlib.sha256(body).hexdigest()
    beside = chunk_hash(chunk, "", settings, engine, model)
    return text_hash(beside, str(chunk.page), content)


def _seams(words: Sequence[int], minimum: int) -> list[int]:
    """The places (index of the sentence behind) where a chunk may end; the end of the book is one always."""
    inner = (at for at in range(1, len(words)) if words[at - 1] >= minimum and words[at] >= minimum)
    return [*inner, len(words)]


def _place(sentence_pages: Sequence[int], seams: Sequence[int], page: int) -> int:
    """The seam where a page without text stands. `sentence_pages` never go back."""
    behind = bisect_left(sentence_pages, page)
    return 0 if behind == 0 else seams[bisect_left(seams, behind)]


def _runs(
    sentences: Sequence[SourceSentence], words: Sequence[int], seams: Sequence[int], start: int, target: int
) -> list[PlannedChunk]:
    """Cut [start, last seam) at the seams nearest to the target, and none for a rest under half of it."""
    if not seams:
        return []
    left = sum(words[start : seams[-1]])
    found: list[PlannedChunk] = []
    open_at, held, previous = start, 0, start
    for seam in seams:
        step = sum(words[previous:seam])
        overshoots = held + step - target > target - held
        new_chapter = previous > 0 and sentences[previous - 1].chapter != sentences[previous].chapter
        full = overshoots or (new_chapter and held >= _CHAPTER_SHARE * target)
        if held and full and left - held >= _CHAPTER_SHARE * target:
            found.extend(_bounded(sentences[open_at:previous]))
            left -= held
            open_at, held = previous, 0
        held += step
        previous = seam
    found.extend(_bounded(sentences[open_at:previous]))
    return found


def _bounded(sentences: Sequence[SourceSentence]) -> list[PlannedChunk]:
    """One chunk, or several where one message could not hold it."""
    runs: list[list[SourceSentence]] = []
    size = 0
    for sentence in sentences:
        length = len(sentence.text.encode()) + _SENTENCE_BYTES
        if not runs or size + length > MAX_CHUNK_BYTES:
            runs.append([])
            size = 0
        runs[-1].append(sentence)
        size += length
    return [PlannedChunk(tuple(run)) for run in runs]
