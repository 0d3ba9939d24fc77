"""The races of the protocol: cancel x complete x new attempt x delete x expire x redelivery x rebalance x kills, and
chunks that are put back.

A rule-based machine drives the real handlers through arbitrary interleavings, and a reference of a few lines says what
must have come of it.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass

import pytest
import stamina
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from feuilleton.contracts import ids
from feuilleton.contracts.documents import CardLine, Report
from feuilleton.contracts.events import (
    AttemptAccepted,
    CancelJob,
    DeleteJob,
    EventData,
    ExpireJob,
    JobAccepted,
    JobDeleted,
    JobEnded,
)
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.contracts.job_state import JobState, fold_event
from feuilleton.contracts.topics import CHUNK_RESULTS, JOB_CONTROL, UPLOADS
from tests.model.world import CHUNKS_OF_BOOK, Inline, World
from tests.seeded_books import TENANT, a_checkpoint

MAX_ATTEMPTS = 3
SERVICES = ("splitter", "extractor", "merger")
TOKENS_OF_A_CHUNK = 100
_DRAIN_TURNS = 3000


@dataclass(frozen=True)
class Reference:
    """What the log says of the job, read as simply as can be."""

    status: str
    attempt: int
    ends: dict[int, JobEnded]


def read(events: list[EventData]) -> Reference:
    ends: dict[int, JobEnded] = {}
    for event in events:
        if isinstance(event, JobEnded):
            ends.setdefault(event.attempt, event)
    attempt = max(event.attempt for event in events)
    status = ends[attempt].outcome.value if attempt in ends else "running"
    deleted = any(isinstance(event, JobDeleted) for event in events)
    return Reference("deleted" if deleted else status, attempt, ends)


class Protocol(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.loop.set_default_executor(Inline())
        self.commanded: set[tuple[str, int]] = set()
        self.deleted_attempt = 0
        self.patch = pytest.MonkeyPatch()
        # Who waits for another member looks again at every step: no clock decides what comes next.
        self.patch.setattr("extractor.dispatcher._LOOK_AGAIN_SECONDS", 0.0)
        self.patch.setattr("extractor.dispatcher.is_due", lambda *, finished_behind, **_: finished_behind > 0)

    @initialize(
        failing=st.frozensets(st.tuples(st.integers(0, CHUNKS_OF_BOOK - 1), st.integers(1, MAX_ATTEMPTS)), max_size=6),
        cached_chunks=st.sampled_from([0, 1, 1000]),
        away=st.dictionaries(st.integers(0, CHUNKS_OF_BOOK - 1), st.integers(1, 2)),
    )
    def begin(self, failing: frozenset[tuple[int, int]], cached_chunks: int, away: dict[int, int]) -> None:
        async def build() -> World:
            return World(failing, cached_chunks, away)

        self.world = self.loop.run_until_complete(build())
        job = self.world.book.job
        accepted = JobAccepted(
            job=job,
            tenant=TENANT,
            name="roman.pdf",
            bytes=1,
            sha256="0" * 64,
            pages=CHUNKS_OF_BOOK,
            settings=JobSettings(),
            engine=Engine.LOCAL,
            model="balanced",
        )
        self.world.submit(accepted, self.world.order(1))

    # The world's moves

    @precondition(lambda self: self.world.deliverable())
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        topic = data.draw(st.sampled_from(self.world.deliverable()), label="topic")
        self._do(lambda: self.world.deliver(topic))

    @precondition(lambda self: self.world.turns.waiting())
    @rule(data=st.data(), lost=st.sampled_from([False, False, False, True]))
    def step(self, data: st.DataObject, lost: bool) -> None:  # noqa: FBT001 - drawn by name
        turns = self.world.turns.waiting()
        place = data.draw(st.integers(0, len(turns) - 1), label="turn")
        self._do(lambda: self.world.give(turns[place], lost=lost))

    @rule(service=st.sampled_from(SERVICES), dies=st.booleans())
    def replace_a_process(self, service: str, dies: bool) -> None:  # noqa: FBT001
        self._do(lambda: self.world.replace(service, dies=dies))

    @precondition(lambda self: self.world.calls_in_flight)
    @rule()
    def hand_the_chunks_over(self) -> None:
        self._do(self.world.hand_over)

    @precondition(lambda self: self.world.chunks_at_rest)
    @rule()
    def put_back_what_holds_up(self) -> None:
        self._do(self.world.relieve)

    @rule(topic=st.sampled_from([UPLOADS.name, CHUNK_RESULTS.name, JOB_CONTROL.name]), messages=st.integers(1, 3))
    def lose_commits(self, topic: str, messages: int) -> None:
        self.world.rewind(topic, messages)

    @rule()
    def commit(self) -> None:
        self.world.commit()

    @rule(data=st.data())
    def hear_a_command(self, data: st.DataObject) -> None:
        processes = [*self.world.live.values(), *self.world.ghosts]
        process = data.draw(st.sampled_from(range(len(processes))), label="process")
        self._do(lambda: self.world.learn(processes[process]))

    # What users and sweeps do

    @rule(chance=st.integers(0, 4), attempt=st.integers(1, MAX_ATTEMPTS), kind=st.sampled_from([CancelJob, ExpireJob]))
    def end_by_command(self, chance: int, attempt: int, kind: type[CancelJob] | type[ExpireJob]) -> None:
        """Rarely, or hardly any run would get to its end by itself."""
        if chance > 0:
            return
        attempt = min(attempt, self.reference.attempt)
        self.commanded.add((kind.__name__, attempt))
        self.world.submit(kind(job=self.world.book.job, tenant=TENANT, attempt=attempt))

    @rule(chance=st.integers(0, 9))
    def delete(self, chance: int) -> None:
        if chance == 0:
            self.commanded.add(("DeleteJob", 0))
            self.deleted_attempt = self.reference.attempt
            self.world.submit(DeleteJob(job=self.world.book.job, tenant=TENANT, attempt=self.reference.attempt))

    @precondition(lambda self: self.reference.status in ("partial", "failed", "cancelled"))
    @rule()
    def try_again(self) -> None:
        attempt = self.reference.attempt + 1
        if attempt <= MAX_ATTEMPTS:
            job = self.world.book.job
            self.world.submit(
                AttemptAccepted(job=job, tenant=TENANT, attempt=attempt, settings=JobSettings()),
                self.world.order(attempt),
            )

    @rule(chance=st.integers(0, 2))
    def publish_the_order_again(self, chance: int) -> None:
        """As the outbox and the sweep may."""
        if chance == 0:
            self.world.submit(self.world.order(self.reference.attempt))

    # What must hold

    @property
    def reference(self) -> Reference:
        return read(self.world.job_events())

    @invariant()
    def the_fold_says_what_the_reference_says(self) -> None:
        state = JobState()
        for event in self.world.job_events():
            state = fold_event(state, event)
        reference = self.reference
        assert (state.status.value if state.status.ended else "running") == reference.status
        assert state.attempt == reference.attempt
        assert {attempt: state.end_of(attempt) for attempt in reference.ends} == reference.ends

    @invariant()
    def nothing_is_paid_twice_without_a_loss(self) -> None:
        """What was handed over is paid once too, but where another message of the chunk came to its next owner. A
        deletion takes checkpoints away: who has not heard of it yet may pay anew.
        """
        if self.reference.status == "deleted":
            return
        world = self.world
        paid, tried = Counter[int](), Counter[int]()
        for (index, attempt), calls in world.model.paid.items():
            paid[index] += calls
            tried[index] += (index, attempt) in world.model.failing
        again = {index: calls - tried[index] - 1 for index, calls in paid.items() if calls > tried[index] + 1}
        assert sum(again.values()) <= world.lost_calls + world.handed_over_calls
        of_one_message = [index for index in again if len(world.messages_of[index]) == 1]
        assert sum(again[index] for index in of_one_message) <= world.lost_calls

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self._drain()
                self._check_the_end()
        finally:
            if hasattr(self, "world"):
                self.loop.run_until_complete(self.world.close())
            self.loop.close()
            self.patch.undo()

    def _drain(self) -> None:
        """Everything that waits happens, ghosts' writes too, until nothing is left to do."""
        for _ in range(_DRAIN_TURNS):
            turns, topics = self.world.turns.waiting(), self.world.deliverable()
            if turns:
                self._do(lambda: self.world.give(turns[0]))  # noqa: B023 - called at once
            elif topics:
                self._do(lambda: self.world.deliver(topics[0]))  # noqa: B023
            elif not any(self.world.learn(process) for process in self.world.live.values()):
                return
        raise AssertionError("the job never came to rest")

    def _check_the_end(self) -> None:
        self.the_fold_says_what_the_reference_says()
        self.nothing_is_paid_twice_without_a_loss()
        reference = self.reference
        if ("DeleteJob", 0) in self.commanded:
            assert reference.status == "deleted"
        deleted = reference.status == "deleted"
        for attempt in range(1, reference.attempt + 1):
            if attempt not in reference.ends:
                # Begun in the moment of a deletion that does not know of it: `deleted` is its end too.
                assert deleted, f"attempt {attempt} never ended"
                assert attempt > self.deleted_attempt, f"attempt {attempt} never ended"
                continue
            self._check_outcome(reference.ends[attempt], deleted=deleted)

    def _check_outcome(self, end: JobEnded, *, deleted: bool) -> None:
        refused = {index for index, attempt in self.world.model.failing if attempt == end.attempt}
        if end.outcome in ("completed", "partial"):
            if not deleted:
                self._check_result(end, refused)
        elif end.outcome == "cancelled":
            assert {("CancelJob", end.attempt), ("DeleteJob", 0)} & self.commanded
        elif end.code == "expired":
            assert ("ExpireJob", end.attempt) in self.commanded
        else:
            assert len(refused) == CHUNKS_OF_BOOK, f"failed with {end.code}"

    def _check_result(self, end: JobEnded, refused: set[int]) -> None:
        assert end.result is not None
        report = Report.model_validate_json(self.world.store.objects[ids.report_key(end.result)])
        missing = {one.index for one in report.missing}
        assert missing <= refused
        assert (end.outcome == "completed") == (not missing)
        good = [chunk for chunk in self.world.book.chunks if chunk.index not in missing]
        expected = [(card.source_id, card.text) for chunk in good for card in a_checkpoint(chunk).cards]
        lines = self.world.store.objects[ids.cards_key(end.result)].splitlines()
        cards = [CardLine.model_validate_json(line) for line in lines]
        assert [(card.source_id, card.text) for card in cards] == expected
        assert end.billed_tokens == TOKENS_OF_A_CHUNK * len(good)

    def _do(self, action: object) -> None:
        async def run() -> None:
            with stamina.set_testing(True, attempts=1000):
                action()  # type: ignore[operator]
                await self.world.quiet()

        self.loop.run_until_complete(run())


TestProtocol = Protocol.TestCase
TestProtocol.settings = settings(
    max_examples=60,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
