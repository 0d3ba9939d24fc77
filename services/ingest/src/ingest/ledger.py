"""The rows of the ledger, and which of them the end of a job's attempts calls for. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from feuilleton.contracts.ids import JobId
from ingest.credits import credits_of


class EntryKind(StrEnum):
    MONTHLY_GRANT = "monthly_grant"
    JOB_RESERVE = "job_reserve"
    JOB_FINAL = "job_final"
    JOB_REFUND = "job_refund"
    ADMIN_ADJUSTMENT = "admin_adjustment"


@dataclass(frozen=True)
class Entry:
    """One row to write. `amount` is in credits, what is taken is negative. (job, attempt, kind) stands once."""

    kind: EntryKind
    amount: int
    job: JobId | None = None
    attempt: int | None = None
    month: date | None = None


def monthly_grant(month: date, amount: int) -> Entry:
    """`month` is its first day. A tenant has one of each month."""
    return Entry(EntryKind.MONTHLY_GRANT, amount, month=month)


def job_reserve(job: JobId, attempt: int, amount: int) -> Entry:
    return Entry(EntryKind.JOB_RESERVE, -amount, job, attempt)


def reserve_again(estimate: int, entries: Iterable[Entry]) -> int:
    """What a new attempt reserves: what is left of the job's estimate, so that all attempts together never cost more
    than was said when the job was accepted. `entries` are those of the job.
    """
    return max(0, estimate - charged(entries))


def charged(entries: Iterable[Entry]) -> int:
    """What these rows have taken for good."""
    return -sum(entry.amount for entry in entries if entry.kind is EntryKind.JOB_FINAL)


def settle(entries: Iterable[Entry], ends: Mapping[int, int], *, rate: float, deleted: bool) -> tuple[Entry, ...]:
    """The rows that are due now, in the order to write them: of each attempt that is over and still has its reserve,
    the refund of the reserve and the charge.

    `entries` are the rows of one job, `ends` the tokens billed for the whole job so far as the first end of each
    attempt told them. A deletion ends what has no end, and costs nothing. Settling again gives nothing.
    """
    known = tuple(entries)
    reserves = {entry.attempt: entry for entry in known if entry.kind is EntryKind.JOB_RESERVE}
    refunded = {entry.attempt for entry in known if entry.kind is EntryKind.JOB_REFUND}
    paid, due = charged(known), list[Entry]()
    for attempt in sorted(number for number in reserves if number is not None and number not in refunded):
        if attempt not in ends and not deleted:
            continue
        reserve = reserves[attempt]
        due.append(Entry(EntryKind.JOB_REFUND, -reserve.amount, reserve.job, attempt))
        charge = min(max(0, credits_of(ends.get(attempt, 0), rate) - paid), -reserve.amount)
        if charge:
            due.append(Entry(EntryKind.JOB_FINAL, -charge, reserve.job, attempt))
            paid += charge
    return tuple(due)
