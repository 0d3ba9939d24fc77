"""The event stream of a job."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response
from sse_starlette import EventSourceResponse

from status_api.models import ChangeView
from status_api.routes.dependencies import ROUTER_DEPENDENCIES, AttemptNumber, Caller, parts_of, problems, schema_of
from status_api.stream import JobEvents, job_events, parse_event_id

router = APIRouter(prefix="/v1/jobs", tags=["events"], dependencies=ROUTER_DEPENDENCIES)

_STREAM = {
    "description": "`text/event-stream`; each event's data is a change, that of the last (`end`) is the job",
    "content": {"text/event-stream": {"schema": schema_of(ChangeView)}},
}


@router.get("/{job_id}/events", response_class=EventSourceResponse, responses={200: _STREAM, **problems(404, 429)})
async def stream_events(
    request: Request,
    caller: Caller,
    job_id: str,
    attempt: AttemptNumber = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """The job's changes from its beginning, or from after `Last-Event-ID`, each exactly once and in order. The
    stream ends with an event `end` when the highest attempt has ended. Name the `attempt` that was just accepted,
    so that the stream does not end with the one before.
    """
    parts = parts_of(request)
    job = await parts.access.load(caller.tenant, job_id, attempt)
    after = parse_event_id(last_event_id, job.id) if last_event_id else -1
    changes = partial(job_events, parts.reader, parts.wakeups, caller.tenant, job.id, after)
    return JobEvents(changes, parts.streams, heartbeat_seconds=parts.heartbeat_seconds)
