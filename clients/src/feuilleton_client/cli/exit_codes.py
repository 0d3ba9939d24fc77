"""What the exit status of `feuilleton` means. Scripts rely on these numbers: they are never reused."""

from enum import IntEnum
from http import HTTPStatus

from feuilleton_client.models import JobStatus
from feuilleton_client.retry import RETRYABLE_STATUSES

EXIT_CODES_HELP = """\
Exit status: 0 completed · 1 internal fault · 2 usage · 3 partial (cards were written, some of the book is
missing) · 4 failed · 5 cancelled · 6 input refused · 7 key refused · 8 no answer · 9 no such job · 10 output
file · 130 Ctrl-C (the job goes on).
"""


class ExitCode(IntEnum):
    OK = 0
    """Done; for `run` and `watch`: the job is completed."""
    INTERNAL = 1
    """A fault of the program itself."""
    USAGE = 2
    """A wrong option, a missing setting, a file that cannot be read."""
    PARTIAL = 3
    """The job ended, and some of the book is missing; the cards that there are were written."""
    FAILED = 4
    """The job ended without cards."""
    CANCELLED = 5
    """The job was cancelled or deleted."""
    REJECTED = 6
    """The server refuses the file or the request; trying again as it is cannot help."""
    AUTH = 7
    """The key is missing, wrong or not allowed to do this."""
    UNAVAILABLE = 8
    """No answer, or 'later', after all retries. The job, if there is one, goes on."""
    NOT_FOUND = 9
    """No such job (or it is someone else's)."""
    OUTPUT = 10
    """The output file cannot be written, or exists and --force was not given."""
    INTERRUPTED = 130
    """Ctrl-C. The job goes on."""


_OF_STATUS = {
    JobStatus.COMPLETED: ExitCode.OK,
    JobStatus.PARTIAL: ExitCode.PARTIAL,
    JobStatus.FAILED: ExitCode.FAILED,
    JobStatus.CANCELLED: ExitCode.CANCELLED,
    JobStatus.DELETED: ExitCode.CANCELLED,
}


def of_status(status: JobStatus) -> ExitCode:
    """The code for a job that ended so."""
    return _OF_STATUS[status]


def of_refusal(http_status: int) -> ExitCode:
    if http_status in {401, 403}:
        return ExitCode.AUTH
    if http_status in {404, 410}:
        return ExitCode.NOT_FOUND
    if http_status in RETRYABLE_STATUSES or http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ExitCode.UNAVAILABLE
    return ExitCode.REJECTED
