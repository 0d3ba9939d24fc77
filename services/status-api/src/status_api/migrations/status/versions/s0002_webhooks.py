"""Webhooks: where tenants are told, what is to be sent and was, and how far job-events are folded for them."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE status.webhooks (
    id text PRIMARY KEY,
    tenant text NOT NULL,
    url text NOT NULL,
    events text[] NOT NULL,
    secret text NOT NULL,
    old_secret text,
    old_until timestamptz,
    created_at timestamptz NOT NULL,
    disabled_for text
);
CREATE INDEX webhooks_by_tenant ON status.webhooks (tenant, created_at, id);

-- What is to be sent, and the log of what was. While it is leased, next_try_at is the end of the lease.
CREATE TABLE status.webhook_deliveries (
    id text PRIMARY KEY,
    webhook text NOT NULL REFERENCES status.webhooks ON DELETE CASCADE,
    event_id text NOT NULL,
    type text NOT NULL,
    job text,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    since timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
    tries int NOT NULL DEFAULT 0,
    next_try_at timestamptz,
    lease text,
    tried_at timestamptz,
    status int,
    error text,
    UNIQUE (webhook, event_id),
    CHECK ((state = 'pending') = (next_try_at IS NOT NULL))
);
CREATE INDEX webhook_deliveries_due ON status.webhook_deliveries (webhook, next_try_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_by_age ON status.webhook_deliveries (webhook, created_at DESC, id DESC);
CREATE INDEX webhook_deliveries_ended ON status.webhook_deliveries (created_at) WHERE state <> 'pending';

-- The state of each job as far as webhooks were told of it: what changes nothing here is told to nobody.
CREATE TABLE status.webhook_jobs (
    job text PRIMARY KEY,
    accepted boolean NOT NULL,
    deleted boolean NOT NULL,
    attempts jsonb NOT NULL,
    moved_at timestamptz NOT NULL
);
CREATE INDEX webhook_jobs_by_age ON status.webhook_jobs (moved_at);

CREATE TABLE status.webhook_offsets (
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition)
)
"""


def upgrade() -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE status.webhook_deliveries, status.webhooks, status.webhook_jobs, status.webhook_offsets")
