"""One chunk message: from its text to a checkpoint, or a failure, and the result that says so."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import stamina
import structlog

from extractor.engines.port import RewriteEngine
from extractor.flights import Flights
from extractor.gate import GatedEngine
from extractor.patience import Patience, RetryPolicy
from extractor.results import ChunkAddress
from extractor.tries import Clock, Extraction, GivenUp, try_until_settled
from feuilleton.contracts import ids
from feuilleton.contracts.documents import Checkpoint, ChunkFailure, ChunkKind, Manifest
from feuilleton.contracts.errors import TransientError
from feuilleton.contracts.events import ChunkExtracted, ChunkSubmitted, Origin, to_message
from feuilleton.contracts.ids import JobId, ObjectKey
from feuilleton.contracts.job_settings import Engine
from feuilleton.observability import metrics
from feuilleton.observability.tracing import child_of
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.ports import Publisher

SERVICE = "extractor"
T = TypeVar("T")
log = structlog.get_logger(__name__)

StartExtraction = Callable[[ChunkSubmitted, RewriteEngine, bytes | None], Extraction]
Settled = Checkpoint | ChunkFailure | GivenUp


@dataclass(frozen=True)
class Tools:
    """What the work on a chunk needs besides the chunk. `engines` are those configured, behind their gates."""

    store: ObjectStore
    publisher: Publisher
    engines: Mapping[Engine, GatedEngine]
    start_extraction: StartExtraction
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    clock: Clock = field(default_factory=Clock)


class ChunkHandler:
    """Extracts chunks, one flight per (job, index) in this process. Every step bears being done again.

    The store and the broker are asked until they answer: an answer that was paid for is not given up.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._flights: Flights[Settled] = Flights()
        self._keeping: set[asyncio.Task[Checkpoint]] = set()
        self._patience: dict[tuple[JobId, int], Patience] = {}

    async def settle(self, chunk: ChunkSubmitted) -> Settled:
        """What became of the chunk: read from the store, or worked out by the flight that all copies of it share.

        Cancelling is safe: a flight that nobody waits for is aborted, and its message finds the store as it was.
        """
        return await self._flights.join((chunk.job, chunk.index), lambda: self._fly(chunk))

    def resting(self, job: JobId, index: int) -> Patience | None:
        """The clock of a chunk that backs off from a fault at this moment, else None."""
        patience = self._patience.get((job, index))
        return patience if patience is not None and patience.rests_until is not None else None

    def not_due_seconds(self, chunk: ChunkSubmitted) -> float:
        """How long the chunk is not to be tried yet. No clock of another machine makes it longer than a backoff."""
        if chunk.not_before is None:
            return 0.0
        left = (chunk.not_before - self._tools.clock.now()).total_seconds()
        return min(max(left, 0.0), self._tools.policy.max_delay_seconds)

    async def put_back(self, chunk: ChunkSubmitted, patience: Patience, traceparent: str) -> None:
        """Publish the chunk again, with its clock as it stands. When it returns, its message may be finished."""
        again = chunk.model_copy(
            update={
                "tries": patience.tries,
                "not_before": patience.rests_until,
                "first_call_at": patience.first_call_at,
                "quota_wait_seconds": patience.excluded_seconds,
            }
        )
        message = to_message(again, source=SERVICE, traceparent=child_of(traceparent))
        await until_done(lambda: self._tools.publisher.publish(message))
        metrics.CHUNKS_PUT_BACK.labels(chunk.engine).inc()
        log.info("chunk_put_back", tries=again.tries)

    def works_on(self, chunk: ChunkSubmitted) -> bool:
        """Whether a flight of this chunk is in the air."""
        return (chunk.job, chunk.index) in self._flights

    async def is_settled(self, chunk: ChunkSubmitted) -> bool:
        """Whether what became of the chunk stands in the store."""
        return await self._stored(chunk) is not None

    async def conclude(self, chunk: ChunkSubmitted, settled: Settled, traceparent: str) -> None:
        """Say what became of it, under the message's own attempt; a failure is written down first.

        When it returns, the effect is durable. A repeat says the same again.
        """
        result = await self._announce(ChunkAddress.of(chunk), settled, traceparent)
        metrics.CHUNKS_FINISHED.labels(chunk.engine, result.outcome).inc()
        log.info("chunk_extracted", outcome=result.outcome, code=result.code, cards=result.cards)

    async def replace(self, origin: Origin, code: str, traceparent: str) -> None:
        """Write and publish the failure that stands for a message that cannot be read, where its headers name a
        chunk of a known job.
        """
        key = ids.manifest_key(origin.tenant, origin.job)
        body = await until_done(lambda: self._tools.store.find(key))
        address = body and ChunkAddress.in_manifest(origin, Manifest.model_validate_json(body))
        if address:
            await self._announce(address, GivenUp(code), traceparent)

    async def close(self, grace_seconds: float) -> None:
        """Abort what flies; what was answered is still written, if the store takes it in time."""
        await self._flights.close()
        if self._keeping:
            _, lost = await asyncio.wait(self._keeping, timeout=grace_seconds)
            if lost:
                log.warning("answers_not_kept", chunks=len(lost))
            for task in lost:
                task.cancel()

    async def _fly(self, chunk: ChunkSubmitted) -> Settled:
        # Asked inside the flight: a copy that comes just after a flight has landed finds what it left.
        stored = await self._stored(chunk)
        if stored is not None:
            return stored
        engine = self._tools.engines.get(chunk.engine)
        if engine is None:
            return GivenUp("engine_not_configured", chunk.engine)
        settled = await self._extract(chunk, engine)
        if isinstance(settled, Checkpoint):
            return await asyncio.shield(self._keep(chunk, settled))
        return await self._stored_checkpoint(chunk) or settled

    async def _stored(self, chunk: ChunkSubmitted) -> Settled | None:
        store = self._tools.store
        checkpoint = await self._stored_checkpoint(chunk)
        if checkpoint is not None:
            return checkpoint
        key = ids.failure_key(chunk.tenant, chunk.job, chunk.attempt, chunk.index)
        body = await until_done(lambda: store.find(key))
        return None if body is None else ChunkFailure.model_validate_json(body)

    async def _stored_checkpoint(self, chunk: ChunkSubmitted) -> Checkpoint | None:
        """The checkpoint that stands in the store by now; another process may have been quicker."""
        key = ids.checkpoint_key(chunk.tenant, chunk.job, chunk.index)
        body = await until_done(lambda: self._tools.store.find(key))
        if body is None:
            return None
        checkpoint = Checkpoint.model_validate_json(body)
        return checkpoint if checkpoint.text_hash == chunk.text_hash else None

    async def _extract(self, chunk: ChunkSubmitted, engine: GatedEngine) -> Checkpoint | GivenUp:
        page_pdf = None
        if chunk.page_key is not None:
            page_pdf = await self._page(chunk.page_key)
            if page_pdf is None:
                return GivenUp("page_missing")
        elif chunk.chunk_kind is ChunkKind.PAGE and not chunk.sentences:
            return GivenUp("page_not_cut")  # damaged, or too large for a model
        patience = Patience(
            self._tools.policy, chunk.first_call_at, excluded_seconds=chunk.quota_wait_seconds, tries=chunk.tries
        )
        extraction = self._tools.start_extraction(chunk, engine, page_pdf)
        self._patience[chunk.job, chunk.index] = patience
        try:
            with metrics.CHUNK_SECONDS.labels(chunk.engine).time():
                return await try_until_settled(extraction, patience, engine, self._tools.clock)
        finally:
            if self._patience.get((chunk.job, chunk.index)) is patience:
                del self._patience[chunk.job, chunk.index]

    async def _page(self, key: ObjectKey) -> bytes | None:
        return await until_done(lambda: self._tools.store.find(key))

    def _keep(self, chunk: ChunkSubmitted, checkpoint: Checkpoint) -> "asyncio.Task[Checkpoint]":
        """Write the checkpoint in a task of its own, because an aborted flight must not lose what was paid."""
        task = asyncio.create_task(self._create_checkpoint(chunk, checkpoint))
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)
        return task

    async def _create_checkpoint(self, chunk: ChunkSubmitted, checkpoint: Checkpoint) -> Checkpoint:
        key = ids.checkpoint_key(chunk.tenant, chunk.job, chunk.index)
        store = self._tools.store
        if await until_done(lambda: store.create(key, checkpoint.to_bytes())):
            return checkpoint
        return Checkpoint.model_validate_json(await until_done(lambda: store.get(key)))

    async def _announce(self, address: ChunkAddress, settled: Settled, traceparent: str) -> ChunkExtracted:
        if not isinstance(settled, Checkpoint):
            settled = await self._keep_failure(address, settled)
        result = address.result(settled)
        message = to_message(result, source=SERVICE, traceparent=child_of(traceparent))
        await until_done(lambda: self._tools.publisher.publish(message))
        return result

    async def _keep_failure(self, address: ChunkAddress, settled: ChunkFailure | GivenUp) -> ChunkFailure:
        """Write the failure of this message's attempt, or read the one that stands there."""
        failure = address.failure(settled.code, settled.detail, settled.usage)
        key = ids.failure_key(address.tenant, address.job, address.attempt, address.index)
        store = self._tools.store
        if await until_done(lambda: store.create(key, failure.to_bytes())):
            return failure
        return ChunkFailure.model_validate_json(await until_done(lambda: store.get(key)))


async def until_done(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask the store or the broker until it answers."""
    async for attempt in stamina.retry_context(
        on=TransientError, attempts=None, timeout=None, wait_initial=0.2, wait_max=10.0
    ):
        with attempt:
            return await ask()
    raise AssertionError("unreachable: the context tries without end")
