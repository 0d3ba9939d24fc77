"""Admitted jobs, idempotency keys, the outbox, and objects staged before their admission."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE ingest.jobs (
    job text PRIMARY KEY,
    tenant text NOT NULL,
    accepted jsonb NOT NULL,
    admitted_at timestamptz NOT NULL DEFAULT now()
);

-- A lease (job is null) or a binding (job is set). A refused request leaves no row.
CREATE TABLE ingest.idempotency_keys (
    tenant text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    token text NOT NULL,
    leased_until timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    fingerprint text,
    job text REFERENCES ingest.jobs,
    PRIMARY KEY (tenant, route, key)
);
CREATE INDEX idempotency_keys_by_age ON ingest.idempotency_keys (created_at);

-- One row holds all messages of an admission, so that their order cannot be lost.
CREATE TABLE ingest.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job text NOT NULL UNIQUE REFERENCES ingest.jobs,
    messages jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    taken_at timestamptz
);

-- An object that stands (or may come to stand) under a job without an admission. An admission takes its row away
-- and cannot commit without it, so that a refused stage stays refused.
CREATE TABLE ingest.stages (
    job text PRIMARY KEY,
    tenant text NOT NULL,
    refused boolean NOT NULL DEFAULT false,
    staged_at timestamptz NOT NULL DEFAULT now()
);
"""


def upgrade() -> None:
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE ingest.stages, ingest.outbox, ingest.idempotency_keys, ingest.jobs")
