"""Webhooks of a single job."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE status.webhooks ADD COLUMN job text")
    op.execute("CREATE INDEX webhooks_by_job ON status.webhooks (job) WHERE job IS NOT NULL")


def downgrade() -> None:
    op.execute("DELETE FROM status.webhooks WHERE job IS NOT NULL")
    op.execute("ALTER TABLE status.webhooks DROP COLUMN job")
