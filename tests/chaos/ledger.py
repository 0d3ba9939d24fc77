"""The ledger beside what the ends in the log and the reserves of the attempts come to."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import asyncpg

from ingest.credits import credits_of
from tests.chaos.checks import Check, check
from tests.chaos.topics import Log

_ATTEMPTS = """
SELECT a.job, a.attempt, a.reserve, a.settled_at IS NOT NULL AS settled, j.rate
FROM ingest.attempts a JOIN ingest.jobs j USING (job) ORDER BY a.job, a.attempt
"""
_ROWS = "SELECT tenant, number, kind, amount, balance, job, attempt FROM ingest.ledger ORDER BY tenant, number"
_BALANCES = "SELECT tenant, balance FROM ingest.accounts"


async def check_ledger(database_url: str, log: Log) -> list[Check]:
    connection = await asyncpg.connect(database_url)
    try:
        attempts = [dict(row) for row in await connection.fetch(_ATTEMPTS)]
        rows = [dict(row) for row in await connection.fetch(_ROWS)]
        balances = {row["tenant"]: row["balance"] for row in await connection.fetch(_BALANCES)}
    finally:
        await connection.close()
    charges = list(charges_differ(attempts, rows, log))
    return [
        check("each attempt is charged what its first end tells", len(attempts), charges),
        check("the rows of the ledger add up to the balance", len(rows), list(sums_differ(rows, balances))),
    ]


def charges_differ(attempts: list[dict[str, Any]], rows: list[dict[str, Any]], log: Log) -> Iterator[str]:
    """By a reckoning of its own: attempt by attempt, from the ends as the log has them."""
    amounts: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    for row in rows:
        if row["job"] is not None:
            amounts[row["job"], row["attempt"]][row["kind"]] = row["amount"]
    paid: dict[str, int] = defaultdict(int)
    for attempt in attempts:
        job, number, reserve = attempt["job"], attempt["attempt"], attempt["reserve"]
        if not reserve:
            continue
        state, found = log.jobs[job], amounts[job, number]
        end = state.end_of(number)
        price = credits_of(end.billed_tokens, attempt["rate"]) if end else 0
        charge = max(0, min(price - paid[job], reserve))
        charges = {charge, 0} if state.deleted else {charge}  # a deletion may have overtaken the end
        paid[job] -= found.get("job_final", 0)
        if not attempt["settled"] or found not in [_settled(reserve, one) for one in charges]:
            yield f"job {job}, attempt {number}: {found}, where {charge} of {reserve} were used"


def _settled(reserve: int, charge: int) -> dict[str, int]:
    return {"job_reserve": -reserve, "job_refund": reserve} | ({"job_final": -charge} if charge else {})


def sums_differ(rows: list[dict[str, Any]], balances: dict[str, int]) -> Iterator[str]:
    sums: dict[str, int] = defaultdict(int)
    numbers: dict[str, int] = defaultdict(int)
    for row in rows:
        tenant = row["tenant"]
        sums[tenant] += row["amount"]
        numbers[tenant] += 1
        if (row["number"], row["balance"]) != (numbers[tenant], sums[tenant]) or sums[tenant] < 0:
            yield f"{tenant}: row {row['number']} says {row['balance']}, the rows before it {sums[tenant]}"
    for tenant, balance in balances.items():
        if balance != sums[tenant]:
            yield f"{tenant}: {balance} instead of {sums[tenant]}"
