"""The real handlers of splitter, extractor and merger on logs and a store in memory, one job between them.

Every write and every publish waits for a turn, and turns are given from outside: so a test decides every
interleaving, every place at which a process dies, and every acknowledgement that is lost. Reads happen at once, just
ahead of the write that follows from them. A process that lost its place without knowing lives on as a ghost.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NoReturn

from extractor.call_limits import FixedLimit
from extractor.dispatcher import Dispatcher
from extractor.engines.port import RewriteEngine
from extractor.gate import GatedEngine
from extractor.handler import ChunkHandler, Tools
from extractor.patience import RetryPolicy
from extractor.tries import Extraction
from extractor.watermark import Partition
from extractor.window import Window
from feuilleton.contracts import ids
from feuilleton.contracts.documents import Checkpoint, SourceSentence, Usage
from feuilleton.contracts.errors import InvalidInputError, PublishUnknownError, TransientError
from feuilleton.contracts.events import ChunkSubmitted, EventData, Message, UploadSubmitted, parse, to_message
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.contracts.topics import CHUNK_RESULTS, CHUNKS, JOB_CONTROL, JOB_EVENTS, UPLOADS
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.dead_letter import DeadLetters, Record
from feuilleton.streaming.runner import Handler, MessageRunner
from merger.fan_in import FanInCache
from merger.handler import Merger
from merger.messages import CommandMessages, ResultMessages
from splitter.book import SplitBook
from splitter.handler import UploadMessages
from tests.model.dict_store import DictStore
from tests.seeded_books import TENANT, SeededBook, a_book, a_checkpoint
from tests.unit.extractor.chunk_builders import ARecord, IdleEngine, ManualTime, OpenGuard

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CHUNKS_OF_BOOK = 3
CHUNK_PARTITIONS = 2
_QUIET_ROUNDS = 60  # more steps than any handler takes between two of its writes

_process: ContextVar[int] = ContextVar("process")


@dataclass(eq=False)
class Turn:
    """A write that waits: of which process, and what."""

    process: int
    what: str
    given: "asyncio.Future[bool]"


class Turns:
    def __init__(self) -> None:
        self._turns: list[Turn] = []
        self._dead: set[int] = set()

    async def wait(self, what: str) -> bool:
        """Wait for a turn. True: do it, but say that the acknowledgement was lost."""
        turn = Turn(_process.get(), what, asyncio.get_running_loop().create_future())
        self._turns.append(turn)
        return await turn.given

    def waiting(self) -> list[Turn]:
        self._turns = [turn for turn in self._turns if not turn.given.done() and turn.process not in self._dead]
        return self._turns

    def kill(self, process: int) -> None:
        """No turn comes any more: as dead as by kill -9."""
        self._dead.add(process)


class TurnStore(DictStore):
    """Waits for a turn before each write."""

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self._turns = turns

    async def put(self, key: str, body: bytes) -> None:
        await self._turns.wait(f"put {key}")
        await super().put(key, body)

    async def create(self, key: str, body: bytes) -> bool:
        await self._turns.wait(f"create {key}")
        if key in self.objects:
            return False
        await super().put(key, body)
        return True

    async def delete(self, key: str) -> None:
        await self._turns.wait(f"delete {key}")
        await super().delete(key)


class TurnLog:
    """Publisher on one list of messages a topic; waits for a turn before each message."""

    def __init__(self, turns: Turns) -> None:
        self.topics: dict[str, list[Message]] = {}
        self._turns = turns

    async def publish(self, message: Message) -> None:
        lost = await self._turns.wait(f"publish {message.topic}")
        self.append(message)
        if lost:
            raise PublishUnknownError("no acknowledgement in time")

    async def publish_all(self, messages: list[Message]) -> None:
        for message in messages:
            await self.publish(message)

    async def check(self) -> None:
        return

    def append(self, message: Message) -> None:
        self.topics.setdefault(message.topic, []).append(message)

    def events(self, topic: str) -> list[EventData]:
        return [parse(message.value, message.headers).data for message in self.topics.get(topic, [])]


@dataclass
class Model:
    """Stands for the model: which chunk fails in which attempt is fixed, and how often it is away (unpaid) before it
    answers for a chunk; every call that is answered is paid.
    """

    turns: Turns
    failing: frozenset[tuple[int, int]]
    away: Counter[int]
    paid: Counter[tuple[int, int]] = field(default_factory=Counter)
    in_flight: Counter[int] = field(default_factory=Counter)

    def start(self, chunk: ChunkSubmitted, engine: RewriteEngine, page_pdf: bytes | None) -> Extraction:
        del engine, page_pdf
        return _Call(self, chunk)


@dataclass
class _Call:
    model: Model
    chunk: ChunkSubmitted
    usage: Usage = field(default_factory=Usage)

    async def run(self) -> Checkpoint:
        await self.model.turns.wait(f"call {self.chunk.index}")
        if self.model.away[self.chunk.index] > 0:
            self.model.away[self.chunk.index] -= 1
            raise TransientError("the model is away")
        self.model.paid[self.chunk.index, self.chunk.attempt] += 1
        if (self.chunk.index, self.chunk.attempt) in self.model.failing:
            raise InvalidInputError(code="refused")
        return a_checkpoint(self.chunk)


@dataclass
class RestingTime(ManualTime):
    """A clock whose sleeps wait for a turn."""

    turns: Turns = field(default_factory=Turns)

    async def sleep(self, seconds: float) -> None:
        await self.turns.wait("rest")
        await super().sleep(seconds)


@dataclass
class StoredBook:
    """Stands for the reading of the PDF: keeps the book as the splitter does, create-once, the manifest last."""

    book: SeededBook
    store: ObjectStore

    async def split(self, order: UploadSubmitted, check: Callable[[], None]) -> SplitBook:
        del order
        if await self.store.find(ids.manifest_key(TENANT, self.book.job)) is None:
            check()
            await self.store.create(ids.source_key(TENANT, self.book.job), self.book.source)
            await self.store.create(ids.manifest_key(TENANT, self.book.job), self.book.manifest.to_bytes())
        sentences = [SourceSentence.model_validate_json(line) for line in self.book.source.splitlines()]
        return SplitBook(self.book.manifest, tuple(sentences))


class Inline(ThreadPoolExecutor):
    """Runs in the caller: a thread would make the order a matter of chance."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@dataclass(eq=False)
class Process:
    """One running process. `handlers` by topic for the two on Faust, `dispatcher` for the extractor."""

    number: int
    service: str
    commands: Commands
    handlers: dict[str, MessageRunner] = field(default_factory=dict)
    dispatcher: Dispatcher | None = None
    control_read: int = 0
    at_work: set[str] = field(default_factory=set)
    next_offsets: dict[int, int] = field(default_factory=dict)


class World:
    """One job, one live process of each service, and those that died or do not know that they were replaced."""

    def __init__(
        self, failing: frozenset[tuple[int, int]], cached_chunks: int, away: Mapping[int, int] | None = None
    ) -> None:
        self.turns = Turns()
        self.store = TurnStore(self.turns)
        self.log = TurnLog(self.turns)
        self.model = Model(self.turns, failing, Counter(away))
        self.book = a_book(CHUNKS_OF_BOOK, engine=Engine.LOCAL)
        self.lost_calls = 0
        self.handed_over_calls = 0
        self.messages_of: dict[int, set[tuple[int, int]]] = {}
        self.ghosts: list[Process] = []
        self.committed: dict[int, int] = {}
        self._positions = {UPLOADS.name: 0, CHUNK_RESULTS.name: 0, JOB_CONTROL.name: 0}
        self._cached_chunks = cached_chunks
        self._numbers = iter(range(1_000_000))
        self._tasks: set[asyncio.Task[None]] = set()
        self.live: dict[str, Process] = {}
        for service in ("splitter", "extractor", "merger"):
            self.replace(service, dies=True)

    # What operators and brokers do

    def replace(self, service: str, *, dies: bool) -> None:
        """A new process takes over, from what was committed. The old one is dead, or a ghost that knows nothing."""
        old = self.live.get(service)
        if old is not None:
            # What was handed over is lost too: the next one is not told of it again.
            lost = {old.number} | {ghost.number for ghost in self.ghosts if ghost.service == service}
            self.lost_calls += sum(turn.process in lost for turn in self.turns.waiting() if turn.what != "rest")
            if dies:
                self.turns.kill(old.number)
            else:
                self.ghosts.append(old)
        new = Process(next(self._numbers), service, Commands())
        self._equip(new)
        self.live[service] = new
        while self.learn(new):
            pass

    def hand_over(self) -> None:
        """Another member gets the extractor's partitions in good order. What is at work lives on where it is, and the
        group was told of it with the last commit.
        """
        old = self.live["extractor"]
        assert old.dispatcher is not None
        at_work = old.dispatcher.revoke()
        self.commit()
        old.dispatcher.watermark.revoke()
        old.dispatcher.assign([], handed_over=True)
        self.ghosts.append(old)
        self.handed_over_calls += self.calls_in_flight + self.chunks_at_rest
        new = Process(next(self._numbers), "extractor", Commands())
        new.dispatcher = self._dispatcher(new.commands)
        while self.learn(new):
            pass
        self.live["extractor"] = new
        token = _process.set(new.number)
        try:
            new.dispatcher.take_over(at_work)
        finally:
            _process.reset(token)

    @property
    def calls_in_flight(self) -> int:
        """Of the extractor that is in its group."""
        return self._waiting_here("call")

    @property
    def chunks_at_rest(self) -> int:
        """Those that back off, in the extractor that is in its group."""
        return self._waiting_here("rest")

    def _waiting_here(self, what: str) -> int:
        number = self.live["extractor"].number
        return sum(turn.process == number and turn.what.startswith(what) for turn in self.turns.waiting())

    def relieve(self) -> None:
        """The extractor puts back what holds its partitions up."""
        process = self.live["extractor"]
        assert process.dispatcher is not None
        token = _process.set(process.number)
        try:
            process.dispatcher.relieve()
        finally:
            _process.reset(token)

    def rewind(self, topic: str, messages: int) -> None:
        """The last commits of a group were lost."""
        self._positions[topic] = max(0, self._positions[topic] - messages)

    def learn(self, process: Process) -> bool:
        """The process hears the next command. False when it has heard them all."""
        commands = self.log.events(JOB_CONTROL.name)
        if process.control_read == len(commands):
            return False
        command = commands[process.control_read]
        process.control_read += 1
        process.commands.add(command, 0.0)
        if process.dispatcher is not None:
            process.dispatcher.obey(command)
        return True

    def commit(self) -> None:
        """The extractor commits how far it has come."""
        dispatcher = self.live["extractor"].dispatcher
        if dispatcher is not None:
            self.committed |= {part.number: at for part, at in dispatcher.watermark.commit_points().items()}

    # What is delivered

    def deliverable(self) -> list[str]:
        """The topics of which a live process can take one more message."""
        ready = [
            topic
            for topic, position in self._positions.items()
            if position < len(self.log.topics.get(topic, [])) and topic not in self._owner(topic).at_work
        ]
        waiting = any(self._next_chunk(number) is not None for number in range(CHUNK_PARTITIONS))
        return [*ready, CHUNKS.name] if waiting else ready

    def deliver(self, topic: str) -> None:
        if topic == CHUNKS.name:
            self._deliver_chunk()
            return
        process, offset = self._owner(topic), self._positions[topic]
        process.at_work.add(topic)
        self._spawn(process, self._work(process, topic, offset))

    async def _work(self, process: Process, topic: str, offset: int) -> None:
        message = self.log.topics[topic][offset]
        await process.handlers[topic].run_message(ARecord(offset, message.value, message.headers, topic=topic))
        process.at_work.discard(topic)
        if self.live[process.service] is process:
            self._positions[topic] = max(self._positions[topic], offset + 1)

    def _deliver_chunk(self) -> None:
        process = self.live["extractor"]
        record = next(filter(None, (self._next_chunk(number) for number in range(CHUNK_PARTITIONS))))
        process.next_offsets[record.partition] = record.offset + 1
        index = int(dict(record.headers)["index"])
        self.messages_of.setdefault(index, set()).add((record.partition, record.offset))
        dispatcher = process.dispatcher
        assert dispatcher is not None

        async def take() -> None:
            dispatcher.accept(record)
            dispatcher.dispatch()

        self._spawn(process, take())

    def _next_chunk(self, partition: int) -> Record | None:
        process = self.live["extractor"]
        at = process.next_offsets.get(partition, self.committed.get(partition, 0))
        messages = [m for m in self.log.topics.get(CHUNKS.name, []) if _partition_of(m) == partition]
        if at >= len(messages):
            return None
        return ARecord(at, messages[at].value, messages[at].headers, partition=partition, key=messages[at].key)

    # How time passes

    def give(self, turn: Turn, *, lost: bool = False) -> None:
        """Let one write happen, and everything that follows from it up to the next writes."""
        turn.given.set_result(lost and turn.what.startswith("publish"))

    async def quiet(self) -> None:
        for _ in range(_QUIET_ROUNDS):
            await asyncio.sleep(0)
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            task.result()
        for process in self.live.values():
            if process.dispatcher is not None and process.dispatcher.failure.done():
                process.dispatcher.failure.result()

    async def close(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def submit(self, *events: EventData) -> None:
        """Publish as ingest and status-api do; it has happened when this returns."""
        for event in events:
            self.log.append(to_message(event, source="tests", traceparent=TRACE))

    def order(self, attempt: int) -> UploadSubmitted:
        return UploadSubmitted(
            job=self.book.job,
            tenant=TENANT,
            attempt=attempt,
            settings=JobSettings(),
            engine=Engine.LOCAL,
            model="balanced",
            bytes=1,
            sha256="0" * 64,
            pages=CHUNKS_OF_BOOK,
        )

    def job_events(self) -> list[EventData]:
        return self.log.events(JOB_EVENTS.name)

    def _owner(self, topic: str) -> Process:
        return self.live["splitter" if topic == UPLOADS.name else "merger"]

    def _spawn(self, process: Process, work: Any) -> None:
        token = _process.set(process.number)
        try:
            self._tasks.add(asyncio.get_running_loop().create_task(work))
        finally:
            _process.reset(token)

    def _equip(self, process: Process) -> None:
        if process.service == "splitter":
            books: Any = StoredBook(self.book, self.store)
            uploads = UploadMessages(self.store, self.log, process.commands, books)
            process.handlers = {UPLOADS.name: self._runner(uploads)}
        elif process.service == "merger":
            merger = Merger(self.store, self.log, process.commands, FanInCache(self._cached_chunks))
            process.handlers = {
                CHUNK_RESULTS.name: self._runner(ResultMessages(merger)),
                JOB_CONTROL.name: self._runner(CommandMessages(merger)),
            }
        else:
            process.dispatcher = self._dispatcher(process.commands)

    def _runner(self, handler: Handler) -> MessageRunner:
        return MessageRunner(handler, DeadLetters(self.log, service="tests"), patience_seconds=60.0, stop=_stopped)

    def _dispatcher(self, commands: Commands) -> Dispatcher:
        tools = Tools(
            store=self.store,
            publisher=self.log,
            engines={Engine.LOCAL: GatedEngine(IdleEngine(), FixedLimit(1000), OpenGuard())},
            start_extraction=self.model.start,
            clock=RestingTime(turns=self.turns).clock(),
            policy=RetryPolicy(first_delay_seconds=0.0),  # no other clock decides what comes next
        )
        letters = DeadLetters(self.log, service="tests")
        limits = {Engine.LOCAL: FixedLimit(2)}
        dispatcher = Dispatcher(ChunkHandler(tools), letters, commands, limits, Window(10**6))
        dispatcher.assign([Partition(CHUNKS.name, number) for number in range(CHUNK_PARTITIONS)])
        return dispatcher


def _stopped() -> NoReturn:
    raise AssertionError("a worker stopped its process")


def _partition_of(message: Message) -> int:
    chunk = parse(message.value, message.headers).data
    assert isinstance(chunk, ChunkSubmitted)
    return chunk.index % CHUNK_PARTITIONS
