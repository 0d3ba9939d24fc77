"""What every worker does around a handler: parse, try again, replace and dead-letter, or stop the process.

One of the three places that may catch anything. Nothing leaves `run_message` but the end of the process:
a Faust agent that raises acknowledges the event all the same.
"""

import asyncio
import os
from collections.abc import AsyncIterable, Callable
from typing import NoReturn, Protocol

import stamina
import structlog

from feuilleton.contracts.errors import (
    LostInvariantError,
    PipelineError,
    PoisonMessageError,
    TransientError,
    exhaustion_told,
)
from feuilleton.contracts.events import Origin, Received, origin_of, parse
from feuilleton.observability.tracing import trace_id
from feuilleton.streaming.dead_letter import LIMIT_SHOWN_SECONDS, DeadLetterLimitError, DeadLetters, Record

EXIT_LOST_INVARIANT = 70
log = structlog.get_logger(__name__)


class Handler(Protocol):
    """One service's work on one message. Both methods must bear being called again for the same message."""

    async def handle(self, received: Received) -> None:
        """Do the work; return when its effect is durable. Raises TransientError to be called again."""
        ...

    async def replace(self, origin: Origin, code: str, traceparent: str) -> None:
        """Publish the fact that stands for a message that will never be processed (a failed end, say)."""
        ...


def stop_process(status: int = EXIT_LOST_INVARIANT) -> NoReturn:
    """End at once, without unwinding: any unwinding would acknowledge the message in hand."""
    os._exit(status)


class MessageRunner:
    """Runs a handler over records. `patience_seconds` bounds the tries of one message: then the process ends
    and the message, which is not acknowledged, goes to a fresh one.
    """

    def __init__(
        self,
        handler: Handler,
        dead_letters: DeadLetters,
        *,
        patience_seconds: float,
        stop: Callable[[], NoReturn] = stop_process,
        limit_shown_seconds: float = LIMIT_SHOWN_SECONDS,
    ) -> None:
        self._handler = handler
        self._dead_letters = dead_letters
        self._patience_seconds = patience_seconds
        self._stop = stop
        self._limit_shown_seconds = limit_shown_seconds

    async def run_message(self, record: Record) -> None:
        """Return when the record may be acknowledged: it was worked on, or replaced and dead-lettered."""
        with structlog.contextvars.bound_contextvars(
            topic=record.topic, partition=record.partition, offset=record.offset
        ):
            try:
                await self._run(record)
            except DeadLetterLimitError as exc:
                log.critical("dead_letter_limit_reached", detail=exc.detail)
                await asyncio.sleep(self._limit_shown_seconds)
                self._stop()
            except Exception as exc:
                log.exception("worker_stopped", exc_info=exc)
                self._stop()

    async def _run(self, record: Record) -> None:
        try:
            received = parse(record.value, record.headers)
        except PoisonMessageError as exc:
            await self._drop(record, exc.code, "")
            return
        self._dead_letters.note_good()
        data = received.data
        with structlog.contextvars.bound_contextvars(
            job_id=data.job, attempt=data.attempt, trace_id=trace_id(received.traceparent)
        ):
            await self._work(record, received)

    async def _work(self, record: Record, received: Received) -> None:
        try:
            async for attempt in self._tries():
                with attempt:
                    await self._handle(received)
        except (TransientError, LostInvariantError):
            raise
        except PipelineError as exc:
            log.warning("message_given_up", code=exc.code, detail=exc.detail)
            await self._drop(record, exc.code, received.traceparent)
        except Exception as exc:
            log.exception("message_given_up", code="internal_error", exc_info=exc)
            await self._drop(record, "internal_error", received.traceparent)

    async def _handle(self, received: Received) -> None:
        with exhaustion_told():
            await self._handler.handle(received)

    async def _drop(self, record: Record, code: str, traceparent: str) -> None:
        """First the fact that replaces the message, then the letter, each with tries of its own."""
        self._dead_letters.allow(record)
        origin = origin_of(record.headers)
        async for attempt in self._tries():
            with attempt:
                if origin is not None:
                    await self._handler.replace(origin, code, traceparent)
                await self._dead_letters.send(record, code)

    def _tries(self) -> AsyncIterable[stamina.Attempt]:
        return stamina.retry_context(
            on=TransientError, attempts=None, timeout=self._patience_seconds, wait_initial=0.2, wait_max=10.0
        )
