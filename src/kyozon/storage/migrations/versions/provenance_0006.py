"""Stored values with their sources, changes of their labels, deliveries that no decision records."""

from alembic import op

revision = "0006_provenance"
down_revision: str | None = "0005_review"
branch_labels: str | None = None
depends_on: str | None = None

_VALUES = (
    """
    CREATE TABLE stored_value (
        tenant  text NOT NULL,
        id      text NOT NULL,
        kind    text NOT NULL,
        at      timestamptz NOT NULL,
        label   jsonb NOT NULL,
        sha256  text NOT NULL,
        PRIMARY KEY (tenant, id)
    )
    """,
    # Both ends lie in one tenant, whoever writes.
    """
    CREATE TABLE value_source (
        tenant  text NOT NULL,
        value   text NOT NULL,
        source  text NOT NULL,
        PRIMARY KEY (tenant, value, source),
        FOREIGN KEY (tenant, value) REFERENCES stored_value,
        FOREIGN KEY (tenant, source) REFERENCES stored_value
    )
    """,
    "CREATE INDEX value_source_of ON value_source (tenant, source)",
    # A decision is a value, too: what it was made from stands in its record and, for a kept answer, in the outcome's.
    "CREATE INDEX decision_made_from ON decision USING gin ((body->'sources')) WHERE body->'sources' <> '[]'",
    """
    CREATE INDEX outcome_given_from ON outcome ((body#>>'{cache,source}')) WHERE body#>>'{cache,source}' IS NOT NULL
    """,
)

_CHANGES = (
    """
    CREATE TABLE relabelling (
        id      text PRIMARY KEY,
        tenant  text NOT NULL,
        value   text NOT NULL,
        at      timestamptz NOT NULL,
        body    jsonb NOT NULL,
        FOREIGN KEY (tenant, value) REFERENCES stored_value
    )
    """,
    "CREATE INDEX relabelling_of ON relabelling (tenant, value, at)",
    # A label changes by its record only, so that no tool changes one in silence.
    """
    CREATE FUNCTION relabelled() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE stored_value SET label = NEW.body->'new' WHERE tenant = NEW.tenant AND id = NEW.value;
        RETURN NULL;
    END
    $$
    """,
    "CREATE TRIGGER relabelled AFTER INSERT ON relabelling FOR EACH ROW EXECUTE FUNCTION relabelled()",
    """
    CREATE FUNCTION only_relabelling() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF pg_trigger_depth() > 1 AND to_jsonb(NEW) - 'label' = to_jsonb(OLD) - 'label' THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    "CREATE TRIGGER only_relabelling BEFORE UPDATE ON stored_value FOR EACH ROW EXECUTE FUNCTION only_relabelling()",
)

_DELIVERIES = (
    """
    CREATE TABLE delivery (
        id       text PRIMARY KEY,
        at       timestamptz NOT NULL,
        tenant   text NOT NULL,
        zone     text NOT NULL,
        carried  text[] NOT NULL,
        body     jsonb NOT NULL
    )
    """,
    "CREATE INDEX delivery_of ON delivery USING gin (carried)",
    """
    CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON stored_value FOR EACH STATEMENT EXECUTE FUNCTION append_only()
    """,
    *(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        for table in ("value_source", "relabelling", "delivery")
    ),
)


def upgrade() -> None:
    """Add the tables."""
    for statement in (*_VALUES, *_CHANGES, *_DELIVERIES):
        op.execute(statement)
