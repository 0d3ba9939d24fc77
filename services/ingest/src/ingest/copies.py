"""accept_copy: a job's book once more as a job of its own, with other settings, and without being sent again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from pydantic_core import from_json

from feuilleton.contracts import ids
from feuilleton.contracts.errors import ObjectNotFoundError, exhaustion_told
from feuilleton.contracts.events import JobAccepted
from feuilleton.contracts.ids import JobId, TenantId, is_uuid
from feuilleton.contracts.job_settings import JobSettings
from ingest.admission import Book, Desk, Order, Taken, fingerprint, read_settings
from ingest.errors import InvalidSettingsError, JobGoneError, JobNotFoundError
from ingest.leasing import Claim, Leases
from ingest.ports import Lease
from ingest.rate import UploadRate
from ingest.upload_body import path_of, temporary_copy

ROUTE = "copies"


@dataclass(frozen=True)
class CopyRequest:
    """`changes` are settings by name; what is not among them stays as it is in the job that is copied."""

    tenant: TenantId
    job_id: str
    changes: Mapping[str, object]
    force: bool
    idempotency_key: str | None
    traceparent: str
    on_counted: Callable[[UploadRate], None]


@dataclass(frozen=True)
class CopyDesk:
    desk: Desk

    async def accept_copy(self, request: CopyRequest) -> Taken:
        """As `Desk.accept_upload`, with the stored file of a job in any state but deleted: it counts, is checked,
        priced and bound to its key as if it had been sent. Raises JobNotFoundError and JobGoneError besides.
        """
        if not is_uuid(request.job_id):
            raise JobNotFoundError("no job has such an id")
        claim = Claim(request.tenant, ROUTE, request.idempotency_key, request.on_counted)
        async with Leases(self.desk.rows).held(claim) as lease:
            source = await self.desk.rows.find_job(request.tenant, JobId(request.job_id))
            if self.desk.commands.deleted(source.job):
                raise JobGoneError("the job was deleted")
            order = _order_of(request, source)
            taken = await self.desk.known(order, lease) or await self._take_on(order, source, lease)
            return await self.desk.announce(taken)

    async def _take_on(self, order: Order, source: JobAccepted, lease: Lease | None) -> Taken:
        stored = ids.upload_key(source.tenant, source.job)
        await self.desk.refuse_early(order.tenant, order.size_bytes, lease)
        try:
            with exhaustion_told(), temporary_copy() as copy:
                await self.desk.store.download(stored, path_of(copy))
                book = Book(path_of(copy), partial(self.desk.store.copy, stored))
                return await self.desk.take_on(order, book, lease)
        except ObjectNotFoundError as exc:
            raise JobGoneError("the job's file is gone") from exc


def changed(settings: JobSettings, changes: Mapping[str, object]) -> JobSettings:
    """The settings with some of them replaced. Raises InvalidSettingsError naming each wrong field. Pure."""
    return read_settings({**settings.model_dump(mode="json"), **changes})


def _order_of(request: CopyRequest, source: JobAccepted) -> Order:
    settings = changed(source.settings, request.changes)
    body = fingerprint(source.sha256, settings, force=request.force)
    return Order(
        tenant=request.tenant,
        name=source.name,
        size_bytes=source.bytes,
        sha256=source.sha256,
        settings=settings,
        force=request.force,
        fingerprint=ids.text_hash(source.job, body),
        traceparent=request.traceparent,
    )


def read_changes(body: bytes) -> dict[str, object]:
    """A JSON object of settings; empty for an empty body. Raises InvalidSettingsError."""
    try:
        found = from_json(body) if body.strip() else {}
    except ValueError as exc:
        raise InvalidSettingsError([{"field": "body", "message": "must be JSON"}]) from exc
    if not isinstance(found, dict):
        raise InvalidSettingsError([{"field": "body", "message": "must be a JSON object"}])
    return found
