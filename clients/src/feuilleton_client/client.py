"""The Python client: one object, typed answers, retries inside."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import httpx

from feuilleton_client.credits import CreditsClient
from feuilleton_client.exports import ExportsClient
from feuilleton_client.identity import IdentityClient
from feuilleton_client.models import Card, CardPage, Job, JobFilter, Page, Report
from feuilleton_client.retry import Pacing, RetryPolicy
from feuilleton_client.transport import Transport, parse
from feuilleton_client.uploads import (
    IN_PROGRESS_CODES,
    UPLOAD_TIMEOUT,
    JobOptions,
    SentBytes,
    Upload,
    new_idempotency_key,
)
from feuilleton_client.watching import Watch, WatchPolicy
from feuilleton_client.webhooks import WebhooksClient

CARDS_PER_PAGE = 500
JOBS_PER_PAGE = 50

# Local servers are never behind a proxy, whatever HTTP_PROXY says.
_DIRECT = ("all://localhost", "all://127.0.0.1", "all://[::1]")


def _ignore_progress(_sent: int, _total: int) -> None:
    """For those who do not ask."""


class FeuilletonClient:
    """Talks to ingest and status-api with one bearer key. Close it, or use it as a context manager.

    Methods raise ProblemError (the server refused), UnavailableError (no answer within the retry policy) and
    UnexpectedAnswerError. All of them may be called again after any error without doing anything twice.
    """

    def __init__(
        self,
        ingest_url: str,
        status_url: str,
        api_key: str,
        *,
        retry_policy: RetryPolicy | None = None,
        watch_policy: WatchPolicy | None = None,
        pacing: Pacing | None = None,
    ) -> None:
        self._ingest = ingest_url.rstrip("/")
        self._status = status_url.rstrip("/")
        self._watch_policy = watch_policy or WatchPolicy()
        self._pacing = pacing or Pacing()
        http = httpx.Client(
            headers={"Authorization": f"Bearer {api_key}", "User-Agent": "feuilleton-client"},
            timeout=httpx.Timeout(10.0, read=30.0),
            mounts=dict.fromkeys(_DIRECT),
        )
        self._transport = Transport(http, policy=retry_policy or RetryPolicy(), pacing=self._pacing)
        self.exports = ExportsClient(self._transport, self._status)
        self.credits = CreditsClient(self._transport, self._ingest)
        self.identity = IdentityClient(self._transport, self._ingest)
        self.webhooks = WebhooksClient(self._transport, self._status)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    def upload(
        self,
        path: Path,
        options: JobOptions | None = None,
        *,
        force: bool = False,
        idempotency_key: str | None = None,
        sent: SentBytes = _ignore_progress,
    ) -> Job:
        """Hand in a book, streamed from disk; returns the accepted job, or the one that was completed before with the
        same file and settings (`reused`), unless `force` asks for a new one.

        All tries of one call carry one idempotency key, so they make one job. To be safe over a crash of the
        caller too, pass a key of your own and repeat the call with it. Raises OSError for the file itself.
        """
        key = idempotency_key or new_idempotency_key()
        upload = Upload(path, options or JobOptions(), key=key, sent=sent, force=force)
        return upload.send(self._transport, f"{self._ingest}/v1/uploads")

    def job(self, job_id: str) -> Job:
        return self._transport.read(Job, "GET", self._job_url(job_id))

    def jobs(self, wanted: JobFilter | None = None) -> Iterator[Job]:
        """The jobs, newest first, read page by page as they are asked for; with `wanted`, those that it holds for."""
        filters = (wanted or JobFilter()).query()
        url = f"{self._status}/v1/jobs"
        return self._transport.pages(Page[Job], url, limit=JOBS_PER_PAGE, **filters)

    def watch(self, job_id: str, attempt: int | None = None) -> Iterator[Job]:
        """The job now and after each change, until its attempt ended (see `Watch`)."""
        url = self._job_url(job_id)
        return iter(Watch(self._transport, url, self._watch_policy, sleep=self._pacing.sleep, attempt=attempt))

    def wait(self, job_id: str, attempt: int | None = None) -> Job:
        """Block until the job ended; returns how."""
        *_, last = self.watch(job_id, attempt)
        return last

    def retry(self, job_id: str, *, idempotency_key: str | None = None) -> Job:
        """Run an ended job once more for what is missing of it; returns the job with the new `attempt`.

        All tries of one call carry one idempotency key, as those of `upload`. Follow it with `watch(id, attempt)`.
        """
        url = f"{self._ingest}/v1/uploads/{quote(job_id, safe='')}/attempts"
        headers = {"Idempotency-Key": idempotency_key or new_idempotency_key()}
        return parse(Job, self._transport.send(lambda http: http.build_request("POST", url, headers=headers)))

    def copy(self, job_id: str, changes: JobOptions, *, force: bool = False, idempotency_key: str | None = None) -> Job:
        """Run a job's book once more as a new job, without sending it; what `changes` leaves out stays as it is there.

        As `upload` otherwise.
        """
        url = f"{self._ingest}/v1/uploads/{quote(job_id, safe='')}/copies"
        headers = {"Idempotency-Key": idempotency_key or new_idempotency_key()}
        body = {**changes.model_dump(mode="json", exclude_none=True), **({"force": True} if force else {})}

        def build(http: httpx.Client) -> httpx.Request:
            return http.build_request("POST", url, json=body, headers=headers, timeout=UPLOAD_TIMEOUT)

        return parse(Job, self._transport.send(build, also_retry=IN_PROGRESS_CODES))

    def cards(self, job_id: str) -> Iterator[Card]:
        """All cards in book order, page by page; of a job that runs, those that there are so far."""
        cursor: str | None = None
        attempt: int | None = None  # named from the second page on: a new one may begin in between
        while True:
            page = self._transport.read(
                CardPage,
                "GET",
                f"{self._job_url(job_id)}/cards",
                limit=CARDS_PER_PAGE,
                cursor=cursor,
                attempt=attempt,
            )
            yield from page.items
            cursor, attempt = page.next_cursor, page.attempt
            if cursor is None or not page.items:
                return

    def report(self, job_id: str) -> Report:
        return self._transport.read(Report, "GET", f"{self._job_url(job_id)}/report")

    def rename(self, job_id: str, name: str) -> Job:
        """Give the job another name; returns it with that. Repeatable."""
        url = self._job_url(job_id)
        return parse(Job, self._transport.send(lambda http: http.build_request("PATCH", url, json={"name": name})))

    def cancel(self, job_id: str) -> Job:
        """Ask that the running attempt ends as cancelled; returns the job as of the command.

        The command travels: `wait` tells the outcome, which may be another end that came first.
        """
        return self._transport.read(Job, "POST", f"{self._job_url(job_id)}/cancel")

    def delete(self, job_id: str) -> Job:
        """Ask that the job and all its files are removed; returns the job as of the command. Repeatable.

        The command travels: `job` says `deleted` when it is done.
        """
        return self._transport.read(Job, "DELETE", self._job_url(job_id))

    def _job_url(self, job_id: str) -> str:
        return f"{self._status}/v1/jobs/{quote(job_id, safe='')}"
