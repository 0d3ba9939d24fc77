from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.retry import Pacing, RetryPolicy
from feuilleton_client.watching import WatchPolicy
from tests.unit.client.scripted_server import Script, serving

KEY = "key-of-the-tests"
JOB = "7d5b8a35-9df5-4f0e-9a8f-0f0c9b8d8a11"


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def address(script: Script) -> Iterator[str]:
    with serving(script) as url:
        yield url


@dataclass
class Waits:
    """A clock that only writes down how long somebody wanted to sleep."""

    seconds: list[float] = field(default_factory=list)
    causes: list[Exception] = field(default_factory=list)

    def pacing(self) -> Pacing:
        return Pacing(
            sleep=self.seconds.append,
            chance=lambda: 0.5,
            on_wait=lambda cause, _delay: self.causes.append(cause),
        )


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def client(address: str, waits: Waits) -> Iterator[FeuilletonClient]:
    with FeuilletonClient(
        address,
        address,
        KEY,
        retry_policy=RetryPolicy(budget_seconds=30),
        watch_policy=WatchPolicy(refresh_seconds=0.0, idle_seconds=5.0),
        pacing=waits.pacing(),
    ) as made:
        yield made


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "Le Banc – été.pdf"
    path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 2000)
    return path


def a_job(status: str = "accepted", **more: object) -> dict[str, object]:
    """A job as status-api shows it, with fields that this client does not read."""
    return {
        "id": JOB,
        "name": "Le Banc.pdf",
        "status": status,
        "attempt": 1,
        "progress_percent": 5,
        "eta_seconds": None,
        "pages": 12,
        "chunks": {"total": 4, "finished": 1, "failed": 0},
        "cards": 0,
        "sha256": "0" * 64,
        "links": {"self": f"/v1/jobs/{JOB}"},
        **more,
    }


def a_card(number: int, **more: object) -> dict[str, object]:
    return {
        "source_id": f"s{number}",
        "text": f"La carte {number}.",
        "source_text": f"La phrase {number} du livre.",
        "page": number,
        "chapter": "I",
        "method": "cut",
        "flags": [],
        **more,
    }


def a_report(**more: object) -> dict[str, object]:
    return {
        "outcome": "completed",
        "pages": 12,
        "words": 900,
        "source_sentences": 80,
        "represented": 60,
        "cards": 2,
        "mean_card_words": 5.5,
        "cards_by_method": {"cut": 2},
        "dropped_by_reason": {"needs_model": 20},
        "missing": [],
        **more,
    }
