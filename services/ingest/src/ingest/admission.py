"""accept_upload: from a body that streams in to a job that will run, or to nothing at all."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import IO
from uuid import uuid4

import structlog
from pydantic import ConfigDict, ValidationError

from feuilleton.contracts import ids
from feuilleton.contracts.errors import (
    DatabaseUnavailableError,
    InvalidInputError,
    PipelineError,
    TransientError,
    exhaustion_told,
)
from feuilleton.contracts.events import JobAccepted, UploadSubmitted, to_message
from feuilleton.contracts.ids import TenantId
from feuilleton.contracts.job_settings import Engine, EngineChoice, JobSettings, ModelTier
from feuilleton.observability import metrics
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.closing import end_task
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.ports import Publisher
from ingest.accounts import Accounts
from ingest.errors import (
    EngineNotAvailableError,
    InvalidSettingsError,
    JobGoneError,
    KeyReusedError,
    OutcomeUnknownError,
    QueueFullError,
)
from ingest.ledger import EntryKind
from ingest.outbox import Outbox
from ingest.pdf_check import PdfChecker
from ingest.ports import LEASE_SECONDS, Admission, AdmissionStore, IdempotencyKey, Lease, OutboxRow, Queue
from ingest.pricing import Pricing
from ingest.quota import Quota
from ingest.rate import CountedUpload, UploadRate
from ingest.unanswered import resolve
from ingest.upload_body import ReceivedFile, UploadBody, path_of, temporary_copy

_RENEW_EVERY_SECONDS = LEASE_SECONDS / 3
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class EngineTable:
    """The engines of this deployment (first is what `auto` takes) and the models behind the tiers. A server of one's
    own has one model, whatever the tier.
    """

    engines: tuple[Engine, ...]
    models: dict[ModelTier, str]
    openai_model: str | None = None

    def check(self, engine: Engine) -> None:
        """Raises EngineNotAvailableError."""
        if engine not in self.engines:
            raise EngineNotAvailableError(f"The engine {engine.value} is not set up here.")

    def choose(self, settings: JobSettings) -> tuple[Engine, str]:
        """Engine and model of a job, frozen from here on. Raises EngineNotAvailableError."""
        wanted = self.engines[0] if settings.engine is EngineChoice.AUTO else Engine(settings.engine.value)
        self.check(wanted)
        return wanted, self._model(wanted, settings.model)

    def _model(self, engine: Engine, tier: ModelTier) -> str:
        if engine is Engine.GEMINI:
            return self.models[tier]
        return (self.openai_model if engine is Engine.OPENAI else None) or engine.value


@dataclass(frozen=True)
class QueueLimit:
    """When the queue is full: what waits would take longer than `hours` at the rate of the last hour, which is
    reckoned as `least_rate` jobs an hour at least.
    """

    hours: float = 24.0
    least_rate: float = 10.0

    def check(self, queue: Queue) -> None:
        """Raises QueueFullError."""
        if queue.waiting > self.hours * max(self.least_rate, queue.ended_last_hour):
            raise QueueFullError(f"{queue.waiting} jobs wait, {queue.ended_last_hour} ended in the last hour")


class _SubmittedSettings(JobSettings):
    """A misspelt field must be told to the client, not ignored as in a message of a newer service."""

    model_config = ConfigDict(extra="forbid")


def read_settings(fields: dict[str, str]) -> JobSettings:
    """The job's settings from form fields. Raises InvalidSettingsError naming each wrong field."""
    try:
        return JobSettings.model_validate(_SubmittedSettings.model_validate(fields).model_dump())
    except ValidationError as exc:
        raise InvalidSettingsError(
            [
                {"field": ".".join(str(part) for part in error["loc"]) or "settings", "message": error["msg"]}
                for error in exc.errors()
            ]
        ) from exc


def fingerprint(received: ReceivedFile, settings: JobSettings) -> str:
    """Tells two bodies apart: the file's bytes and the settings, not the file's name."""
    return ids.text_hash(received.sha256, json.dumps(settings.model_dump(mode="json"), sort_keys=True))


@dataclass(frozen=True)
class UploadRequest:
    """`on_counted` is told the tenant's rate as soon as this upload counts in it, before the body is read."""

    tenant: TenantId
    body: UploadBody
    stream: AsyncIterator[bytes]
    idempotency_key: str | None
    traceparent: str
    on_counted: Callable[[UploadRate], None]
    content_length: str | None = None


@dataclass(frozen=True)
class Desk:
    """accept_upload with what it needs around it."""

    store: ObjectStore
    rows: AdmissionStore
    publisher: Publisher
    outbox: Outbox
    checker: PdfChecker
    engines: EngineTable
    commands: Commands
    queue: QueueLimit
    accounts: Accounts
    quota: Quota
    pricing: Pricing

    async def accept_upload(self, request: UploadRequest) -> JobAccepted:
        """Return the job once the broker holds its messages: it will run.

        Raises InvalidInputError (4xx: it never runs and never costs), TransientError (503: the same),
        OutcomeUnknownError (it will run; the key answers with it later). The same Idempotency-Key and body
        answer with the same job. RateLimitedError comes before a byte of the body is read.
        """
        async with self._leased(request) as lease:
            await self._refuse_early(request, lease)
            with exhaustion_told(), temporary_copy() as copy:
                return await self._accept(request, lease, copy)

    async def _refuse_early(self, request: UploadRequest, lease: Lease | None) -> None:
        """What can be told before a byte is read. The transaction decides again, for all who come at once."""
        request.body.refuse_early(request.content_length)
        if lease is None or lease.binding is None:
            usage = await self.accounts.usage(request.tenant)
            self.quota.check_job(usage)
            self.quota.check_book(usage, request.body.least_bytes)

    async def _accept(self, request: UploadRequest, lease: Lease | None, copy: IO[bytes]) -> JobAccepted:
        incoming = ids.incoming_key(uuid4().hex)
        try:
            await self.store.put_stream(incoming, request.body.file_parts(request.stream, copy))
            received = request.body.received
            settings = read_settings(received.fields)
            if lease is not None and lease.binding is not None:
                return await self._replay(lease, fingerprint(received, settings))
            self.queue.check(await self.rows.queue())
            engine, model = self.engines.choose(settings)
            pages = await self.checker.check(path_of(copy))
            price = await self.pricing.price(path_of(copy), pages, settings, engine, model)
            accepted = JobAccepted(
                job=ids.new_job_id(),
                tenant=request.tenant,
                name=received.name,
                bytes=received.size_bytes,
                sha256=received.sha256,
                pages=pages,
                settings=settings,
                engine=engine,
                model=model,
                reserve=price.reserve,
            )
            await self.publisher.check()
            row = await self._admit(request, accepted, price.rate, lease, incoming)
        finally:
            await self._remove(incoming)
        await self.outbox.announce(row)
        return accepted

    async def _admit(
        self, request: UploadRequest, accepted: JobAccepted, rate: float, lease: Lease | None, incoming: str
    ) -> OutboxRow:
        """The file to its final key, then the one transaction that makes it a job."""
        await self.rows.stage(accepted.tenant, accepted.job)
        await self.store.move(incoming, ids.upload_key(accepted.tenant, accepted.job))
        messages = tuple(
            to_message(data, source="ingest", traceparent=request.traceparent)
            for data in (accepted, upload_of(accepted, accepted.attempt))
        )
        body = fingerprint(request.body.received, accepted.settings)
        try:
            await self.rows.admit(Admission(accepted, messages, body, lease, rate))
        except DatabaseUnavailableError:
            if not await resolve(accepted.job, lambda: self.rows.resolve(accepted.job)):
                raise
        except InvalidInputError:
            await self._unstage(accepted)
            raise
        metrics.UPLOAD_BYTES.inc(accepted.bytes)
        metrics.CREDITS.labels(EntryKind.JOB_RESERVE.value).inc(accepted.reserve)
        known = {"pages": accepted.pages, "engine": accepted.engine, "reserve": accepted.reserve}
        log.info("upload_admitted", job_id=accepted.job, **known)
        return OutboxRow(accepted.job, accepted.attempt, messages)

    async def _unstage(self, accepted: JobAccepted) -> None:
        """Keep nothing of a book that was refused in the last moment. What fails here is left to the sweep."""
        with suppress(PipelineError):
            if not await self.rows.resolve(accepted.job):
                await self.store.delete(ids.upload_key(accepted.tenant, accepted.job))
                await self.rows.drop_stage(accepted.job)

    async def _replay(self, lease: Lease, body: str) -> JobAccepted:
        binding = lease.binding
        if binding is None or binding.fingerprint != body:
            raise KeyReusedError("this Idempotency-Key was used for another body")
        if self.commands.deleted(binding.accepted.job):
            raise JobGoneError("the job of this Idempotency-Key was deleted")
        row = await self.rows.pending(binding.accepted.job, 1)
        if row is not None:
            await self.outbox.announce(row)
        return binding.accepted

    @asynccontextmanager
    async def _leased(self, request: UploadRequest) -> AsyncIterator[Lease | None]:
        """Hold the key while the block runs; a block that refuses the request leaves no binding."""
        if request.idempotency_key is None:
            async with self._counted(request, await self.rows.count_upload(request.tenant)):
                yield None
            return
        lease = await self.rows.lease_key(IdempotencyKey(request.tenant, "uploads", request.idempotency_key))
        renewal = asyncio.create_task(self._renew(lease))
        try:
            async with self._counted(request, lease.counted):
                yield lease
        finally:
            await end_task(renewal)
            with suppress(TransientError):  # it lapses by itself
                await self.rows.release_lease(lease)

    @asynccontextmanager
    async def _counted(self, request: UploadRequest, counted: CountedUpload | None) -> AsyncIterator[None]:
        """Refused uploads stay counted; one that failed by a fault of ours (503, nothing runs) is taken back, or an
        outage would use up the hour of a client that tries again.
        """
        if counted is None:
            yield
            return
        request.on_counted(counted.rate)
        try:
            yield
        except OutcomeUnknownError:
            raise
        except TransientError:
            with suppress(TransientError):
                await self.rows.uncount_upload(counted)
            raise

    async def _renew(self, lease: Lease) -> None:
        while lease.binding is None:
            await asyncio.sleep(_RENEW_EVERY_SECONDS)
            with suppress(TransientError):  # the next renewal, or the lease's end, tells
                await self.rows.renew_lease(lease)

    async def _remove(self, key: str) -> None:
        try:
            await self.store.delete(key)
        except PipelineError as exc:
            log.warning("incoming_left_for_sweep", code=exc.code)


def upload_of(accepted: JobAccepted, attempt: int) -> UploadSubmitted:
    """The order to run an attempt of the job."""
    return UploadSubmitted(
        job=accepted.job,
        tenant=accepted.tenant,
        attempt=attempt,
        settings=accepted.settings,
        engine=accepted.engine,
        model=accepted.model,
        bytes=accepted.bytes,
        sha256=accepted.sha256,
        pages=accepted.pages,
    )
