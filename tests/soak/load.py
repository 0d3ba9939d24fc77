"""Users at a steady rate: each hands in a book and sees it through; some cancel, some delete."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.errors import ClientError
from feuilleton_client.uploads import JobOptions

_CANCELLED_SHARE = 0.1
_DELETED_SHARE = 0.5
_MOST_AT_ONCE = 30


@dataclass(frozen=True)
class Place:
    """Where the system answers."""

    ingest_url: str
    status_url: str
    api_key: str


@dataclass
class Load:
    """`ends` counts jobs by engine and how they ended. More than 30 jobs at once mean that the load is too much: then
    a user stays away, and is counted as `away`.
    """

    place: Place
    books: Sequence[Path]
    engines: Sequence[str]
    jobs_per_minute: float
    random: Random
    ends: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    _users: list[threading.Thread] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Blocks for so long; users who still wait go on until `finish`."""
        deadline = time.monotonic() + seconds
        number = 0
        while time.monotonic() < deadline:
            self._users = [user for user in self._users if user.is_alive()]
            if len(self._users) < _MOST_AT_ONCE:
                self._send_user(number)
            else:
                self.ends["away"] += 1
            number += 1
            time.sleep(60 / self.jobs_per_minute)

    def finish(self, seconds: float) -> None:
        """Wait for the last users; one who waits longer is a fault."""
        deadline = time.monotonic() + seconds
        for user in self._users:
            user.join(max(0.0, deadline - time.monotonic()))
            if user.is_alive():
                self.faults.append(f"{user.name} still waits for the end of its job")

    def _send_user(self, number: int) -> None:
        engine = self.engines[number % len(self.engines)]
        book = self.books[number % len(self.books)]
        plan = (self.random.random() < _CANCELLED_SHARE, self.random.random() < _DELETED_SHARE)
        user = threading.Thread(target=self._use, args=(engine, book, *plan), name=f"user {number}", daemon=True)
        user.start()
        self._users.append(user)

    def _use(self, engine: str, book: Path, cancels: bool, deletes: bool) -> None:  # noqa: FBT001 - drawn by lot
        with FeuilletonClient(self.place.ingest_url, self.place.status_url, self.place.api_key) as client:
            try:
                job_id = client.upload(book, JobOptions(engine=engine)).id
                if cancels:
                    with suppress(ClientError):  # it was faster
                        client.cancel(job_id)
                job = client.wait(job_id)
                self.ends[f"{engine} {job.status}"] += 1
                if job.status == "completed" and not list(client.cards(job_id)):
                    self.faults.append(f"{job_id} is completed and has no cards")
                if deletes:
                    client.delete(job_id)
            except ClientError as exc:
                self.faults.append(f"{type(exc).__name__}: {exc}")
