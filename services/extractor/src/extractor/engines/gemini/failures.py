"""From the client's exceptions to the pipeline's: the type says whether to wait, to try again or to stop."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from google.genai import errors

from extractor.engines.failures import error_for, retry_after_seconds, safe_detail, seconds
from feuilleton.contracts.errors import PipelineError


def translate(error: errors.APIError, *, api_key: str, now: datetime | None = None) -> PipelineError:
    """The error to raise in place of `error`, as `error_for`. Its text never holds the key."""
    detail = safe_detail(f"{error.code} {error.status}: {error.message}", api_key)
    if _reason(error) == "API_KEY_INVALID":
        return PipelineError(detail, code="model_auth")
    headers = getattr(error.response, "headers", None) or {}
    wait = _retry_info(error)
    return error_for(error.code, detail, wait_seconds=retry_after_seconds(headers, now) if wait is None else wait)


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
            return seconds(str(item.get("retryDelay", "")).removesuffix("s"))
    return None
