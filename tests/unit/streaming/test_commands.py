from feuilleton.contracts.events import CancelJob, DeleteJob, ExpireJob, JobMerging
from feuilleton.streaming.commands import KEEP_SECONDS, Commands
from tests.strategies import JOB, TENANT


def test_a_cancel_ends_its_attempt_and_no_other() -> None:
    commands = Commands()
    assert commands.add(CancelJob(job=JOB, tenant=TENANT, attempt=1), at=0)
    assert commands.ended(JOB, 1) == "cancel"
    assert commands.ended(JOB, 2) is None


def test_a_delete_ends_every_attempt_whatever_came_before() -> None:
    commands = Commands()
    commands.add(ExpireJob(job=JOB, tenant=TENANT, attempt=1), at=0)
    commands.add(DeleteJob(job=JOB, tenant=TENANT), at=0)
    assert (commands.ended(JOB, 1), commands.ended(JOB, 7), commands.deleted(JOB)) == ("delete", "delete", True)


def test_a_duplicate_says_nothing_new_and_other_events_nothing_at_all() -> None:
    commands = Commands()
    assert commands.add(CancelJob(job=JOB, tenant=TENANT), at=0)
    assert not commands.add(CancelJob(job=JOB, tenant=TENANT), at=1)
    assert not commands.add(JobMerging(job=JOB, tenant=TENANT), at=1)
    assert len(commands) == 1


def test_commands_are_forgotten_when_the_topic_has_forgotten_them() -> None:
    commands = Commands()
    commands.add(CancelJob(job=JOB, tenant=TENANT), at=0)
    commands.add(DeleteJob(job=JOB, tenant=TENANT), at=100)
    commands.forget(now=KEEP_SECONDS + 50)
    assert len(commands) == 1
    assert commands.deleted(JOB)
