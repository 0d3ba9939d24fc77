"""The same file with the same settings is answered with the job that was completed: to find it, and to say so again."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX jobs_by_content ON ingest.jobs (tenant, (accepted->>'sha256')) WHERE deleted_at IS NULL")
    op.execute("ALTER TABLE ingest.idempotency_keys ADD COLUMN reused boolean NOT NULL DEFAULT false")
    op.execute(
        "COMMENT ON COLUMN ingest.idempotency_keys.reused IS 'the job was completed before this key was used for it'"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE ingest.idempotency_keys DROP COLUMN reused")
    op.execute("DROP INDEX ingest.jobs_by_content")
