"""The errors of the pipeline: a stable code each, and whether trying again can help.

The type says what the runner does: retry, record and go on, or stop. Nothing here knows HTTP;
`feuilleton.http.problems` holds the only map from these types to a status.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager


class PipelineError(Exception):
    """The root. `code` is stable and safe to show to a user; the text is for operators."""

    code = "internal_error"
    retryable = False

    def __init__(self, detail: str = "", *, code: str | None = None) -> None:
        super().__init__(detail or code or self.code)
        self.detail = detail
        if code is not None:
            self.code = code


class TransientError(PipelineError):
    """Something is away for now; the same call may work later. The caller backs off and tries again."""

    code = "unavailable"
    retryable = True


class StoreUnavailableError(TransientError):
    code = "store_unavailable"


class DatabaseUnavailableError(TransientError):
    code = "database_unavailable"


class BrokerUnavailableError(TransientError):
    """The broker did not answer before anything was sent."""

    code = "broker_unavailable"


class MachineExhaustedError(TransientError):
    """A full disk, or no memory or file handle left here: no fault of the message or the request in hand."""

    code = "machine_exhausted"


_EXHAUSTED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE})


@contextmanager
def exhaustion_told() -> Iterator[None]:
    """Raise MachineExhaustedError for what the system says of a machine that has nothing left; let the rest through."""
    try:
        yield
    except OSError as exc:
        if exc.errno not in _EXHAUSTED:
            raise
        raise MachineExhaustedError(os.strerror(exc.errno)) from exc


class PublishUnknownError(TransientError):
    """A send was not acknowledged in time: it may or may not stand in the log. Send the same id again."""

    code = "outcome_unknown"


class InvalidInputError(PipelineError):
    """What was given can never work (a broken PDF, a wrong setting). Do not retry; tell the user `code`."""

    code = "invalid_input"


class PoisonMessageError(PipelineError):
    """A message that no model accepts. The runner sends it to dead-letters and goes on."""

    code = "poison_message"


class QuotaExceededError(TransientError):
    """The model's quota is used up. Wait at least `retry_after_seconds`; it costs no try."""

    code = "quota_exceeded"

    def __init__(self, detail: str = "", *, retry_after_seconds: float) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class JobCancelledError(PipelineError):
    """The job was cancelled, deleted or expired while this ran. Drop the work, pay nothing more."""

    code = "cancelled"


class ObjectNotFoundError(PipelineError):
    """No object stands at that key."""

    code = "object_not_found"


class LostInvariantError(PipelineError):
    """The process can no longer keep its promises. Log it and exit non-zero; a fresh process starts clean."""

    code = "lost_invariant"
