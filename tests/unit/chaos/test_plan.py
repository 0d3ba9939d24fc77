"""The plan of a campaign: repeatable, and about everything there is."""

import pytest

from tests.chaos.plan import REPLICAS, SERVERS, SERVICES, Kind, draw_plan, label

REPLICA_LABELS = {label(service, number) for service in SERVICES for number in range(REPLICAS)}


def test_the_same_seed_gives_the_same_plan() -> None:
    assert draw_plan(7, 10) == draw_plan(7, 10)
    assert str(draw_plan(7, 10)) == str(draw_plan(7, 10))


def test_another_seed_gives_another_plan() -> None:
    assert draw_plan(7, 10).faults != draw_plan(8, 10).faults
    assert draw_plan(7, 10).stories != draw_plan(8, 10).stories


@pytest.mark.parametrize("seed", range(20))
def test_ten_minutes_hold_every_kind_for_every_target(seed: int) -> None:
    faults = draw_plan(seed, 10).faults
    happens = {(fault.kind, fault.target.split("-")[0].partition(" of ")[0]) for fault in faults}
    wanted = {
        (kind, name.split("-")[0]) for name in SERVICES for kind in (Kind.KILL, Kind.TERM, Kind.FREEZE, Kind.BOTH)
    }
    wanted |= {(kind, name) for name in SERVERS for kind in (Kind.CRASH, Kind.CUT, Kind.STALL, Kind.SLOW)}
    assert happens == wanted


def test_faults_come_in_order_within_the_time_and_name_what_there_is() -> None:
    plan = draw_plan(3, 10)
    moments = [fault.at_seconds for fault in plan.faults]
    assert moments == sorted(moments)
    assert 0 < moments[0] <= moments[-1] < plan.seconds
    for fault in plan.faults:
        server, _, victim = fault.target.partition(" of ")
        assert {victim or server} <= REPLICA_LABELS | set(SERVICES) | set(SERVERS)


def test_users_come_before_the_end_with_all_that_they_may_do() -> None:
    stories = draw_plan(3, 10).stories
    assert len(stories) == 80
    assert all(0 <= story.upload_at_seconds < 580 for story in stories)
    assert any(story.cancel_after_seconds for story in stories)
    assert any(story.delete_after_seconds for story in stories)
    assert any(story.double_click and story.retries for story in stories)
