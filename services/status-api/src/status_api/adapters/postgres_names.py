"""JobNames on Postgres."""

from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.database.pool import Database
from feuilleton.streaming.postgres_folding import folding_errors

_RENAME = """
    INSERT INTO status.names (job, tenant, name) VALUES ($1, $2, $3)
    ON CONFLICT (job) DO UPDATE SET name = excluded.name, renamed_at = now() WHERE names.tenant = excluded.tenant
"""


class PostgresNames:
    """JobNames."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rename(self, tenant: TenantId, job: JobId, name: str) -> None:
        with folding_errors():
            async with self._database.connection() as connection:
                await connection.execute(_RENAME, job, tenant, name)
