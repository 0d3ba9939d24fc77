from feuilleton.contracts.documents import CardLine, Report
from feuilleton.contracts.job_settings import EngineChoice, JobSettings, ModelTier
from feuilleton.contracts.job_state import JobStatus
from feuilleton_client import models, uploads
from feuilleton_client.cards_file import COLUMNS
from feuilleton_client.client import FeuilletonClient
from tests.unit.client.conftest import JOB, a_card, a_job, a_report
from tests.unit.client.scripted_server import Answer, Script, refusal

CARDS_ROUTE = f"GET /v1/jobs/{JOB}/cards"


def a_page(*numbers: int, following: str | None, status: str = "completed", attempt: int = 1) -> Answer:
    items = [a_card(number) for number in numbers]
    return Answer(200, {"attempt": attempt, "status": status, "items": items, "next_cursor": following})


def test_cards_are_read_page_by_page_in_order(client: FeuilletonClient, script: Script) -> None:
    script.on(CARDS_ROUTE, a_page(1, 2, following="a"), a_page(3, following="b"), a_page(following=None))
    assert [card.source_id for card in client.cards(JOB)] == ["s1", "s2", "s3"]
    assert [asked.query.get("cursor") for asked in script.requests(CARDS_ROUTE)] == [None, "a", "b"]


def test_pages_are_read_only_as_far_as_they_are_used(client: FeuilletonClient, script: Script) -> None:
    script.on(CARDS_ROUTE, a_page(1, 2, following="a"))
    assert next(client.cards(JOB)).source_id == "s1"
    assert len(script.requests(CARDS_ROUTE)) == 1


def test_a_page_that_fails_once_is_asked_for_again(client: FeuilletonClient, script: Script) -> None:
    away = refusal(503, "store_unavailable")
    script.on(CARDS_ROUTE, a_page(1, following="a"), away, Answer(hang_up=True), a_page(2, following=None))
    assert [card.source_id for card in client.cards(JOB)] == ["s1", "s2"]
    assert [asked.query.get("cursor") for asked in script.requests(CARDS_ROUTE)] == [None, "a", "a", "a"]


def test_of_a_running_job_the_cards_so_far_come_and_no_more(client: FeuilletonClient, script: Script) -> None:
    script.on(CARDS_ROUTE, a_page(1, following="a", status="extracting"), a_page(following="a", status="extracting"))
    assert [card.source_id for card in client.cards(JOB)] == ["s1"]
    assert len(script.requests(CARDS_ROUTE)) == 2


def test_a_download_stays_with_the_attempt_that_it_began_with(client: FeuilletonClient, script: Script) -> None:
    script.on(CARDS_ROUTE, a_page(1, following="a", attempt=2), a_page(2, following=None, attempt=2))
    list(client.cards(JOB))
    assert [asked.query.get("attempt") for asked in script.requests(CARDS_ROUTE)] == [None, "2"]


def test_jobs_are_read_page_by_page(client: FeuilletonClient, script: Script) -> None:
    first = Answer(200, {"items": [a_job(), a_job("completed")], "next_cursor": "older"})
    script.on("GET /v1/jobs", first, Answer(200, {"items": [a_job("failed")], "next_cursor": None}))
    assert [job.status.value for job in client.jobs()] == ["accepted", "completed", "failed"]


def test_cancel_asks_and_answers_with_the_job(client: FeuilletonClient, script: Script) -> None:
    script.on(f"POST /v1/jobs/{JOB}/cancel", Answer(202, a_job("cancelled")))
    assert client.cancel(JOB).status is models.JobStatus.CANCELLED


def test_a_report_keeps_figures_that_this_client_does_not_know(client: FeuilletonClient, script: Script) -> None:
    script.on(f"GET /v1/jobs/{JOB}/report", Answer(200, a_report(verdicts={"good": 3})))
    assert client.report(JOB).model_dump()["verdicts"] == {"good": 3}


def test_an_id_cannot_leave_its_place_in_the_path(client: FeuilletonClient, script: Script) -> None:
    script.on("GET /v1/jobs/..%2F..%2Fadmin%3Fx", Answer(200, a_job()))
    client.job("../../admin?x")
    assert script.asked[0].path == "/v1/jobs/..%2F..%2Fadmin%3Fx"


def test_the_client_and_the_services_name_the_same_things() -> None:
    """The client does not import the services' contract, so this is what keeps the two together."""
    ours = {status.value for status in models.JobStatus} - {"other"}
    assert ours == {status.value for status in JobStatus}
    assert {status.value for status in models.JobStatus if status.ended} == {
        status.value for status in JobStatus if status.ended
    }
    assert tuple(models.Card.model_fields) == tuple(CardLine.model_fields) == COLUMNS
    assert set(models.Report.model_fields) <= set(Report.model_fields)
    assert set(uploads.JobOptions.model_fields) == set(JobSettings.model_fields)
    assert list(map(str, uploads.EngineChoice)) == list(map(str, EngineChoice))
    assert list(map(str, uploads.ModelTier)) == list(map(str, ModelTier))
