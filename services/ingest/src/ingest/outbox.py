"""Publishes what was admitted: at once by the request, and later by the relay for what the request could not."""

import structlog

from feuilleton.contracts.errors import TransientError
from feuilleton.observability import metrics
from feuilleton.streaming.ports import Publisher
from ingest.errors import OutcomeUnknownError
from ingest.ports import AdmissionStore, OutboxRow

RELAY_AFTER_SECONDS = 5.0
_BATCH = 100
log = structlog.get_logger(__name__)


class Outbox:
    """Two publishers of one row are harmless: the messages have the same ids."""

    def __init__(self, store: AdmissionStore, publisher: Publisher) -> None:
        self._store = store
        self._publisher = publisher

    async def publish(self, row: OutboxRow) -> None:
        """Publish the row's messages one after the other, each awaited, then remove the row.

        Raises TransientError from the publisher: the row stays. A row that was published but not removed
        (the database is away just then) stays too, and is published again by the relay.
        """
        for message in row.messages:
            await self._publisher.publish(message)
        try:
            await self._store.mark_published(row.job, row.attempt)
        except TransientError as exc:
            log.warning("outbox_row_left", job_id=row.job, code=exc.code)

    async def announce(self, row: OutboxRow) -> None:
        """Publish what was admitted just now. Raises OutcomeUnknownError: the relay goes on with it."""
        try:
            await self.publish(row)
        except TransientError as exc:
            raise OutcomeUnknownError(row.job) from exc

    async def relay(self) -> int:
        """Publish the rows that no request is working on any more. Returns how many were published.

        Raises TransientError when the database or the broker is away; the rows stay.
        """
        rows = await self._store.take_outbox(RELAY_AFTER_SECONDS, _BATCH)
        for row in rows:
            await self.publish(row)
            log.info("outbox_row_relayed", job_id=row.job)
        metrics.OUTBOX_ROWS.set(await self._store.count_outbox())
        return len(rows)
