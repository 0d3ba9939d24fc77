"""Tenants, API keys as hashes, and when each tenant began its uploads of the last hour."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = """
-- A tenant that comes by a token's claim alone needs no row: its limits are the deployment's.
CREATE TABLE ingest.tenants (
    tenant text PRIMARY KEY CHECK (tenant ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    name text NOT NULL,
    uploads_per_hour int CHECK (uploads_per_hour >= 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO ingest.tenants (tenant, name) VALUES ('default', 'The operator''s own');

-- `digest` is the sha256 of a key, `hint` its beginning. A revoked key stays, so that logs can be read.
CREATE TABLE ingest.api_keys (
    id text PRIMARY KEY,
    tenant text NOT NULL REFERENCES ingest.tenants,
    name text NOT NULL,
    hint text NOT NULL,
    digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    role text NOT NULL CHECK (role IN ('user', 'admin')),
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_keys_of_tenant ON ingest.api_keys (tenant, created_at, id);

-- All that another service may see of the keys.
CREATE VIEW ingest.key_hashes AS
    SELECT id, tenant, digest, role, scopes, expires_at FROM ingest.api_keys WHERE revoked_at IS NULL;

-- The uploads of the last hour, those that were refused among them. What is older goes.
CREATE TABLE ingest.uploads_begun (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text NOT NULL,
    begun_at timestamptz NOT NULL
);
CREATE INDEX uploads_begun_of_tenant ON ingest.uploads_begun (tenant, begun_at);
"""
_NOTE_USE = """
CREATE FUNCTION ingest.note_key_use(used text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog AS $$
    UPDATE ingest.api_keys SET last_used_at = now()
    WHERE id = used AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
$$
"""


def upgrade() -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    op.execute(_NOTE_USE)
    op.execute("COMMENT ON FUNCTION ingest.note_key_use IS 'a key was used now; written once a minute at most'")


def downgrade() -> None:
    op.execute("DROP FUNCTION ingest.note_key_use")
    op.execute("DROP VIEW ingest.key_hashes")
    op.execute("DROP TABLE ingest.uploads_begun, ingest.api_keys, ingest.tenants")
