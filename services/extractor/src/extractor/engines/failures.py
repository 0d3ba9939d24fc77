"""HTTP failures of a model's server as the pipeline's errors: wait, try again, or stop. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from extractor.engines.port import OverloadedError
from feuilleton.contracts.errors import PipelineError, QuotaExceededError, TransientError

DEFAULT_QUOTA_WAIT_SECONDS = 10.0  # where the answer does not say; free tiers count by the minute
MAX_DETAIL_CHARACTERS = 300
_HTTP_QUOTA = 429
_HTTP_BAD_REQUEST = 400
_HTTP_SERVER_ERROR = 500
_OVERLOADED = frozenset({503, 529})
_TRANSIENT = frozenset({408, 409, 425, 499})
_PERMANENT_CODES = {
    401: "model_auth",
    402: "model_auth",
    403: "model_auth",
    404: "model_not_found",
}


def error_for(status: int, detail: str, *, wait_seconds: float | None) -> PipelineError:
    """429 is QuotaExceededError, 503 OverloadedError, other 5xx and what a proxy may say in passing TransientError,
    the rest permanent with `model_auth`, `model_not_found` or `bad_request`.
    """
    if status == _HTTP_QUOTA:
        wait = DEFAULT_QUOTA_WAIT_SECONDS if wait_seconds is None else wait_seconds
        return QuotaExceededError(detail, retry_after_seconds=wait)
    if status in _OVERLOADED:
        return OverloadedError(detail, retry_after_seconds=wait_seconds or 0.0)
    if status >= _HTTP_SERVER_ERROR or status in _TRANSIENT or status < _HTTP_BAD_REQUEST:
        return TransientError(detail, code="model_unavailable")
    return PipelineError(detail, code=_PERMANENT_CODES.get(status, "bad_request"))


def safe_detail(text: str, secret: str) -> str:
    """For logs and reports: short, and without the key, even if the server echoed it."""
    shown = text.replace(secret, "***") if secret else text
    return shown[:MAX_DETAIL_CHARACTERS]


def retry_after_seconds(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds from the Retry-After header, which holds seconds or a date. None where it says nothing usable."""
    value = str(headers.get("retry-after", ""))
    found = seconds(value)
    if found is not None or not value:
        return found
    try:
        return max(0.0, (parsedate_to_datetime(value) - (now or datetime.now(UTC))).total_seconds())
    except (ValueError, TypeError):
        return None


def seconds(text: str) -> float | None:
    try:
        return max(0.0, float(text))
    except ValueError:
        return None
