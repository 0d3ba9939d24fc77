"""Attempts and what job-events said of them, so that ingest knows what ended, what runs and what is stuck."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CHANGES = """
-- deleted_at and files_swept_at: when job.deleted was logged, and when the folder was looked at once more after it.
ALTER TABLE ingest.jobs ADD COLUMN deleted_at timestamptz, ADD COLUMN files_swept_at timestamptz;
CREATE INDEX jobs_deleted ON ingest.jobs (deleted_at) WHERE deleted_at IS NOT NULL AND files_swept_at IS NULL;

-- One row an attempt: two requests that begin the same one cannot both succeed. `token` tells whose it is.
CREATE TABLE ingest.attempts (
    job text NOT NULL REFERENCES ingest.jobs,
    attempt int NOT NULL,
    token text,
    admitted_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz NOT NULL DEFAULT now(),
    republished int NOT NULL DEFAULT 0,
    asked_at timestamptz,
    expired_at timestamptz,
    reached text NOT NULL DEFAULT 'accepted',
    progressed_at timestamptz,
    ended jsonb,
    ended_at timestamptz,
    PRIMARY KEY (job, attempt)
);
COMMENT ON COLUMN ingest.attempts.asked_at IS 'an operator wants its messages published again';
COMMENT ON COLUMN ingest.attempts.ended IS 'data of the first job.ended of this attempt';
CREATE INDEX attempts_running ON ingest.attempts (published_at) WHERE ended_at IS NULL;
CREATE INDEX attempts_ended ON ingest.attempts (ended_at);
INSERT INTO ingest.attempts (job, attempt, admitted_at, published_at)
    SELECT job, 1, admitted_at, admitted_at FROM ingest.jobs;

-- How far each partition of job-events is folded into these tables.
CREATE TABLE ingest.offsets (
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);

ALTER TABLE ingest.outbox ADD COLUMN attempt int NOT NULL DEFAULT 1;
ALTER TABLE ingest.outbox DROP CONSTRAINT outbox_job_key;
ALTER TABLE ingest.outbox ADD UNIQUE (job, attempt);
ALTER TABLE ingest.idempotency_keys ADD COLUMN attempt int NOT NULL DEFAULT 1;
"""


def upgrade() -> None:
    for statement in _CHANGES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM ingest.outbox WHERE attempt > 1")
    op.execute("DELETE FROM ingest.idempotency_keys WHERE attempt > 1")
    op.execute("ALTER TABLE ingest.idempotency_keys DROP COLUMN attempt")
    op.execute("ALTER TABLE ingest.outbox DROP COLUMN attempt, ADD CONSTRAINT outbox_job_key UNIQUE (job)")
    op.execute("DROP TABLE ingest.offsets, ingest.attempts")
    op.execute("ALTER TABLE ingest.jobs DROP COLUMN deleted_at, DROP COLUMN files_swept_at")
