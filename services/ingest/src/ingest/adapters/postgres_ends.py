"""AttemptEnds on Postgres."""

from collections.abc import Collection, Mapping

from feuilleton.contracts.events import JobEnded
from feuilleton.contracts.ids import JobId
from feuilleton.database.pool import Database
from ingest.ends import AttemptKey, Ended

_ENDED = """
SELECT a.job, a.attempt, a.ended, j.deleted_at IS NOT NULL AS deleted
FROM unnest($1::text[], $2::int[]) AS asked (job, attempt)
JOIN ingest.attempts a USING (job, attempt) JOIN ingest.jobs j USING (job)
WHERE a.ended_at IS NOT NULL OR j.deleted_at IS NOT NULL
"""


class PostgresEnds:
    """AttemptEnds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ended(self, attempts: Collection[AttemptKey]) -> Mapping[AttemptKey, Ended]:
        jobs, numbers = [job for job, _ in attempts], [number for _, number in attempts]
        async with self._database.connection() as connection:
            rows = await connection.fetch(_ENDED, jobs, numbers)
        return {
            (JobId(row["job"]), row["attempt"]): Ended(
                JobEnded.model_validate_json(row["ended"]) if row["ended"] else None, row["deleted"]
            )
            for row in rows
        }
