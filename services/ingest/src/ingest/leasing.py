"""An Idempotency-Key that is held while its request is at work, and the count of uploads that goes with it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from feuilleton.contracts.errors import TransientError
from feuilleton.contracts.ids import TenantId
from feuilleton.streaming.closing import end_task
from ingest.errors import OutcomeUnknownError
from ingest.ports import LEASE_SECONDS, AdmissionStore, IdempotencyKey, Lease
from ingest.rate import CountedUpload, UploadRate

_RENEW_EVERY_SECONDS = LEASE_SECONDS / 3


@dataclass(frozen=True)
class Claim:
    """Whose request it is, and its key if it has one. `on_counted` is told the tenant's rate as soon as it counts."""

    tenant: TenantId
    route: str
    idempotency_key: str | None
    on_counted: Callable[[UploadRate], None]


@dataclass(frozen=True)
class Leases:
    rows: AdmissionStore

    @asynccontextmanager
    async def held(self, claim: Claim) -> AsyncIterator[Lease | None]:
        """Hold the key while the block runs; a block that refuses the request leaves no binding. The request counts,
        unless its key has a job. Raises KeyInUseError, RateLimitedError.
        """
        if claim.idempotency_key is None:
            async with self._counted(claim, await self.rows.count_upload(claim.tenant)):
                yield None
            return
        lease = await self.rows.lease_key(IdempotencyKey(claim.tenant, claim.route, claim.idempotency_key))
        renewal = asyncio.create_task(self._renew(lease))
        try:
            async with self._counted(claim, lease.counted):
                yield lease
        finally:
            await end_task(renewal)
            with suppress(TransientError):  # it lapses by itself
                await self.rows.release_lease(lease)

    @asynccontextmanager
    async def _counted(self, claim: Claim, counted: CountedUpload | None) -> AsyncIterator[None]:
        """Refused uploads stay counted; one that failed by a fault of ours (503, nothing runs) is taken back, or an
        outage would use up the hour of a client that tries again.
        """
        if counted is None:
            yield
            return
        claim.on_counted(counted.rate)
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
