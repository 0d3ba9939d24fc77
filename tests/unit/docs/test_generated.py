"""What is generated is what the code says: `make docs` writes these files anew."""

import json
from pathlib import Path

from feuilleton.contracts.asyncapi import asyncapi_document
from feuilleton.observability.metrics_page import metrics_page

DOCS = Path(__file__).parents[3] / "docs"


def test_the_message_document_is_that_of_the_models() -> None:
    assert json.loads((DOCS / "asyncapi.json").read_text()) == json.loads(json.dumps(asyncapi_document()))


def test_the_metrics_page_is_that_of_the_definitions() -> None:
    assert (DOCS / "metrics.md").read_text() == metrics_page()
