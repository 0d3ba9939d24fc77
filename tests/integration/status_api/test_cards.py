"""Cards while a job runs and after, page by page and whole."""

import json

import httpx
import pytest

from feuilleton.contracts.documents import CardLine
from feuilleton.contracts.events import ChunkOutcome, Outcome
from status_api.parts import Parts
from tests.integration.status_api.conftest import Publish, World
from tests.unit.status_api.book import Book
from tests.unit.status_api.story import Story, a_story

pytestmark = pytest.mark.servers

SIZES = (5, 1, 8, 4)


def a_book() -> tuple[Story, Book]:
    story = a_story(chunks=len(SIZES))
    return story, Book(story.job, SIZES)


async def walk(
    api: httpx.AsyncClient, job: str, *, limit: int = 3, cursor: str | None = None
) -> tuple[list[CardLine], str | None]:
    """All cards that can be had now, and the cursor to go on from."""
    cards: list[CardLine] = []
    while True:
        params: dict[str, str | int] = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        answer = await api.get(f"/v1/jobs/{job}/cards", params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        cards += [CardLine.model_validate(item) for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None or not page["items"]:
            return cards, cursor


async def passed(parts: Parts, story: Story) -> None:
    await parts.access._barrier.pass_for(story.job)


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_cards_come_in_book_order_as_chunks_finish_and_on_from_the_result_without_a_seam(
    world: World, publish: Publish, api: httpx.AsyncClient, parts: Parts, limit: int
) -> None:
    story, book = a_book()
    expected = [line for index in range(len(SIZES)) for line in book.lines(index)]
    seen: list[CardLine] = []
    async with world.projector():
        await publish(story.accepted())
        assert await walk(api, story.job) != ([], None)
        await book.store_split(parts.store)
        await publish(*story.of_splitter())
        cursor: str | None = None
        for index in (2, 0, 1):
            await book.store_checkpoint(parts.store, index)
            await publish(story.finished(index))
            await passed(parts, story)
            more, cursor = await walk(api, story.job, limit=limit, cursor=cursor)
            seen += more
            held = len(book.lines(0)) if index == 0 else len(expected) - len(book.lines(3))
            assert seen == expected[: 0 if index == 2 else held]
        await book.store_checkpoint(parts.store, 3)
        folder = await book.store_result(parts.store)
        await publish(story.finished(3), story.merging(), story.ended(result=folder))
        await passed(parts, story)
        more, cursor = await walk(api, story.job, limit=limit, cursor=cursor)
        assert (seen + more, cursor) == (expected, None)
        assert (await walk(api, story.job, limit=limit))[0] == expected


async def test_a_partial_result_leaves_its_missing_chunks_out(
    world: World, publish: Publish, api: httpx.AsyncClient, parts: Parts
) -> None:
    story, book = a_book()
    async with world.projector():
        await book.store_split(parts.store)
        for index in (0, 2, 3):
            await book.store_checkpoint(parts.store, index)
        await publish(story.accepted(), *story.of_splitter())
        await publish(story.finished(1, outcome=ChunkOutcome.FAILED), *[story.finished(n) for n in (0, 2, 3)])
        await passed(parts, story)
        expected = [line for index in (0, 2, 3) for line in book.lines(index)]
        assert (await walk(api, story.job))[0] == expected
        folder = await book.store_result(parts.store, missing=(1,))
        await publish(story.ended(outcome=Outcome.PARTIAL, result=folder))
        await passed(parts, story)
        assert await walk(api, story.job) == (expected, None)
        chunks = (await api.get(f"/v1/jobs/{story.job}/chunks")).json()["items"]
        assert [(chunk["index"], chunk["code"]) for chunk in chunks if chunk["outcome"] == "failed"] == [
            (1, "deadline")
        ]


async def test_exports_and_report_come_with_the_end(
    world: World, publish: Publish, api: httpx.AsyncClient, parts: Parts
) -> None:
    story, book = a_book()
    expected = [line for index in range(len(SIZES)) for line in book.lines(index)]
    url = f"/v1/jobs/{story.job}"
    async with world.projector():
        await publish(story.accepted())
        await passed(parts, story)
        for path in ("exports/csv", "report"):
            early = await api.get(f"{url}/{path}")
            assert (early.status_code, early.json()["code"]) == (409, "job_not_ended")
        await book.store_split(parts.store)
        folder = await book.store_result(parts.store)
        await publish(*story.of_merger()[:-1], story.ended(result=folder))
        await passed(parts, story)
    jsonl = await api.get(f"{url}/exports/jsonl")
    assert [CardLine.model_validate_json(line) for line in jsonl.content.splitlines()] == expected
    report = await api.get(f"{url}/report")
    assert (report.json()["cards"], report.headers["Cache-Control"]) == (len(expected), "no-store")


async def test_an_end_without_result_has_no_cards_and_no_report(
    world: World, publish: Publish, api: httpx.AsyncClient, parts: Parts
) -> None:
    story, _ = a_book()
    async with world.projector():
        await publish(story.accepted(), story.ended(outcome=Outcome.FAILED))
        await passed(parts, story)
        assert await walk(api, story.job) == ([], None)
        answer = await api.get(f"/v1/jobs/{story.job}/report")
    assert (answer.status_code, answer.json()["code"]) == (404, "result_not_found")


async def test_a_deleted_job_is_gone_but_says_so(
    world: World, publish: Publish, api: httpx.AsyncClient, parts: Parts
) -> None:
    story, _ = a_book()
    async with world.projector():
        await publish(*story.whole(), story.deleted())
        await passed(parts, story)
        assert (await api.get(f"/v1/jobs/{story.job}")).json()["status"] == "deleted"
        assert (await api.get("/v1/jobs")).json()["items"] == []
        for path in ("cards", "report", "exports/apkg"):
            answer = await api.get(f"/v1/jobs/{story.job}/{path}")
            assert (answer.status_code, answer.json()["code"]) == (410, "job_deleted")


@pytest.mark.parametrize("cursor", ["x", "MA", "MHww", "Mnww", "MHx4", "MHw5OTk5OTk5OTk5", "é"])
async def test_a_made_up_cursor_is_refused_or_harmless(
    world: World, publish: Publish, api: httpx.AsyncClient, parts: Parts, cursor: str
) -> None:
    story, _ = a_book()
    async with world.projector():
        await publish(*story.whole())
        await passed(parts, story)
        answer = await api.get(f"/v1/jobs/{story.job}/cards", params={"cursor": cursor})
    assert answer.status_code in {200, 422}
    assert json.loads(answer.text).get("code", "invalid_cursor") == "invalid_cursor"
