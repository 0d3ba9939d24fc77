"""How refusals stand in the OpenAPI document."""

from http import HTTPStatus
from typing import Any

from feuilleton.http.problems import MEDIA_TYPE, Problem


def problem_docs(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Answers of these statuses, as problem documents."""
    schema = Problem.model_json_schema()
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }
