"""What the API answers: typed, documented, and no more than a client should see."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from feuilleton.contracts.documents import CardLine
from feuilleton.contracts.events import ChunkOutcome, EndCounts, JobEnded
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.contracts.job_state import JobStatus, progress_percent
from status_api.cursors import number_cursor
from status_api.ports import ChunkPage, NumberedChunk
from status_api.projection import Attempt, Job, eta_seconds
from status_api.queue import Place

_WARNED_AHEAD = timedelta(days=7)


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class ChunkCounts(Answer):
    """Chunks of the attempt. `total` is 0 until the book is split; `failed` are among `finished`."""

    total: int
    finished: int
    failed: int


class Links(Answer):
    """Paths on this service."""

    self: str
    events: str
    cards: str
    chunks: str
    attempts: str
    report: str
    cancel: str


class AttemptView(Answer):
    """One attempt. `counts` and `code` come with its end; `cards` and `tokens` grow while it runs."""

    attempt: int
    status: JobStatus
    code: str | None = None
    progress_percent: int = Field(ge=0, le=100)
    eta_seconds: int | None = None
    settings: JobSettings | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    chunks: ChunkCounts
    source_sentences: int
    chapters: int
    cards: int
    tokens: int
    billed_tokens: int = 0
    counts: EndCounts | None = None


class JobView(AttemptView):
    """A job as of one attempt: the highest, or the one that was asked for. `attempts` is the highest number.

    `settings` are those of the attempt shown. While nobody has taken the attempt up, `queue_position` is its place
    among all that wait (1 is the next), and `eta_seconds` an estimate from the rate of the last hour. At `expires_at`
    the job's time is over, and it is removed as if it were deleted: `expires_soon` warns of that a week ahead.
    """

    id: JobId
    name: str
    bytes: int
    sha256: str
    pages: int
    engine: Engine
    model: str
    attempts: int
    queue_position: int | None = None
    expires_at: datetime | None
    expires_soon: bool
    links: Links


class JobList(Answer):
    """Newest first. `next_cursor` is for the following page, null on the last."""

    items: list[JobView]
    next_cursor: str | None


class AttemptList(Answer):
    """All attempts, the first one first."""

    items: list[AttemptView]


class ChunkView(Answer):
    """A finished chunk. `pages` are 1-based; `seconds` are of work, not of waiting."""

    index: int
    outcome: ChunkOutcome
    code: str | None
    pages: list[int]
    cards: int
    tokens: int
    seconds: float
    finished_at: datetime


class ChunkList(Answer):
    """Finished chunks by index. While the job runs, chunks with lower indexes may still come."""

    attempt: int
    items: list[ChunkView]
    next_cursor: str | None


class CardPage(Answer):
    """Cards in book order. `next_cursor` is where to go on, null when nothing can follow any more. While the
    attempt runs it is never null: with no items it gives the same place again, to be asked for later.
    """

    attempt: int
    status: JobStatus
    items: list[CardLine]
    next_cursor: str | None


class ChangeView(Answer):
    """The data of one server-sent event: what happened, and how the job stood after it. `type` is also the
    event's name; `data` depends on it (the AsyncAPI document describes each).
    """

    type: str
    job: JobId
    attempt: int
    time: datetime
    status: JobStatus
    progress_percent: int
    eta_seconds: int | None
    data: dict[str, object]


def job_view(job: Job, number: int, now: datetime, place: Place | None = None) -> JobView:
    """`number` is an attempt of the job, `place` where it waits. Only for a job that was accepted."""
    assert job.upload is not None  # noqa: S101  (readers give accepted jobs alone)
    shown = attempt_view(job, number, now).model_dump()
    if place is not None:
        shown |= {"queue_position": place.position, "eta_seconds": place.eta_seconds}
    return JobView(
        **shown,
        id=job.id,
        name=job.upload.name,
        bytes=job.upload.bytes,
        sha256=job.upload.sha256,
        pages=job.upload.pages,
        engine=job.upload.engine,
        model=job.upload.model,
        attempts=job.highest,
        expires_at=None if job.deleted else job.upload.expires_at,
        expires_soon=not job.deleted and job.upload.expires_at - now < _WARNED_AHEAD,
        links=_links(job.id),
    )


def attempt_view(job: Job, number: int, now: datetime) -> AttemptView:
    attempt = job.attempts.get(number, Attempt())
    end = attempt.state.end
    status = JobStatus.DELETED if job.deleted else attempt.state.status
    return AttemptView(
        attempt=number,
        status=status,
        progress_percent=progress_percent(status, attempt.finished_chunks, attempt.total_chunks),
        eta_seconds=None if status.ended else eta_seconds(attempt, now),
        settings=attempt.settings,
        accepted_at=attempt.accepted_at,
        ended_at=attempt.ended_at,
        chunks=ChunkCounts(total=attempt.total_chunks, finished=attempt.finished_chunks, failed=attempt.failed_chunks),
        source_sentences=attempt.source_sentences,
        chapters=attempt.chapters,
        **_final_figures(attempt, end),
    )


def _final_figures(attempt: Attempt, end: JobEnded | None) -> Mapping[str, object]:
    """The end's figures where there is one, else the sums so far."""
    if end is None:
        return {"cards": attempt.cards, "tokens": attempt.tokens}
    return {
        "code": end.code,
        "cards": end.counts.cards,
        "tokens": end.tokens,
        "billed_tokens": end.billed_tokens,
        "counts": end.counts,
    }


def chunk_list(attempt: int, page: ChunkPage) -> ChunkList:
    items = [_chunk_view(entry) for entry in page.chunks]
    return ChunkList(attempt=attempt, items=items, next_cursor=number_cursor(items[-1].index) if page.more else None)


def _chunk_view(entry: NumberedChunk) -> ChunkView:
    chunk = entry.chunk
    return ChunkView(
        index=entry.index,
        outcome=chunk.outcome,
        code=chunk.code,
        pages=list(chunk.pages),
        cards=chunk.cards,
        tokens=chunk.tokens,
        seconds=chunk.seconds,
        finished_at=chunk.finished_at,
    )


def _links(job: JobId) -> Links:
    base = f"/v1/jobs/{job}"
    return Links(
        self=base,
        events=f"{base}/events",
        cards=f"{base}/cards",
        chunks=f"{base}/chunks",
        attempts=f"{base}/attempts",
        report=f"{base}/report",
        cancel=f"{base}/cancel",
    )
