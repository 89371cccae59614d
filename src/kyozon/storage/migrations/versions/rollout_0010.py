"""Versions of what estimates models, and how each of them went live."""

from alembic import op

revision = "0010_rollout"
down_revision: str | None = "0009_feedback"
branch_labels: str | None = None
depends_on: str | None = None

_STATEMENTS = (
    """
    CREATE TABLE router_version (
        id       text PRIMARY KEY,
        kept_at  timestamptz NOT NULL DEFAULT now(),
        body     bytea NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 16777216)
    )
    """,
    # A file of weights: compressing it again gains nothing.
    "ALTER TABLE router_version ALTER COLUMN body SET STORAGE EXTERNAL",
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON router_version
        FOR EACH STATEMENT EXECUTE FUNCTION append_only()
    """,
    # `brought_by` stands under a pseudonym, as in the audit log. `note` and the reasons of `moves` are operators' words.
    """
    CREATE TABLE router_rollout (
        id          text PRIMARY KEY,
        version     text NOT NULL REFERENCES router_version,
        instead     text NOT NULL,
        stage       text NOT NULL CHECK (stage IN ('shadow', 'share', 'whole', 'refused', 'rolled_back')),
        began       timestamptz NOT NULL,
        since       timestamptz NOT NULL,
        terms       jsonb NOT NULL,
        brought_by  text REFERENCES data_subject,
        note        text NOT NULL,
        moves       jsonb NOT NULL DEFAULT '[]',
        evidence    jsonb,
        looked_at   timestamptz
    )
    """,
    "CREATE UNIQUE INDEX router_rollout_running ON router_rollout ((true)) WHERE stage IN ('shadow', 'share')",
    "CREATE INDEX router_rollout_whole ON router_rollout (since) WHERE stage = 'whole'",
    """
    CREATE FUNCTION router_moved() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('kyozon_router', '');
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER router_moved AFTER INSERT OR UPDATE OF stage ON router_rollout
        FOR EACH STATEMENT EXECUTE FUNCTION router_moved()
    """,
)


def upgrade() -> None:
    """Add the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)
