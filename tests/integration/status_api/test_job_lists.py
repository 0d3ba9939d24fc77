"""Lists with filters, and names that users gave: on the real database."""

from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from feuilleton.contracts.events import Outcome
from feuilleton.contracts.ids import TenantId
from feuilleton.contracts.job_state import JobStatus
from status_api.adapters.job_lists import list_statement
from status_api.ports import JobFilter
from tests.integration.status_api.conftest import World
from tests.integration.status_api.folded import fold_rows
from tests.unit.status_api.story import Story, a_story

pytestmark = pytest.mark.servers


async def listed(api: httpx.AsyncClient, **asked: str | list[str]) -> list[str]:
    """The ids of all pages."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await api.get("/v1/jobs", params={"limit": 2, **asked, **cursor})
        assert answer.status_code == 200, answer.text
        found += [job["id"] for job in answer.json()["items"]]
        if answer.json()["next_cursor"] is None:
            return found
        cursor = {"cursor": answer.json()["next_cursor"]}


async def many(world: World) -> list[Story]:
    """Ten jobs, an hour apart: even ones completed, the rest partial, accepted, failed, partial, accepted."""
    stories = [a_story() for _ in range(10)]
    await fold_rows(world, *(story.accepted(f"Tome {n}.pdf") for n, story in enumerate(stories)))
    ends = [stories[n].ended() for n in range(0, 10, 2)]
    others = {1: Outcome.PARTIAL, 5: Outcome.FAILED, 7: Outcome.PARTIAL}
    await fold_rows(world, *ends, *(stories[n].ended(outcome=outcome) for n, outcome in others.items()))
    return stories


async def test_a_list_holds_the_jobs_that_all_filters_hold_for_on_pages_of_any_size(
    rows_alone: World, reads: httpx.AsyncClient
) -> None:
    jobs = [story.job for story in await many(rows_alone)]
    assert await listed(reads) == jobs[::-1]
    assert await listed(reads, status="completed") == jobs[8::-2]
    assert await listed(reads, status=["partial", "failed"]) == [jobs[7], jobs[5], jobs[1]]
    hours = {"created_after": "2026-01-01T02:00:00Z", "created_before": "2026-01-01T07:00:00+01:00"}
    assert await listed(reads, **hours) == jobs[5:1:-1]
    assert await listed(reads, **hours, status="completed", name="TOME") == [jobs[4], jobs[2]]
    assert await listed(reads, name="tome 1") == [jobs[1]]
    assert await listed(reads, name="%") == []


async def test_a_cursor_goes_on_with_its_own_filters_alone(rows_alone: World, reads: httpx.AsyncClient) -> None:
    await many(rows_alone)
    page = (await reads.get("/v1/jobs", params={"limit": 1, "status": "completed"})).json()
    for other in ({}, {"status": "partial"}, {"status": "completed", "name": "Tome"}):
        answer = await reads.get("/v1/jobs", params={"cursor": page["next_cursor"], **other})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_of_other_filters")


@pytest.mark.parametrize("query", ["status=deleted", "name=%00", "created_after=2026-01-01", "created_before=never"])
async def test_a_filter_that_means_nothing_is_refused(reads: httpx.AsyncClient, query: str) -> None:
    answer = await reads.get(f"/v1/jobs?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00"])
async def test_moments_at_the_ends_of_time_are_answered(reads: httpx.AsyncClient, moment: str) -> None:
    for name in ("created_after", "created_before"):
        assert (await reads.get("/v1/jobs", params={name: moment})).status_code == 200


async def test_a_new_name_is_shown_everywhere_and_outlives_a_rebuild(
    rows_alone: World, reads: httpx.AsyncClient
) -> None:
    story = a_story()
    await fold_rows(rows_alone, *story.whole())
    url = f"/v1/jobs/{story.job}"
    renamed = await reads.patch(url, json={"name": " Bovary,\n10 mots  "})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Bovary,10 mots")
    again = await reads.patch(url, json={"name": "Été à Rouen"})
    assert again.json()["name"] == "Été à Rouen"
    await rows_alone.drop_projection()
    await fold_rows(rows_alone, *story.whole())
    assert (await reads.get(url)).json()["name"] == "Été à Rouen"
    assert [job["name"] for job in (await reads.get("/v1/jobs")).json()["items"]] == ["Été à Rouen"]
    assert '"name":"Été à Rouen"' in (await reads.get(f"{url}/events")).text
    assert await listed(reads, name="ÉTÉ") == [story.job]
    assert await listed(reads, name="banc") == []


async def test_a_name_is_refused_for_a_deleted_job_and_where_nothing_of_it_can_be_shown(
    rows_alone: World, reads: httpx.AsyncClient
) -> None:
    gone, own = a_story(), a_story()
    await fold_rows(rows_alone, *gone.whole(), gone.deleted(), own.accepted())
    deleted = await reads.patch(f"/v1/jobs/{gone.job}", json={"name": "a"})
    assert (deleted.status_code, deleted.json()["code"]) == (410, "job_deleted")
    wrong: list[dict[str, object]] = [{}, {"name": ""}, {"name": " \n"}, {"name": "a" * 201}, {"name": "a", "bytes": 1}]
    for body in wrong:
        assert (await reads.patch(f"/v1/jobs/{own.job}", json=body)).status_code == 422
    assert (await reads.get(f"/v1/jobs/{own.job}")).json()["name"] == "Le Banc.pdf"


async def test_a_filtered_page_reads_an_index_in_its_order(rows_alone: World) -> None:
    """Ten thousand jobs of one tenant: a page of the rarest state reads what it shows and no more."""
    connection = await asyncpg.connect(rows_alone.database_url)
    await connection.execute("""
        INSERT INTO projection.jobs (job, tenant, name, bytes, sha256, pages, engine, model, accepted_at,
            accepted_offset, deleted, attempt, status, last_offset)
        SELECT n::text, 't', 'n', 1, '', 1, 'local', '', now() - make_interval(secs => n), n, false, 1,
            CASE WHEN n % 1000 = 0 THEN 'failed' ELSE 'completed' END, n FROM generate_series(1, 10000) n
    """)
    await connection.execute("ANALYZE projection.jobs")
    for statuses in ({JobStatus.FAILED}, {JobStatus.COMPLETED}, set()):
        text, values = list_statement(TenantId("t"), JobFilter(frozenset(statuses)), None, 5)
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS OFF) {text}", *values))
        assert "Sort" not in plan, plan
        assert "Rows Removed" not in plan, plan
    await connection.close()


async def test_a_job_tells_when_its_time_is_over_and_warns_a_week_ahead(
    rows_alone: World, reads: httpx.AsyncClient
) -> None:
    near, far, gone = a_story(), a_story(), a_story()
    soon = near.accepted().model_copy(update={"retention_days": 30})
    first = datetime.now(UTC) - timedelta(days=24)
    await fold_rows(rows_alone, soon, far.accepted(), gone.accepted(), gone.deleted(), first=first)
    shown = {job: (await reads.get(f"/v1/jobs/{job}")).json() for job in (near.job, far.job, gone.job)}
    assert [shown[job]["expires_soon"] for job in shown] == [True, False, False]
    assert shown[gone.job]["expires_at"] is None
    days = [_days(shown[story.job]) for story in (near, far)]
    assert days == [30, 350]


def _days(job: dict[str, str]) -> int:
    return (datetime.fromisoformat(job["expires_at"]) - datetime.fromisoformat(job["accepted_at"])).days
