"""What must hold when a campaign is over. Each check names the job and what differs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from feuilleton.contracts.events import JobEnded, Outcome
from feuilleton_client.models import JobStatus
from tests.chaos.payments import Payments
from tests.chaos.reference import Reference, job_folder, read_ended
from tests.chaos.system import HUNG
from tests.chaos.topics import Log
from tests.chaos.users import Case


@dataclass(frozen=True)
class Check:
    """It holds when there are no `problems`. `looked_at` is how many things could have failed it."""

    name: str
    looked_at: int
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.problems and self.looked_at > 0


def check(name: str, looked_at: int, problems: Iterator[str] | Sequence[str]) -> Check:
    return Check(name, looked_at, tuple(problems))


def check_jobs(cases: Sequence[Case], log: Log, reference: Reference, objects: Path) -> list[Check]:
    """All that can be told of the jobs from what users saw, the log and the store."""
    told = [case for case in cases if case.job_id is not None]
    good = [(case, end) for case, end in _ends(told, log) if end.result is not None and case.deleted_at is None]
    gone = [case for case in told if case.deleted_at is not None]
    return [
        check("every job that was answered 202 has ended", len(cases), _not_ended(cases, log)),
        check("users saw nothing that may not be", len(cases), _seen(cases)),
        check("one job for each upload, one attempt for each click", len(cases), _uninvited(told, log)),
        check("what the API says is what the log says", len(told), _api_differs(told, log)),
        check("cards are those of an undisturbed run", len(good), _cards_differ(good, reference, objects)),
        check("who is cancelled or failed has a reason", len(told), _without_reason(told, log, objects)),
        check("of deleted jobs no object is left", max(len(gone), 1), _left_over(gone, objects)),
    ]


def check_processes(processes: int, unplanned: Mapping[str, int], letters: int) -> list[Check]:
    """`unplanned` are ends that no fault asked for. To leave with 70 is a service's own way out; to hang is none."""
    hung = [f"{what}: {times}" for what, times in unplanned.items() if what.endswith(HUNG)]
    return [
        check("no process had to be killed because it hung", processes, hung),
        check("no message was set aside", processes, [f"{letters} dead letters"] if letters else []),
    ]


def check_payments(payments: Payments) -> list[Check]:
    over = [f"{payments.paid} calls paid, {payments.bound} accounted for"] if payments.paid > payments.bound else []
    strange = [f"{payments.unknown} paid calls are for no chunk of any book"] if payments.unknown else []
    return [
        check("no call for a chunk with a checkpoint", payments.paid, payments.after_checkpoint),
        check(
            "paid calls are chunks, repairs and what was lost", payments.paid, [*over, *strange, *payments.unexplained]
        ),
    ]


def _ends(cases: Sequence[Case], log: Log) -> Iterator[tuple[Case, JobEnded]]:
    for case in cases:
        for attempt in sorted(case.attempts):
            if case.job_id is not None and (end := log.end(case.job_id, attempt)) is not None:
                yield case, end


def _not_ended(cases: Sequence[Case], log: Log) -> Iterator[str]:
    for case in cases:
        state = log.jobs.get(case.job_id or "")
        if state is None:
            yield f"{case.name}: not in job-events"
        elif not state.status.ended:
            yield f"{case.name}: {state.status}, attempt {state.attempt}"
        elif case.last is None or not case.last.status.ended:
            yield f"{case.name}: its user last saw {case.last.status if case.last else 'nothing'}"
        else:
            yield from (f"{case.name}: attempt {each} has no end" for each in case.attempts if not state.end_of(each))


def _seen(cases: Sequence[Case]) -> Iterator[str]:
    for case in cases:
        yield from (f"{case.name}: {problem}" for problem in case.problems)


def _uninvited(cases: Sequence[Case], log: Log) -> Iterator[str]:
    known = {case.job_id: case for case in cases}
    for job, state in log.jobs.items():
        if job not in known:
            yield f"job {job}: nobody was told of it"
        elif set(state.attempts) != known[job].attempts:
            yield f"{known[job].name}: attempts {sorted(state.attempts)}, told of {sorted(known[job].attempts)}"


def _api_differs(cases: Sequence[Case], log: Log) -> Iterator[str]:
    for case in cases:
        state = log.jobs.get(case.job_id or "")
        if state is None or case.last is None:
            continue
        said = (case.last.status.value, case.last.attempt)
        if case.last.status is not JobStatus.DELETED and said != (state.status.value, state.attempt):
            yield f"{case.name}: the API says {said}, the log {state.status.value}, {state.attempt}"


def _cards_differ(good: Sequence[tuple[Case, JobEnded]], reference: Reference, objects: Path) -> Iterator[str]:
    for case, end in good:
        name = f"{case.name}, attempt {end.attempt} ({end.outcome})"
        assert case.last is not None
        try:
            result = read_ended(objects, case.last.model_copy(update={"attempt": end.attempt}), end)
        except (OSError, ValueError) as exc:
            yield f"{name}: its result cannot be read: {exc}"
            continue
        missing = {chunk.index for chunk in result.report.missing}
        if bool(missing) != (end.outcome is Outcome.PARTIAL):
            yield f"{name}: lists {sorted(missing)} as missing"
        wanted = reference.cards_without(case.book.number, missing)
        if result.cards_jsonl != wanted:
            yield f"{name}: {_difference(result.cards_jsonl, wanted)}"
        if not all(chunk.pages and chunk.code for chunk in result.report.missing):
            yield f"{name}: a missing chunk without pages or code"
        try:
            result.check()
        except AssertionError as exc:
            yield f"{name}: a check of the result failed: {exc!r}"


def _difference(found: bytes, wanted: bytes) -> str:
    ours, theirs = found.splitlines(), wanted.splitlines()
    for number, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        if one != other:
            return f"card {number} of {len(ours)} is {one[:300]!r}, undisturbed {other[:300]!r}"
    return f"{len(ours)} cards, undisturbed {len(theirs)}"


def _without_reason(cases: Sequence[Case], log: Log, objects: Path) -> Iterator[str]:
    for case, end in _ends(cases, log):
        if end.outcome is Outcome.CANCELLED and end.attempt not in case.cancelled and case.deleted_at is None:
            yield f"{case.name}: attempt {end.attempt} is cancelled, and nobody asked"
        if end.outcome is Outcome.FAILED and case.deleted_at is None:
            failures = list((job_folder(objects, end.job) / "attempts" / str(end.attempt) / "failures").glob("*.json"))
            if len(failures) < max(end.counts.chunks, 1):
                yield f"{case.name}: attempt {end.attempt} failed ({end.code}) with {len(failures)} failures"


def _left_over(cases: Sequence[Case], objects: Path) -> Iterator[str]:
    for case in cases:
        assert case.job_id is not None
        files = [path for path in job_folder(objects, case.job_id).rglob("*") if path.is_file()]
        if files:
            yield f"{case.name}: {len(files)} objects, as {files[0].relative_to(objects)}"
