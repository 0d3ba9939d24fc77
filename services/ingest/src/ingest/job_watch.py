"""Follows job-events beside the requests, so that ingest knows which attempts ended and which moved."""

import asyncio

import structlog

from feuilleton.streaming.closing import close_consumer, end_task
from feuilleton.streaming.dead_letter import DeadLetters
from feuilleton.streaming.folding import FoldStore
from feuilleton.streaming.log_folding import LogFolder, make_consumer
from feuilleton.streaming.ports import Publisher
from feuilleton.streaming.runner import stop_process

GROUP = "ingest-watch"
log = structlog.get_logger(__name__)


class JobWatch:
    """A part of the service: all replicas share the partitions. A fold that cannot go on ends the process."""

    def __init__(self, bootstrap: str, store: FoldStore, publisher: Publisher, *, topic: str, prefix: str) -> None:
        self._consumer = make_consumer(bootstrap, group=prefix + GROUP)
        letters = DeadLetters(publisher, service=GROUP)
        self._folder = LogFolder(self._consumer, store, letters, topic=topic, group=GROUP)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._follow(), name="job-watch")

    async def stop(self) -> None:
        await end_task(self._task)
        await close_consumer(self._consumer)

    async def _follow(self) -> None:
        try:
            await self._folder.run()
        except Exception as exc:
            log.critical("job_watch_lost", exc_info=exc)
            stop_process()
