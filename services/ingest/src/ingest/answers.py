"""What ingest answers when a job is accepted: at once, or with its end where the client waits for it."""

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


ENDED: dict[str, Any] = {"model": AcceptedJob, "description": "The attempt has ended, within the seconds of `Prefer`"}


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


@dataclass(frozen=True)
class Answers:
    """202 with the job as it was accepted; with `Prefer: wait=N`, 200 with its end where that comes in time."""

    waits: Waits
    ends: EndWatch

    async def answer(self, request: Request, begun: Begun) -> Response:
        """With the fields that were kept for the answer of this request. No fault met while waiting is told."""
        job, attempt = begun.accepted.job, begun.attempt
        seen: list[Ended] = []

        async def until() -> None:
            seen.append(await self.ends.wait(job, attempt))

        held = await self.waits.hold(request, until)
        location = f"/v1/jobs/{job}" + (f"?attempt={attempt}" if attempt > 1 else "")
        headers = {"Location": location, **answer_headers(request), **held}
        body = begun.shown(seen[0] if seen else None).model_dump(mode="json")
        return JSONResponse(body, 200 if seen else 202, headers)
