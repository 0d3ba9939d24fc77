"""Names that users gave their jobs. job-events does not know them, so no rebuild could bring them back."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE TABLE status.names (job text PRIMARY KEY, tenant text NOT NULL, name text NOT NULL, "
        "renamed_at timestamptz NOT NULL DEFAULT now())"
    )


def downgrade() -> None:
    op.execute("DROP TABLE status.names")
