"""Links to stored results, for who fetches them without the API."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict

from feuilleton.contracts import ids
from feuilleton.contracts.errors import PipelineError
from status_api.access import ResultNotFoundError, result_of
from status_api.parts import Parts
from status_api.routes.dependencies import ROUTER_DEPENDENCIES, AttemptNumber, Caller, parts_of, problems

router = APIRouter(prefix="/v1/jobs", tags=["exports"], dependencies=ROUTER_DEPENDENCIES)


class LinksNotAvailableError(PipelineError):
    """The deployment's store makes no links."""

    code = "links_not_available"


class ResultLinks(BaseModel):
    """Who has one of these links can read that object, without a key, until `expires_at`."""

    model_config = ConfigDict(frozen=True)
    attempt: int
    expires_at: AwareDatetime
    cards: str
    report: str


@router.get("/{job_id}/links", responses=problems(404, 409, 410))
async def get_links(request: Request, caller: Caller, job_id: str, attempt: AttemptNumber = None) -> ResultLinks:
    """Links to cards.jsonl and report.json of an ended attempt, straight to the store and good for some minutes. Only
    where the store is S3 or the like (`links_not_available`).
    """
    parts = parts_of(request)
    job = await parts.access.load_kept(caller.tenant, job_id, attempt)
    result = result_of(job, attempt or job.highest)
    if not result.startswith(ids.job_prefix(caller.tenant, job.id)):  # a link is good for whatever it names
        raise ResultNotFoundError("the end names no result of this job")
    expires_at = datetime.now(UTC) + timedelta(seconds=parts.links_seconds)
    return ResultLinks(
        attempt=attempt or job.highest,
        expires_at=expires_at,
        cards=await _link(parts, ids.cards_key(result)),
        report=await _link(parts, ids.report_key(result)),
    )


async def _link(parts: Parts, key: str) -> str:
    link = await parts.store.link_to(key, seconds=parts.links_seconds)
    if link is None:
        raise LinksNotAvailableError("the store makes no links: take exports")
    return link
