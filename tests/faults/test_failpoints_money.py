"""kill -9 of ingest around each transaction that moves credits: each row is there once, or not at all."""

from collections.abc import Iterator

import pytest

from feuilleton.contracts.events import JobDeleted, JobEnded, Outcome
from feuilleton.contracts.ids import JobId
from tests.faults.failpoints.broker import until
from tests.faults.failpoints.ingest_desk import IngestDesk, an_ingest
from tests.faults.failpoints.tiers import quick, slow
from tests.faults.failpoints.trap import Operation, Point
from tests.seeded_books import TENANT

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]
PUBLISH, ROWS, OFFSETS = Operation.PUBLISH, Operation.ROWS, Operation.OFFSETS
LEDGER = "INSERT INTO ingest.ledger"
RESERVE = 4  # of a book of one page
GRANT = 1_000_000_000


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str, database_url: str
) -> Iterator[IngestDesk]:
    """Its jobs are for a model that costs; nobody runs them."""
    with an_ingest(tmp_path_factory.mktemp("money"), kafka, kafka_topics, database_url, ENGINES="gemini") as made:
        yield made


@pytest.mark.parametrize(
    ("point", "admitted"),
    [
        pytest.param(Point(ROWS, LEDGER, before=True), False, marks=pytest.mark.slow),
        pytest.param(Point(ROWS, LEDGER), True),
        pytest.param(Point(PUBLISH, r"job-events .*job\.accepted"), True, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_killed_as_it_admits_a_job_its_reserve_is_there_if_the_job_is(
    desk: IngestDesk, point: Point, *, admitted: bool
) -> None:
    before = desk.jobs()
    desk.ingest.die_at(point, lambda: desk.unanswered(str(point)))
    assert bool(desk.jobs() - before) == admitted
    desk.let_leases_lapse()
    desk.let_the_outbox_grow_old()
    desk.ingest.revive()
    job = desk.admitted(str(point))
    assert desk.jobs() - before == {job}
    assert rows(desk, job) == [("job_reserve", -RESERVE)]
    desk.runs(job)
    assert all_is_exact(desk)


@pytest.mark.parametrize(
    "point",
    [
        *quick(Point(ROWS, LEDGER)),
        *slow(Point(ROWS, LEDGER, before=True), Point(OFFSETS, "job-events")),
    ],
)
def test_killed_as_it_settles_an_end_each_row_is_there_once_when_it_is_back(desk: IngestDesk, point: Point) -> None:
    job = desk.admitted(f"settled {point}")
    end = JobEnded(job=job, tenant=TENANT, outcome=Outcome.PARTIAL, billed_tokens=900)
    desk.ingest.die_at(point, lambda: desk.broker.publish(end))
    desk.broker.publish(end)
    desk.ingest.revive()
    until(lambda: len(rows(desk, job)) > 1, "the settlement")
    assert rows(desk, job) == [("job_reserve", -RESERVE), ("job_refund", RESERVE), ("job_final", -2)]
    answer = desk.retry(job, f"again {point}")
    assert (answer.status_code, answer.json()["reserve"]) == (202, RESERVE - 2)
    desk.broker.publish(JobDeleted(job=job, tenant=TENANT, bytes_freed=1))
    until(lambda: len(rows(desk, job)) == 5, "the refund of what was deleted")
    assert rows(desk, job)[3:] == [("job_reserve", 2 - RESERVE), ("job_refund", RESERVE - 2)]
    assert all_is_exact(desk)


@pytest.mark.parametrize("point", slow(Point(ROWS, LEDGER), Point(ROWS, LEDGER, before=True)))
def test_killed_as_it_begins_an_attempt_it_reserves_once(desk: IngestDesk, point: Point) -> None:
    job = desk.admitted(f"for {point}")
    desk.broker.publish(JobEnded(job=job, tenant=TENANT, outcome=Outcome.FAILED))
    until(lambda: len(rows(desk, job)) > 1, "the settlement")
    desk.ingest.die_at(point, lambda: desk.retry_unanswered(job, f"once more {point}"))
    desk.let_the_outbox_grow_old()
    desk.ingest.revive()
    assert desk.retry(job, f"once more {point}").json()["reserve"] == RESERVE
    assert rows(desk, job) == [("job_reserve", -RESERVE), ("job_refund", RESERVE), ("job_reserve", -RESERVE)]
    assert all_is_exact(desk)


def rows(desk: IngestDesk, job: JobId) -> list[tuple[str, int]]:
    found = desk.ask("SELECT kind, amount FROM ingest.ledger WHERE job = $1 ORDER BY number", job)
    return [(row["kind"], row["amount"]) for row in found]


def all_is_exact(desk: IngestDesk) -> bool:
    """The balance is the sum of the rows, and what was granted less what was used or is held."""
    (row,) = desk.ask(
        "SELECT balance, (SELECT sum(amount)::bigint FROM ingest.ledger) AS total, "
        "(SELECT sum(amount)::bigint FROM ingest.ledger WHERE kind = 'job_final') AS used, "
        "(SELECT sum(reserve)::bigint FROM ingest.attempts WHERE settled_at IS NULL) AS held FROM ingest.accounts"
    )
    return bool(row["balance"] == row["total"] == GRANT + (row["used"] or 0) - (row["held"] or 0))
