"""kill -9 of the projector and of the API after each thing that they commit and publish: every event is folded once,
and a command that was published takes effect.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest

from feuilleton.contracts.events import CancelJob, DeleteJob, JobEnded
from feuilleton.contracts.topics import JOB_CONTROL, JOB_EVENTS
from tests.faults.failpoints.broker import Broker, until
from tests.faults.failpoints.tiers import quick, slow
from tests.faults.failpoints.trap import Operation, Point
from tests.faults.failpoints.trapped import Trapped
from tests.stack import MIGRATIONS, Stack, auth, environment, migrate
from tests.unit.status_api.story import Story, a_story

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]
PUBLISH, ROWS, OFFSETS = Operation.PUBLISH, Operation.ROWS, Operation.OFFSETS
CHUNKS = 4
TABLES = ("jobs", "attempts", "chunks", "events", "offsets")


@dataclass(frozen=True)
class Desk:
    """A projector and an API in traps, and a merger that obeys commands."""

    broker: Broker
    projector: Trapped
    api: Trapped
    env: dict[str, str]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        async def fetch() -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(self.env["DATABASE_URL"])
            try:
                return [tuple(row) for row in await connection.fetch(query, *values)]
            finally:
                await connection.close()

        return asyncio.run(fetch())

    def projection(self) -> dict[str, list[tuple[Any, ...]]]:
        return {table: sorted(self.rows(f"TABLE projection.{table}"), key=repr) for table in TABLES}

    def status(self, story: Story) -> str:
        answer = httpx.get(f"{self.api.service.url}/v1/jobs/{story.job}", headers=auth(), timeout=30)
        return str(answer.json()["status"])

    def unanswered(self, method: str, path: str) -> None:
        with suppress(httpx.TransportError):
            answer = httpx.request(method, f"{self.api.service.url}/v1/jobs/{path}", headers=auth(), timeout=30)
            raise AssertionError(f"{answer.status_code} {answer.text}")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str, database_url: str) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("status")
    broker = Broker(kafka, kafka_topics)
    env = environment(
        kafka=kafka,
        prefix=kafka_topics,
        database_url=database_url,
        object_store_url=(folder / "objects").as_uri(),
        CANCEL_WAIT_SECONDS="0.1",
    )
    migrate(env)
    stack = Stack(folder, env)
    projector = Trapped.add(stack, "projector", broker, "status-projector", [JOB_EVENTS])
    api = Trapped.add(stack, "status-api", broker, "", [])
    stack.add("merger")
    with stack:
        yield Desk(broker, projector, api, env)


@pytest.mark.parametrize(
    "point",
    [
        *quick(Point(ROWS, "INSERT INTO projection.events")),
        *slow(Point(ROWS, "INSERT INTO projection.events", before=True), Point(OFFSETS, "job-events")),
    ],
)
def test_a_projector_that_is_killed_as_it_folds_has_folded_every_event_once(desk: Desk, point: Point) -> None:
    story = a_story(chunks=CHUNKS)
    desk.projector.until_idle()
    desk.projector.die_at(point, lambda: desk.broker.publish(*story.whole()))
    desk.projector.revive()
    check_folded(desk, story)


@pytest.mark.slow
def test_a_projector_that_is_killed_as_it_finds_its_place_folds_every_event_once(desk: Desk) -> None:
    story = a_story(chunks=CHUNKS)
    desk.projector.service.kill()
    desk.broker.evict(desk.projector.group)
    desk.broker.publish(*story.whole())
    desk.projector.die_at(Point(ROWS, r"greatest\(offsets"), desk.projector.service.start)
    desk.projector.revive()
    check_folded(desk, story)


@pytest.mark.parametrize("point", slow(Point(PUBLISH, "^dead-letters"), Point(OFFSETS, "job-events")))
def test_a_projector_that_is_killed_at_an_event_that_cannot_be_read_folds_the_others(desk: Desk, point: Point) -> None:
    story = a_story(chunks=CHUNKS)
    desk.broker.publish(*story.whole()[:2])
    desk.projector.until_idle()
    desk.projector.die_at(point, lambda: desk.broker.publish_poison(JOB_EVENTS, story.job))
    desk.projector.revive()
    desk.broker.publish(*story.whole()[2:])
    desk.projector.until_idle()
    assert desk.broker.letters(story.job) >= 1
    check_folded(desk, story)


def check_folded(desk: Desk, story: Story) -> None:
    query = "SELECT finished_chunks, failed_chunks, cards FROM projection.attempts WHERE job = $1"
    assert desk.rows(query, story.job) == [(CHUNKS, 0, 4 * CHUNKS)]
    assert desk.rows('SELECT type FROM projection.events WHERE job = $1 ORDER BY "offset"', story.job) == [
        (event.type,) for event in story.whole()
    ]
    assert desk.status(story) == "completed"


@pytest.mark.slow
def test_the_rows_after_a_kill_are_those_of_a_rebuild(desk: Desk) -> None:
    desk.projector.until_idle()
    point = Point(ROWS, "INSERT INTO projection.events")
    desk.projector.die_at(point, lambda: desk.broker.publish(*a_story(chunks=CHUNKS).whole()))
    desk.projector.revive()
    before = desk.projection()
    desk.rows("DROP SCHEMA projection CASCADE")
    migrate(desk.env, MIGRATIONS[1:])
    until(lambda: desk.projection() == before, "the same rows")


@pytest.mark.parametrize(
    ("method", "path", "command", "status"),
    [
        pytest.param("POST", "{job}/cancel", CancelJob, "cancelled", id="cancel"),
        pytest.param("DELETE", "{job}", DeleteJob, "deleted", id="delete", marks=pytest.mark.slow),
    ],
)
def test_a_command_whose_answer_was_lost_with_its_process_takes_effect(
    desk: Desk, method: str, path: str, command: type[CancelJob | DeleteJob], status: str
) -> None:
    story = a_story()
    desk.broker.publish(*story.whole()[:3])
    desk.projector.until_idle()
    asked = path.format(job=story.job)
    desk.api.die_at(Point(PUBLISH, "^job-control"), lambda: desk.unanswered(method, asked))
    desk.api.service.start()
    desk.api.service.wait_ready()
    until(lambda: desk.status(story) == status, status)
    assert len(desk.broker.events(story.job, command, JOB_CONTROL)) == 1
    assert {end.outcome for end in desk.broker.events(story.job, JobEnded)} == {"cancelled"}


@pytest.mark.slow
def test_a_command_whose_process_was_killed_ahead_of_it_was_never_given(desk: Desk) -> None:
    story = a_story()
    desk.broker.publish(*story.whole()[:3])
    desk.projector.until_idle()
    before = Point(PUBLISH, "^job-control", before=True)
    desk.api.die_at(before, lambda: desk.unanswered("POST", f"{story.job}/cancel"))
    desk.api.service.start()
    desk.api.service.wait_ready()
    assert desk.broker.events(story.job, CancelJob, JOB_CONTROL) == []
    assert desk.status(story) == "extracting"
