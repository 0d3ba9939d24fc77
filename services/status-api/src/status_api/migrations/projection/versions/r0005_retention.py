"""How many days a job is kept for, as its acceptance said; null where it said nothing."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE projection.jobs ADD COLUMN retention_days int")


def downgrade() -> None:
    op.execute("ALTER TABLE projection.jobs DROP COLUMN retention_days")
