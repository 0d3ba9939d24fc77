"""What ingest answers when a job is accepted: at once, or with its end where the client waits for it."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from feuilleton.contracts.events import EndCounts, JobAccepted
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.contracts.job_state import JobStatus, progress_percent
from feuilleton.http.problems import answer_headers
from feuilleton.http.waiting import Waits
from ingest.admission import Taken
from ingest.ends import Ended, EndWatch


class AcceptedJob(BaseModel):
    """The job as it stands when it is accepted, or as it ended: then `counts` are there, and `code` where something is
    missing. `GET /v1/jobs/{id}` at the status API follows it.
    """

    id: JobId
    status: JobStatus
    attempt: int
    name: str
    bytes: int
    sha256: str
    pages: int
    settings: JobSettings
    engine: Engine
    model: str
    reserve: int
    """Credits held for this attempt; what it does not use comes back at its end."""
    progress_percent: int
    code: str | None = None
    counts: EndCounts | None = None
    reused: bool = False
    """Whether this job was completed before and answers for the same file with the same settings, at no cost."""


ENDED: dict[str, Any] = {"model": AcceptedJob, "description": "The attempt has ended: in time, or long ago (`reused`)"}


@dataclass(frozen=True)
class Begun:
    """An attempt that was accepted, and the credits held for it."""

    accepted: JobAccepted
    attempt: int
    reserve: int

    def shown(self, ended: Ended | None) -> AcceptedJob:
        accepted, end, status = self.accepted, ended.end if ended else None, _status(ended)
        return AcceptedJob(
            id=accepted.job,
            status=status,
            attempt=self.attempt,
            reserve=self.reserve,
            progress_percent=progress_percent(status, 0, 0),
            code=end.code if end else None,
            counts=end.counts if end else None,
            **accepted.model_dump(include={"name", "bytes", "sha256", "pages", "settings", "engine", "model"}),
        )


def _status(ended: Ended | None) -> JobStatus:
    if ended is None:
        return JobStatus.ACCEPTED
    return JobStatus(ended.end.outcome.value) if ended.end and not ended.deleted else JobStatus.DELETED


def begun_of(taken: Taken) -> Begun:
    return Begun(taken.accepted, taken.accepted.attempt, taken.accepted.reserve)


@dataclass(frozen=True)
class Answers:
    """202 with the job as it was accepted; with `Prefer: wait=N`, 200 with its end where that comes in time."""

    waits: Waits
    ends: EndWatch

    async def answer_taken(self, request: Request, taken: Taken) -> Response:
        """Of a new job, or of one that was done before."""
        accepted, done = taken.accepted, taken.done
        if done is None:
            return await self.answer(request, begun_of(taken))
        shown = Begun(accepted, done.attempt, 0).shown(Ended(done, deleted=False)).model_copy(update={"reused": True})
        return _response(request, shown, 200, {})

    async def answer(self, request: Request, begun: Begun) -> Response:
        """With the fields that were kept for the answer of this request. No fault met while waiting is told."""
        seen: list[Ended] = []
        held = await self.waits.hold(request, self._until(begun, seen))
        return _response(request, begun.shown(seen[0] if seen else None), 200 if seen else 202, held)

    async def end_of(self, request: Request, begun: Begun) -> Ended | None:
        """How the attempt ended, None where that takes longer than an answer may."""
        seen: list[Ended] = []
        await self.waits.hold_long(request, self._until(begun, seen))
        return seen[0] if seen else None

    def _until(self, begun: Begun, seen: list[Ended]) -> Callable[[], Coroutine[None, None, None]]:
        async def until() -> None:
            seen.append(await self.ends.wait(begun.accepted.job, begun.attempt))

        return until


def _response(request: Request, shown: AcceptedJob, status: int, held: dict[str, str]) -> Response:
    location = f"/v1/jobs/{shown.id}" + (f"?attempt={shown.attempt}" if shown.attempt > 1 else "")
    headers = {"Location": location, **answer_headers(request), **held}
    return JSONResponse(shown.model_dump(mode="json"), status, headers)
