"""What waits, what runs and how fast jobs end, without reading the jobs that ended long ago."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX attempts_running ON projection.attempts (accepted_at) WHERE ended_at IS NULL")
    op.execute("CREATE INDEX attempts_ended ON projection.attempts (ended_at) WHERE ended_at IS NOT NULL")


def downgrade() -> None:
    op.execute("DROP INDEX projection.attempts_running")
    op.execute("DROP INDEX projection.attempts_ended")
