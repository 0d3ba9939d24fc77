"""Bodies of requests that bring a book, as many at once as there are places."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

from fastapi import Request
from starlette.requests import ClientDisconnect

from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.ids import TenantId
from feuilleton.http.problems import set_answer_headers
from feuilleton.observability import metrics
from feuilleton.observability.tracing import child_of
from ingest.admission import Desk, Taken, UploadRequest
from ingest.errors import BusyError, ClientGoneError
from ingest.upload_body import UPLOAD_FORM, FormNames, UploadBody

P = ParamSpec("P")


def counted(take: Callable[P, Awaitable[Taken]]) -> Callable[P, Coroutine[Any, Any, Taken]]:
    """Count each upload that `take` takes, or refuses, by its outcome."""

    @wraps(take)
    async def counting(*args: P.args, **named: P.kwargs) -> Taken:
        try:
            taken = await take(*args, **named)
        except PipelineError as exc:
            metrics.UPLOADS.labels(exc.code).inc()
            raise
        metrics.UPLOADS.labels("reused" if taken.done else "accepted").inc()
        return taken

    return counting


@dataclass(frozen=True)
class Intake:
    """`limit_bytes` is of a file; `idle_seconds` the longest wait for its next piece."""

    limit_bytes: int
    idle_seconds: float
    places: asyncio.Semaphore

    @asynccontextmanager
    async def body(self, request: Request, form: FormNames = UPLOAD_FORM) -> AsyncIterator[UploadBody]:
        """The body, for as long as it has a place. Raises InvalidBodyError, BusyError, ClientGoneError."""
        content_type = request.headers.get("content-type", "")
        body = UploadBody(content_type, limit_bytes=self.limit_bytes, idle_seconds=self.idle_seconds, form=form)
        if self.places.locked():
            raise BusyError("too many bodies at once")
        async with self.places:
            try:
                yield body
            except ClientDisconnect as exc:
                raise ClientGoneError("the client left") from exc

    @counted
    async def take(
        self, desk: Desk, request: Request, tenant: TenantId, key: str | None, form: FormNames = UPLOAD_FORM
    ) -> Taken:
        """The job of an upload. Raises what `Desk.accept_upload` and `body` raise."""
        async with self.body(request, form) as body:
            return await desk.accept_upload(
                UploadRequest(
                    tenant=tenant,
                    body=body,
                    stream=request.stream(),
                    idempotency_key=key,
                    traceparent=child_of(request.headers.get("traceparent", "")),
                    on_counted=lambda rate: set_answer_headers(request, rate.headers),
                    content_length=request.headers.get("content-length"),
                )
            )
