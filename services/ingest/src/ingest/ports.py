"""What ingest keeps in its database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from feuilleton.contracts.events import JobAccepted, JobEnded, Message
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings
from ingest.rate import CountedUpload

LEASE_SECONDS = 60
KEY_LIFETIME_HOURS = 24


@dataclass(frozen=True)
class IdempotencyKey:
    """A client's key in its scope: the same text of another tenant or route is another key."""

    tenant: TenantId
    route: str
    key: str


@dataclass(frozen=True)
class Binding:
    """The job that a key belongs to, and the fingerprint of the body that made it. `done` is its end where the key was
    answered with a job that was completed before.
    """

    fingerprint: str
    accepted: JobAccepted
    deleted: bool = False
    done: JobEnded | None = None


@dataclass(frozen=True)
class Lease:
    """A key held by one request. `token` tells it from a later holder. `binding` where the key has a job: then the
    request was not `counted`.
    """

    key: IdempotencyKey
    token: str
    binding: Binding | None
    counted: CountedUpload | None = None


@dataclass(frozen=True)
class Admission:
    """One job to admit: the fact, its messages in the order to publish, and the key to bind (if one was sent).

    The fact says what is reserved; `rate`, in credits a thousand tokens, is kept beside it for the settlement.
    """

    accepted: JobAccepted
    messages: tuple[Message, ...]
    fingerprint: str
    lease: Lease | None
    rate: float = 0.0


@dataclass(frozen=True)
class Wanted:
    """What a job of the tenant must have been made of to be as good as a new one."""

    tenant: TenantId
    sha256: str
    settings: JobSettings
    engine: Engine
    model: str

    def met_by(self, accepted: JobAccepted) -> bool:
        """The engine and the model are those that were chosen, by whatever name. Pure."""
        chosen = {"engine", "model"}
        same = accepted.settings.model_dump(exclude=chosen) == self.settings.model_dump(exclude=chosen)
        return same and (accepted.sha256, accepted.engine, accepted.model) == (self.sha256, self.engine, self.model)


@dataclass(frozen=True)
class Terms:
    """A tenant's own numbers. None where the deployment's days hold, and where its jobs take turns as all do."""

    retention_days: int | None = None
    share: int | None = None


@dataclass(frozen=True)
class DoneJob:
    """A completed job, and its end."""

    accepted: JobAccepted
    end: JobEnded


@dataclass(frozen=True)
class OutboxRow:
    """The messages that make one attempt of a job run, in the order to publish."""

    job: JobId
    attempt: int
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class AttemptRequest:
    """`token` is new for each request: it tells afterwards whether an attempt is this request's."""

    tenant: TenantId
    job: JobId
    token: str
    idempotency_key: str | None


@dataclass(frozen=True)
class BegunAttempt:
    """`accepted` is the job's first fact, `reserve` the credits held for this attempt. `row` is None once the attempt's
    messages are known to be published.
    """

    accepted: JobAccepted
    attempt: int
    row: OutboxRow | None
    reserve: int = 0


@dataclass(frozen=True)
class Queue:
    """Attempts without an end, and those that ended within the last hour, as far as job-events are folded."""

    waiting: int
    ended_last_hour: int


class MakeMessages(Protocol):
    def __call__(self, accepted: JobAccepted, attempt: int, reserve: int) -> tuple[Message, ...]:
        """What makes an attempt run, in the order to publish."""
        ...


class AdmissionStore(Protocol):
    """Raises DatabaseUnavailableError from every method when the database does not answer."""

    async def lease_key(self, key: IdempotencyKey) -> Lease:
        """Hold the key for LEASE_SECONDS, and count an upload of its tenant in the same transaction. A bound key is
        answered with its binding, and neither held nor counted.

        Raises KeyInUseError while another request holds it, RateLimitedError: then the key stays free.
        """
        ...

    async def count_upload(self, tenant: TenantId) -> CountedUpload:
        """Count an upload that has no key. Raises RateLimitedError."""
        ...

    async def uncount_upload(self, counted: CountedUpload) -> None:
        """Take a count back. Repeatable."""
        ...

    async def renew_lease(self, lease: Lease) -> None:
        """Hold it for LEASE_SECONDS more; nothing happens if it was lost."""
        ...

    async def release_lease(self, lease: Lease) -> None:
        """Let go of a key without a binding. Harmless if it was lost or bound."""
        ...

    async def stage(self, tenant: TenantId, job: JobId) -> None:
        """Note that an object is about to stand under this job, so that it is swept if no admission follows."""
        ...

    async def admit(self, admission: Admission) -> None:
        """In one transaction: the rows of the job and its first attempt, what it reserves, its outbox row, the binding
        of its key, and its stage gone. Admissions of one tenant wait for each other, so its quota and its balance are
        exact.

        Raises InsufficientCreditsError, BytesQuotaError, JobsQuotaError, KeyInUseError if the lease was lost
        meanwhile, LostInvariantError if the stage was: nothing is written.
        After DatabaseUnavailableError the outcome is not known: `resolve` tells.
        """
        ...

    async def reuse(
        self, wanted: Wanted, fingerprint: str, lease: Lease | None, *, gone: Callable[[JobId], bool]
    ) -> DoneJob | None:
        """The newest job of the tenant that meets the wish, is completed and neither deleted nor `gone`; None where
        there is none. The key is bound to it in the same transaction. Raises KeyInUseError if the lease was lost.
        """
        ...

    async def resolve(self, job: JobId) -> bool:
        """Whether the job was admitted, after an admission of unknown outcome. False means also that it never
        will be: its stage is refused from now on, and the sweep removes the object.
        """
        ...

    async def terms(self, tenant: TenantId) -> Terms:
        """What an operator set for the tenant."""
        ...

    async def find_job(self, tenant: TenantId, job: JobId) -> JobAccepted:
        """Raises JobNotFoundError, JobGoneError."""
        ...

    async def begin_attempt(self, request: AttemptRequest, make_messages: MakeMessages) -> BegunAttempt:
        """In one transaction: the row of the job's next attempt, what it reserves, its outbox row, the binding of its
        key.

        A key that is bound to an attempt of this job answers with that attempt. Requests for one job wait for each
        other. Raises JobNotFoundError, JobGoneError, KeyReusedError, AttemptRunningError (as far as job-events are
        folded), NothingToRetryError, InsufficientCreditsError, JobsQuotaError.
        After DatabaseUnavailableError the outcome is not known: `find_attempt` tells.
        """
        ...

    async def find_attempt(self, request: AttemptRequest) -> BegunAttempt | None:
        """The attempt that this request began. None means that it never will: the answer waits for its commit."""
        ...

    async def pending(self, job: JobId, attempt: int) -> OutboxRow | None:
        """The attempt's outbox row, None once its messages are known to be published."""
        ...

    async def mark_published(self, job: JobId, attempt: int) -> None:
        """Remove the outbox row, and note the time. Repeatable."""
        ...

    async def take_outbox(self, older_than_seconds: float, limit: int) -> Sequence[OutboxRow]:
        """Rows to publish, oldest first; each is left alone by other relays for a while after it was taken."""
        ...

    async def count_outbox(self) -> int: ...

    async def stale_stages(self, older_than_seconds: float) -> Sequence[tuple[TenantId, JobId]]:
        """Stages whose admission never came."""
        ...

    async def drop_stage(self, job: JobId) -> None:
        """Forget a refused stage, after its object is gone."""
        ...

    async def deleted_jobs(self, older_than_seconds: float) -> Sequence[tuple[TenantId, JobId]]:
        """Jobs deleted so long ago whose folders were not looked at since."""
        ...

    async def mark_files_swept(self, job: JobId) -> None: ...

    async def queue(self) -> Queue: ...

    async def settle_missed(self) -> int:
        """Settle what ended while nobody settled (an older version folded the end). Returns how many jobs."""
        ...

    async def drop_old_keys(self) -> None:
        """Forget keys older than KEY_LIFETIME_HOURS, and counts of uploads that no longer matter."""
        ...

    async def check(self) -> None:
        """Raise DatabaseUnavailableError unless the database answers now."""
        ...
