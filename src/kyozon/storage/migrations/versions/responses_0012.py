"""Responses that a conversation can go on from, encrypted for whoever asked, for thirty days."""

from alembic import op

revision = "0012_responses"
down_revision: str | None = "0011_knowledge"
branch_labels: str | None = None
depends_on: str | None = None

_STATEMENTS = (
    """
    CREATE TABLE kept_response (
        tenant      text NOT NULL,
        id          text PRIMARY KEY,
        subject     text,
        expires_at  timestamptz NOT NULL,
        payload     bytea NOT NULL,
        FOREIGN KEY (tenant, id) REFERENCES stored_value
    )
    """,
    "CREATE INDEX kept_response_expires ON kept_response (expires_at)",
    "CREATE INDEX kept_response_of ON kept_response (subject)",
)


def upgrade() -> None:
    """Add the table."""
    for statement in _STATEMENTS:
        op.execute(statement)
