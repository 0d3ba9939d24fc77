"""W3C trace context, made at the upload and carried by every message, so that logs of one job join up."""

import re
import secrets

_FORM = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")


def new_traceparent() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def child_of(traceparent: str) -> str:
    """A new span of the same trace; a new trace where the text is no traceparent (it came from outside)."""
    found = _FORM.match(traceparent.strip().lower())
    if found is None or found[1] == "0" * 32 or found[2] == "0" * 16:
        return new_traceparent()
    return f"00-{found[1]}-{secrets.token_hex(8)}-{found[3]}"


def trace_id(traceparent: str) -> str:
    """The trace's id for a log line, empty where there is none."""
    found = _FORM.match(traceparent)
    return found[1] if found else ""
