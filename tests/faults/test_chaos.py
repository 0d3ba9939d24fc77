"""A short campaign, so that `make chaos` works on the day it is needed."""

from pathlib import Path

import pytest

from tests.chaos.campaign import run_campaign
from tests.chaos.figures import table, verdicts
from tests.chaos.plan import draw_plan

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.mark.timeout(900)
def test_a_minute_of_faults_loses_nothing_and_pays_nothing_twice(shared_data: Path, tmp_path: Path) -> None:
    plan = draw_plan(3, 1.0, jobs_per_minute=8.0, gap_seconds=12.0)
    outcome = run_campaign(plan, shared_data / "novels", tmp_path, print)
    assert outcome.holds, f"{table(outcome)}\n{verdicts(outcome)}\nin {tmp_path}"
