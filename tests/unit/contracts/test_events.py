import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feuilleton.contracts.documents import ChunkKind, SourceSentence
from feuilleton.contracts.errors import PoisonMessageError
from feuilleton.contracts.events import (
    ALL_EVENTS,
    AttemptAccepted,
    CancelJob,
    ChunkExtracted,
    ChunkFinished,
    ChunkOutcome,
    ChunkSubmitted,
    DeleteJob,
    EndCounts,
    EventData,
    ExpireJob,
    JobDeleted,
    JobEnded,
    JobMerging,
    JobSplit,
    JobSplitting,
    Outcome,
    PurgeJob,
    UnknownEventTypeError,
    UploadSubmitted,
    origin_of,
    parse,
    to_message,
)
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import Engine, JobSettings
from tests.builders import a_job
from tests.strategies import JOB, TENANT

GOLDEN = Path(__file__).parents[2] / "golden" / "events"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
_FIGURES = {"index": 3, "total": 7, "outcome": ChunkOutcome.OK, "pages": (4, 5), "cards": 12, "tokens": 100}

EXAMPLES: list[EventData] = [
    a_job(),
    UploadSubmitted(
        job=JOB,
        tenant=TENANT,
        settings=JobSettings(),
        engine=Engine.LOCAL,
        model="local",
        bytes=1000,
        sha256="0" * 64,
        pages=10,
    ),
    ChunkSubmitted(
        job=JOB,
        tenant=TENANT,
        index=3,
        total=7,
        chunk_kind=ChunkKind.TEXT,
        text_hash="f" * 64,
        settings=JobSettings(),
        engine=Engine.GEMINI,
        model="gemini-2.5-flash",
        pages=(4, 5),
        sentences=(SourceSentence(id=SentenceId("s000001"), text="« Oui », dit-elle.", page=4, dialogue=True),),
        before="Elle se tut.",
    ),
    ChunkExtracted.model_validate({"job": JOB, "tenant": TENANT, **_FIGURES}),
    ChunkFinished.model_validate({"job": JOB, "tenant": TENANT, **_FIGURES}),
    AttemptAccepted(job=JOB, tenant=TENANT, attempt=2, settings=JobSettings(), reserve=5),
    JobSplitting(job=JOB, tenant=TENANT),
    JobSplit(job=JOB, tenant=TENANT, pages=10, chunks=7, source_sentences=300, chapters=3),
    JobMerging(job=JOB, tenant=TENANT),
    JobEnded(
        job=JOB,
        tenant=TENANT,
        outcome=Outcome.PARTIAL,
        code="chunks_missing",
        counts=EndCounts(pages=10, chunks=7, chunks_failed=1, source_sentences=300, represented=200, cards=400),
        tokens=1000,
        billed_tokens=900,
        result=f"tenants/default/jobs/{JOB}/attempts/1/out/{'0' * 64}/",
    ),
    JobDeleted(job=JOB, tenant=TENANT, bytes_freed=123),
    CancelJob(job=JOB, tenant=TENANT),
    DeleteJob(job=JOB, tenant=TENANT),
    ExpireJob(job=JOB, tenant=TENANT, attempt=2),
    PurgeJob(job=JOB, tenant=TENANT, attempt=2),
]


def test_every_type_has_an_example() -> None:
    assert {type(example) for example in EXAMPLES} == set(ALL_EVENTS)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.type)
def test_a_message_reads_back_as_it_was_written(example: EventData) -> None:
    message = to_message(example, source="tests", traceparent=TRACE, now=NOW)
    received = parse(message.value, message.headers)
    assert received.data == example
    assert (received.event_id, received.time, received.traceparent) == (example.event_id, NOW, TRACE)
    origin = origin_of(message.headers)
    assert origin is not None
    assert (origin.job, origin.tenant, origin.attempt, origin.index) == (JOB, TENANT, example.attempt, example.number)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.type)
def test_the_wire_form_of_a_version_never_changes(example: EventData) -> None:
    """The golden file of a type is written once (by hand, from a failing run) and then never edited: a version only
    gains fields.
    """
    message = to_message(example, source="tests", traceparent=TRACE, now=NOW)
    golden = json.loads((GOLDEN / f"{example.type}.json").read_text())
    assert parse(json.dumps(golden).encode()).data == example
    assert _without_new_fields(json.loads(message.value), golden) == golden


def _without_new_fields(value: object, golden: object) -> object:
    if isinstance(value, list) and isinstance(golden, list) and len(value) == len(golden):
        return [_without_new_fields(one, old) for one, old in zip(value, golden, strict=True)]
    if not (isinstance(value, dict) and isinstance(golden, dict)):
        return value
    return {name: _without_new_fields(each, golden[name]) for name, each in value.items() if name in golden}


def test_ids_tell_facts_apart_and_repeats_together() -> None:
    ids = [example.event_id for example in EXAMPLES]
    assert len(set(ids)) == len(ids)
    again = JobEnded(job=JOB, tenant=TENANT, outcome=Outcome.COMPLETED)
    other = JobEnded(job=JOB, tenant=TENANT, outcome=Outcome.CANCELLED)
    assert again.event_id == other.event_id, "an attempt has one end, whatever its outcome"


def test_unknown_fields_are_ignored() -> None:
    value = json.loads(to_message(JobMerging(job=JOB, tenant=TENANT), source="t", traceparent="").value)
    value["data"]["later"] = value["extension"] = 1
    assert parse(json.dumps(value).encode()).data == JobMerging(job=JOB, tenant=TENANT)


def test_a_setting_of_a_newer_service_is_ignored() -> None:
    """Else a rolling upgrade that adds a setting would make poison of every upload."""
    example = next(example for example in EXAMPLES if isinstance(example, UploadSubmitted))
    value = json.loads(to_message(example, source="t", traceparent="").value)
    value["data"]["settings"]["later"] = 1
    assert parse(json.dumps(value).encode()).data == example


@pytest.mark.parametrize("value", [None, b"", b"{}", b"[1]", b"\xff\xfe", b'{"specversion": "0.3"}'])
def test_what_is_no_event_is_poison(value: bytes | None) -> None:
    with pytest.raises(PoisonMessageError):
        parse(value)


def test_a_type_of_a_newer_version_is_told_from_poison() -> None:
    value = json.loads(to_message(JobMerging(job=JOB, tenant=TENANT), source="t", traceparent="").value)
    value["type"] = "feuilleton.job.merging.v2"
    with pytest.raises(UnknownEventTypeError):
        parse(json.dumps(value).encode())


def test_poison_data_names_the_fields_and_not_the_text() -> None:
    value = json.loads(to_message(EXAMPLES[2], source="t", traceparent="").value)
    value["data"]["index"] = "three"
    with pytest.raises(PoisonMessageError, match="index") as caught:
        parse(json.dumps(value).encode())
    assert "Elle se tut" not in str(caught.value)


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-1", "1.5", ""])
def test_a_header_that_is_no_number_leaves_the_message_without_that_much_of_its_origin(number: str) -> None:
    whose = [("job", JOB.encode()), ("tenant", TENANT.encode())]
    assert origin_of([*whose, ("attempt", number.encode())]) is None
    origin = origin_of([*whose, ("attempt", b"2"), ("index", number.encode())])
    assert origin is not None
    assert (origin.attempt, origin.index) == (2, None)
