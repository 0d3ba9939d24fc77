"""Lists of jobs in one state, in the order of pages."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX jobs_by_status ON projection.jobs (tenant, status, accepted_at DESC, job DESC) "
        "WHERE accepted_at IS NOT NULL AND NOT deleted"
    )


def downgrade() -> None:
    op.execute("DROP INDEX projection.jobs_by_status")
