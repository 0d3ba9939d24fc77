"""The projector against real servers: two at once, poison, restarts, and a rebuild to the same rows."""

import asyncio

import httpx
import pytest

from feuilleton.contracts.events import Message, to_message
from feuilleton.contracts.topics import DEAD_LETTERS, JOB_EVENTS
from feuilleton.observability.tracing import new_traceparent
from feuilleton.streaming.admin import create_topics
from feuilleton.streaming.kafka import KafkaPublisher, partition_for
from feuilleton_local.ports import free_ports
from feuilleton_local.servers.running import LocalServer
from status_api import bootstrap
from tests.integration.status_api.conftest import Publish, World, a_client, publish_each, serving
from tests.integration.status_api.folded import TABLES, key_of, lives, rows, rows_folded_anew, until_folded
from tests.kafka_reading import read_records
from tests.unit.status_api.story import a_story

pytestmark = pytest.mark.servers


async def test_a_dropped_projection_is_rebuilt_to_the_same_rows(world: World, publish: Publish) -> None:
    await publish(*lives(6))
    async with world.projector():
        await until_folded(world)
        before = await rows(world)
    assert all(before[table] for table in TABLES)
    assert await rows_folded_anew(world) == before


async def test_a_projection_dropped_under_a_running_projector_is_rebuilt_by_it(world: World, publish: Publish) -> None:
    await publish(*lives(4))
    async with world.projector():
        await until_folded(world)
        before = await rows(world)
        await world.drop_projection()
        await until_folded(world)
        assert await rows(world) == before


async def test_two_projectors_at_once_fold_every_event_once(world: World, publish: Publish) -> None:
    """Each with a group of its own, so that both read every partition."""
    events = lives(6)
    await publish(*events[: len(events) // 2])
    async with world.projector(), world.projector(group="twin"):
        await publish(*events[len(events) // 2 :])
        await until_folded(world)
        both = await rows(world)
    assert await rows_folded_anew(world) == both


async def test_projectors_of_one_group_hand_partitions_over_without_loss(world: World, publish: Publish) -> None:
    events = lives(9)
    third = len(events) // 3
    async with world.projector():
        await publish(*events[:third])
        async with world.projector():
            await publish(*events[third : 2 * third])
        await publish(*events[2 * third :])
        await until_folded(world)
        found = await rows(world)
    assert await rows_folded_anew(world) == found


async def test_a_log_that_begins_again_stops_the_projector_with_the_reason(
    world: World, publish: Publish, capfd: pytest.CaptureFixture[str]
) -> None:
    """As when the broker's data were wiped and the database was kept."""
    async with bootstrap.projector(world.projector_settings) as built:
        for partition in range(JOB_EVENTS.partitions):
            await built._store.raise_position(built._topic, partition, 1000)
    await publish(a_story().accepted())
    with world.process("projector") as process:
        assert await asyncio.to_thread(process.wait, 60) == 3
    assert "drop the projection schema and migrate" in capfd.readouterr().err


async def test_the_projector_process_says_when_it_is_ready_and_stops_on_sigterm(world: World, publish: Publish) -> None:
    (port,) = free_ports(1)
    await publish(a_story().accepted())
    with world.process("projector", HTTP_PORT=str(port)) as process:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as health:
            await until_some_event_is_folded(world)
            assert [(await health.get(path)).status_code for path in ("/readyz", "/livez")] == [200, 200]
            counted = (await health.get("/metrics")).text
        process.terminate()
        assert await asyncio.to_thread(process.wait, 15) == 0
    assert 'feuilleton_events_folded_total{group="status-projector",type="feuilleton.job.accepted.v1"} 1.0' in counted


async def test_poison_costs_itself_alone(world: World, publisher: KafkaPublisher, publish: Publish) -> None:
    story = a_story()
    good = story.accepted()
    message = to_message(good, source="tests", traceparent=new_traceparent())
    key = message.key
    not_json = Message(JOB_EVENTS.name, key, b"{nothing", message.headers)
    unknown = Message(JOB_EVENTS.name, key, message.value.replace(b"job.accepted.v1", b"job.framed.v9"))
    misplaced = Message(JOB_EVENTS.name, key_of(partition_for(key, JOB_EVENTS.partitions)).encode(), message.value)
    huge = to_message(good.model_copy(update={"bytes": 10**30}), source="tests", traceparent=new_traceparent())
    nul = to_message(story.accepted(name="a\0b.pdf"), source="tests", traceparent=new_traceparent())
    async with world.projector():
        await publisher.publish_all([not_json, unknown, misplaced, huge, nul])
        await publish(*story.whole()[1:])
        await until_folded(world)
        found = await rows(world)
    assert [(row[2], row[12]) for row in found["jobs"]] == [("a\ufffdb.pdf", "completed")]
    letters = await read_records(world.kafka, world.prefix, DEAD_LETTERS)
    reasons = [dict(letter.headers)["dl-reason"].decode() for letter in letters]
    assert sorted(reasons) == ["misplaced", "poison_message", "unstorable"]


async def test_killed_in_the_middle_it_loses_and_repeats_nothing(world: World, publish: Publish) -> None:
    with world.process("projector"):
        publishing = asyncio.create_task(publish(*lives(12)))
        await until_some_event_is_folded(world)
    await publishing
    async with world.projector(group="not-waiting-for-the-dead-member"):
        await until_folded(world)
        found = await rows(world)
    assert await rows_folded_anew(world, "another") == found


async def until_some_event_is_folded(world: World) -> None:
    for _ in range(1500):
        if (await rows(world))["events"]:
            return
        await asyncio.sleep(0.02)
    pytest.fail("nothing was folded")


async def test_restarts_of_postgres_and_of_the_broker_are_ridden_out(
    own_kafka: LocalServer, own_postgres: LocalServer, object_store_url: str
) -> None:
    await create_topics(own_kafka.address)
    world = World(own_kafka.address, "", own_postgres.address, object_store_url)
    await world.migrate()
    story = a_story(chunks=5)
    publisher = KafkaPublisher(world.kafka, client_id="tests")
    await publisher.start()
    async with (
        world.projector(),
        bootstrap.api_parts(world.api_settings) as parts,
        serving(parts) as address,
        a_client(address) as api,
    ):
        url = f"/v1/jobs/{story.job}"
        await publish_each(publisher, *story.whole()[:3])
        assert (await api.get(url)).status_code == 200
        own_postgres.kill()
        assert (await api.get(url)).status_code == 503
        ready = await api.get("/readyz")
        assert (ready.status_code, ready.json()["missing"]) == (503, ["postgres", "api_keys"])
        assert (await api.get("/livez")).status_code == 200
        await publish_each(publisher, *story.whole()[3:5])
        own_postgres.spawn()
        await finished(api, url, 2)
        own_kafka.kill()
        assert (await api.get(url)).status_code == 200
        unknown = await api.get(f"/v1/jobs/{a_story().job}")
        assert (unknown.status_code, unknown.json()["code"]) == (503, "broker_unavailable")
        own_kafka.spawn()
        await asyncio.to_thread(own_kafka.wait_until_ready)
        await publish_each(publisher, *story.whole()[5:8])
        await finished(api, url, 5)
    await publisher.stop()


async def finished(api: httpx.AsyncClient, url: str, chunks: int) -> None:
    async with asyncio.timeout(60):
        while True:
            answer = await api.get(url)
            if answer.status_code == 200 and answer.json()["chunks"]["finished"] == chunks:
                return
            await asyncio.sleep(0.2)
