"""What ingest refuses, and why. Statuses are in `feuilleton.http.problems`."""

from feuilleton.contracts.errors import InvalidInputError, TransientError
from feuilleton.contracts.ids import JobId


class FileTooLargeError(InvalidInputError):
    code = "file_too_large"


class InvalidSettingsError(InvalidInputError):
    """`errors` holds a field and a message each."""

    code = "invalid_settings"

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{entry['field']}: {entry['message']}" for entry in errors))
        self.errors = errors


class EngineNotAvailableError(InvalidInputError):
    code = "engine_not_available"


class InvalidBodyError(InvalidInputError):
    """Not multipart/form-data, cut off, or without the file."""

    code = "invalid_body"


class ClientGoneError(InvalidBodyError):
    """The client left before the end of its body: nobody reads the answer."""

    code = "client_gone"


class KeyInUseError(InvalidInputError):
    """Another request with this Idempotency-Key is still at work: come again."""

    code = "idempotency_key_in_use"
    headers = {"Retry-After": "2"}  # noqa: RUF012  (read by the problem handler, never changed)


class KeyReusedError(InvalidInputError):
    """The Idempotency-Key belongs to another body."""

    code = "idempotency_key_reused"


class JobGoneError(InvalidInputError):
    """The job was deleted."""

    code = "job_deleted"


class JobNotFoundError(InvalidInputError):
    """No such job, or another tenant's: the two look the same."""

    code = "job_not_found"


class AttemptRunningError(InvalidInputError):
    """The last attempt has not ended yet."""

    code = "attempt_running"


class NothingToRetryError(InvalidInputError):
    """The job is complete."""

    code = "nothing_to_retry"


class InsufficientCreditsError(InvalidInputError):
    """The balance does not reach. `figures` are in credits."""

    code = "insufficient_credits"

    def __init__(self, *, needed: int, available: int) -> None:
        super().__init__(f"This needs {needed} credits; {available} are available.")
        self.figures = {"needed": needed, "available": available}


class BytesQuotaError(InvalidInputError):
    """The tenant's books would take more than its quota. `figures` are in bytes."""

    code = "quota_bytes_exceeded"

    def __init__(self, *, used: int, needed: int, limit: int) -> None:
        super().__init__(f"{used} of {limit} bytes are taken; this file needs {needed}. Delete jobs to free some.")
        self.figures = {"needed": needed, "used": used, "limit": limit}


class JobsQuotaError(InvalidInputError):
    """The tenant has as many jobs in flight as it may. `figures` count jobs."""

    code = "quota_jobs_exceeded"
    headers = {"Retry-After": "30"}  # noqa: RUF012  (read by the problem handler, never changed)

    def __init__(self, *, used: int, limit: int) -> None:
        super().__init__(f"{used} jobs run or wait; the limit is {limit}. Wait for an end, or cancel one.")
        self.figures = {"used": used, "limit": limit}


class BusyError(TransientError):
    code = "busy"


class QueueFullError(TransientError):
    """The jobs that wait would take longer than the deployment's limit. Nothing was kept."""

    code = "queue_full"
    retry_after_seconds = 600.0


class OutcomeUnknownError(TransientError):
    """The job is admitted and will run, but the broker has not said that it has the messages. The same
    Idempotency-Key answers with the job later.
    """

    code = "outcome_unknown"

    def __init__(self, job: JobId) -> None:
        super().__init__("admitted; not acknowledged by the broker yet")
        self.job_id = job
