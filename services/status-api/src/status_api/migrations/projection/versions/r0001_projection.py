"""Jobs, attempts, chunks, the log of changes, and how far each partition is folded."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE projection.offsets (
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);

-- One row per job seen; nothing of it is shown while accepted_at is null.
CREATE TABLE projection.jobs (
    job text PRIMARY KEY,
    tenant text,
    name text,
    bytes bigint,
    sha256 text,
    pages int,
    engine text,
    model text,
    accepted_at timestamptz,
    accepted_offset bigint,
    deleted boolean NOT NULL,
    attempt int NOT NULL,
    status text NOT NULL,
    last_offset bigint NOT NULL
);
CREATE INDEX jobs_by_tenant ON projection.jobs (tenant, accepted_at DESC, job DESC)
    WHERE accepted_at IS NOT NULL AND NOT deleted;

CREATE TABLE projection.attempts (
    job text NOT NULL,
    attempt int NOT NULL,
    reached text NOT NULL,
    settings jsonb,
    accepted_at timestamptz,
    extracting_at timestamptz,
    last_chunk_at timestamptz,
    ended_at timestamptz,
    total_chunks int NOT NULL,
    finished_chunks int NOT NULL,
    failed_chunks int NOT NULL,
    source_sentences int NOT NULL,
    chapters int NOT NULL,
    cards int NOT NULL,
    tokens bigint NOT NULL,
    ended jsonb,
    PRIMARY KEY (job, attempt)
);
COMMENT ON COLUMN projection.attempts.ended IS 'data of the first job.ended of this attempt';

CREATE TABLE projection.chunks (
    job text NOT NULL,
    attempt int NOT NULL,
    index int NOT NULL,
    outcome text NOT NULL,
    code text,
    pages int[] NOT NULL,
    cards int NOT NULL,
    tokens bigint NOT NULL,
    seconds double precision NOT NULL,
    finished_at timestamptz NOT NULL,
    PRIMARY KEY (job, attempt, index)
);

-- What streams read. "offset" is that of job-events, so ids outlive a rebuild.
CREATE TABLE projection.events (
    partition int NOT NULL,
    "offset" bigint NOT NULL,
    job text NOT NULL,
    type text NOT NULL,
    attempt int NOT NULL,
    data jsonb NOT NULL,
    time timestamptz NOT NULL,
    status text NOT NULL,
    progress_percent int NOT NULL,
    eta_seconds int,
    PRIMARY KEY (partition, "offset")
);
CREATE INDEX events_by_job ON projection.events (job, "offset");
"""


def upgrade() -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE projection.events, projection.chunks, projection.attempts")
    op.execute("DROP TABLE projection.jobs, projection.offsets")
