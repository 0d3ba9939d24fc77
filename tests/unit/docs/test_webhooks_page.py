"""The page for those who receive webhooks says what is posted: its example and its code are tried out."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from status_api.webhooks.answers import WebhookMessage
from status_api.webhooks.events import WebhookEvent
from status_api.webhooks.signing import new_secret, signed_headers

PAGE = (Path(__file__).parents[3] / "docs/webhooks.md").read_text("utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_every_event_stands_in_the_table_and_no_other() -> None:
    rows = "".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(job\.\w+|attempt\.\w+)`", rows)) == set(WebhookEvent)


def test_the_example_is_a_message() -> None:
    example = json.loads(block("json"))
    assert WebhookMessage.model_validate(example).type is WebhookEvent.JOB_ENDED
    assert [example] == WebhookMessage.model_json_schema()["examples"]


def test_the_code_for_receivers_verifies_what_is_sent() -> None:
    page: dict[str, Any] = {}
    exec(block("python"), page)  # noqa: S102 (our own page)
    secret, body = new_secret(), json.dumps(json.loads(block("json")))
    headers = signed_headers([secret], "event-1", body, datetime.now(UTC))
    assert page["receive"](secret, headers, body.encode())["status"] == "completed"
