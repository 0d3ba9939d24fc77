"""What clients of the systems before this one are told of jobs in each state."""

from collections.abc import Sequence

import httpx
import pytest

from feuilleton.contracts.documents import CardLine
from feuilleton.contracts.events import Outcome
from feuilleton.contracts.job_state import JobStatus
from status_api.routes import compat
from tests.integration.status_api.conftest import World
from tests.integration.status_api.finished_books import finish_book
from tests.integration.status_api.folded import fold_rows
from tests.unit.status_api.evil_cards import evil_cards
from tests.unit.status_api.story import a_story

pytestmark = pytest.mark.servers


def test_each_state_has_a_name_that_they_know() -> None:
    assert set(compat._STATUS) == set(compat._STEP) == set(JobStatus)


@pytest.mark.parametrize("cards", [evil_cards(), []], ids=["cards that break what is not escaped", "no card"])
async def test_results_are_all_sentences(world: World, api: httpx.AsyncClient, cards: Sequence[CardLine]) -> None:
    book = await finish_book(world, cards)
    answer = await api.get(f"/api/v1/jobs/{book.story.job}/results")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    sentences = [{"normalized": card.text, "original": card.source_text} for card in cards]
    assert answer.json() == {"job_id": book.story.job, "status": "completed", "sentences": sentences}


async def test_an_end_with_parts_missing_says_so(world: World, api: httpx.AsyncClient) -> None:
    story = a_story()
    end = story.ended(outcome=Outcome.PARTIAL)
    await fold_rows(world, *story.whole()[:-1], end.model_copy(update={"code": "chunks_failed"}))
    job = (await api.get(f"/api/v1/jobs/{story.job}")).json()
    assert (job["status"], job["outcome"], job["error_code"]) == ("completed", "partial", "chunks_failed")
    assert f"/v1/jobs/{story.job}/report" in job["error_message"]
    document = (await api.get(f"/api/documents/{story.job}/status")).json()
    assert (document["status"], document["task_state"]) == ("completed", "SUCCESS")
    assert "chunks_failed" in document["message"]


async def test_what_was_deleted_is_told_as_cancelled_and_has_no_results(world: World, api: httpx.AsyncClient) -> None:
    story = a_story()
    await fold_rows(world, *story.whole(), story.deleted())
    status = (await api.get(f"/api/v1/jobs/{story.job}/status")).json()
    assert (status["status"], status["current_step"]) == ("cancelled", "Deleted")
    assert (await api.get(f"/api/v1/jobs/{story.job}/results")).json()["code"] == "job_deleted"
    assert (await api.get(f"/api/documents/{story.job}/status")).json()["task_state"] == "REVOKED"
    assert (await api.get("/api/v1/history")).json() == []


async def test_health_names_what_is_away(api: httpx.AsyncClient) -> None:
    answer = await httpx.AsyncClient(base_url=api.base_url).get("/api/v1/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "unhealthy", "database": "ok", "broker": "error"})
