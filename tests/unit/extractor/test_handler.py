"""The extractor's handler: every way a chunk can go, on memory adapters."""

import asyncio

import pytest
from structlog.testing import capture_logs

from extractor.gate import StaleMembershipError
from extractor.handler import ChunkHandler
from extractor.patience import RetryPolicy
from feuilleton.contracts import ids
from feuilleton.contracts.documents import Checkpoint, ChunkFailure, ChunkKind
from feuilleton.contracts.errors import (
    InvalidInputError,
    PublishUnknownError,
    StoreUnavailableError,
    TransientError,
)
from feuilleton.contracts.events import ChunkExtracted, ChunkOutcome, ChunkSubmitted, Origin
from feuilleton.contracts.job_settings import Engine
from feuilleton.processes.pool import WorkerDiedError
from feuilleton.storage.objects import open_store
from tests.unit.extractor.chunk_builders import (
    JOB,
    TENANT,
    TRACE,
    Bench,
    ManualTime,
    a_checkpoint,
    a_chunk,
    a_manifest,
    until,
)

pytestmark = pytest.mark.usefixtures("no_waits")


async def extract(handler: ChunkHandler, chunk: ChunkSubmitted) -> None:
    await handler.conclude(chunk, await handler.settle(chunk), TRACE)


async def checkpoint_of(bench: Bench, chunk: ChunkSubmitted) -> Checkpoint | None:
    body = await bench.store.find(ids.checkpoint_key(TENANT, JOB, chunk.index))
    return Checkpoint.model_validate_json(body) if body else None


async def failure_of(bench: Bench, chunk: ChunkSubmitted) -> ChunkFailure | None:
    body = await bench.store.find(ids.failure_key(TENANT, JOB, chunk.attempt, chunk.index))
    return ChunkFailure.model_validate_json(body) if body else None


async def test_a_chunk_becomes_a_checkpoint_and_a_result() -> None:
    bench, chunk = Bench(), a_chunk(2)
    await extract(bench.handler(), chunk)
    assert await checkpoint_of(bench, chunk) == a_checkpoint(chunk)
    (result,) = bench.publisher.of(ChunkExtracted)
    assert (result.index, result.total, result.pages) == (2, 10, (3,))
    assert (result.outcome, result.cards, result.tokens, result.billed_tokens, result.calls) == ("ok", 1, 40, 40, 1)


async def test_a_chunk_with_a_checkpoint_is_published_again_and_pays_nothing() -> None:
    bench, chunk = Bench(), a_chunk()
    await extract(bench.handler(), chunk)
    await extract(bench.handler(), chunk.model_copy(update={"attempt": 2}))
    assert bench.script.runs == [0]
    first, second = bench.publisher.of(ChunkExtracted)
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.model_copy(update={"attempt": 2}) == second


async def test_a_failure_of_this_attempt_is_published_again_and_not_tried() -> None:
    bench, chunk = Bench(), a_chunk()
    bench.script.steps = [InvalidInputError(code="refused")]
    await extract(bench.handler(), chunk)
    await extract(bench.handler(), chunk)
    assert bench.script.runs == [0]
    first, second = bench.publisher.of(ChunkExtracted)
    assert first == second
    assert (first.outcome, first.code, first.billed_tokens, first.calls) == (ChunkOutcome.FAILED, "refused", 0, 1)


async def test_a_new_attempt_tries_what_failed_before() -> None:
    bench, chunk = Bench(), a_chunk()
    bench.script.steps = [InvalidInputError(code="refused")]
    await extract(bench.handler(), chunk)
    await extract(bench.handler(), chunk.model_copy(update={"attempt": 2}))
    assert bench.script.runs == [0, 0]
    assert [result.outcome for result in bench.publisher.of(ChunkExtracted)] == ["failed", "ok"]


async def test_copies_that_run_together_share_one_flight_and_answer_under_their_own_attempts() -> None:
    bench, handler = Bench(), None
    handler = bench.handler()
    bench.script.hold = True
    first, second = a_chunk(), a_chunk(attempt=2)
    works = [asyncio.create_task(extract(handler, chunk)) for chunk in (first, second, first)]
    await until(lambda: bool(bench.script.runs))
    bench.script.go.set()
    await asyncio.gather(*works)
    assert bench.script.runs == [0]
    assert sorted(result.attempt for result in bench.publisher.of(ChunkExtracted)) == [1, 1, 2]


async def test_a_shared_failure_is_written_for_each_attempt() -> None:
    bench = Bench()
    handler = bench.handler()
    bench.script.hold = True
    bench.script.steps = [InvalidInputError(code="refused")]
    chunks = [a_chunk(), a_chunk(attempt=2)]
    works = [asyncio.create_task(extract(handler, chunk)) for chunk in chunks]
    await until(lambda: bool(bench.script.runs))
    bench.script.go.set()
    await asyncio.gather(*works)
    for chunk in chunks:
        failure = await failure_of(bench, chunk)
        assert failure is not None
        assert (failure.attempt, failure.code) == (chunk.attempt, "refused")


async def test_an_engine_that_is_not_configured_is_a_failure_and_no_other_engine_is_used() -> None:
    bench, chunk = Bench(), a_chunk(engine=Engine.GEMINI)
    await extract(bench.handler(), chunk)
    assert bench.script.runs == []
    assert [result.code for result in bench.publisher.of(ChunkExtracted)] == ["engine_not_configured"]


async def test_a_page_chunk_gets_its_page_and_fails_without_it() -> None:
    bench = Bench()
    key = ids.page_key(TENANT, JOB, 7)
    chunk = a_chunk(chunk_kind=ChunkKind.PAGE, sentences=(), page_key=key, pages=(7,))
    await extract(bench.handler(), chunk.model_copy(update={"index": 1, "text_hash": "other"}))
    await bench.store.put(key, b"%PDF")
    await extract(bench.handler(), chunk)
    assert bench.script.pages == [b"%PDF"]
    assert [result.code for result in bench.publisher.of(ChunkExtracted)] == ["page_missing", None]


async def test_a_page_that_could_not_be_cut_is_taken_from_its_old_text_where_it_has_one() -> None:
    bench = Bench()
    await extract(bench.handler(), a_chunk(chunk_kind=ChunkKind.PAGE, page_key=None))
    assert [result.code for result in bench.publisher.of(ChunkExtracted)] == [None]


async def test_a_page_that_could_not_be_cut_fails_and_is_not_taken_for_an_empty_one() -> None:
    bench = Bench()
    await extract(bench.handler(), a_chunk(chunk_kind=ChunkKind.PAGE, sentences=(), page_key=None))
    assert [result.code for result in bench.publisher.of(ChunkExtracted)] == ["page_not_cut"]
    assert bench.script.runs == []


async def test_transient_faults_are_tried_again_with_growing_waits() -> None:
    bench, chunk = Bench(), a_chunk()
    bench.script.steps = [TransientError(code="model_unavailable") for _ in range(4)]
    await extract(bench.handler(), chunk)
    assert len(bench.script.runs) == 5
    assert [wait * 2 >= limit and wait <= limit for wait, limit in zip(bench.time.slept, (1, 2, 4, 8), strict=True)]
    assert await checkpoint_of(bench, chunk) is not None


async def test_a_chunk_that_never_works_fails_at_its_deadline() -> None:
    bench, chunk = Bench(), a_chunk()
    bench.script.steps = [TransientError(code="model_unavailable") for _ in range(200)]
    await extract(bench.handler(), chunk)
    assert [result.code for result in bench.publisher.of(ChunkExtracted)] == ["deadline_exceeded"]
    assert 1700 < sum(bench.time.slept) <= 1800


async def test_the_clock_of_a_message_that_was_put_back_goes_on() -> None:
    time = ManualTime()
    started = time.at
    time.at = started.replace(hour=1)
    bench = Bench(time=time)
    bench.script.steps = [TransientError(code="model_unavailable")]
    late = a_chunk(first_call_at=started, quota_wait_seconds=1800.5)
    await extract(bench.handler(), late)
    assert [result.code for result in bench.publisher.of(ChunkExtracted)] == ["deadline_exceeded"]


async def test_a_call_that_hangs_is_aborted_at_the_deadline() -> None:
    bench, chunk = Bench(policy=RetryPolicy(deadline_seconds=0.05)), a_chunk()
    bench.script.hold = True
    await extract(bench.handler(), chunk)
    assert bench.script.aborted == [0]
    assert [result.code for result in bench.publisher.of(ChunkExtracted)] == ["deadline_exceeded"]


async def test_a_chunk_that_kills_three_workers_fails() -> None:
    bench, chunk = Bench(), a_chunk()
    bench.script.steps = [WorkerDiedError() for _ in range(9)]
    await extract(bench.handler(), chunk)
    assert len(bench.script.runs) == 3
    assert [result.code for result in bench.publisher.of(ChunkExtracted)] == ["worker_died"]


async def test_no_call_starts_while_the_group_is_silent_and_the_wait_costs_no_try() -> None:
    class SilentOnce:
        waits = 0

        def check(self) -> None:
            return

        async def fresh(self) -> None:
            self.waits += 1

    guard = SilentOnce()
    bench, chunk = Bench(guard=guard), a_chunk()
    bench.script.steps = [StaleMembershipError()]
    await extract(bench.handler(), chunk)
    assert guard.waits == 2
    assert bench.time.slept == []
    assert [result.code for result in bench.publisher.of(ChunkExtracted)] == [None]


async def test_the_loser_of_a_race_publishes_the_checkpoint_that_stands() -> None:
    bench, chunk = Bench(), a_chunk()
    winner = a_checkpoint(chunk, cards=(), attempt=9)
    bench.script.hold = True
    work = asyncio.create_task(extract(bench.handler(), chunk))
    await until(lambda: bool(bench.script.runs))
    await bench.store.create(ids.checkpoint_key(TENANT, JOB, 0), winner.to_bytes())
    bench.script.go.set()
    await work
    assert await checkpoint_of(bench, chunk) == winner
    assert [result.cards for result in bench.publisher.of(ChunkExtracted)] == [0]


async def test_a_checkpoint_that_another_process_wrote_beats_our_failure() -> None:
    bench, chunk = Bench(), a_chunk()
    bench.script.hold = True
    bench.script.steps = [InvalidInputError(code="refused")]
    work = asyncio.create_task(extract(bench.handler(), chunk))
    await until(lambda: bool(bench.script.runs))
    await bench.store.create(ids.checkpoint_key(TENANT, JOB, 0), a_checkpoint(chunk).to_bytes())
    bench.script.go.set()
    await work
    assert [result.outcome for result in bench.publisher.of(ChunkExtracted)] == ["ok"]
    assert await failure_of(bench, chunk) is None


async def test_killed_between_checkpoint_and_result_the_redelivery_says_the_same_and_pays_nothing() -> None:
    bench, undisturbed, chunk = Bench(), Bench(), a_chunk()
    bench.publisher.fail_with = PublishUnknownError()
    with pytest.raises(PublishUnknownError):
        await extract(bench.handler(), chunk)
    bench.publisher.fail_with = None
    await extract(bench.handler(), chunk)
    await extract(undisturbed.handler(), chunk)
    assert bench.script.runs == [0]
    assert bench.publisher.of(ChunkExtracted) == undisturbed.publisher.of(ChunkExtracted)


async def test_killed_between_failure_and_result_the_redelivery_says_the_same() -> None:
    bench, chunk = Bench(), a_chunk()
    bench.script.steps = [InvalidInputError(code="refused")]
    bench.publisher.fail_with = PublishUnknownError()
    with pytest.raises(PublishUnknownError):
        await extract(bench.handler(), chunk)
    bench.publisher.fail_with = None
    await extract(bench.handler(), chunk)
    assert bench.script.runs == [0]
    assert [result.code for result in bench.publisher.of(ChunkExtracted)] == ["refused"]


async def test_an_aborted_flight_writes_nothing() -> None:
    bench, chunk = Bench(), a_chunk()
    bench.script.hold = True
    handler = bench.handler()
    work = asyncio.create_task(extract(handler, chunk))
    await until(lambda: bool(bench.script.runs))
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await handler.close(5.0)
    assert bench.script.aborted == [0]
    assert [info async for info in bench.store.list(ids.job_prefix(TENANT, JOB))] == []
    assert bench.publisher.messages == []


class SlowToWrite:
    """The memory store, whose create waits until it may."""

    def __init__(self) -> None:
        self._store = open_store("memory:///")
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def create(self, key: str, body: bytes) -> bool:
        self.asked.set()
        await self.go.wait()
        return await self._store.create(key, body)


async def aborted_while_it_writes(store: SlowToWrite, chunk: ChunkSubmitted) -> tuple[Bench, ChunkHandler]:
    bench = Bench(store=store)  # type: ignore[arg-type]
    handler = bench.handler()
    work = asyncio.create_task(extract(handler, chunk))
    await store.asked.wait()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    return bench, handler


async def test_a_stop_does_not_wait_for_a_store_that_is_away() -> None:
    _, handler = await aborted_while_it_writes(SlowToWrite(), a_chunk())
    with capture_logs() as logs:
        await handler.close(0.01)  # the store does not answer: a stop does not wait for it
    assert [line["event"] for line in logs] == ["answers_not_kept"]


async def test_a_flight_that_is_aborted_while_it_writes_keeps_what_was_paid() -> None:
    store, chunk = SlowToWrite(), a_chunk()
    bench, handler = await aborted_while_it_writes(store, chunk)
    store.go.set()
    await handler.close(5.0)
    assert await checkpoint_of(bench, chunk) == a_checkpoint(chunk)


async def test_a_poison_message_with_headers_is_replaced_by_a_failure() -> None:
    bench, chunk = Bench(), a_chunk(4)
    manifest = a_manifest([chunk])
    await bench.store.create(ids.manifest_key(TENANT, JOB), manifest.to_bytes())
    await bench.handler().replace(Origin(JOB, TENANT, 2, 4), "poison_message", TRACE)
    (result,) = bench.publisher.of(ChunkExtracted)
    assert (result.attempt, result.index, result.total, result.pages) == (2, 4, 1, (5,))
    assert (result.outcome, result.code) == ("failed", "poison_message")
    assert await failure_of(bench, chunk.model_copy(update={"attempt": 2})) is not None


@pytest.mark.parametrize("origin", [Origin(JOB, TENANT, 1, 99), Origin(JOB, TENANT, 1)])
async def test_a_poison_message_of_no_known_chunk_has_nothing_to_replace(origin: Origin) -> None:
    bench = Bench()
    await bench.store.create(ids.manifest_key(TENANT, JOB), a_manifest([a_chunk(4)]).to_bytes())
    await bench.handler().replace(origin, "poison_message", TRACE)
    assert bench.publisher.messages == []


async def test_a_store_that_is_away_is_asked_again() -> None:
    class Flaky:
        """The memory store, away every second time."""

        def __init__(self) -> None:
            self._store = open_store("memory:///")
            self._asked = 0

        def __getattr__(self, name: str) -> object:
            self._asked += 1
            if self._asked % 2:
                raise StoreUnavailableError
            return getattr(self._store, name)

    bench, chunk = Bench(store=Flaky()), a_chunk()  # type: ignore[arg-type]
    await extract(bench.handler(), chunk)
    assert bench.script.runs == [0]
    assert [result.outcome for result in bench.publisher.of(ChunkExtracted)] == ["ok"]
