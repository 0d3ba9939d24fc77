"""Questions to the services' schemas, each through a function that the service itself keeps there."""

import asyncio
from collections.abc import Callable

import asyncpg

from feuilleton_client.errors import UnavailableError

_CONNECT_SECONDS = 10.0
_LOOK_SECONDS = 0.5


async def reconcile(database_url: str, job_id: str) -> str:
    """Have ingest publish the job's running attempt again within seconds.

    Returns `asked`, `ended` (what is known of it is published again), `deleted` or `unknown`. Raises UnavailableError.
    """
    return str(await _ask(database_url, "SELECT ingest.reconcile($1)", job_id))


async def reconcile_all(database_url: str) -> int:
    """As `reconcile`, for every job that is not deleted; returns how many. After job-events itself was lost."""
    return int(str(await _ask(database_url, "SELECT ingest.reconcile_all()")))


async def rebuild_projection(database_url: str, seen: Callable[[int], None]) -> None:
    """Have the projection dropped and folded anew from job-events; return when it has caught up with where it was.

    `seen` is told the number of events still to fold, now and then. Meanwhile the API answers 503 for what it cannot
    know. Stopping here stops nothing: the projectors go on. Raises UnavailableError.
    """
    await _ask(database_url, "SELECT projection.rebuild()")
    while left := int(str(await _ask(database_url, "SELECT projection.rebuild_left()"))):
        seen(left)
        await asyncio.sleep(_LOOK_SECONDS)


async def _ask(database_url: str, query: str, *values: str) -> object:
    try:
        connection = await asyncpg.connect(database_url, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError) as exc:
        raise UnavailableError(f"the database does not answer: {type(exc).__name__}") from exc
    try:
        return await connection.fetchval(query, *values)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
        raise UnavailableError(f"the database refuses: {type(exc).__name__}; are the migrations applied?") from exc
    finally:
        connection.terminate()
