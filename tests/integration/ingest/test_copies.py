"""A job's book run once more with other settings, without being sent again: on real rows."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from feuilleton.contracts import ids
from feuilleton.contracts.events import DeleteJob, JobDeleted, JobEnded, Outcome
from feuilleton.contracts.ids import JobId
from feuilleton.database.pool import Database
from feuilleton.http.auth import DEFAULT_TENANT
from ingest.copies import CopyDesk, CopyRequest
from ingest.errors import JobNotFoundError
from tests.builders import a_pdf
from tests.integration.ingest.desk_over_http import OTHER, Shop, open_shop

pytestmark = [pytest.mark.servers, pytest.mark.heavy]


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[Shop]:
    async with open_shop(database) as made:
        yield made


def _unheard(_rate: object) -> None:
    """Nobody asks for it here."""


def ended(job: str, outcome: Outcome = Outcome.COMPLETED) -> JobEnded:
    return JobEnded(job=JobId(job), tenant=DEFAULT_TENANT, outcome=outcome)


async def test_a_copy_is_a_job_of_its_own_with_the_same_bytes_and_the_settings_that_were_changed(shop: Shop) -> None:
    book = a_pdf(3)
    first = (await shop.upload(book, sentence_length_limit="9", pages="2-3", ignore_dialogue="true")).json()
    answer = await shop.copy(first["id"], sentence_length_limit=6, pages=None)
    assert answer.status_code == 202, answer.text
    second = answer.json()
    assert answer.headers["Location"] == f"/v1/jobs/{second['id']}"
    assert second["id"] != first["id"]
    assert second["settings"] == {**first["settings"], "sentence_length_limit": 6, "pages": None}
    assert [second[name] for name in ("name", "bytes", "sha256", "pages")] == [
        first[name] for name in ("name", "bytes", "sha256", "pages")
    ]
    assert await shop.store.get(ids.upload_key(DEFAULT_TENANT, JobId(second["id"]))) == book
    accepted, orders = shop.announced(second["id"])
    assert [order.settings.sentence_length_limit for order in orders] == [6]
    assert accepted[0].settings == orders[0].settings
    assert len(await shop.keys()) == 2
    assert await shop.desk.rows.count_outbox() == 0


async def test_a_copy_may_be_made_of_a_job_that_runs_failed_or_is_a_copy_itself(shop: Shop) -> None:
    first = (await shop.upload()).json()["id"]
    second = (await shop.copy(first, sentence_length_limit=6)).json()["id"]
    await shop.tell(ended(second, Outcome.FAILED))
    third = await shop.copy(second, engine="openai")
    assert third.status_code == 202
    assert (third.json()["engine"], third.json()["settings"]["sentence_length_limit"]) == ("openai", 6)


async def test_the_same_key_answers_with_the_same_copy_and_another_body_under_it_is_refused(shop: Shop) -> None:
    first, other = (await shop.upload()).json()["id"], (await shop.upload(sentence_length_limit="9")).json()["id"]
    answers = await asyncio.gather(*(shop.copy(first, key="k", sentence_length_limit=6) for _ in range(8)))
    made = {answer.json()["id"] for answer in answers if answer.status_code == 202}
    assert len(made) == 1
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert {(await shop.copy(first, key="k", sentence_length_limit=6)).json()["id"]} == made
    for job, limit in ((first, 7), (other, 6)):
        answer = await shop.copy(job, key="k", sentence_length_limit=limit)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    uploaded = await shop.upload(key="k")
    assert uploaded.status_code == 202, "a key of another route is another key"


async def test_another_tenants_job_and_one_that_is_not_there_look_the_same(shop: Shop) -> None:
    job = (await shop.upload()).json()["id"]
    for asked in (job, "0f8fad5b-d9cb-469f-a165-70867728950e", "..", "x" * 300):
        request = CopyRequest(OTHER, asked, {}, idempotency_key=None, force=False, traceparent="", on_counted=_unheard)
        with pytest.raises(JobNotFoundError):
            await CopyDesk(shop.desk).accept_copy(request)
    missing = await shop.copy("0f8fad5b-d9cb-469f-a165-70867728950e")
    assert (missing.status_code, missing.json()["code"]) == (404, "job_not_found")


async def test_a_deleted_job_has_no_copies_whether_the_deletion_is_known_from_the_log_the_command_or_the_store(
    shop: Shop,
) -> None:
    told, commanded, emptied = [(await shop.upload(a_pdf(pages))).json()["id"] for pages in (1, 2, 3)]
    await shop.tell(JobDeleted(job=JobId(told), tenant=DEFAULT_TENANT, bytes_freed=1))
    shop.commands.add(DeleteJob(job=JobId(commanded), tenant=DEFAULT_TENANT), 0)
    await shop.store.delete(ids.upload_key(DEFAULT_TENANT, JobId(emptied)))
    for job in (told, commanded, emptied):
        answer = await shop.copy(job, sentence_length_limit=6)
        assert (answer.status_code, answer.json()["code"]) == (410, "job_deleted")
    assert len(await shop.keys()) == 2, "nothing was kept of what was refused"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"sentence_length_limit": 99}', 422, "invalid_settings"),
        (b'{"sentence_lenght_limit": 9}', 422, "invalid_settings"),
        (b'{"min_sentence_length": 9, "sentence_length_limit": 4}', 422, "invalid_settings"),
        (b'{"engine": "gemini"}', 422, "engine_not_available"),
        (b'{"force": "maybe"}', 422, "invalid_settings"),
        (b'{"\\ud800": 1}', 422, "invalid_settings"),
        (b"[1]", 422, "invalid_settings"),
        (b"{", 422, "invalid_settings"),
        (b"[" * 10_000, 422, "invalid_settings"),
        (b" " * 20_000, 400, "invalid_body"),
    ],
)
async def test_a_wrong_body_is_refused_and_makes_no_job(shop: Shop, body: bytes, status: int, code: str) -> None:
    job = (await shop.upload()).json()["id"]
    answer = await shop.http.post(f"/v1/uploads/{job}/copies", content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert len(await shop.keys()) == 1


async def test_copies_count_in_the_hour_and_in_the_quota_as_uploads_do(database: Database) -> None:
    async with open_shop(database, uploads_per_hour=2) as shop:
        job = (await shop.upload()).json()["id"]
        assert (await shop.copy(job, sentence_length_limit=6)).headers["RateLimit-Remaining"] == "0"
        refused = await shop.copy(job, sentence_length_limit=7)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")


async def test_a_copy_that_would_not_fit_the_quota_is_refused_before_anything_is_copied(database: Database) -> None:
    book = a_pdf()
    async with open_shop(database, quota_bytes=2 * len(book) - 1) as shop:
        job = (await shop.upload(book)).json()["id"]
        refused = await shop.copy(job, sentence_length_limit=6)
        assert (refused.status_code, refused.json()["code"]) == (413, "quota_bytes_exceeded")
        assert len(await shop.keys()) == 1
