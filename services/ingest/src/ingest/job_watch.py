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
        self._bootstrap = bootstrap
        self._store = store
        self._letters = DeadLetters(publisher, service=GROUP)
        self._topic = topic
        self._group = prefix + GROUP
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._following = asyncio.create_task(self._follow(), name="job-watch")

    async def stop(self) -> None:
        await end_task(self._following)

    async def _follow(self) -> None:
        consumer = make_consumer(self._bootstrap, group=self._group)
        folder = LogFolder(consumer, self._store, self._letters, topic=self._topic, group=GROUP)
        try:
            await folder.run()
        except Exception as exc:
            log.critical("job_watch_lost", exc_info=exc)
            stop_process()
        finally:
            await close_consumer(consumer)
