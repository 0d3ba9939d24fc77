"""What the routes share in the OpenAPI document."""

from http import HTTPStatus
from typing import Any

from feuilleton.contracts.job_settings import JobSettings
from ingest.upload_body import FORCE

FORCE_FIELD = {
    FORCE: {"type": "boolean", "default": False, "description": "A new job even where the same was done before"}
}


def problem_docs(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Refusals of these statuses. `install_problems` says what they hold."""
    return {status: {"description": HTTPStatus(status).phrase} for status in statuses}


def upload_form(more: dict[str, Any] | None = None, *, file: str = "file") -> dict[str, Any]:
    """The content of a request that sends a book and a job's settings, and the fields of `more`."""
    book = {"type": "string", "contentMediaType": "application/pdf"}
    defaults = JobSettings().model_dump(mode="json").items()
    settings = {name: {"type": "string", "description": _said_default(default)} for name, default in defaults}
    schema = {"type": "object", "required": [file], "properties": {file: book, **(more or {}), **settings}}
    return {"multipart/form-data": {"schema": schema}}


def _said_default(default: object) -> str:
    return "All by default" if default is None else f"Default {str(default).lower()}"
