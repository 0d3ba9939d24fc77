"""Faust's consumer, which would pass over the records of a log that begins again."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import structlog
from faust.transport.drivers import aiokafka as driver

from feuilleton.streaming.runner import stop_process

_COMMIT_SECONDS = 5.0
log = structlog.get_logger(__name__)


class _Consumer(driver.Consumer):  # type: ignore[misc]  # Faust has no types
    """Ends the process at the first record below what was read: its topic was deleted and made again, and Faust would
    drop, and not say so, as many records of each partition as the old one had. A fresh process reads them from the
    beginning.
    """

    logger = logging.getLogger("faust.consumer")  # else its own messages would pass for ours

    def verify_event_path(self, now: float, tp: Any) -> None:
        """Faust's look, for its log, at whether a partition is stuck. One whose place the broker called out of range
        has none until the client asked anew: the client asserts that nobody reads it then, which would end Faust.
        """
        try:
            super().verify_event_path(now, tp)
        except AssertionError:
            log.debug("partition_has_no_place_yet", topic=tp.topic, partition=tp.partition)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[Any, Any]]:  # noqa: ASYNC109 (Faust's signature)
        async for part, message in super().getmany(timeout):
            read = self._read_offset[part]
            if read is not None and message.offset < read:
                await self._leave(part, message.offset, read)
            yield part, message

    async def _leave(self, part: Any, offset: int, read: int) -> None:
        log.critical("log_begins_again", topic=part.topic, partition=part.partition, offset=offset, read=read)
        try:
            await asyncio.wait_for(self._commit_beginnings(part), _COMMIT_SECONDS)
        finally:
            stop_process()

    async def _commit_beginnings(self, part: Any) -> None:
        """Who acknowledges an event of the old topic when the new one stands commits its offset there."""
        of_topic = [each for each in self.assignment() if each.topic == part.topic]
        ends = await self.highwaters(*of_topic)
        beyond = [each for each in of_topic if (self._read_offset[each] or 0) > ends[each]]
        await self._commit(dict.fromkeys([part, *beyond], 0))


class CarefulTransport(driver.Transport):  # type: ignore[misc]
    """For an app's `transport`, before anything else is asked of the app."""

    Consumer = _Consumer
