"""kill -9 of the webhooks process after each thing that it commits: no end is lost, none makes a second message, and
only what was posted and not yet written down is posted again, under the same id.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from feuilleton.contracts.topics import JOB_EVENTS
from feuilleton_local.ports import LOOPBACK
from tests.fakes.webhook_receiver import Post, Receiver, receiving
from tests.faults.failpoints.broker import Broker, until
from tests.faults.failpoints.tiers import quick, slow
from tests.faults.failpoints.trap import Operation, Point
from tests.faults.failpoints.trapped import Trapped
from tests.stack import Stack, auth, environment, migrate
from tests.unit.status_api.story import Story, a_story

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]
ROWS, OFFSETS = Operation.ROWS, Operation.OFFSETS
FOLDED = r"INSERT INTO status.webhook_deliveries \(id"
LEASED = "FROM status.webhooks WHERE id = ANY"
SETTLED = r"SET state = \$3"


@dataclass(frozen=True)
class Desk:
    broker: Broker
    process: Trapped
    receiver: Receiver
    api: str
    webhook: dict[str, Any]

    def posts(self, story: Story) -> list[Post]:
        return [post for post in list(self.receiver.posts) if story.job in post.body]

    def log(self, story: Story) -> list[dict[str, Any]]:
        url = f"{self.api}/v1/webhooks/{self.webhook['id']}/deliveries"
        items = httpx.get(url, params={"limit": 100}, headers=auth(), timeout=30).json()["items"]
        return [entry for entry in items if entry["job"] == story.job]


@contextmanager
def receiving_beside() -> Iterator[Receiver]:
    """A receiver in a thread of its own."""
    started: list[Receiver] = []
    ready, loop, done = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with receiving() as receiver:
            started.append(receiver)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield started[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str, database_url: str) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("webhooks")
    broker = Broker(kafka, kafka_topics)
    env = environment(
        kafka=kafka,
        prefix=kafka_topics,
        database_url=database_url,
        object_store_url=(folder / "objects").as_uri(),
        WEBHOOK_PLAIN_HTTP="true",
        WEBHOOK_PERMITTED_NETWORKS=f"{LOOPBACK}/32",
        WEBHOOK_TIMEOUT_SECONDS="6",
        WEBHOOK_LEASE_SECONDS="8",  # what a killed process had is due again after that
        WEBHOOK_POLL_SECONDS="0.1",
    )
    migrate(env)
    stack = Stack(folder, env)
    process = Trapped.add(stack, "webhooks", broker, "status-webhooks", [JOB_EVENTS])
    api = stack.add("status-api")
    with receiving_beside() as receiver, stack:
        wish = {"url": f"http://{LOOPBACK}:{receiver.port}/", "events": ["job.ended"]}
        made = httpx.post(f"{api.url}/v1/webhooks", json=wish, headers=auth(), timeout=30)
        yield Desk(broker, process, receiver, api.url, made.raise_for_status().json())


def test_what_was_posted_and_not_written_down_is_posted_again_under_the_same_id(desk: Desk) -> None:
    story = a_story(chunks=1)
    desk.process.until_idle()
    desk.process.die_at(Point(ROWS, SETTLED, before=True), lambda: desk.broker.publish(*story.whole()))
    assert len(desk.posts(story)) == 1
    desk.process.revive()
    check_told(desk, story, posts=2)


@pytest.mark.parametrize(
    "point",
    [
        *quick(Point(ROWS, FOLDED)),
        *slow(
            Point(ROWS, FOLDED, before=True),
            Point(ROWS, LEASED, before=True),
            Point(ROWS, LEASED),
            Point(ROWS, SETTLED),
            Point(OFFSETS, "job-events"),
        ),
    ],
)
def test_a_process_that_is_killed_at_any_other_place_has_told_each_end_once(desk: Desk, point: Point) -> None:
    story = a_story(chunks=1)
    desk.process.until_idle()
    desk.process.die_at(point, lambda: desk.broker.publish(*story.whole()))
    desk.process.revive()
    check_told(desk, story, posts=1)


def check_told(desk: Desk, story: Story, *, posts: int) -> None:
    until(lambda: [entry["state"] for entry in desk.log(story)] == ["delivered"], "a delivery")
    found = desk.posts(story)
    assert [post.headers["webhook-id"] for post in found] == [story.ended().event_id] * posts
    for post in found:
        Webhook(desk.webhook["secret"]).verify(post.body, dict(post.headers))
