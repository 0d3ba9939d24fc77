"""Server-sent events: each change once, in order, resumable, and a last event."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from httpx_sse import ServerSentEvent, aconnect_sse

from feuilleton.contracts.events import to_message
from feuilleton.observability.tracing import new_traceparent
from feuilleton.streaming.kafka import KafkaPublisher
from status_api import bootstrap
from tests.integration.status_api.conftest import Publish, World, a_client, serving
from tests.unit.status_api.story import Story, a_story

pytestmark = pytest.mark.servers


@dataclass(frozen=True)
class Stream:
    api: httpx.AsyncClient
    job: str
    attempt: int | None = None

    async def events(self, *, after: str = "", count: int | None = None) -> list[ServerSentEvent]:
        """What comes until the stream ends, or the first `count`."""
        return [event async for event in self._read(after, count)]

    async def _read(self, after: str, count: int | None) -> AsyncIterator[ServerSentEvent]:
        headers = {"Last-Event-ID": after} if after else {}
        params = {"attempt": self.attempt} if self.attempt else {}
        url, seen = f"/v1/jobs/{self.job}/events", 0
        async with aconnect_sse(self.api, "GET", url, headers=headers, params=params) as source:
            async for event in source.aiter_sse():
                if not event.data:
                    continue  # a heartbeat, of which httpx-sse makes an event once there was an id
                yield event
                seen += 1
                if seen == count:
                    return


def names(events: list[ServerSentEvent]) -> list[str]:
    return [event.event for event in events]


WHOLE = [
    "job.accepted",
    "job.splitting",
    "job.split",
    *["chunk.finished"] * 3,
    "job.merging",
    "job.ended",
    "end",
]


async def _until_accepted(api: httpx.AsyncClient, story: Story) -> None:
    assert (await api.get(f"/v1/jobs/{story.job}")).status_code == 200


async def test_a_stream_tells_all_changes_as_they_come_and_ends_with_the_job(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    story = a_story()
    async with world.projector():
        await publish(story.accepted())
        await _until_accepted(api, story)
        reading = asyncio.create_task(Stream(api, story.job).events())
        for event in story.whole()[1:]:
            await publish(event, event)  # every one twice, as after a crash of its producer
            await asyncio.sleep(0.02)
        events = await asyncio.wait_for(reading, 15)
    assert names(events) == WHOLE
    last = json.loads(events[-1].data)
    assert (last["status"], last["id"], events[-1].id) == ("completed", story.job, events[-2].id)
    percents = [json.loads(event.data)["progress_percent"] for event in events]
    assert percents == [5, 10, 15, 35, 55, 75, 75, 100, 100]
    assert "tenant" not in events[0].data


async def test_a_stream_resumes_after_any_id_without_loss_or_repetition(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    story = a_story()
    stream = Stream(api, story.job)
    async with world.projector():
        await publish(*story.whole())
        await _until_accepted(api, story)
        whole = await stream.events()
        for seen in range(1, len(whole)):
            assert names(await stream.events(after=whole[seen - 1].id)) == WHOLE[seen:]


async def test_a_stream_follows_the_job_into_another_api_process(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    story = a_story()
    async with world.projector():
        await publish(*story.whole()[:4])
        await _until_accepted(api, story)
        first = await Stream(api, story.job).events(count=4)
        await publish(*story.whole()[4:])
        async with (
            bootstrap.api_parts(world.api_settings) as parts,
            serving(parts) as address,
            a_client(address) as other,
        ):
            rest = await Stream(other, story.job).events(after=first[-1].id)
    assert names(first) + names(rest) == WHOLE


async def test_a_stream_of_a_second_attempt_does_not_stop_at_the_end_of_the_first(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    story = a_story(chunks=1)
    async with world.projector():
        await publish(*story.whole(), story.attempt_accepted(2))
        answer = await api.get(f"/v1/jobs/{story.job}", params={"attempt": 2})
        assert answer.json()["status"] == "accepted"
        reading = asyncio.create_task(Stream(api, story.job).events())
        await publish(*story.whole(attempt=2)[1:])
        events = await asyncio.wait_for(reading, 15)
    assert names(events).count("job.ended") == 2
    assert json.loads(events[-1].data)["attempt"] == 2


async def test_one_stream_too_many_is_told_to_come_again_and_finds_room_later(world: World, publish: Publish) -> None:
    story = a_story()
    settings = world.api_settings.model_copy(update={"streams_limit": 1})
    async with (
        world.projector(),
        bootstrap.api_parts(settings) as parts,
        serving(parts) as address,
        a_client(address) as api,
    ):
        await publish(story.accepted())
        await _until_accepted(api, story)
        url = f"/v1/jobs/{story.job}/events"
        async with api.stream("GET", url) as first:
            assert first.status_code == 200
            refused = await api.get(url)
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")
        await publish(*story.whole()[1:])
        for _ in range(100):
            if (await api.get(url)).status_code == 200:
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the slot of a gone client was never given back")


async def test_a_silent_stream_has_heartbeats(world: World, publish: Publish, api: httpx.AsyncClient) -> None:
    story = a_story()
    async with world.projector():
        await publish(story.accepted())
        await _until_accepted(api, story)
        async with api.stream("GET", f"/v1/jobs/{story.job}/events") as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            lines = answer.aiter_lines()
            async with asyncio.timeout(5):
                while not (await anext(lines)).startswith(":"):
                    pass


@pytest.mark.parametrize("wrong", ["x", "1", "-1", "1-", "0-99999999999999999999", "77-0"])
async def test_an_id_of_another_stream_is_refused(
    world: World, publish: Publish, api: httpx.AsyncClient, wrong: str
) -> None:
    story = a_story()
    async with world.projector():
        await publish(story.accepted())
        answer = await api.get(f"/v1/jobs/{story.job}/events", headers={"Last-Event-ID": wrong})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_event_id")


async def test_a_long_past_is_told_whole_before_the_last_event(
    world: World, publisher: KafkaPublisher, api: httpx.AsyncClient
) -> None:
    story = a_story(chunks=450)
    messages = [to_message(event, source="tests", traceparent=new_traceparent()) for event in story.whole()]
    async with world.projector():
        await publisher.publish_all(messages)
        await _until_accepted(api, story)
        await Stream(api, story.job).events()  # to its end, however it came
        told = names(await Stream(api, story.job).events())
    assert (len(told), told[-2:]) == (456, ["job.ended", "end"])


async def test_rows_behind_what_the_client_saw_do_not_end_its_stream(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    """A projection that is being rebuilt shows old states for a while."""
    story = a_story()
    async with world.projector():
        await publish(*story.whole())
        await _until_accepted(api, story)
        last = (await Stream(api, story.job).events())[-1].id
        partition, _, offset = last.partition("-")
        later = f"{partition}-{int(offset) + 100}"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await Stream(api, story.job).events(after=later)


async def test_a_stream_of_a_named_attempt_does_not_end_with_the_one_before(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    """The new attempt is in the log, and the projection does not know of it yet when the stream is asked for."""
    story = a_story()
    async with world.projector():
        await publish(*story.whole())
        await _until_accepted(api, story)
    await publish(story.attempt_accepted(2))
    async with world.projector():
        reading = asyncio.create_task(Stream(api, story.job, attempt=2).events())
        await publish(*story.whole(attempt=2)[1:])
        events = await asyncio.wait_for(reading, 15)
    assert names(events)[-1] == "end"
    assert json.loads(events[-1].data)["attempt"] == 2
