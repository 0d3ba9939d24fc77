"""What an operator's tool may ask of ingest: a function, so that the tool need not know the tables."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_RECONCILE = """
CREATE FUNCTION ingest.reconcile(wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    deleted timestamptz;
    last record;
BEGIN
    SELECT deleted_at INTO deleted FROM ingest.jobs WHERE job = wanted;
    IF NOT FOUND THEN RETURN 'unknown'; END IF;
    IF deleted IS NOT NULL THEN RETURN 'deleted'; END IF;
    SELECT attempt, ended_at INTO last FROM ingest.attempts WHERE job = wanted ORDER BY attempt DESC LIMIT 1;
    IF last.ended_at IS NOT NULL THEN RETURN 'ended'; END IF;
    UPDATE ingest.attempts SET asked_at = now() WHERE job = wanted AND attempt = last.attempt;
    RETURN 'asked';
END
$$
"""


def upgrade() -> None:
    op.execute(_RECONCILE)
    op.execute(
        "COMMENT ON FUNCTION ingest.reconcile IS "
        "'have the running attempt of a job published again at once: asked, ended, deleted or unknown'"
    )
    op.execute("CREATE INDEX attempts_asked ON ingest.attempts (asked_at) WHERE asked_at IS NOT NULL")


def downgrade() -> None:
    op.execute("DROP INDEX ingest.attempts_asked")
    op.execute("DROP FUNCTION ingest.reconcile")
