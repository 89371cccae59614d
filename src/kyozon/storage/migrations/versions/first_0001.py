"""Keys, decisions, outcomes, the ledger, answers kept for a repeated request."""

from alembic import op

revision = "0001_first"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

_TABLES = (
    """
    CREATE TABLE api_key (
        id          text PRIMARY KEY,
        tenant      text NOT NULL,
        sha256      text NOT NULL UNIQUE,
        created_at  timestamptz NOT NULL,
        revoked_at  timestamptz,
        body        jsonb NOT NULL
    )
    """,
    """
    CREATE TABLE decision (
        id               text PRIMARY KEY,
        at               timestamptz NOT NULL,
        tenant           text NOT NULL,
        key_id           text NOT NULL,
        kind             text NOT NULL,
        requested_model  text NOT NULL,
        chosen           text,
        label            text NOT NULL,
        body             jsonb NOT NULL
    )
    """,
    "CREATE INDEX decision_of_tenant ON decision (tenant, at DESC, id DESC)",
    "CREATE INDEX decision_of_key ON decision (key_id, at DESC)",
    """
    CREATE TABLE outcome (
        decision_id  text PRIMARY KEY REFERENCES decision,
        at           timestamptz NOT NULL,
        status       text NOT NULL,
        model        text,
        uncached     bigint NOT NULL CHECK (uncached >= 0),
        cache_read   bigint NOT NULL CHECK (cache_read >= 0),
        cache_write  bigint NOT NULL CHECK (cache_write >= 0),
        output       bigint NOT NULL CHECK (output >= 0),
        reasoning    bigint NOT NULL CHECK (reasoning >= 0),
        amount       numeric NOT NULL CHECK (amount >= 0 AND amount < 'Infinity'),
        currency     text NOT NULL,
        priced       boolean NOT NULL,
        body         jsonb NOT NULL
    )
    """,
    "CREATE INDEX outcome_at ON outcome (at)",
    # `at` is when it happened, `recorded_at` when it was booked: what arrives late must not change a closed period.
    """
    CREATE TABLE ledger_transaction (
        id               text PRIMARY KEY,
        kind             text NOT NULL,
        decision_id      text NOT NULL REFERENCES decision,
        idempotency_key  text NOT NULL UNIQUE,
        at               timestamptz NOT NULL,
        recorded_at      timestamptz NOT NULL DEFAULT now(),
        currency         text NOT NULL
    )
    """,
    "CREATE INDEX ledger_transaction_of_decision ON ledger_transaction (decision_id)",
    # numeric without a scale: no amount is ever rounded. `at` repeats the transaction's, for sums over one account.
    """
    CREATE TABLE ledger_posting (
        transaction_id  text NOT NULL REFERENCES ledger_transaction,
        line            smallint NOT NULL,
        account         text NOT NULL,
        amount          numeric NOT NULL,
        at              timestamptz NOT NULL,
        PRIMARY KEY (transaction_id, line)
    )
    """,
    "CREATE INDEX ledger_posting_of_account ON ledger_posting (account, at) INCLUDE (amount)",
    """
    CREATE TABLE kept_answer (
        key_id           text NOT NULL,
        idempotency_key  text NOT NULL,
        body_sha256      text NOT NULL,
        decision_id      text NOT NULL,
        content_type     text NOT NULL,
        payload          bytea NOT NULL,
        expires_at       timestamptz NOT NULL,
        PRIMARY KEY (key_id, idempotency_key)
    )
    """,
    "CREATE INDEX kept_answer_expiry ON kept_answer (expires_at)",
)

# Each statement that adds postings must balance for each transaction it touches; so the whole always does. One check for
# a statement, not one for a row, keeps a batch of hundreds cheap.
_BALANCE = (
    """
    CREATE FUNCTION ledger_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        wrong text;
    BEGIN
        SELECT transaction_id INTO wrong FROM added GROUP BY transaction_id HAVING sum(amount) <> 0 LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'postings of transaction % do not sum to zero', wrong USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER balance AFTER INSERT ON ledger_posting REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_must_balance()
    """,
)

_APPEND_ONLY = (
    """
    CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    *(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        for table in ("decision", "outcome", "ledger_transaction", "ledger_posting")
    ),
)

_KEYS_CHANGED = (
    """
    CREATE FUNCTION keys_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('kyozon_keys', '');
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER keys_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON api_key
        FOR EACH STATEMENT EXECUTE FUNCTION keys_changed()
    """,
)


def upgrade() -> None:
    """From nothing to the first release."""
    for statement in (*_TABLES, *_BALANCE, *_APPEND_ONLY, *_KEYS_CHANGED):
        op.execute(statement)
