"""Signatures after Standard Webhooks (standardwebhooks.com): whoever knows the secret can tell a message of ours."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks.webhooks import Webhook

_SECRET_BYTES = 32


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(keys: Sequence[str], event_id: str, body: str, now: datetime) -> dict[str, str]:
    """The three headers of a message. One signature for each key that is good now: while a key is being replaced,
    receivers with the old one and with the new one both find theirs. `now` is aware UTC.
    """
    signatures = [Webhook(key).sign(event_id, now, body) for key in keys]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
