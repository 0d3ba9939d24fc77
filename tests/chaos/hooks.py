"""A tenant's webhook in a campaign: a receiver that fails at random, and whether it was told all the same."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from random import Random

import httpx

from feuilleton_local.ports import LOOPBACK
from tests.chaos.checks import Check, check
from tests.chaos.links import Net
from tests.chaos.topics import Log
from tests.fakes.webhook_receiver import OK, Post, Receiver, answer, receiving
from tests.stack import auth

EVENTS = ("job.ended", "job.deleted")
_ANSWERS = 2_000
_FAULTS: Mapping[str, float] = {"500": 0.15, "429": 0.05, "silence": 0.03}

Told = dict[tuple[str, str, int], Counter[str]]
"""How often each message came under each `webhook-id`, by event, job and attempt (0 for a job's deletion)."""


class Hooks:
    def __init__(self, net: Net, seed: int) -> None:
        self._net = net
        self._receiving = receiving(*_answers(Random(f"hooks {seed}")))
        self._receiver: Receiver | None = None

    def start(self, status_url: str) -> None:
        """Listen, and have the default tenant's jobs told from here on. Raises httpx.HTTPError."""
        self._receiver = self._net.run(self._receiving.__aenter__())
        wish = {"url": f"http://{LOOPBACK}:{self._receiver.port}/hook", "events": EVENTS}
        httpx.post(f"{status_url}/v1/webhooks", json=wish, headers=auth(), timeout=30).raise_for_status()

    def stop(self) -> None:
        with suppress(Exception):
            self._net.run(self._receiving.__aexit__(None, None, None))

    def told(self) -> Told:
        return told_by(self._receiver.posts if self._receiver else ())


def told_by(posts: Sequence[Post]) -> Told:
    found: Told = defaultdict(Counter)
    for post in posts:
        body = json.loads(post.body)
        data = body["data"]
        number = data["attempt"] if body["type"] == "job.ended" else 0
        found[body["type"], data["job"], number][post.headers["webhook-id"]] += 1
    return found


def check_told(told: Told, log: Log) -> Check:
    """Each end and each deletion that the log holds came, under one id however often; and nothing else did."""
    return check("webhooks were told each end and each deletion", len(told), list(differences(told, log)))


def differences(told: Told, log: Log) -> Iterator[str]:
    wanted = set(_wanted(log))
    for key in sorted(wanted | set(told)):
        ids = told.get(key, Counter())
        if key not in wanted:
            yield f"{key} was told, and is not in the log"
        elif len(ids) != 1:
            yield f"{key} was told under {len(ids)} ids"


def _wanted(log: Log) -> Iterator[tuple[str, str, int]]:
    for job, state in log.jobs.items():
        yield from (("job.ended", job, number) for number in state.attempts if state.end_of(number) is not None)
        if state.deleted:
            yield "job.deleted", job, 0


def _answers(random: Random) -> Iterator[bytes | None]:
    kinds: dict[str, bytes | None] = {
        "500": answer(500),
        "429": answer(429, Retry_After="1"),
        "silence": None,
        "ok": OK,
    }
    weights = {**_FAULTS, "ok": 1 - sum(_FAULTS.values())}
    for kind in random.choices(list(weights), list(weights.values()), k=_ANSWERS):
        yield kinds[kind]
