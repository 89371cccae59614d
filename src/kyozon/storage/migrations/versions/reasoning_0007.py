"""Models' chains of thought, kept apart from records and answers, encrypted and for a short time."""

from alembic import op

revision = "0007_reasoning"
down_revision: str | None = "0006_provenance"
branch_labels: str | None = None
depends_on: str | None = None

_STATEMENTS = (
    """
    CREATE TABLE kept_reasoning (
        decision_id  text PRIMARY KEY REFERENCES decision,
        tenant       text NOT NULL,
        subject      text,
        at           timestamptz NOT NULL,
        label        jsonb NOT NULL,
        payload      bytea NOT NULL,
        whole        boolean NOT NULL,
        expires_at   timestamptz NOT NULL
    )
    """,
    "CREATE INDEX kept_reasoning_expires ON kept_reasoning (expires_at)",
    "CREATE INDEX kept_reasoning_of ON kept_reasoning (subject)",
)


def upgrade() -> None:
    """Add the table."""
    for statement in _STATEMENTS:
        op.execute(statement)
