"""Finding jobs and naming them, on the command line."""

import json

from tests.unit.client.conftest import JOB, a_job
from tests.unit.client.scripted_server import Answer, Script
from tests.unit.client.test_cli import Cli, cli

__all__ = ["cli"]


def test_jobs_are_asked_for_by_state_day_and_name_on_every_page(cli: Cli, script: Script) -> None:
    first = Answer(200, {"items": [a_job(), a_job("completed")], "next_cursor": "c1"})
    script.on("GET /v1/jobs", first, Answer(200, {"items": [a_job("partial")], "next_cursor": None}))
    wanted = ("--status", "partial", "--since", "2026-11-01T00:00:00+0000", "--until", "2026-11-22", "--name", "été")
    result = cli("jobs", *wanted)
    assert result.code == 0, result.err
    assert len(result.out.splitlines()) == 3
    one, two = (asked.query for asked in script.requests("GET /v1/jobs"))
    assert (one["status"], one["created_after"], one["name"]) == ("partial", "2026-11-01T00:00:00+00:00", "été")
    assert one["created_before"].startswith("2026-11-22T00:00:00")
    assert two == {**one, "cursor": "c1"}


def test_a_job_is_renamed(cli: Cli, script: Script) -> None:
    script.on(f"PATCH /v1/jobs/{JOB}", Answer(200, a_job("completed", name="Bovary")))
    result = cli("rename", JOB, "Bovary")
    assert (result.code, result.out) == (0, f"job {JOB}: Bovary\n")
    (asked,) = script.requests(f"PATCH /v1/jobs/{JOB}")
    assert json.loads(asked.body) == {"name": "Bovary"}
    assert json.loads(cli("rename", JOB, "Bovary", "--json").out)["name"] == "Bovary"
