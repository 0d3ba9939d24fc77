"""accept_upload: from a body that streams in to a job that will run, or to nothing at all."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO
from uuid import uuid4

import structlog
from pydantic import ConfigDict, TypeAdapter, ValidationError

from feuilleton.contracts import ids
from feuilleton.contracts.errors import DatabaseUnavailableError, InvalidInputError, PipelineError, exhaustion_told
from feuilleton.contracts.events import RETENTION_LIMIT_DAYS, JobAccepted, JobEnded, UploadSubmitted, to_message
from feuilleton.contracts.ids import TenantId
from feuilleton.contracts.job_settings import Engine, EngineChoice, JobSettings, ModelTier
from feuilleton.observability import metrics
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.ports import Publisher
from ingest.accounts import Accounts
from ingest.errors import EngineNotAvailableError, InvalidSettingsError, JobGoneError, KeyReusedError, QueueFullError
from ingest.leasing import Claim, Leases
from ingest.ledger import EntryKind
from ingest.outbox import Outbox
from ingest.pdf_check import PdfChecker
from ingest.ports import Admission, AdmissionStore, Binding, Lease, OutboxRow, Queue, Wanted
from ingest.pricing import Pricing
from ingest.quota import Quota
from ingest.rate import UploadRate
from ingest.unanswered import resolve
from ingest.upload_body import FORCE, UploadBody, path_of, temporary_copy

_BOOL = TypeAdapter(bool)
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


def read_settings(fields: Mapping[str, object]) -> JobSettings:
    """The job's settings, by name, from a form or from JSON. Raises InvalidSettingsError naming each wrong field."""
    try:
        return JobSettings.model_validate(_SubmittedSettings.model_validate(fields).model_dump())
    except ValidationError as exc:
        raise InvalidSettingsError(
            [
                {"field": ".".join(str(part) for part in error["loc"]) or "settings", "message": error["msg"]}
                for error in exc.errors()
            ]
        ) from exc


def fingerprint(sha256: str, settings: JobSettings, *, force: bool) -> str:
    """Tells two bodies apart: the file's bytes and the settings, not the file's name."""
    forced = ("force",) if force else ()  # the same as ever without
    return ids.text_hash(sha256, json.dumps(settings.model_dump(mode="json"), sort_keys=True), *forced)


def read_force(value: object) -> bool:
    """Whether a new job is wanted in any case. Raises InvalidSettingsError."""
    try:
        return _BOOL.validate_python(value)
    except ValidationError as exc:
        raise InvalidSettingsError([{"field": "force", "message": exc.errors()[0]["msg"]}]) from exc


@dataclass(frozen=True)
class Order:
    """What is to become a job. `fingerprint` tells its request from another under the same key."""

    tenant: TenantId
    name: str
    size_bytes: int
    sha256: str
    settings: JobSettings
    force: bool
    fingerprint: str
    traceparent: str


@dataclass(frozen=True)
class Book:
    """The file of an order: where it can be read here, and how it is brought to its job's key."""

    path: Path
    bring: Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Taken:
    """An accepted job. `row` holds its messages, None once they are known to be published. `done` is its end where the
    order was answered with a job that was completed before.
    """

    accepted: JobAccepted
    row: OutboxRow | None
    done: JobEnded | None = None


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
    reuse: bool = True
    retention_days: int = RETENTION_LIMIT_DAYS

    async def accept_upload(self, request: UploadRequest) -> Taken:
        """Return the job once the broker holds its messages: it will run. Or one that was done before (`Taken.done`).

        Raises InvalidInputError (4xx: it never runs and never costs), TransientError (503: the same),
        OutcomeUnknownError (it will run; the key answers with it later). The same Idempotency-Key and body
        answer with the same job. RateLimitedError comes before a byte of the body is read.
        """
        claim = Claim(request.tenant, "uploads", request.idempotency_key, request.on_counted)
        async with Leases(self.rows).held(claim) as lease:
            request.body.refuse_early(request.content_length)
            await self.refuse_early(request.tenant, request.body.least_bytes, lease)
            with exhaustion_told(), temporary_copy() as copy:
                return await self._accept(request, lease, copy)

    async def refuse_early(self, tenant: TenantId, least_bytes: int, lease: Lease | None) -> None:
        """What can be told before a byte is read. The transaction decides again, for all who come at once."""
        if lease is None or lease.binding is None:
            usage = await self.accounts.usage(tenant)
            self.quota.check_job(usage)
            self.quota.check_book(usage, least_bytes)

    async def _accept(self, request: UploadRequest, lease: Lease | None, copy: IO[bytes]) -> Taken:
        incoming = ids.incoming_key(uuid4().hex)
        try:
            await self.store.put_stream(incoming, request.body.file_parts(request.stream, copy))
            order = _order_of(request)
            known = await self.known(order, lease)
            bring = partial(self.store.move, incoming)
            taken = known or await self.take_on(order, Book(path_of(copy), bring), lease)
        finally:
            await self._remove(incoming)
        return await self.announce(taken)

    async def known(self, order: Order, lease: Lease | None) -> Taken | None:
        """The job that the key has already, or one of the tenant that was completed with the same file and settings:
        then the key has that from now on. None where there is neither, or where the order asks for a new one.
        """
        if lease is not None and lease.binding is not None:
            return await self._bound(lease.binding, order.fingerprint)
        if order.force or not self.reuse:
            return None
        engine, model = self.engines.choose(order.settings)
        wanted = Wanted(order.tenant, order.sha256, order.settings, engine, model)
        done = await self.rows.reuse(wanted, order.fingerprint, lease, gone=self.commands.deleted)
        return None if done is None else Taken(done.accepted, None, done.end)

    async def take_on(self, order: Order, book: Book, lease: Lease | None) -> Taken:
        """Check the file, price it, bring it to its job's key and admit the job. Not announced yet."""
        self.queue.check(await self.rows.queue())
        engine, model = self.engines.choose(order.settings)
        pages = await self.checker.check(book.path)
        price = await self.pricing.price(book.path, pages, order.settings, engine, model)
        terms = await self.rows.terms(order.tenant)
        accepted = JobAccepted(
            job=ids.new_job_id(),
            tenant=order.tenant,
            name=order.name,
            bytes=order.size_bytes,
            sha256=order.sha256,
            pages=pages,
            settings=order.settings,
            engine=engine,
            model=model,
            reserve=price.reserve,
            retention_days=terms.retention_days or self.retention_days,
            share=terms.share or 1,
        )
        await self.publisher.check()
        await self.rows.stage(accepted.tenant, accepted.job)
        await book.bring(ids.upload_key(accepted.tenant, accepted.job))
        messages = tuple(
            to_message(data, source="ingest", traceparent=order.traceparent)
            for data in (accepted, upload_of(accepted, accepted.attempt))
        )
        return await self._admit(Admission(accepted, messages, order.fingerprint, lease, price.rate))

    async def announce(self, taken: Taken) -> Taken:
        """Raises OutcomeUnknownError."""
        if taken.row is not None:
            await self.outbox.announce(taken.row)
        return taken

    async def _admit(self, admission: Admission) -> Taken:
        """The one transaction that makes it a job. What is refused in it leaves nothing behind."""
        accepted = admission.accepted
        try:
            await self.rows.admit(admission)
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
        return Taken(accepted, OutboxRow(accepted.job, accepted.attempt, admission.messages))

    async def _unstage(self, accepted: JobAccepted) -> None:
        """Keep nothing of a book that was refused in the last moment. What fails here is left to the sweep."""
        with suppress(PipelineError):
            if not await self.rows.resolve(accepted.job):
                await self.store.delete(ids.upload_key(accepted.tenant, accepted.job))
                await self.rows.drop_stage(accepted.job)

    async def _bound(self, binding: Binding, fingerprint: str) -> Taken:
        if binding.fingerprint != fingerprint:
            raise KeyReusedError("this Idempotency-Key was used for another body")
        if binding.deleted or self.commands.deleted(binding.accepted.job):
            raise JobGoneError("the job of this Idempotency-Key was deleted")
        return Taken(binding.accepted, await self.rows.pending(binding.accepted.job, 1), binding.done)

    async def _remove(self, key: str) -> None:
        try:
            await self.store.delete(key)
        except PipelineError as exc:
            log.warning("incoming_left_for_sweep", code=exc.code)


def _order_of(request: UploadRequest) -> Order:
    received = request.body.received
    fields = dict(received.fields)
    force = read_force(fields.pop(FORCE, False))
    settings = read_settings(fields)
    return Order(
        tenant=request.tenant,
        name=received.name,
        size_bytes=received.size_bytes,
        sha256=received.sha256,
        settings=settings,
        force=force,
        fingerprint=fingerprint(received.sha256, settings, force=force),
        traceparent=request.traceparent,
    )


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
        share=accepted.share,
    )
