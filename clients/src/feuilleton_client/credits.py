"""What a tenant can spend, every row behind it, and what a book would cost."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from feuilleton_client.models import Answered, Page
from feuilleton_client.transport import Transport
from feuilleton_client.uploads import JobOptions, SentBytes, Upload, new_idempotency_key

_PER_PAGE = 100


class Estimate(Answered):
    """Of the pages asked for. `credits` is the most that an upload can cost; `scans` are pages that are images."""

    pages: int
    words: int
    scans: int = 0
    tokens: int
    credits: int
    available: int
    engine: str
    model: str
    warning: str | None = None


class Quota(Answered):
    """What counts against the quota now, and its limits."""

    stored_bytes: int
    stored_bytes_limit: int
    jobs: int
    jobs_limit: int


class Credits(Answered):
    """`reserved` is held by jobs that run; what they do not use comes back."""

    available: int
    reserved: int
    monthly_credits: int
    next_grant_at: datetime
    quota: Quota


class LedgerRow(Answered):
    """`balance` is what was available after this row."""

    number: int
    kind: str
    amount: int
    balance: int
    job_id: str | None = None
    attempt: int | None = None
    note: str = ""
    at: datetime


class CreditsClient:
    """Credits of the own tenant. Methods raise as those of FeuilletonClient do."""

    def __init__(self, transport: Transport, ingest_url: str) -> None:
        self._transport = transport
        self._ingest = ingest_url

    def standing(self) -> Credits:
        return self._transport.read(Credits, "GET", f"{self._ingest}/v1/credits")

    def ledger(self) -> Iterator[LedgerRow]:
        """All rows, the last one first, read page by page as they are asked for."""
        url = f"{self._ingest}/v1/credits/ledger"
        return self._transport.pages(Page[LedgerRow], url, limit=_PER_PAGE)

    def estimate(self, path: Path, options: JobOptions | None = None, *, sent: SentBytes) -> Estimate:
        """What a book would cost with these options; the server keeps nothing of it. Raises OSError for the file."""
        upload = Upload(path, options or JobOptions(), key=new_idempotency_key(), sent=sent)
        return upload.ask(self._transport, f"{self._ingest}/v1/estimates", Estimate)
