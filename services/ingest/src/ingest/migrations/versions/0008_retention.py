"""How long jobs live: a number of days per tenant, and when each job's time is over."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_STATEMENTS = (
    "ALTER TABLE ingest.tenants ADD COLUMN retention_days int CHECK (retention_days BETWEEN 1 AND 350)",
    # Replicas of the version before write rows without it: the limit holds for those.
    "ALTER TABLE ingest.jobs ADD COLUMN expires_at timestamptz NOT NULL DEFAULT now() + interval '350 days'",
    "ALTER TABLE ingest.jobs ADD COLUMN purged_at timestamptz",
    "UPDATE ingest.jobs SET expires_at = admitted_at + interval '350 days'",
    "COMMENT ON COLUMN ingest.jobs.purged_at IS 'when its files were last ordered to be removed, its time being over'",
    "CREATE INDEX jobs_expiring ON ingest.jobs (expires_at) WHERE deleted_at IS NULL",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX ingest.jobs_expiring")
    op.execute("ALTER TABLE ingest.jobs DROP COLUMN expires_at, DROP COLUMN purged_at")
    op.execute("ALTER TABLE ingest.tenants DROP COLUMN retention_days")
