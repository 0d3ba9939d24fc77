"""An operator may ask for ended jobs too: what job-events lost of them is said again from here."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_RECONCILE = """
CREATE OR REPLACE FUNCTION ingest.reconcile(wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    deleted timestamptz;
    last record;
BEGIN
    SELECT deleted_at INTO deleted FROM ingest.jobs WHERE job = wanted;
    IF NOT FOUND THEN RETURN 'unknown'; END IF;
    IF deleted IS NOT NULL THEN RETURN 'deleted'; END IF;
    SELECT attempt, ended_at INTO last FROM ingest.attempts WHERE job = wanted ORDER BY attempt DESC LIMIT 1;
    UPDATE ingest.attempts SET asked_at = now() WHERE job = wanted AND attempt = last.attempt;
    IF last.ended_at IS NOT NULL THEN RETURN 'ended'; END IF;
    RETURN 'asked';
END
$$
"""
_ALL = """
CREATE FUNCTION ingest.reconcile_all() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FILTER (WHERE said IN ('asked', 'ended'))
    FROM (SELECT ingest.reconcile(job) AS said FROM ingest.jobs) AS answers
$$
"""


def upgrade() -> None:
    op.execute(_RECONCILE)
    op.execute(_ALL)


def downgrade() -> None:
    op.execute("DROP FUNCTION ingest.reconcile_all")
