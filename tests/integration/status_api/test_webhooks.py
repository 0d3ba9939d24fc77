"""Webhooks over a real broker and database, to a receiver on loopback: what happens to jobs arrives, signed, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from feuilleton.contracts.events import Message, Outcome
from feuilleton.contracts.topics import JOB_EVENTS
from feuilleton.streaming.kafka import KafkaPublisher
from feuilleton.streaming.log_ends import KafkaLogEnds
from feuilleton_local.ports import LOOPBACK, free_ports
from status_api import bootstrap
from status_api.settings import WebhooksSettings
from tests.fakes.webhook_receiver import Post, Receiver, answer, receiving
from tests.integration.status_api.conftest import Publish, World, a_client, serving
from tests.integration.status_api.folded import lives, until_folded
from tests.unit.status_api.story import a_story

pytestmark = pytest.mark.servers

Json = dict[str, Any]


def settings(world: World, **more: object) -> WebhooksSettings:
    given: Json = {
        "kafka_bootstrap_servers": world.kafka,
        "kafka_prefix": world.prefix,
        "database_url": SecretStr(world.database_url),
        "http_port": 0,
        "webhook_plain_http": True,
        "webhook_permitted_networks": f"{LOOPBACK}/32",
        "webhook_timeout_seconds": 20,  # on a busy machine a post that took long would come twice
        "webhook_lease_seconds": 30,
        "webhook_poll_seconds": 0.05,
        "webhook_first_gap_seconds": 0.2,
        "webhook_longest_gap_seconds": 0.5,
        **more,
    }
    return WebhooksSettings(**given)


@asynccontextmanager
async def webhooks(world: World, **more: object) -> AsyncIterator[None]:
    """The process of webhooks in this loop until the block ends."""
    async with bootstrap.webhooks(settings(world, **more)) as built:
        task = asyncio.create_task(built.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def api(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """As everywhere, and it lets loopback be a receiver."""
    rules = {"webhook_plain_http": True, "webhook_permitted_networks": settings(world).webhook_permitted_networks}
    async with (
        bootstrap.api_parts(world.api_settings.model_copy(update=rules)) as parts,
        serving(parts) as address,
        a_client(address) as client,
    ):
        yield client


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


async def add(api: httpx.AsyncClient, port: int, *events: str, job: str | None = None) -> Json:
    wish = {"url": f"http://{LOOPBACK}:{port}/hook", "events": events or ["job.ended"], "job": job}
    made: Json = (await api.post("/v1/webhooks", json=wish)).raise_for_status().json()
    return made


async def log(api: httpx.AsyncClient, webhook: Json) -> list[Json]:
    page = await api.get(f"/v1/webhooks/{webhook['id']}/deliveries", params={"limit": 100})
    items: list[Json] = page.raise_for_status().json()["items"]
    return items


async def until_logged(api: httpx.AsyncClient, webhook: Json, count: int, **fields: str) -> list[Json]:
    """Wait until so many deliveries have these fields; without any: until they arrived."""
    wanted = fields or {"state": "delivered"}
    async with asyncio.timeout(60):
        while True:
            found = await log(api, webhook)
            if [{name: entry[name] for name in wanted} for entry in found].count(wanted) >= count:
                return found
            await asyncio.sleep(0.05)


async def until_told(world: World) -> None:
    """Wait until webhooks have folded all that is in the log now."""
    ends = KafkaLogEnds(world.kafka, client_id="tests")
    topic = world.prefix + JOB_EVENTS.name
    wanted = {part: await ends.end(topic, part) for part in range(JOB_EVENTS.partitions)}
    await ends.stop()
    connection = await asyncpg.connect(world.database_url)
    try:
        async with asyncio.timeout(60):
            while True:
                rows = await connection.fetch("SELECT partition, next_offset FROM status.webhook_offsets")
                places = {row["partition"]: row["next_offset"] for row in rows}
                if all(places.get(part, 0) >= end for part, end in wanted.items()):
                    return
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


def verified(post: Post, webhook: Json) -> Json:
    found: Json = Webhook(webhook["secret"]).verify(post.body, dict(post.headers))
    return found


async def test_the_end_of_a_job_arrives_signed_and_once_whatever_the_log_repeats(
    world: World, publish: Publish, api: httpx.AsyncClient, receiver: Receiver
) -> None:
    webhook = await add(api, receiver.port)
    story = a_story()
    doubled = [event for event in story.whole() for _ in range(2)]
    async with webhooks(world):
        await publish(*doubled, story.ended(outcome=Outcome.FAILED), story.merging())
        await until_told(world)
        (entry,) = await until_logged(api, webhook, 1)
    (post,) = receiver.posts
    message = verified(post, webhook)
    assert (message["type"], message["data"]["job"], message["data"]["status"]) == ("job.ended", story.job, "completed")
    assert post.headers["webhook-id"] == entry["event_id"] == story.ended().event_id
    assert (entry["tries"], entry["status"], entry["message"]) == (1, 200, message)


async def test_every_job_of_many_arrives_once_with_two_processes_at_work(
    world: World, publish: Publish, api: httpx.AsyncClient, receiver: Receiver
) -> None:
    webhook = await add(api, receiver.port, "job.accepted", "job.ended", "job.deleted")
    async with webhooks(world), webhooks(world):
        await publish(*lives(9))
        await until_told(world)
        expected = 9 + 10 + 1  # one job had two attempts, one was deleted
        await until_logged(api, webhook, expected)
        await asyncio.sleep(0.5)
    told = [verified(post, webhook) for post in receiver.posts]
    assert len({post.headers["webhook-id"] for post in receiver.posts}) == len(told) == expected
    types = [message["type"] for message in told]
    assert {name: types.count(name) for name in types} == {"job.accepted": 9, "job.ended": 10, "job.deleted": 1}


async def test_what_happened_while_no_process_ran_is_told_when_one_does(
    world: World, publish: Publish, api: httpx.AsyncClient, receiver: Receiver
) -> None:
    webhook = await add(api, receiver.port)
    await publish(*a_story().whole())
    async with webhooks(world):
        await until_logged(api, webhook, 1)
    await publish(*a_story().whole())
    async with webhooks(world):
        await until_logged(api, webhook, 2)
    assert len(receiver.posts) == 2


async def test_a_receiver_that_was_down_gets_the_message_when_it_is_up(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    (port,) = free_ports(1)
    webhook = await add(api, port)
    async with webhooks(world):
        await publish(*a_story().whole())
        await until_logged(api, webhook, 1, error="unreachable")
        async with receiving(answer(503), port=port) as receiver:
            (entry,) = await until_logged(api, webhook, 1)
    assert entry["tries"] >= 3
    assert len({(post.headers["webhook-id"], post.body) for post in receiver.posts}) == 1
    assert len(receiver.posts) == 2


async def test_a_rebuild_of_the_projection_tells_nothing_again(
    world: World, publish: Publish, api: httpx.AsyncClient, receiver: Receiver
) -> None:
    webhook = await add(api, receiver.port, "job.accepted", "job.ended")
    async with world.projector(), webhooks(world):
        await publish(*a_story().whole(), *a_story().whole())
        await until_logged(api, webhook, 4)
        connection = await asyncpg.connect(world.database_url)
        await connection.execute("SELECT projection.rebuild()")
        await connection.close()
        await until_folded(world)
        await world.drop_projection()
        await until_folded(world)
    async with webhooks(world):
        await publish(*a_story().whole())
        await until_logged(api, webhook, 6)
    assert len(receiver.posts) == 6


async def test_an_event_that_cannot_be_read_holds_up_no_other(
    world: World, publish: Publish, publisher: KafkaPublisher, api: httpx.AsyncClient, receiver: Receiver
) -> None:
    webhook = await add(api, receiver.port)
    story = a_story()
    async with webhooks(world):
        await publisher.publish(Message(JOB_EVENTS.name, story.job.encode(), b"{broken"))
        await publish(*story.whole())
        await until_logged(api, webhook, 1)


async def test_a_webhook_of_a_job_gets_its_end_whether_it_came_before_or_comes_after(
    world: World, publish: Publish, api: httpx.AsyncClient, receiver: Receiver
) -> None:
    early, late, other = a_story(), a_story(), a_story()
    async with world.projector(), webhooks(world):
        await publish(*early.whole(), *late.whole()[:3])
        await until_told(world)
        hooks = [await add(api, receiver.port, job=story.job) for story in (early, late)]
        await publish(*other.whole(), *late.whole()[3:], *early.whole())
        for hook in hooks:
            await until_logged(api, hook, 1)
        await until_told(world)
    assert {post.headers["webhook-id"] for post in receiver.posts} == {early.ended().event_id, late.ended().event_id}
    assert len(receiver.posts) == 2


async def test_a_test_and_a_redelivery_arrive(
    world: World, publish: Publish, api: httpx.AsyncClient, receiver: Receiver
) -> None:
    webhook = await add(api, receiver.port)
    base = f"/v1/webhooks/{webhook['id']}"
    async with webhooks(world):
        await api.post(f"{base}/test")
        (entry,) = await until_logged(api, webhook, 1)
        await api.post(f"{base}/deliveries/{entry['id']}/redeliver")
        await receiver.wait_for(2)
    first, second = receiver.posts
    assert verified(first, webhook)["type"] == "webhook.test"
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


async def test_a_receiver_inside_is_not_even_connected_to_without_leave(
    world: World, publish: Publish, api: httpx.AsyncClient, receiver: Receiver
) -> None:
    webhook = await add(api, receiver.port)
    async with webhooks(world, webhook_permitted_networks=""):
        await publish(*a_story().whole())
        await until_logged(api, webhook, 1, error="address_refused")
    assert receiver.connections == 0
