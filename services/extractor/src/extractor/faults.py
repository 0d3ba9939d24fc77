"""The one table of what can go wrong with a chunk, and what follows from it (pure). docs/codes.md shows it."""

from dataclasses import dataclass
from enum import StrEnum

from extractor.engines.port import BadAnswerError, ModelRefusalError
from extractor.gate import NoPlaceError, StaleMembershipError
from feuilleton.contracts.errors import (
    LostInvariantError,
    PipelineError,
    PoisonMessageError,
    QuotaExceededError,
    TransientError,
)
from feuilleton.processes.pool import WorkerDiedError, WorkerTimeoutError


class Fault(StrEnum):
    """Kinds of failure, told apart by what follows."""

    WAIT = "wait"
    WORKER = "worker"
    TRANSIENT = "transient"
    REFUSAL = "refusal"
    BAD_ANSWER = "bad answer"
    POISON = "poison"
    LOST = "lost invariant"
    PERMANENT = "permanent"
    OURS = "fault of ours"


@dataclass(frozen=True)
class Rule:
    """`errors` and what derives from them are of this kind, unless an earlier rule says otherwise. `codes` are those
    with which a chunk may end by it.
    """

    fault: Fault
    errors: tuple[type[Exception], ...]
    follows: str
    codes: tuple[str, ...]


RULES = (
    Rule(
        Fault.WAIT,
        (QuotaExceededError, NoPlaceError, StaleMembershipError),
        "waited for as long as it takes: no try, no time of the chunk's; the engine pauses as a whole",
        (),
    ),
    Rule(
        Fault.WORKER,
        (WorkerDiedError, WorkerTimeoutError),
        "tried again with backoff, three times at most",
        ("worker_died", "worker_timeout"),
    ),
    Rule(
        Fault.TRANSIENT,
        (TransientError,),
        "tried again with backoff (1 s doubled up to 60 s) until the chunk's deadline",
        ("deadline_exceeded",),
    ),
    Rule(
        Fault.REFUSAL,
        (ModelRefusalError,),
        "asked in smaller pieces, in other words, of another model; what is still refused is listed, the rest kept",
        ("safety", "recitation", "max_tokens", "refused"),
    ),
    Rule(
        Fault.BAD_ANSWER,
        (BadAnswerError,),
        "asked again within the budget of repairs; what is still bad is listed, the rest kept",
        ("bad_answer", "no_usable_answer"),
    ),
    Rule(
        Fault.POISON,
        (PoisonMessageError,),
        "the failure that stands for the message is published, then the message goes to dead-letters",
        ("poison_message", "unknown_type", "unexpected_type"),
    ),
    Rule(
        Fault.LOST,
        (LostInvariantError,),
        "the process ends with status 70, and another one does the work",
        (),
    ),
    Rule(
        Fault.PERMANENT,
        (PipelineError,),
        "the chunk fails at once; a new attempt tries it again",
        (
            "model_auth",
            "model_not_found",
            "bad_request",
            "engine_not_configured",
            "page_needs_ocr",
            "page_illegible",
            "page_missing",
            "page_not_cut",
        ),
    ),
    Rule(
        Fault.OURS,
        (Exception,),
        "the chunk fails at once, and the log has the trace",
        ("internal_error",),
    ),
)


def fault_of(error: Exception) -> Fault:
    """The kind of an error: that of the first rule that holds for it."""
    return next(rule.fault for rule in RULES if isinstance(error, rule.errors))


def table() -> str:
    """The rules as Markdown."""
    rows = ["| kind | what follows | the chunk may end with |", "| --- | --- | --- |"]
    for rule in RULES:
        codes = ", ".join(f"`{code}`" for code in rule.codes) or "nothing"
        rows.append(f"| {rule.fault} | {rule.follows} | {codes} |")
    return "\n".join(rows)
