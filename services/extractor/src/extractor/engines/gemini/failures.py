"""From the client's exceptions to the pipeline's: the type says whether to wait, to try again or to stop."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from google.genai import errors

from feuilleton.contracts.errors import PipelineError, QuotaExceededError, TransientError

DEFAULT_QUOTA_WAIT_SECONDS = 10.0  # where the answer does not say; the free tier counts by the minute
MAX_DETAIL_CHARACTERS = 300
_HTTP_QUOTA = 429
_HTTP_BAD_REQUEST = 400
_HTTP_SERVER_ERROR = 500
_TRANSIENT = frozenset({408, 409, 425, 499})
_PERMANENT_CODES = {
    401: "model_auth",
    402: "model_auth",
    403: "model_auth",
    404: "model_not_found",
}


def translate(error: errors.APIError, *, api_key: str, now: datetime | None = None) -> PipelineError:
    """The error to raise in place of `error`. Its text never holds the key, even if the server echoed it.

    429 is QuotaExceededError, 5xx and what a proxy may say in passing TransientError, the rest permanent with
    `model_auth`, `model_not_found` or `bad_request`.
    """
    detail = _detail(error, api_key)
    if error.code == _HTTP_QUOTA:
        wait = _retry_info(error) or _retry_after(error, now or datetime.now(UTC))
        return QuotaExceededError(detail, retry_after_seconds=DEFAULT_QUOTA_WAIT_SECONDS if wait is None else wait)
    if error.code >= _HTTP_SERVER_ERROR or error.code in _TRANSIENT or error.code < _HTTP_BAD_REQUEST:
        return TransientError(detail, code="model_unavailable")
    if _reason(error) == "API_KEY_INVALID":
        return PipelineError(detail, code="model_auth")
    return PipelineError(detail, code=_PERMANENT_CODES.get(error.code, "bad_request"))


def _detail(error: errors.APIError, api_key: str) -> str:
    text = f"{error.code} {error.status}: {error.message}"
    return text.replace(api_key, "***")[:MAX_DETAIL_CHARACTERS]


def _details(error: errors.APIError) -> list[Mapping[str, Any]]:
    body = error.details
    inner = body.get("error", body) if isinstance(body, dict) else {}
    found = inner.get("details") if isinstance(inner, dict) else None
    return [item for item in found or () if isinstance(item, dict)]


def _reason(error: errors.APIError) -> str | None:
    return next((str(item["reason"]) for item in _details(error) if "reason" in item), None)


def _retry_info(error: errors.APIError) -> float | None:
    """Seconds from google.rpc.RetryInfo, written like `34.07s`."""
    for item in _details(error):
        if str(item.get("@type", "")).endswith("google.rpc.RetryInfo"):
            return _number(str(item.get("retryDelay", "")).removesuffix("s"))
    return None


def _retry_after(error: errors.APIError, now: datetime) -> float | None:
    """Seconds from the Retry-After header, which holds seconds or a date."""
    headers = getattr(error.response, "headers", None) or {}
    value = str(headers.get("retry-after", ""))
    seconds = _number(value)
    if seconds is not None or not value:
        return seconds
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _number(text: str) -> float | None:
    try:
        return max(0.0, float(text))
    except ValueError:
        return None
