import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from extractor.watermark import Delivery, Partition, Watermark

P = Partition("chunks", 3)
Q = Partition("chunks", 4)


def a_watermark(*offsets: int) -> Watermark:
    watermark = Watermark()
    watermark.assign([P])
    for offset in offsets:
        watermark.deliver(P, offset)
    return watermark


def test_the_commit_point_stays_at_the_first_unfinished_offset() -> None:
    watermark = a_watermark(5, 6, 7)
    watermark.finish(P, 6)
    watermark.finish(P, 7)
    assert watermark.commit_points() == {P: 5}


def test_it_runs_over_gaps_to_one_past_the_last_delivered() -> None:
    watermark = a_watermark(5, 9, 20)
    for offset in (20, 5, 9):
        watermark.finish(P, offset)
    assert watermark.commit_points() == {P: 21}


def test_a_partition_that_delivered_nothing_has_no_commit_point() -> None:
    assert a_watermark().commit_points() == {}


def test_nothing_is_committed_between_revoke_and_assign() -> None:
    watermark = a_watermark(5)
    watermark.finish(P, 5)
    watermark.revoke()
    assert watermark.commit_points() == {}


def test_a_redelivered_offset_joins_the_work_that_runs() -> None:
    watermark = a_watermark(5, 6)
    watermark.finish(P, 6)
    watermark.revoke()
    assert watermark.assign([P]) == frozenset()
    assert watermark.deliver(P, 5) is Delivery.JOINED
    assert watermark.deliver(P, 6) is Delivery.FINISHED
    assert watermark.commit_points() == {P: 5}
    watermark.finish(P, 5)
    assert watermark.commit_points() == {P: 7}


def test_work_finished_while_the_partition_is_away_counts_when_it_is_back() -> None:
    watermark = a_watermark(5)
    watermark.revoke()
    watermark.finish(P, 5)
    watermark.assign([P])
    assert watermark.deliver(P, 5) is Delivery.FINISHED
    assert watermark.commit_points() == {P: 6}


def test_an_offset_that_is_not_delivered_again_holds_nothing_back() -> None:
    watermark = a_watermark(5, 6)
    watermark.revoke()
    watermark.assign([P])
    assert watermark.commit_points() == {}
    watermark.deliver(P, 8)
    watermark.finish(P, 8)
    assert watermark.commit_points() == {P: 9}, "somebody moved the group on"


def test_partitions_that_do_not_come_back_are_named_and_can_be_forgotten() -> None:
    watermark = Watermark()
    watermark.assign([P, Q])
    watermark.deliver(Q, 1)
    watermark.revoke()
    assert watermark.assign([P]) == {Q}
    watermark.forget(Q)
    watermark.finish(Q, 1)
    assert watermark.unfinished() == 0
    watermark.assign([P, Q])
    assert watermark.deliver(Q, 1) is Delivery.NEW


def test_it_names_what_the_commit_waits_for_and_how_much_waits_behind() -> None:
    watermark = a_watermark(5, 6, 7, 9)
    assert watermark.held_up() == {}
    for offset in (7, 9):
        watermark.finish(P, offset)
    assert watermark.held_up() == {P: (5, 2)}
    watermark.finish(P, 5)
    assert watermark.held_up() == {P: (6, 2)}
    watermark.revoke()
    assert watermark.held_up() == {}


class WatermarkMachine(RuleBasedStateMachine):
    """One partition with gaps, a broker that delivers from the committed offset, and other members."""

    def __init__(self) -> None:
        super().__init__()
        self.offsets = [0, 1, 2, 5, 6, 10, 11, 12, 13, 20]
        self.watermark = Watermark()
        self.owned = False
        self.position = 0
        self.committed = 0
        self.running: set[int] = set()
        self.effects: set[int] = set()

    @precondition(lambda self: not self.owned)
    @rule(others=st.integers(0, 3))
    def assign(self, others: int) -> None:
        """`others` is how many messages another member finished in between, if it had the partition."""
        if others:
            self.watermark.assign([])
            self.watermark.forget(P)
            self.running.clear()
            for offset in [o for o in self.offsets if o >= self.committed][:others]:
                self.effects.add(offset)
                self.committed = offset + 1
        self.watermark.assign([P])
        self.owned = True
        self.position = self.committed

    @precondition(lambda self: self.owned)
    @rule()
    def revoke(self) -> None:
        self.watermark.revoke()
        self.owned = False

    @precondition(lambda self: self.owned)
    @rule()
    def deliver(self) -> None:
        offset = next((o for o in self.offsets if o >= self.position), None)
        if offset is None:
            return
        self.position = offset + 1
        delivery = self.watermark.deliver(P, offset)
        if delivery is Delivery.NEW:
            assert offset not in self.running
            self.running.add(offset)
        elif delivery is Delivery.JOINED:
            assert offset in self.running
        else:
            assert offset in self.effects

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        offset = data.draw(st.sampled_from(sorted(self.running)))
        self.running.remove(offset)
        self.effects.add(offset)
        self.watermark.finish(P, offset)

    @precondition(lambda self: self.owned)
    @rule()
    def commit(self) -> None:
        point = self.watermark.commit_points().get(P)
        if point is not None:
            assert point >= self.committed
            self.committed = point

    @invariant()
    def the_commit_never_passes_an_unfinished_offset(self) -> None:
        point = max(self.committed, self.watermark.commit_points().get(P, 0))
        assert all(o in self.effects for o in self.offsets if o < point)

    def teardown(self) -> None:
        if not self.owned:
            self.watermark.assign([P])
            self.owned, self.position = True, self.committed
        for _ in self.offsets:
            self.deliver()
        for offset in sorted(self.running, reverse=True):
            self.effects.add(offset)
            self.watermark.finish(P, offset)
        if self.committed < self.offsets[-1] + 1:
            assert self.watermark.commit_points() == {P: self.offsets[-1] + 1}
        assert self.watermark.unfinished() == 0


TestWatermarkInAnyOrder = pytest.mark.heavy(WatermarkMachine.TestCase)
TestWatermarkInAnyOrder.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
