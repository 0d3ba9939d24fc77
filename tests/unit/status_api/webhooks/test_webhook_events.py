import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from feuilleton.contracts.events import EventData, Outcome
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_state import JobState
from feuilleton.streaming.folding import Record
from status_api.webhooks.events import Told, WebhookEvent, fold_told, trial_message
from tests.unit.status_api.story import Story

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
STORY = Story(JobId("00000000-0000-4000-8000-000000000001"), TenantId("acme"), 2)


def tell(*events: EventData) -> tuple[Told, ...]:
    records = [Record(n, NOON + timedelta(seconds=n), event) for n, event in enumerate(events)]
    return fold_told({}, records)[1]


def types(*events: EventData) -> list[str]:
    return [told.type for told in tell(*events)]


def test_a_whole_life_is_told_but_for_its_chunks() -> None:
    assert types(*STORY.whole(), STORY.deleted()) == [
        "job.accepted",
        "job.splitting",
        "job.split",
        "job.merging",
        "job.ended",
        "job.deleted",
    ]
    assert types(*STORY.whole(), *STORY.whole(attempt=2))[-4:] == [
        "job.splitting",
        "job.split",
        "job.merging",
        "job.ended",
    ]


def test_the_first_end_is_told_and_no_other() -> None:
    told = tell(STORY.accepted(), STORY.ended(outcome=Outcome.CANCELLED), STORY.ended(), STORY.merging())
    assert [entry.type for entry in told] == ["job.accepted", "job.ended"]
    assert json.loads(told[-1].body)["data"]["status"] == "cancelled"


def test_a_step_that_landed_behind_a_later_one_is_not_told() -> None:
    assert types(STORY.accepted(), STORY.split(), STORY.splitting()) == ["job.accepted", "job.split"]


@given(st.data())
def test_repeats_and_splits_into_batches_change_nothing_of_what_is_told(data: st.DataObject) -> None:
    life = [*STORY.whole(), *STORY.whole(attempt=2), STORY.deleted()]
    events: list[EventData] = []
    for event in life:
        events.append(event)
        events += data.draw(st.lists(st.sampled_from(events), max_size=2))
    expected = [told.event_id for told in tell(*life)]
    jobs: dict[JobId, JobState] = {}
    found: list[str] = []
    records = [Record(n, NOON, event) for n, event in enumerate(events)]
    while records:
        size = data.draw(st.integers(1, len(records)))
        changed, told = fold_told(jobs, records[:size])
        jobs |= changed
        found += [entry.event_id for entry in told]
        records = records[size:]
    assert found == expected


def test_the_body_says_what_the_event_stream_says_and_nothing_internal() -> None:
    end = STORY.ended(result="tenants/acme/jobs/x/out/y/")
    told = tell(STORY.accepted(name="L’Été.pdf"), end)
    accepted, ended = (json.loads(entry.body) for entry in told)
    assert accepted["data"]["name"] == "L’Été.pdf"
    assert "reserve" not in accepted["data"]
    assert ended == {
        "type": "job.ended",
        "timestamp": "2026-05-04T12:00:01Z",
        "data": {
            "job": STORY.job,
            "attempt": 1,
            "status": "completed",
            "outcome": "completed",
            "code": None,
            "counts": end.counts.model_dump(),
            "tokens": 300,
            "billed_tokens": 300,
        },
    }
    assert told[-1].event_id == end.event_id
    assert "tenants/" not in told[-1].body


def test_a_test_message_is_told_apart_from_every_event() -> None:
    message = trial_message("id-1", TenantId("acme"), NOON)
    assert json.loads(message.body)["type"] == message.type == "webhook.test"
    assert message.type not in set(WebhookEvent)
