"""`make fuzz`: draw damaged PDFs until the time is over, and write down what must not be."""

import argparse
import asyncio
import logging
import os
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import structlog

from tests.fuzz.campaign import Campaign, Corpus, keep_recipe
from tests.pdf_verdicts import CAMPAIGN, running_readers

REPO = Path(__file__).resolve().parents[2]


def main() -> int:
    """Exit status 1 when a file brought about a fault. Each is kept as a recipe, which is a test from then on."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    folder = Path(os.environ.get("FEUILLETON_SHARED_DATA", REPO.parent / "shared" / "data")) / "pdfs"
    campaign = asyncio.run(_run(Corpus.of(folder), options.seed, options.minutes * 60))
    _print(campaign, options.seed)
    return 1 if campaign.faults else 0


async def _run(corpus: Corpus, seed: int, seconds: float) -> Campaign:
    campaign, random = Campaign(corpus), Random(seed)
    deadline = time.monotonic() + seconds
    async with running_readers(CAMPAIGN) as readers:
        while time.monotonic() < deadline:
            fault = await campaign.step(readers, random)
            if fault is not None:
                sys.stdout.write(f"fault: {fault.what} ({keep_recipe(fault)})\n")
                sys.stdout.flush()
    return campaign


def _print(campaign: Campaign, seed: int) -> None:
    out = sys.stdout.write
    out(f"seed {seed}: {campaign.files} files, {len(campaign.faults)} faults\n")
    for title, counts in (("inspection", campaign.uploads), ("reading", campaign.splits)):
        out(f"{title}: {_told(counts)}\n")
    out("slowest: " + ", ".join(f"{seconds:.1f} s {file}" for seconds, file in campaign.slowest) + "\n")
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    out(f"largest subprocess: {largest:.0f} MB\n")


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{code} {count}" for code, count in counts.most_common())


if __name__ == "__main__":
    sys.exit(main())
