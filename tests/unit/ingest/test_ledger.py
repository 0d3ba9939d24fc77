"""The ledger is exact whatever happens in whatever order."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from feuilleton.contracts.ids import JobId
from ingest.credits import credits_of
from ingest.ledger import Entry, EntryKind, charged, job_reserve, monthly_grant, reserve_again, settle

JOB = JobId("job")
RESERVED = (job_reserve(JOB, 1, 20),)


def told(entries: tuple[Entry, ...]) -> list[tuple[str, int]]:
    return [(entry.kind.value, entry.amount) for entry in entries]


def test_an_end_gives_the_reserve_back_and_takes_what_was_used() -> None:
    assert told(settle(RESERVED, {1: 3_001}, rate=2, deleted=False)) == [("job_refund", 20), ("job_final", -7)]


def test_an_end_takes_no_more_than_was_reserved() -> None:
    assert told(settle(RESERVED, {1: 90_000}, rate=2, deleted=False)) == [("job_refund", 20), ("job_final", -20)]


def test_nothing_used_and_a_deletion_cost_nothing() -> None:
    assert told(settle(RESERVED, {1: 0}, rate=2, deleted=False)) == [("job_refund", 20)]
    assert told(settle(RESERVED, {}, rate=2, deleted=True)) == [("job_refund", 20)]
    assert told(settle(RESERVED, {1: 1_000}, rate=2, deleted=True)) == [("job_refund", 20), ("job_final", -2)]


def test_what_runs_is_left_alone_and_what_is_settled_stays_so() -> None:
    assert settle(RESERVED, {}, rate=2, deleted=False) == ()
    settled = RESERVED + settle(RESERVED, {1: 3_000}, rate=2, deleted=False)
    assert settle(settled, {1: 9_000}, rate=2, deleted=True) == ()
    assert settle((), {1: 9_000}, rate=2, deleted=True) == (), "admitted before there were reserves"


def test_a_new_attempt_pays_only_what_is_missing() -> None:
    first = RESERVED + settle(RESERVED, {1: 3_000}, rate=2, deleted=False)
    assert reserve_again(20, first) == 14
    second = (*first, job_reserve(JOB, 2, 14))
    assert told(settle(second, {1: 3_000, 2: 4_500}, rate=2, deleted=False)) == [("job_refund", 14), ("job_final", -3)]


@dataclass
class Job:
    """A job as the log tells it. `billed` never shrinks: what was paid for stays in the store."""

    name: JobId
    rate: float
    estimate: int
    attempts: int = 1
    billed: int = 0
    ends: dict[int, int] = field(default_factory=dict)
    deleted: bool = False


class Bank(RuleBasedStateMachine):
    """One tenant. Every transaction may be cut before it commits; every fact may be told again."""

    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Entry] = []
        self.known: list[Job] = []
        self.granted = self.adjusted = self.uploads = 0

    def of(self, job: Job) -> list[Entry]:
        return [row for row in self.rows if row.job == job.name]

    def settle(self, job: Job, *, cut: bool = False) -> None:
        due = settle(self.of(job), job.ends, rate=job.rate, deleted=job.deleted)
        if not cut:
            self.rows += due

    @property
    def balance(self) -> int:
        return sum(row.amount for row in self.rows)

    @rule(month=st.integers(1, 12), amount=st.sampled_from([0, 50, 1_000]))
    def look_in_a_month(self, month: int, amount: int) -> None:
        grant = monthly_grant(date(2026, month, 1), amount)
        if amount and all(row.month != grant.month for row in self.rows):
            self.rows.append(grant)
            self.granted += amount

    @rule(amount=st.integers(-100, 100).filter(bool))
    def adjust(self, amount: int) -> None:
        if self.balance + amount >= 0:
            self.rows.append(Entry(EntryKind.ADMIN_ADJUSTMENT, amount))
            self.adjusted += amount

    @rule(target=jobs, estimate=st.integers(0, 60), rate=st.sampled_from([0.0, 0.3, 2.0, 5.0]), cut=st.booleans())
    def upload(self, estimate: int, rate: float, *, cut: bool) -> Job:
        self.uploads += 1
        job = Job(JobId(f"job-{self.uploads}"), rate, estimate if rate else 0)
        if self.balance < job.estimate or cut:
            job.deleted = True  # it never came to be
            return job
        self.known.append(job)
        self.reserve(job, job.estimate)
        return job

    def reserve(self, job: Job, amount: int) -> None:
        if amount:
            self.rows.append(job_reserve(job.name, job.attempts, amount))

    @rule(job=jobs, cut=st.booleans())
    def retry(self, job: Job, *, cut: bool) -> None:
        needed = reserve_again(job.estimate, self.of(job))
        if job.deleted or job.attempts not in job.ends or self.balance < needed or cut:
            return
        job.attempts += 1
        self.reserve(job, needed)

    @rule(job=jobs, tokens=st.integers(0, 30_000), cut=st.booleans())
    def end(self, job: Job, tokens: int, *, cut: bool) -> None:
        """The first end of an attempt stands; a later one is a duplicate or the loser of a race. A cut transaction
        has kept nothing, and the log tells the same again later.
        """
        if job.attempts not in job.ends:
            job.billed += tokens
            job.ends[job.attempts] = job.billed
        self.settle(job, cut=cut)

    @rule(job=jobs, cut=st.booleans())
    def delete(self, job: Job, *, cut: bool) -> None:
        job.deleted = True
        self.settle(job, cut=cut)

    @rule(job=jobs)
    def tell_again(self, job: Job) -> None:
        self.settle(job)

    @rule(job=consumes(jobs))
    def forget(self, job: Job) -> None:
        """No more is heard of it: its reserve stands until the sweep."""

    @precondition(lambda self: self.known)
    @rule()
    def settle_all_at_rest(self) -> None:
        for job in self.known:
            self.settle(job)
        ended = [job for job in self.known if job.deleted or job.attempts in job.ends]
        used = 0
        for job in ended:
            kept = -sum(row.amount for row in self.of(job))
            assert kept == charged(self.of(job)) <= min(job.estimate, credits_of(job.billed, job.rate))
            used += kept
        open_reserves = sum(row.amount for job in self.known if job not in ended for row in self.of(job))
        assert self.balance == self.granted + self.adjusted - used + open_reserves

    @invariant()
    def the_balance_is_the_sum_of_the_rows_and_never_negative(self) -> None:
        sums = [0]
        for row in self.rows:
            sums.append(sums[-1] + row.amount)
        assert min(sums) >= 0

    @invariant()
    def each_row_stands_once(self) -> None:
        count = Counter((row.job, row.attempt, row.kind) for row in self.rows if row.job)
        assert max(count.values(), default=1) == 1

    @invariant()
    def a_charge_has_a_refund_and_a_refund_its_reserve(self) -> None:
        amounts = {(row.job, row.attempt, row.kind): row.amount for row in self.rows if row.job}
        for (job, attempt, kind), amount in amounts.items():
            if kind is EntryKind.JOB_REFUND:
                assert amounts[job, attempt, EntryKind.JOB_RESERVE] == -amount
            if kind is EntryKind.JOB_FINAL:
                assert 0 < -amount <= amounts[job, attempt, EntryKind.JOB_REFUND]


TestBank = Bank.TestCase
