"""`python -m tests.fakes.gemini --port 9321 --latency 5 --chance server_error=0.02`, and the same for `openai`."""

import argparse
import asyncio
import contextlib
import sys

from tests.fakes.models.plan import Fault, Plan
from tests.fakes.models.server import FakeModel


def main(server: type[FakeModel], arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=FakeModel.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one, which the first line names")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--chance", action="append", default=[], metavar="FAULT=SHARE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--api-key", help="refuse any other key")
    options = parser.parse_args(arguments)
    pairs = (text.partition("=") for text in options.chance)
    plan = Plan(
        latency_seconds=options.latency,
        chances={Fault(name): float(share) for name, _, share in pairs},
        seed=options.seed,
        api_key=options.api_key,
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(server(plan, host=options.host, port=options.port)))


async def _serve(model: FakeModel) -> None:
    async with model:
        sys.stdout.write(f"{model.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()
