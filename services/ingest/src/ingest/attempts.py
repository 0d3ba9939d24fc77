"""accept_attempt: run an ended job once more, for what is missing of it."""

from dataclasses import dataclass
from uuid import uuid4

import structlog

from feuilleton.contracts.errors import DatabaseUnavailableError
from feuilleton.contracts.events import AttemptAccepted, JobAccepted, Message, to_message
from feuilleton.contracts.ids import JobId, TenantId, is_uuid
from feuilleton.observability import metrics
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.ports import Publisher
from feuilleton.streaming.read_barrier import ReadBarrier
from ingest.admission import EngineTable, upload_of
from ingest.errors import AttemptRunningError, JobGoneError, JobNotFoundError
from ingest.ledger import EntryKind
from ingest.outbox import Outbox
from ingest.ports import AdmissionStore, AttemptRequest, BegunAttempt, MakeMessages
from ingest.unanswered import resolve

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class AttemptDesk:
    """accept_attempt with what it needs around it."""

    rows: AdmissionStore
    barrier: ReadBarrier
    publisher: Publisher
    outbox: Outbox
    engines: EngineTable
    commands: Commands

    async def accept_attempt(
        self, tenant: TenantId, job_id: str, idempotency_key: str | None, traceparent: str
    ) -> BegunAttempt:
        """Return the next attempt of a job once the broker holds its messages: it will run.

        It runs with the settings, engine and model of the job, and pays only for chunks without a checkpoint.
        Raises InvalidInputError (4xx: nothing runs), TransientError (503: the same), OutcomeUnknownError (it will run).
        The same Idempotency-Key answers with the same attempt; without one, a second request finds it running.
        """
        if not is_uuid(job_id):
            raise JobNotFoundError("no job has such an id")
        request = AttemptRequest(tenant, JobId(job_id), uuid4().hex, idempotency_key)
        accepted = await self.rows.find_job(tenant, request.job)
        if self.commands.deleted(request.job):
            raise JobGoneError("the job was deleted")
        self.engines.check(accepted.engine)
        await self.publisher.check()
        begun = await self._begin(request, traceparent)
        if begun.row is not None:
            await self.outbox.announce(begun.row)
        return begun

    async def _begin(self, request: AttemptRequest, traceparent: str) -> BegunAttempt:
        """A client may know of the end before this service does: then wait for what stands in the log by now."""

        def make(accepted: JobAccepted, attempt: int, reserve: int) -> tuple[Message, ...]:
            return attempt_messages(accepted, attempt, traceparent, reserve=reserve)

        try:
            return await self._begin_now(request, make)
        except AttemptRunningError:
            await self.barrier.pass_for(request.job)
            return await self._begin_now(request, make)

    async def _begin_now(self, request: AttemptRequest, make: MakeMessages) -> BegunAttempt:
        try:
            begun = await self.rows.begin_attempt(request, make)
        except DatabaseUnavailableError:
            found = await resolve(request.job, lambda: self.rows.find_attempt(request))
            if found is None:
                raise
            return found
        metrics.CREDITS.labels(EntryKind.JOB_RESERVE.value).inc(begun.reserve)
        log.info("attempt_admitted", job_id=request.job, attempt=begun.attempt, reserve=begun.reserve)
        return begun


def attempt_messages(accepted: JobAccepted, attempt: int, traceparent: str, *, reserve: int) -> tuple[Message, ...]:
    """The fact and the order of an attempt, in the order to publish. `reserve` is that of a later attempt: the first
    one's stands in the job's own fact.
    """
    fact: JobAccepted | AttemptAccepted = accepted
    if attempt > 1:
        fact = AttemptAccepted(
            job=accepted.job, tenant=accepted.tenant, attempt=attempt, settings=accepted.settings, reserve=reserve
        )
    return tuple(
        to_message(data, source="ingest", traceparent=traceparent) for data in (fact, upload_of(accepted, attempt))
    )
