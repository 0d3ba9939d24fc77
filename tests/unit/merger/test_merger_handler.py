"""The merger's handler: every way an attempt can end, on memory adapters, with the cache off and on."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feuilleton.contracts import ids
from feuilleton.contracts.documents import CardLine, Checkpoint, Report
from feuilleton.contracts.errors import PoisonMessageError, PublishUnknownError, StoreUnavailableError
from feuilleton.contracts.events import (
    CancelJob,
    ChunkExtracted,
    ChunkFinished,
    DeleteJob,
    EventData,
    ExpireJob,
    JobDeleted,
    JobEnded,
    JobMerging,
    Message,
    Origin,
    Outcome,
    PurgeJob,
    Received,
    parse,
    to_message,
)
from feuilleton.storage.objects import open_store
from feuilleton.storage.ports import ObjectInfo, ObjectStore
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.memory import MemoryPublisher
from merger.fan_in import FanInCache
from merger.handler import Merger
from merger.messages import CommandMessages, ResultMessages
from tests.builders import a_job
from tests.seeded_books import TENANT, SeededBook, a_book, a_failure, settle

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass
class World:
    """A merger on memory adapters. `restart` makes a fresh one on the same store and log."""

    cached_chunks: int = 1000
    store: ObjectStore = field(default_factory=lambda: open_store("memory:///"))
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    commands: Commands = field(default_factory=Commands)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.merger = Merger(self.store, self.publisher, self.commands, FanInCache(self.cached_chunks))

    async def record(self, *results: ChunkExtracted) -> None:
        for result in results:
            await self.merger.record_chunk(result, TRACE)

    @property
    def end(self) -> JobEnded:
        """The first end: the one that counts."""
        return self.publisher.of(JobEnded)[0]

    async def cards(self) -> list[CardLine]:
        assert self.end.result is not None
        body = await self.store.get(ids.cards_key(self.end.result))
        return [CardLine.model_validate_json(line) for line in body.splitlines()]

    async def report(self) -> Report:
        assert self.end.result is not None
        return Report.model_validate_json(await self.store.get(ids.report_key(self.end.result)))


@pytest.fixture(params=[0, 1, 1000], ids=lambda size: f"cache-{size}")
def world(request: pytest.FixtureRequest) -> World:
    return World(cached_chunks=request.param)


async def extracted(
    world: World, book: SeededBook, *, failing: frozenset[int] = frozenset(), attempt: int = 1
) -> list[ChunkExtracted]:
    """The book split, each chunk settled in the store, and the results."""
    await book.store_in(world.store)
    results = []
    for message in book.chunks:
        chunk = message.model_copy(update={"attempt": attempt})
        results.append(await settle(world.store, chunk, a_failure(chunk) if chunk.index in failing else None))
    return results


async def test_each_chunk_counted_is_told_and_the_last_ends_the_job(world: World) -> None:
    book = a_book(3)
    results = await extracted(world, book)
    await world.record(*results)
    assert {event.index for event in world.publisher.of(ChunkFinished)} == {0, 1, 2}
    assert len(world.publisher.of(JobMerging)) >= 1
    assert (world.end.outcome, world.end.code, world.end.attempt) == (Outcome.COMPLETED, None, 1)
    assert (world.end.tokens, world.end.billed_tokens) == (300, 300)
    assert world.end.counts.cards == len(await world.cards()) == 12
    counts = world.end.counts
    assert (counts.source_sentences, counts.represented, counts.dropped, counts.chunks_failed) == (9, 9, 0, 0)
    assert [line.page for line in await world.cards()] == [page for page in (1, 2, 3) for _ in range(4)]
    assert (await world.report()).outcome == "completed"


async def test_nothing_ends_while_a_chunk_is_missing(world: World) -> None:
    book = a_book(3)
    await book.store_in(world.store)
    results = [await settle(world.store, chunk) for chunk in book.chunks[:2]]
    await world.record(*results, *results)
    assert world.publisher.of(JobEnded) == []


async def test_a_result_without_its_document_is_not_believed(world: World) -> None:
    book = a_book(2)
    await book.store_in(world.store)
    first = await settle(world.store, book.chunks[0])
    await world.record(first, first.model_copy(update={"index": 1}))
    assert world.publisher.of(JobEnded) == []
    await world.record(await settle(world.store, book.chunks[1]))
    assert world.end.outcome is Outcome.COMPLETED


async def test_failed_chunks_make_it_partial_and_are_listed_with_pages_and_reasons(world: World) -> None:
    book = a_book(4)
    await world.record(*await extracted(world, book, failing=frozenset({2})))
    assert (world.end.outcome, world.end.code, world.end.counts.chunks_failed) == ("partial", "refused", 1)
    report = await world.report()
    assert [(one.index, one.pages, one.code) for one in report.missing] == [(2, (3,), "refused")]
    assert {line.page for line in await world.cards()} == {1, 2, 4}
    assert (world.end.tokens, world.end.billed_tokens) == (307, 300)


async def test_no_good_chunk_at_all_is_a_failure_without_a_result(world: World) -> None:
    book = a_book(2)
    await world.record(*await extracted(world, book, failing=frozenset({0, 1})))
    assert (world.end.outcome, world.end.code, world.end.result) == ("failed", "refused", None)
    assert world.end.billed_tokens == 0


async def test_a_failure_counts_for_its_own_attempt_and_a_checkpoint_for_any(world: World) -> None:
    book = a_book(3)
    await world.record(*await extracted(world, book, failing=frozenset({1})))
    second = [chunk.model_copy(update={"attempt": 2}) for chunk in book.chunks]
    await world.record(*[await settle(world.store, chunk) for chunk in second[:1]])
    assert {end.attempt for end in world.publisher.of(JobEnded)} == {1}
    await world.record(*[await settle(world.store, chunk) for chunk in second[1:]])
    ends = {end.attempt: end for end in world.publisher.of(JobEnded)}
    assert (ends[1].outcome, ends[2].outcome) == ("partial", "completed")
    assert ends[2].billed_tokens == 300, "of the whole job so far"
    assert ends[2].result is not None
    assert f"attempts/2/out/{ends[2].result.rstrip('/').rpartition('/')[2]}/" in ends[2].result


async def test_a_checkpoint_beats_a_failure_of_the_same_attempt(world: World) -> None:
    book = a_book(1)
    await book.store_in(world.store)
    await settle(world.store, book.chunks[0], a_failure(book.chunks[0]))
    await world.record(await settle(world.store, book.chunks[0]))
    assert world.end.outcome is Outcome.COMPLETED


async def test_a_checkpoint_that_cannot_be_read_or_is_of_another_text_is_a_missing_chunk(world: World) -> None:
    book = a_book(3)
    results = await extracted(world, book)
    await world.store.put(ids.checkpoint_key(TENANT, book.job, 0), b"{broken")
    other = Checkpoint.model_validate_json(await world.store.get(ids.checkpoint_key(TENANT, book.job, 1)))
    body = other.model_copy(update={"text_hash": "another"}).to_bytes()
    await world.store.put(ids.checkpoint_key(TENANT, book.job, 1), body)
    await world.record(*results)
    assert (world.end.outcome, world.end.code, world.end.counts.chunks_failed) == ("partial", "bad_checkpoint", 2)


async def test_a_repeat_after_the_end_changes_no_byte(world: World) -> None:
    book = a_book(2)
    results = await extracted(world, book)
    await world.record(*results)
    before = await world.cards()
    await world.record(*results)
    assert len({end.model_dump_json() for end in world.publisher.of(JobEnded)}) == 1
    assert await world.cards() == before


async def test_a_repeat_whose_write_would_break_off_leaves_the_served_result_in_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken_off(_: object) -> AsyncIterator[bytes]:
        yield b"{"
        raise StoreUnavailableError

    results = await extracted(world, a_book(2))
    await world.record(*results)
    before = await world.cards()
    monkeypatch.setattr("merger.result._Spool.parts", broken_off)
    world.restart()
    with suppress(StoreUnavailableError):
        await world.record(results[-1])
    assert await world.cards() == before


async def test_a_result_of_a_job_that_is_gone_is_passed_over(world: World) -> None:
    book = a_book(1)
    await world.record(await settle(world.store, book.chunks[0]))
    assert world.publisher.of(JobEnded) == []


async def test_a_cancel_ends_the_attempt_with_what_was_used_so_far(world: World) -> None:
    book = a_book(4)
    await book.store_in(world.store)
    results = [await settle(world.store, chunk) for chunk in book.chunks[:3]]
    await world.record(*results[:2])
    await world.merger.cancel_attempt(CancelJob(job=book.job, tenant=TENANT), TRACE)
    assert (world.end.outcome, world.end.result) == (Outcome.CANCELLED, None)
    assert (world.end.tokens, world.end.billed_tokens) == (300, 300)
    told = len(world.publisher.messages)
    await world.record(results[2], await settle(world.store, book.chunks[3]))
    assert len(world.publisher.messages) == told, "a late result of a cancelled attempt says nothing"


async def test_a_cancel_of_a_book_that_is_not_split_yet_ends_it_too(world: World) -> None:
    book = a_book(1)
    await world.merger.cancel_attempt(CancelJob(job=book.job, tenant=TENANT), TRACE)
    assert (world.end.outcome, world.end.billed_tokens) == (Outcome.CANCELLED, 0)


async def test_a_cancel_does_not_touch_the_next_attempt(world: World) -> None:
    book = a_book(2)
    results = await extracted(world, book, attempt=2)
    await world.merger.cancel_attempt(CancelJob(job=book.job, tenant=TENANT, attempt=1), TRACE)
    await world.record(*results)
    assert [(end.attempt, end.outcome) for end in world.publisher.of(JobEnded)][:2] == [
        (1, "cancelled"),
        (2, "completed"),
    ]


async def test_a_cancel_that_comes_too_late_leaves_the_first_end_in_place(world: World) -> None:
    book = a_book(2)
    await world.record(*await extracted(world, book))
    await world.merger.cancel_attempt(CancelJob(job=book.job, tenant=TENANT), TRACE)
    assert world.end.outcome is Outcome.COMPLETED
    assert len({end.event_id for end in world.publisher.of(JobEnded)}) == 1


async def test_a_cancel_during_the_assembly_stops_it(world: World) -> None:
    book = a_book(3)
    results = await extracted(world, book)

    class CancelsAtMerging(MemoryPublisher):
        async def publish(self, message: Message) -> None:
            await super().publish(message)
            if isinstance(parse(message.value).data, JobMerging):
                world.commands.add(CancelJob(job=book.job, tenant=TENANT), 0.0)

    world.publisher = CancelsAtMerging()
    world.restart()
    await world.record(*results)
    assert world.publisher.of(JobEnded) == []
    await world.merger.cancel_attempt(CancelJob(job=book.job, tenant=TENANT), TRACE)
    assert world.end.outcome is Outcome.CANCELLED


async def test_an_expired_attempt_ends_as_failed(world: World) -> None:
    book = a_book(1)
    await world.merger.expire_attempt(ExpireJob(job=book.job, tenant=TENANT), TRACE)
    assert (world.end.outcome, world.end.code) == (Outcome.FAILED, "expired")


async def test_a_delete_ends_the_attempt_removes_every_object_and_then_says_so(world: World) -> None:
    book, other = a_book(3), a_book(1)
    await other.store_in(world.store)
    await book.store_in(world.store)
    results = [await settle(world.store, chunk) for chunk in book.chunks[:2]]
    await world.record(results[0])
    held = [info async for info in world.store.list(ids.job_prefix(TENANT, book.job))]
    await world.merger.delete_job(DeleteJob(job=book.job, tenant=TENANT), TRACE)
    kinds = [type(parse(message.value).data) for message in world.publisher.messages]
    assert kinds[-2:] == [JobEnded, JobDeleted]
    assert world.end.outcome is Outcome.CANCELLED
    assert world.end.billed_tokens == 200, "usage was read before the checkpoints went"
    assert world.publisher.of(JobDeleted)[0].bytes_freed == sum(info.size_bytes for info in held) > 0
    assert [info async for info in world.store.list(ids.job_prefix(TENANT, book.job))] == []
    assert await world.store.exists(ids.manifest_key(TENANT, other.job))
    assert world.merger.cache.get(book.job, 1) is None
    told = len(world.publisher.messages)
    await world.record(*results)
    assert len(world.publisher.messages) == told


async def test_a_poison_result_is_counted_from_the_store(world: World) -> None:
    book = a_book(2)
    await book.store_in(world.store)
    await world.record(await settle(world.store, book.chunks[0]))
    await settle(world.store, book.chunks[1])
    handler = ResultMessages(world.merger)
    await handler.replace(Origin(book.job, TENANT, 1, 1), "poison_message", TRACE)
    assert world.end.outcome is Outcome.COMPLETED
    assert {event.index for event in world.publisher.of(ChunkFinished)} == {0, 1}


async def test_work_that_fails_here_ends_the_attempt_rather_than_stay_in_silence(world: World) -> None:
    book = a_book(2)
    await world.store.put(ids.manifest_key(TENANT, book.job), b"{broken")
    await ResultMessages(world.merger).replace(Origin(book.job, TENANT, 1, 1), "internal_error", TRACE)
    assert (world.end.outcome, world.end.code) == (Outcome.FAILED, "internal_error")


async def test_each_topic_takes_its_own_types_only(world: World) -> None:
    def received(data: EventData) -> Received:
        message = to_message(data, source="test", traceparent=TRACE)
        return parse(message.value, message.headers)

    book = a_book(1)
    for handler in (ResultMessages(world.merger), CommandMessages(world.merger)):
        with pytest.raises(PoisonMessageError):
            await handler.handle(received(a_job()))
    (result,) = await extracted(world, book)
    await ResultMessages(world.merger).handle(received(result))
    await CommandMessages(world.merger).handle(received(CancelJob(job=book.job, tenant=TENANT)))
    await CommandMessages(world.merger).handle(received(ExpireJob(job=book.job, tenant=TENANT)))
    await CommandMessages(world.merger).handle(received(DeleteJob(job=book.job, tenant=TENANT)))
    await CommandMessages(world.merger).handle(received(PurgeJob(job=book.job, tenant=TENANT)))
    assert world.end.outcome is Outcome.COMPLETED
    assert len(world.publisher.of(JobDeleted)) == 2


async def test_chunks_that_the_process_never_heard_of_are_told_before_the_end(world: World) -> None:
    book = a_book(3)
    results = await extracted(world, book)
    await world.record(*results[:2])
    world.restart()
    await world.record(results[2])
    kinds = [parse(message.value).data for message in world.publisher.messages]
    end = next(number for number, event in enumerate(kinds) if isinstance(event, JobEnded))
    assert {event.index for event in kinds[:end] if isinstance(event, ChunkFinished)} == {0, 1, 2}
    told = {(event.index, event.model_dump_json()) for event in world.publisher.of(ChunkFinished)}
    assert len(told) == 3, "from the store and from the message it is the same fact"


class KilledError(Exception):
    """The process is killed here."""


class Killing:
    """Counts every write and publish, and kills after the one whose turn it is, or just before it."""

    def __init__(self, at: int, *, before: bool) -> None:
        self._steps = itertools.count()
        self._at = at
        self._before = before
        self.killed = False

    async def step(self, act: Callable[[], object]) -> object:
        mine = next(self._steps) == self._at
        if mine and self._before:
            self.killed = True
            raise KilledError
        done = await act()  # type: ignore[misc]
        if mine:
            self.killed = True
            raise KilledError
        return done


class KillingPublisher(MemoryPublisher):
    def __init__(self, killing: Killing) -> None:
        super().__init__()
        self._killing = killing

    async def publish(self, message: Message) -> None:
        publish = super().publish
        await self._killing.step(lambda: publish(message))


class KillingStore:
    """The memory store, whose writes count."""

    def __init__(self, store: ObjectStore, killing: Killing) -> None:
        self._store = store
        self._killing = killing

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        return self._store.list(prefix)

    async def put(self, key: str, body: bytes) -> None:
        await self._killing.step(lambda: self._store.put(key, body))

    async def put_stream(self, key: str, body: AsyncIterator[bytes]) -> object:
        return await self._killing.step(lambda: self._store.put_stream(key, body))

    async def delete(self, key: str) -> None:
        await self._killing.step(lambda: self._store.delete(key))


async def run_with_a_kill(book: SeededBook, at: int, *, before: bool, delete: bool) -> tuple[World, bool]:
    """Deliver a book's results (and a delete), killed at one step; then a fresh process gets them again."""
    killing = Killing(at, before=before)
    world = World()
    plain = world.store
    await book.store_in(plain)
    world.store = KillingStore(plain, killing)  # type: ignore[assignment]
    world.publisher = KillingPublisher(killing)
    for _ in range(2):
        world.restart()
        try:
            for chunk in book.chunks:
                await world.record(await settle(plain, chunk, a_failure(chunk) if chunk.index == 1 else None))
            if delete:
                await world.merger.delete_job(DeleteJob(job=book.job, tenant=TENANT), TRACE)
            break
        except KilledError:
            continue
    world.store = plain
    return world, killing.killed


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_killed_at_any_step_a_redelivery_gives_the_same_end_and_the_same_bytes(before: bool) -> None:  # noqa: FBT001
    book = a_book(3)
    undisturbed, _ = await run_with_a_kill(book, 10_000, before=before, delete=False)
    steps = 0
    for at in itertools.count():
        world, killed = await run_with_a_kill(book, at, before=before, delete=False)
        if not killed:
            break
        steps += 1
        assert world.end == undisturbed.end
        assert await world.cards() == await undisturbed.cards()
        assert await world.report() == await undisturbed.report()
        assert {event.event_id for event in world.publisher.of(ChunkFinished)} == {
            event.event_id for event in undisturbed.publisher.of(ChunkFinished)
        }
    assert steps >= 7, "three chunks, merging, cards, report, end"


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_killed_at_any_step_of_a_delete_nothing_is_left_and_it_is_said(before: bool) -> None:  # noqa: FBT001
    book = a_book(2)
    for at in itertools.count():
        world, killed = await run_with_a_kill(book, at, before=before, delete=True)
        if not killed:
            break
        assert [info async for info in world.store.list(ids.job_prefix(TENANT, book.job))] == []
        assert world.publisher.of(JobDeleted)


@pytest.mark.heavy
@settings(max_examples=60, deadline=None)
@given(st.data())
async def test_any_order_with_repeats_and_restarts_gives_one_end_and_loses_nothing(data: st.DataObject) -> None:
    book = a_book(4)
    world = World(cached_chunks=data.draw(st.sampled_from([0, 1, 5, 1000])))
    await book.store_in(world.store)
    failing = data.draw(st.sets(st.integers(0, 3), max_size=3))
    order = [*data.draw(st.permutations(book.chunks)), *data.draw(st.lists(st.sampled_from(book.chunks), max_size=4))]
    settled: dict[int, ChunkExtracted] = {}
    for chunk in order:
        if chunk.index not in settled:
            failure = a_failure(chunk) if chunk.index in failing else None
            settled[chunk.index] = await settle(world.store, chunk, failure)
        if data.draw(st.booleans()):
            world.restart()
        await world.record(settled[chunk.index])
    assert len({end.model_dump_json() for end in world.publisher.of(JobEnded)}) == 1
    assert world.end.outcome is (Outcome.PARTIAL if failing else Outcome.COMPLETED)
    lines = await world.cards()
    assert [line.page for line in lines] == [n + 1 for n in range(4) if n not in failing for _ in range(4)]
    counts = world.end.counts
    assert counts.represented + counts.dropped + 3 * len(failing) == counts.source_sentences == 12


async def test_jobs_do_not_keep_locks_or_entries_behind(world: World) -> None:
    for _ in range(5):
        book = a_book(1)
        await world.record(*await extracted(world, book))
    assert len(world.merger.locks) == 0
    assert len(world.merger.cache) <= 5


async def test_when_the_broker_does_not_answer_the_caller_is_told_to_come_again(world: World) -> None:
    book = a_book(1)
    results = await extracted(world, book)
    world.publisher.fail_with = PublishUnknownError()
    with pytest.raises(PublishUnknownError):
        await world.record(*results)
    world.publisher.fail_with = None
    await world.record(*results)
    assert world.end.outcome is Outcome.COMPLETED
