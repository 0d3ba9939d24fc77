"""`make chaos`: the whole system under random faults, and whether all still holds."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.campaign import run_campaign
from tests.chaos.figures import table, verdicts
from tests.chaos.plan import draw_plan

REPO = Path(__file__).resolve().parents[2]


def main() -> int:
    """Exit status 0 when every check held, 1 when one did not: then the logs are kept."""
    options = _options()
    novels = Path(os.environ.get("FEUILLETON_SHARED_DATA", REPO.parent / "shared" / "data")) / "novels"
    plan = draw_plan(options.seed, options.minutes, jobs_per_minute=options.jobs_per_minute)
    _say(f"the plan of seed {plan.seed}, {options.minutes:g} minutes:\n{plan}")
    if options.plan:
        return 0
    folder = options.folder or Path(tempfile.mkdtemp(prefix="feuilleton-chaos-"))
    outcome = run_campaign(plan, novels, folder, _say)
    report = f"{table(outcome)}\n\n{verdicts(outcome)}"
    _say(report)
    (folder / "report.txt").write_text(report + "\n")
    if outcome.holds and options.folder is None:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        _say(f"logs, diary and objects are in {folder}")
    return 0 if outcome.holds else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="of faults")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--jobs-per-minute", type=float, default=8.0)
    parser.add_argument("--folder", type=Path, help="keep logs and data here")
    parser.add_argument("--plan", action="store_true", help="print the plan and do nothing")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
