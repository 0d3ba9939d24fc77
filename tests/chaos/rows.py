"""The services' rows beside what a recomputation from the topics gives."""

from collections.abc import Iterator

import asyncpg

from feuilleton.contracts.events import JobEnded
from feuilleton_client.operations.database import rebuild_projection
from tests.chaos.checks import Check, check
from tests.chaos.topics import Log

_PROJECTION = {
    "jobs": "SELECT * FROM projection.jobs ORDER BY job",
    "attempts": "SELECT * FROM projection.attempts ORDER BY job, attempt",
    "chunks": "SELECT * FROM projection.chunks ORDER BY job, attempt, index",
    "events": 'SELECT * FROM projection.events ORDER BY partition, "offset"',
}
_ADMITTED = """SELECT job, attempt, ended, jobs.deleted_at IS NOT NULL AS deleted
FROM ingest.attempts JOIN ingest.jobs USING (job)"""
_SHOWN = 5

Rows = dict[str, list[tuple[object, ...]]]


async def check_rows(database_url: str, log: Log) -> list[Check]:
    """Rebuilds the projection, as an operator would, and compares what stood there before with what stands then."""
    before = await _rows(database_url)
    await rebuild_projection(database_url, lambda _: None)
    after = await _rows(database_url)
    count = sum(map(len, before.values()))
    admitted = await _admitted(database_url)
    return [
        check("the projection is what its rebuild gives", count, list(_differences(before, after))),
        check("ingest knows the ends that the log tells", len(admitted), list(_ends_differ(admitted, log))),
    ]


async def _rows(database_url: str) -> Rows:
    connection = await asyncpg.connect(database_url)
    try:
        return {name: [tuple(row) for row in await connection.fetch(query)] for name, query in _PROJECTION.items()}
    finally:
        await connection.close()


async def _admitted(database_url: str) -> list[tuple[str, int, str | None, bool]]:
    connection = await asyncpg.connect(database_url)
    try:
        return [tuple(row) for row in await connection.fetch(_ADMITTED)]
    finally:
        await connection.close()


def _differences(before: Rows, after: Rows) -> Iterator[str]:
    for name, rows in before.items():
        only = [row for row in rows if row not in after[name]][:_SHOWN]
        new = [row for row in after[name] if row not in rows][:_SHOWN]
        yield from (f"{name}: gone with the rebuild: {row}"[:500] for row in only)
        yield from (f"{name}: new with the rebuild: {row}"[:500] for row in new)


def _ends_differ(admitted: list[tuple[str, int, str | None, bool]], log: Log) -> Iterator[str]:
    for job, attempt, ended, deleted in admitted:
        state = log.jobs.get(job)
        if state is None:
            yield f"job {job} is admitted, and not in the log"
            continue
        first = state.end_of(attempt)
        known = JobEnded.model_validate_json(ended) if ended else None
        if known != first:
            said = f"ingest knows {known and known.outcome}, the log {first and first.outcome}"
            yield f"job {job}, attempt {attempt}: {said}"
        if deleted != state.deleted:
            yield f"job {job}: deleted at ingest is {deleted}, in the log {state.deleted}"
