"""The ledger of credits, what a job reserves, and what a tenant's quota is reckoned from."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLES = (
    # One row a tenant: the lock of its admissions, and the sum of its ledger.
    """
CREATE TABLE ingest.accounts (
    tenant text PRIMARY KEY,
    balance bigint NOT NULL DEFAULT 0 CHECK (balance >= 0),
    entries bigint NOT NULL DEFAULT 0
)
""",
    """
CREATE TABLE ingest.ledger (
    tenant text NOT NULL REFERENCES ingest.accounts,
    number bigint NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    balance bigint NOT NULL CHECK (balance >= 0),
    job text REFERENCES ingest.jobs,
    attempt int,
    month date,
    key text,
    note text NOT NULL DEFAULT '',
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, number),
    UNIQUE (job, attempt, kind),
    UNIQUE (tenant, month),
    UNIQUE (tenant, key),
    CHECK ((kind IN ('job_reserve', 'job_final', 'job_refund')) = (job IS NOT NULL AND attempt IS NOT NULL)),
    CHECK ((kind = 'monthly_grant') = (month IS NOT NULL)),
    CHECK (CASE kind
        WHEN 'monthly_grant' THEN amount > 0
        WHEN 'job_refund' THEN amount > 0
        WHEN 'job_reserve' THEN amount < 0
        WHEN 'job_final' THEN amount < 0
        WHEN 'admin_adjustment' THEN amount <> 0
        ELSE false END)
)
""",
    "COMMENT ON COLUMN ingest.ledger.balance IS 'of the tenant after this row; a trigger sets number and balance'",
    "COMMENT ON COLUMN ingest.ledger.key IS 'the Idempotency-Key of an adjustment'",
    # A row moves the balance of its account, whoever writes it: the two cannot come apart.
    """
CREATE FUNCTION ingest.book_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ingest.accounts SET balance = balance + NEW.amount, entries = entries + 1 WHERE tenant = NEW.tenant
        RETURNING balance, entries INTO STRICT NEW.balance, NEW.number;
    RETURN NEW;
END
$$
""",
    "CREATE TRIGGER book_entry BEFORE INSERT ON ingest.ledger FOR EACH ROW EXECUTE FUNCTION ingest.book_entry()",
    """
CREATE FUNCTION ingest.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of ingest.ledger are never changed or removed' USING ERRCODE = 'restrict_violation';
END
$$
""",
    """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ingest.ledger
    FOR EACH STATEMENT EXECUTE FUNCTION ingest.refuse_change()
""",
    # Frozen with the job: a change of prices does not reach what was admitted before it.
    """
ALTER TABLE ingest.jobs ADD COLUMN rate double precision NOT NULL DEFAULT 0,
    ADD COLUMN bytes bigint GENERATED ALWAYS AS ((accepted->>'bytes')::bigint) STORED
""",
    "CREATE INDEX jobs_stored ON ingest.jobs (tenant) INCLUDE (job, bytes) WHERE deleted_at IS NULL",
    # What was admitted before has reserved nothing, and costs nothing.
    "ALTER TABLE ingest.attempts ADD COLUMN reserve bigint NOT NULL DEFAULT 0, ADD COLUMN settled_at timestamptz",
    "CREATE INDEX attempts_unsettled ON ingest.attempts (job) WHERE reserve > 0 AND settled_at IS NULL",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE ingest.attempts DROP COLUMN reserve, DROP COLUMN settled_at")
    op.execute("DROP INDEX ingest.jobs_stored")
    op.execute("ALTER TABLE ingest.jobs DROP COLUMN rate, DROP COLUMN bytes")
    op.execute("DROP TABLE ingest.ledger, ingest.accounts")
    op.execute("DROP FUNCTION ingest.refuse_change, ingest.book_entry")
