"""ExpiringRows on Postgres."""

from collections.abc import Sequence

from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.database.pool import Database
from ingest.retention import ExpiredJob

# The rows are locked as a new attempt locks its job's: one that begins in between is seen by the second statement.
_LOCK_EXPIRED = """
SELECT job FROM ingest.jobs j
WHERE deleted_at IS NULL AND expires_at < now() AND (purged_at IS NULL OR purged_at < now() - interval '1 hour')
    AND NOT EXISTS (SELECT FROM ingest.attempts a WHERE a.job = j.job AND a.ended_at IS NULL)
ORDER BY expires_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
"""
_TAKE = """
UPDATE ingest.jobs j SET purged_at = now()
FROM (SELECT job, max(attempt) AS attempt, bool_and(ended_at IS NOT NULL) AS ended
    FROM ingest.attempts WHERE job = ANY($1) GROUP BY job) a
WHERE j.job = a.job AND a.ended RETURNING j.tenant, j.job, a.attempt
"""
_GIVE_BACK = "UPDATE ingest.jobs SET purged_at = now() - interval '1 hour' WHERE job = ANY($1)"


class PostgresRetention:
    """ExpiringRows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_expired(self, limit: int) -> Sequence[ExpiredJob]:
        async with self._database.transaction() as connection:
            locked = [row["job"] for row in await connection.fetch(_LOCK_EXPIRED, limit)]
            rows = await connection.fetch(_TAKE, locked) if locked else []
        return [ExpiredJob(TenantId(row["tenant"]), JobId(row["job"]), row["attempt"]) for row in rows]

    async def give_back(self, jobs: Sequence[JobId]) -> None:
        async with self._database.connection() as connection:
            await connection.execute(_GIVE_BACK, list(jobs))
