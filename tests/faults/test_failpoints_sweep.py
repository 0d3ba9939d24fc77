"""kill -9 of ingest after each thing that its sweeps and its watch of job-events publish, remove and commit."""

import os
import time
from collections.abc import Iterator

import pytest

from feuilleton.contracts import ids
from feuilleton.contracts.events import ExpireJob, JobDeleted, JobEnded, Outcome
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.topics import JOB_CONTROL, JOB_EVENTS, UPLOADS
from tests.faults.failpoints.broker import until
from tests.faults.failpoints.ingest_desk import IngestDesk, an_ingest
from tests.faults.failpoints.tiers import slow
from tests.faults.failpoints.trap import Operation, Point
from tests.seeded_books import TENANT

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(120)]
PUBLISH, DELETE, ROWS, OFFSETS = Operation.PUBLISH, Operation.DELETE, Operation.ROWS, Operation.OFFSETS
ACCEPTED, UPLOAD = r"job-events .*job\.accepted", "^uploads"


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str, database_url: str
) -> Iterator[IngestDesk]:
    with an_ingest(tmp_path_factory.mktemp("sweep"), kafka, kafka_topics, database_url) as made:
        yield made


@pytest.mark.parametrize(
    "point", slow(Point(PUBLISH, ACCEPTED), Point(PUBLISH, UPLOAD), Point(ROWS, "republished = republished"))
)
def test_killed_as_it_publishes_a_job_again_it_has_done_so_when_it_is_back(desk: IngestDesk, point: Point) -> None:
    job = desk.admitted(f"stuck {point}")
    published = len(desk.broker.event_ids(job, UPLOADS))
    desk.ingest.die_at(point, lambda: desk.ask("SELECT ingest.reconcile($1)", job))
    desk.ingest.revive()
    until(lambda: not asked(desk, job), "what was asked is done")
    assert published < len(desk.broker.event_ids(job, UPLOADS)) <= published + 2
    desk.runs(job)


@pytest.mark.parametrize(
    "point",
    slow(Point(PUBLISH, ACCEPTED), Point(PUBLISH, r"job-events .*job\.ended"), Point(ROWS, "SET asked_at = NULL")),
)
def test_killed_as_it_tells_of_an_ended_job_again_it_has_told_when_it_is_back(desk: IngestDesk, point: Point) -> None:
    job = desk.admitted(f"told {point}")
    end(desk, job, Outcome.PARTIAL)
    desk.ingest.die_at(point, lambda: desk.ask("SELECT ingest.reconcile($1)", job))
    desk.ingest.revive()
    until(lambda: not asked(desk, job), "what was asked is done")
    ends = desk.broker.events(job, JobEnded)
    assert len(ends) > 1
    assert len({one.model_dump_json() for one in ends}) == 1


@pytest.mark.parametrize("point", slow(Point(PUBLISH, "^job-control"), Point(ROWS, "SET expired_at")))
def test_killed_as_it_expires_an_attempt_it_has_done_so_when_it_is_back(desk: IngestDesk, point: Point) -> None:
    job = desk.admitted(f"expired {point}")
    old = "UPDATE ingest.attempts SET admitted_at = admitted_at - interval '80 hours' WHERE job = $1"
    desk.ingest.die_at(point, lambda: desk.ask(old, job))
    desk.ingest.revive()
    said = "SELECT 1 FROM ingest.attempts WHERE job = $1 AND expired_at IS NOT NULL"
    until(lambda: bool(desk.ask(said, job)), "the expiry")
    assert {command.attempt for command in desk.broker.events(job, ExpireJob, JOB_CONTROL)} == {1}
    end(desk, job, Outcome.FAILED)


@pytest.mark.parametrize("point", slow(Point(DELETE, "checkpoints"), Point(ROWS, "SET files_swept_at")))
def test_killed_as_it_looks_into_a_deleted_folder_once_more_it_leaves_nothing(desk: IngestDesk, point: Point) -> None:
    job = desk.admitted(f"deleted {point}")
    for index in range(2):
        late = desk.objects / ids.checkpoint_key(TENANT, job, index)
        late.parent.mkdir(parents=True, exist_ok=True)
        late.write_bytes(b"{}")
    desk.ingest.die_at(point, lambda: desk.broker.publish(JobDeleted(job=job, tenant=TENANT, bytes_freed=1)))
    desk.ingest.revive()
    swept = "SELECT 1 FROM ingest.jobs WHERE job = $1 AND files_swept_at IS NOT NULL"
    until(lambda: bool(desk.ask(swept, job)), "the sweep")
    assert not [name for name in desk.files() if job in name]


@pytest.mark.parametrize(
    "point",
    slow(Point(ROWS, "SET refused = true"), Point(DELETE, r"upload\.pdf"), Point(ROWS, "DELETE FROM ingest.stages")),
)
def test_killed_as_it_sweeps_what_no_admission_followed_it_leaves_nothing(desk: IngestDesk, point: Point) -> None:
    before, files = desk.jobs(), {name for name in desk.files() if name.startswith("tenants/")}
    moved = Point(Operation.MOVE, r"upload\.pdf")
    desk.ingest.die_at(moved, lambda: desk.unanswered(f"swept {point}"))
    desk.let_stages_grow_old()
    desk.ingest.die_at(point, desk.ingest.service.start)
    desk.ingest.revive()
    until(lambda: not desk.ask("SELECT 1 FROM ingest.stages"), "no stage")
    assert {name for name in desk.files() if name.startswith("tenants/")} == files
    assert desk.jobs() == before


def test_killed_as_it_removes_what_was_never_moved_it_removes_it_in_the_end(desk: IngestDesk) -> None:
    old = desk.objects / "incoming" / "left"
    old.parent.mkdir(exist_ok=True)
    old.write_bytes(b"a body")
    two_days_ago = time.time() - 2 * 86400
    desk.ingest.die_at(Point(DELETE, "incoming/left", before=True), lambda: os.utime(old, (two_days_ago, two_days_ago)))
    desk.ingest.revive()
    until(lambda: not old.exists(), "the sweep")


@pytest.mark.parametrize(
    "point",
    slow(
        Point(ROWS, "UPDATE ingest.offsets", before=True),
        Point(ROWS, "UPDATE ingest.offsets"),
        Point(OFFSETS, "job-events"),
    ),
)
def test_killed_as_it_folds_an_end_it_knows_it_when_it_is_back(desk: IngestDesk, point: Point) -> None:
    job = desk.admitted(f"watched {point}")
    desk.ingest.until_idle()
    desk.ingest.die_at(point, lambda: desk.broker.publish(JobEnded(job=job, tenant=TENANT, outcome=Outcome.PARTIAL)))
    desk.ingest.revive()
    assert desk.retry(job, f"again {point}").json()["attempt"] == 2


@pytest.mark.parametrize("point", slow(Point(PUBLISH, "^dead-letters"), Point(OFFSETS, "job-events")))
def test_killed_at_an_event_that_cannot_be_read_it_folds_the_next_one(desk: IngestDesk, point: Point) -> None:
    job = desk.admitted(f"poison {point}")
    desk.ingest.until_idle()
    desk.ingest.die_at(point, lambda: desk.broker.publish_poison(JOB_EVENTS, job))
    desk.ingest.revive()
    end(desk, job, Outcome.PARTIAL)
    assert desk.broker.letters(job) >= 1


def end(desk: IngestDesk, job: JobId, outcome: Outcome) -> None:
    desk.broker.publish(JobEnded(job=job, tenant=TENANT, outcome=outcome))
    until(lambda: bool(desk.ask("SELECT 1 FROM ingest.attempts WHERE job = $1 AND ended IS NOT NULL", job)), "its end")


def asked(desk: IngestDesk, job: JobId) -> bool:
    return bool(desk.ask("SELECT 1 FROM ingest.attempts WHERE job = $1 AND asked_at IS NOT NULL", job))
