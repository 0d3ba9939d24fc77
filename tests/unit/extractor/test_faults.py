from collections.abc import Iterator
from pathlib import Path

import pytest

import extractor.bootstrap  # noqa: F401 - loads every module that defines an error
from extractor.engines.port import BadAnswerError, ModelRefusalError, OverloadedError, UnreadablePageError
from extractor.faults import RULES, Fault, fault_of, table
from extractor.gate import NoPlaceError, StaleMembershipError
from feuilleton.contracts.documents import Usage
from feuilleton.contracts.errors import (
    LostInvariantError,
    PipelineError,
    QuotaExceededError,
    StoreUnavailableError,
    TransientError,
)
from feuilleton.contracts.events import UnknownEventTypeError
from feuilleton.processes.pool import WorkerDiedError, WorkerTimeoutError
from feuilleton.streaming.dead_letter import DeadLetterLimitError

CODES = (Path(__file__).parents[3] / "docs" / "codes.md").read_text("utf-8")


def errors_below(root: type[PipelineError]) -> Iterator[type[PipelineError]]:
    for error in root.__subclasses__():
        yield error
        yield from errors_below(error)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (QuotaExceededError(retry_after_seconds=1.0), Fault.WAIT),
        (NoPlaceError(), Fault.WAIT),
        (StaleMembershipError(), Fault.WAIT),
        (WorkerDiedError(), Fault.WORKER),
        (WorkerTimeoutError(), Fault.WORKER),
        (TransientError(code="model_timeout"), Fault.TRANSIENT),
        (OverloadedError(), Fault.TRANSIENT),
        (StoreUnavailableError(), Fault.TRANSIENT),
        (ModelRefusalError("", code="safety", usage=Usage()), Fault.REFUSAL),
        (BadAnswerError("", usage=Usage()), Fault.BAD_ANSWER),
        (UnknownEventTypeError(), Fault.POISON),
        (LostInvariantError(), Fault.LOST),
        (DeadLetterLimitError(), Fault.LOST),
        (UnreadablePageError(), Fault.PERMANENT),
        (PipelineError(code="model_auth"), Fault.PERMANENT),
        (ZeroDivisionError(), Fault.OURS),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_each_error_is_of_one_kind(error: Exception, fault: Fault) -> None:
    assert fault_of(error) is fault


def test_an_error_that_says_to_try_again_is_waited_for_or_tried_again() -> None:
    tried = {Fault.WAIT, Fault.WORKER, Fault.TRANSIENT}
    kinds = {error: next(rule.fault for rule in RULES if issubclass(error, rule.errors)) for error in all_errors()}
    assert len(kinds) > 15
    assert {error for error, kind in kinds.items() if kind in tried} == {error for error in kinds if error.retryable}


def all_errors() -> list[type[PipelineError]]:
    return list(errors_below(PipelineError))


def test_the_table_in_the_documentation_is_this_one() -> None:
    assert table() in CODES


def test_every_code_with_which_a_chunk_may_end_is_explained() -> None:
    section = CODES.split("## A job ends")[1].split("## ")[0]
    assert [code for rule in RULES for code in rule.codes if f"`{code}`" not in section] == []
