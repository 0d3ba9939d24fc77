"""Rebuilding in place: the rows go, and each partition remembers how far it had been folded."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_REBUILD = """
CREATE FUNCTION projection.rebuild() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- The rows of the offsets are what projectors lock for a batch: none is half way while this runs.
    PERFORM 1 FROM projection.offsets ORDER BY topic, partition FOR UPDATE;
    DELETE FROM projection.events;
    DELETE FROM projection.chunks;
    DELETE FROM projection.attempts;
    DELETE FROM projection.jobs;
    UPDATE projection.offsets SET rebuilt_until = greatest(rebuilt_until, next_offset), next_offset = 0;
END
$$
"""
_LEFT = """
CREATE FUNCTION projection.rebuild_left() RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce(sum(greatest(0, rebuilt_until - next_offset)), 0)::bigint FROM projection.offsets
$$
"""


def upgrade() -> None:
    op.execute("ALTER TABLE projection.offsets ADD COLUMN rebuilt_until bigint NOT NULL DEFAULT 0")
    op.execute(
        "COMMENT ON COLUMN projection.offsets.rebuilt_until IS "
        "'below it, a rebuild is on its way: what the rows say of this partition is of the past'"
    )
    op.execute(_REBUILD)
    op.execute(_LEFT)


def downgrade() -> None:
    op.execute("DROP FUNCTION projection.rebuild_left")
    op.execute("DROP FUNCTION projection.rebuild")
    op.execute("ALTER TABLE projection.offsets DROP COLUMN rebuilt_until")
