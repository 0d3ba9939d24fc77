"""The users of a campaign: each lives through the story of one job, through whatever happens to the services."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.errors import ClientError, ProblemError, UnavailableError
from feuilleton_client.models import Job, JobStatus
from feuilleton_client.retry import RetryPolicy
from feuilleton_client.uploads import JobOptions
from tests.chaos.books import Book
from tests.chaos.plan import Story
from tests.stack import API_KEY

_POLL_SECONDS = 1.5
_AGAIN_SECONDS = 1.0
_CARDS_EVERY = 7  # polls
_RETRIED = (JobStatus.PARTIAL, JobStatus.FAILED, JobStatus.CANCELLED)
T = TypeVar("T")


@dataclass
class Case:
    """What a user did and saw. `attempts` are those that were answered; `problems` is what should never be seen."""

    story: Story
    book: Book
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    job_id: str | None = None
    accepted_at: float = 0.0
    last: Job | None = None
    attempts: set[int] = field(default_factory=set)
    cancelled: dict[int, float] = field(default_factory=dict)
    deleted_at: float | None = None
    retried_at: list[float] = field(default_factory=list)
    acts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"book {self.book.number}, job {self.job_id}"


@dataclass(frozen=True)
class Urls:
    ingest: str
    status: str

    def client(self) -> FeuilletonClient:
        policy = RetryPolicy(cap_seconds=3.0, budget_seconds=30.0)
        return FeuilletonClient(self.ingest, self.status, API_KEY, retry_policy=policy)


class TooLateError(Exception):
    """The campaign's time is over."""


class User:
    """One job from its upload to its last end."""

    def __init__(self, case: Case, urls: Urls, over: threading.Event) -> None:
        self._case = case
        self._over = over
        self._client = urls.client()
        self._retries = case.story.retries

    def live(self) -> None:
        case = self._case
        try:
            with self._client:
                self._upload()
                self._follow()
        except TooLateError:
            case.problems.append(f"not ended in time: {case.last.status if case.last else 'not even accepted'}")
        except ProblemError as exc:
            case.problems.append(f"refused: {exc.status} {exc}")
        except Exception as exc:  # noqa: BLE001 (whatever it is, it is a finding)
            case.problems.append(f"{type(exc).__name__}: {exc}")

    def _upload(self) -> None:
        case = self._case
        # No sentence is under the minimum: what the model need not join stays as it is after one answer of no use.
        options = JobOptions(engine="gemini", min_sentence_length=1)
        job = self._persist("upload", lambda: self._client.upload(case.book.pdf, options, idempotency_key=case.key))
        case.job_id, case.accepted_at, case.last = job.id, time.time(), job
        case.attempts.add(1)

    def _follow(self) -> None:
        case = self._case
        polls = 0
        while True:
            case.last = self._persist("poll", lambda: self._client.job(self._id))
            if case.last.status is JobStatus.DELETED and case.deleted_at is None:
                case.problems.append("deleted by nobody")
            if case.last.attempt < max(case.attempts):
                self._pause(_AGAIN_SECONDS)  # the projection has not seen the new attempt yet
                continue
            if self._commanded() or self._retried():
                continue
            if case.last.status is JobStatus.DELETED or (case.last.status.ended and not self._will_delete):
                return
            polls += 1
            if polls % _CARDS_EVERY == 0:
                self._read_cards()
            self._pause(_POLL_SECONDS)

    @property
    def _id(self) -> str:
        assert self._case.job_id is not None
        return self._case.job_id

    @property
    def _age_seconds(self) -> float:
        return time.time() - self._case.accepted_at

    @property
    def _will_delete(self) -> bool:
        return self._case.story.delete_after_seconds is not None

    def _commanded(self) -> bool:
        """Cancel or delete when it is time. True when something was asked."""
        case, story = self._case, self._case.story
        assert case.last is not None
        attempt = case.last.attempt
        if story.delete_after_seconds is not None and self._age_seconds > story.delete_after_seconds:
            if case.deleted_at is None:
                self._persist("delete", lambda: self._client.delete(self._id))
                case.deleted_at = time.time()
                return True
            return False
        due = story.cancel_after_seconds is not None and self._age_seconds > story.cancel_after_seconds
        if due and not case.cancelled and not case.last.status.ended:
            self._persist("cancel", lambda: self._client.cancel(self._id))
            case.cancelled[attempt] = time.time()
            return True
        return False

    def _retried(self) -> bool:
        case = self._case
        assert case.last is not None
        if case.deleted_at is not None or case.last.status not in _RETRIED or self._retries == 0:
            return False
        self._retries -= 1
        clicks = 2 if case.story.double_click else 1
        with ThreadPoolExecutor(clicks) as threads:
            began = [click for click in threads.map(lambda _: self._retry(), range(clicks)) if click is not None]
        case.attempts.update(began)
        case.retried_at.append(time.time())
        if len(set(began)) > 1:
            case.problems.append(f"two clicks began the attempts {began}")
        return bool(began)

    def _retry(self) -> int | None:
        key = str(uuid.uuid4())
        try:
            return self._persist("retry", lambda: self._client.retry(self._id, idempotency_key=key)).attempt
        except ProblemError as exc:
            # One click came second, or the job is complete after all.
            if exc.code in ("attempt_running", "nothing_to_retry"):
                self._case.acts[f"retry: {exc.code}"] += 1
                return None
            raise

    def _read_cards(self) -> None:
        try:
            cards = [(card.source_id, card.text) for card in islice(self._client.cards(self._id), 1000)]
        except ClientError as exc:
            self._case.acts[f"cards: {_cause(exc)}"] += 1
            return
        self._case.acts["cards"] += 1
        if len(set(cards)) != len(cards):
            self._case.problems.append("the API showed a card twice")

    def _persist(self, what: str, call: Callable[[], T]) -> T:
        """As a patient user: again until there is an answer. What a service refuses for good is raised."""
        while True:
            if self._over.is_set():
                raise TooLateError
            try:
                answer = call()
            except UnavailableError as exc:
                self._case.acts[f"{what}: {_cause(exc)}"] += 1
            except ProblemError as exc:
                self._case.acts[f"{what}: {exc.code}"] += 1
                if exc.status != 503 and exc.code != "idempotency_key_in_use":
                    raise
            else:
                self._case.acts[what] += 1
                return answer
            self._pause(_AGAIN_SECONDS)

    def _pause(self, seconds: float) -> None:
        if self._over.wait(seconds):
            raise TooLateError


def _cause(exc: ClientError) -> str:
    return exc.code if isinstance(exc, ProblemError) else type(exc).__name__
