"""The JSON documents that services leave for each other in the object store (layout: `ids`).

All are read with unknown fields ignored, so that a newer writer does not stop an older reader.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from feuilleton.contracts.ids import JobId, ObjectKey, SentenceId, TenantId
from feuilleton.contracts.job_settings import Engine
from feuilleton.contracts.quality import Quality, QualityCounts


class Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_bytes(self) -> bytes:
        return self.model_dump_json().encode()


class SourceSentence(Document):
    """One sentence of the book. `id` is unique in the job and sorts in book order within its chunk's kind.

    `page` is 1-based (where the sentence begins), `chapter` 1-based (0: before the first chapter),
    `paragraph` 0-based over the book. `hard_cut` marks a piece of a sentence of over 300 words, `cut_by_page` half a
    sentence whose rest stands on a page that is read by itself.
    """

    id: SentenceId
    text: str
    page: int
    chapter: int = 0
    paragraph: int = 0
    dialogue: bool = False
    hard_cut: bool = False
    cut_by_page: bool = False


class Chapter(Document):
    number: int
    title: str
    page: int


class MatterKind(StrEnum):
    """What stands around the story, and is left out of the cards unless a job asks for it (`include_matter`)."""

    TITLE = "title"  # title pages, dedications, epigraphs
    IMPRINT = "imprint"
    CONTENTS = "contents"  # never read: it has no sentences
    PREFACE = "preface"
    NOTES = "notes"  # a section of them behind the story
    FOOTNOTES = "footnotes"
    PUBLISHER = "publisher"  # what follows the story: catalogue, other works, about this edition


class LeftOut(Document):
    """What of one kind was left out: on which pages (1-based, in order), and how many words."""

    kind: MatterKind
    pages: tuple[int, ...]
    words: int


class ChunkKind(StrEnum):
    TEXT = "text"
    PAGE = "page"


class ManifestChunk(Document):
    """One chunk. Its sentences are the bytes [source_start, source_end) of source.jsonl.
    For a page to be read from its image `page_key` names the cut page; its sentences, if any, are those of a bad text
    layer, used (and then counted as words of the checkpoint) where nobody can read the page.
    """

    index: int
    kind: ChunkKind
    text_hash: str
    pages: tuple[int, ...]
    chapter: int = 0
    sentences: int = 0
    words: int = 0
    source_start: int = 0
    source_end: int = 0
    page_key: ObjectKey | None = None


class Manifest(Document):
    """What the splitter made of a book; create-once, written after source.jsonl, which it names by sha256.

    `pages` counts the pages of the PDF, `source_sentences` and `words` what is in chunks of text. `bad_ocr` are pages
    whose text layer is the work of bad recognition.
    `fault` is set when there is nothing to extract (`no_text`).
    """

    job: JobId
    tenant: TenantId
    source_sha256: str
    pages: int
    chapters: tuple[Chapter, ...]
    source_sentences: int
    words: int
    chunks: tuple[ManifestChunk, ...]
    left_out: tuple[LeftOut, ...] = ()
    bad_ocr: tuple[int, ...] = ()
    version: str
    fault: str | None = None


class CardMethod(StrEnum):
    VERBATIM = "verbatim"
    CUT = "cut"
    REWRITTEN = "rewritten"
    MERGED = "merged"


class CardDraft(Document):
    """A card as an engine made it and the validators let it pass. `also` lists further sources of a merge."""

    source_id: SentenceId
    text: str
    method: CardMethod
    flags: tuple[str, ...] = ()
    confidence: float | None = None
    also: tuple[SentenceId, ...] = ()


class DroppedSentence(Document):
    """A source sentence without a card, and why (`needs_model`, `refused`, `invalid`, `too_short`, ...)."""

    source_id: SentenceId
    reason: str
    detail: str = ""


class Usage(Document):
    """What a chunk cost. `billed_tokens` leaves out repairs and aborted calls. `cost_microdollars` is what the model's
    maker asks for all of its calls, by the price list of `models`; 0 where no price is known.
    """

    prompt_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    billed_tokens: int = 0
    calls: int = 0
    repairs: int = 0
    seconds: float = 0.0
    cost_microdollars: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.output_tokens + self.thinking_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            thinking_tokens=self.thinking_tokens + other.thinking_tokens,
            billed_tokens=self.billed_tokens + other.billed_tokens,
            calls=self.calls + other.calls,
            repairs=self.repairs + other.repairs,
            seconds=self.seconds + other.seconds,
            cost_microdollars=self.cost_microdollars + other.cost_microdollars,
        )


class Checkpoint(Document):
    """The stored good result of one chunk; create-once: the first writer wins for ever.

    Good for every attempt whose chunk has the same `text_hash`. `attempt` is the one that paid.
    `sentences` holds what was read from a page chunk (empty for text chunks: source.jsonl has them).
    Every sentence of the chunk is in `cards` (as source_id or in `also`) or in `dropped`.
    `quality` counts the cards kept (None: an older extractor wrote it).
    """

    job: JobId
    index: int
    text_hash: str
    attempt: int
    engine: Engine
    model: str
    prompt_version: str = ""
    cards: tuple[CardDraft, ...]
    dropped: tuple[DroppedSentence, ...]
    sentences: tuple[SourceSentence, ...] = ()
    verdicts: dict[str, int] = Field(default_factory=dict)
    quality: QualityCounts | None = None
    usage: Usage = Usage()


class ChunkFailure(Document):
    """Why a chunk failed for good in one attempt. Counts for that attempt alone."""

    job: JobId
    index: int
    attempt: int
    code: str
    detail: str = ""
    usage: Usage = Usage()


class CardLine(Document):
    """One line of cards.jsonl: what a user downloads. `chapter` is the title, None before the first."""

    source_id: SentenceId
    text: str
    source_text: str
    page: int
    chapter: str | None
    method: CardMethod
    flags: tuple[str, ...] = ()


class ReportChunk(Document):
    """One chunk of the result: its cards are the bytes [start, end) of cards.jsonl, `cards` lines."""

    index: int
    pages: tuple[int, ...]
    cards: int
    start: int
    end: int
    code: str | None = None


class MissingChunk(Document):
    index: int
    pages: tuple[int, ...]
    code: str


class DroppedLine(Document):
    """`detail` is the last verdict where the reason is `invalid`, the model's code where it is `refused`."""

    source_id: SentenceId
    page: int
    text: str
    reason: str
    detail: str = ""


class Report(Document):
    """report.json: what became of the book, in figures that can be checked against cards.jsonl.

    source_sentences = represented + dropped + those of missing chunks. `chunks` is in book order. `quality` is over
    the good chunks that tell theirs (`quality.counts.chunks`), None without any: docs/figures.md. `coverage` says in a
    plain sentence how many long sentences have a card.
    `bad_ocr` are pages whose text layer is the work of bad recognition; `bad_ocr_used` those of them whose cards come
    from that text all the same, as nobody could read the page anew.
    """

    job: JobId
    attempt: int
    outcome: str
    engine: Engine
    model: str
    pages: int
    words: int
    source_sentences: int
    represented: int
    cards: int
    mean_card_words: float
    cards_by_method: dict[str, int]
    dropped_by_reason: dict[str, int]
    verdicts: dict[str, int]
    chapters: tuple[Chapter, ...]
    chunks: tuple[ReportChunk, ...]
    missing: tuple[MissingChunk, ...]
    dropped: tuple[DroppedLine, ...]
    left_out: tuple[LeftOut, ...] = ()
    bad_ocr: tuple[int, ...] = ()
    bad_ocr_used: tuple[int, ...] = ()
    coverage: str = ""
    quality: Quality | None = None
    usage: Usage
