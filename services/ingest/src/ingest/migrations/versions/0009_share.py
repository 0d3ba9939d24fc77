"""How many chunks in a row extractors take of a tenant's jobs. Null is one, as for everybody."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE ingest.tenants ADD COLUMN share int CHECK (share BETWEEN 1 AND 4)")


def downgrade() -> None:
    op.execute("ALTER TABLE ingest.tenants DROP COLUMN share")
