"""kill -9 of ingest after each thing that it puts, publishes and commits of an upload or a new attempt: it was admitted
once and runs, or it was never there and left nothing.
"""

from collections.abc import Iterator

import pytest

from feuilleton.contracts.events import JobEnded, Outcome
from feuilleton.contracts.ids import JobId
from tests.faults.failpoints.broker import until
from tests.faults.failpoints.ingest_desk import MESSAGES, IngestDesk, an_ingest
from tests.faults.failpoints.tiers import quick, slow
from tests.faults.failpoints.trap import Operation, Point
from tests.seeded_books import TENANT

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]
PUBLISH, PUT, MOVE, DELETE, ROWS = (
    Operation.PUBLISH,
    Operation.PUT,
    Operation.MOVE,
    Operation.DELETE,
    Operation.ROWS,
)
ACCEPTED, UPLOAD = r"job-events .*job\.accepted", "^uploads"
SECOND = {("job-events", "feuilleton.attempt.accepted.v1"), ("uploads", "feuilleton.upload.submitted.v1")}


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str, database_url: str
) -> Iterator[IngestDesk]:
    with an_ingest(tmp_path_factory.mktemp("admission"), kafka, kafka_topics, database_url) as made:
        yield made


@pytest.mark.parametrize(
    "point",
    slow(
        Point(ROWS, "INSERT INTO ingest.idempotency_keys"),
        Point(PUT, "incoming/"),
        Point(ROWS, "INSERT INTO ingest.stages"),
        Point(MOVE, r"upload\.pdf"),
        Point(ROWS, "INSERT INTO ingest.jobs", before=True),
    ),
)
def test_killed_before_the_commit_there_is_no_job_and_the_same_key_makes_one(desk: IngestDesk, point: Point) -> None:
    before, files = desk.jobs(), {name for name in desk.files() if not name.startswith("incoming/")}
    desk.ingest.die_at(point, lambda: desk.unanswered(str(point)))
    assert desk.jobs() == before
    desk.let_leases_lapse()
    desk.let_stages_grow_old()
    desk.ingest.revive()
    # What waits under `incoming` is swept after a day.
    until(lambda: {name for name in desk.files() if not name.startswith("incoming/")} == files, "the sweep")
    job = desk.admitted(str(point))
    assert desk.jobs() - before == {job}
    desk.runs(job)


@pytest.mark.parametrize(
    "point",
    [
        *quick(Point(ROWS, "INSERT INTO ingest.jobs"), Point(PUBLISH, ACCEPTED)),
        *slow(Point(DELETE, "incoming/"), Point(PUBLISH, UPLOAD), Point(ROWS, "DELETE FROM ingest.outbox")),
    ],
)
def test_killed_after_the_commit_the_job_runs_and_the_same_key_names_it(desk: IngestDesk, point: Point) -> None:
    before = desk.jobs()
    desk.ingest.die_at(point, lambda: desk.unanswered(str(point)))
    (job,) = desk.jobs() - before
    desk.let_the_outbox_grow_old()
    desk.ingest.revive()
    desk.runs(job)
    assert desk.admitted(str(point)) == job
    assert desk.jobs() - before == {job}
    until(lambda: not desk.ask("SELECT 1 FROM ingest.outbox"), "an empty outbox")


@pytest.mark.parametrize(
    "point",
    slow(
        Point(ROWS, "UPDATE ingest.outbox SET taken_at"),
        Point(PUBLISH, ACCEPTED),
        Point(PUBLISH, UPLOAD),
        Point(ROWS, "DELETE FROM ingest.outbox"),
    ),
)
def test_a_relay_that_is_killed_leaves_the_job_to_the_next_one(desk: IngestDesk, point: Point) -> None:
    before, key = desk.jobs(), f"relay {point}"
    desk.ingest.die_at(Point(ROWS, "INSERT INTO ingest.jobs"), lambda: desk.unanswered(key))
    (job,) = desk.jobs() - before
    desk.let_the_outbox_grow_old()
    desk.ingest.die_at(point, desk.ingest.service.start)
    desk.let_the_outbox_grow_old()
    desk.ingest.revive()
    desk.runs(job)
    until(lambda: not desk.ask("SELECT 1 FROM ingest.outbox"), "an empty outbox")


@pytest.mark.parametrize(
    ("point", "begun"),
    [
        pytest.param(Point(ROWS, "INSERT INTO ingest.attempts", before=True), False, marks=pytest.mark.slow),
        pytest.param(Point(ROWS, "INSERT INTO ingest.attempts"), True, marks=pytest.mark.slow),
        pytest.param(Point(PUBLISH, r"job-events .*attempt\.accepted"), True, marks=pytest.mark.slow),
        pytest.param(Point(PUBLISH, UPLOAD), True, marks=pytest.mark.slow),
        pytest.param(Point(ROWS, "DELETE FROM ingest.outbox"), True, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_killed_as_it_begins_an_attempt_it_begins_one_or_none(desk: IngestDesk, point: Point, *, begun: bool) -> None:
    job = an_ended_job(desk, f"for {point}")
    desk.ingest.die_at(point, lambda: desk.retry_unanswered(job, f"again {point}"))
    assert (attempts(desk, job) == 2) == begun
    desk.let_the_outbox_grow_old()
    desk.ingest.revive()
    answer = desk.retry(job, f"again {point}")
    assert (answer.status_code, answer.json()["attempt"]) == (202, 2)
    until(lambda: desk.messages(job, 2) == SECOND, "the messages of the attempt")
    assert attempts(desk, job) == 2
    assert desk.messages(job) == MESSAGES


def an_ended_job(desk: IngestDesk, key: str) -> JobId:
    job = desk.admitted(key)
    desk.broker.publish(JobEnded(job=job, tenant=TENANT, outcome=Outcome.PARTIAL))
    until(lambda: bool(desk.ask("SELECT 1 FROM ingest.attempts WHERE job = $1 AND ended IS NOT NULL", job)), "its end")
    return job


def attempts(desk: IngestDesk, job: JobId) -> int:
    return len(desk.ask("SELECT 1 FROM ingest.attempts WHERE job = $1", job))
