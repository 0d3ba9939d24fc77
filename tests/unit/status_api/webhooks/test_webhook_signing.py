import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from status_api.webhooks.signing import new_secret, signed_headers

BODY = json.dumps({"type": "job.ended", "data": {"name": "L’Été.pdf"}}, ensure_ascii=False)


def test_the_signature_is_that_of_the_specification() -> None:
    """Reckoned by hand: base64(HMAC-SHA256(secret, id.timestamp.body))."""
    key = b"0123456789abcdef0123456789abcdef"
    secret = "whsec_" + base64.b64encode(key).decode()
    now = datetime(2026, 5, 4, 12, 0, 0, 999_000, tzinfo=UTC)
    headers = signed_headers([secret], "id-1", BODY, now)
    stamp = str(int(now.timestamp()))
    expected = base64.b64encode(hmac.new(key, f"id-1.{stamp}.{BODY}".encode(), hashlib.sha256).digest()).decode()
    assert headers == {"webhook-id": "id-1", "webhook-timestamp": stamp, "webhook-signature": f"v1,{expected}"}


def test_receivers_with_the_old_and_with_the_new_secret_both_find_their_signature() -> None:
    new, old = new_secret(), new_secret()
    headers = signed_headers([new, old], "id-1", BODY, datetime.now(UTC))
    assert Webhook(new).verify(BODY, headers) == Webhook(old).verify(BODY, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)


def test_a_changed_body_an_old_message_and_another_id_are_told() -> None:
    secret = new_secret()
    headers = signed_headers([secret], "id-1", BODY, datetime.now(UTC))
    old = signed_headers([secret], "id-1", BODY, datetime.now(UTC) - timedelta(hours=1))
    for body, wrong in [(BODY + " ", headers), (BODY, old), (BODY, headers | {"webhook-id": "id-2"})]:
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, wrong)


def test_secrets_are_long_and_never_the_same() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(base64.b64decode(secret.removeprefix("whsec_"))) for secret in made} == {32}
