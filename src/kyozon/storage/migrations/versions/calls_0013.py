"""How far requests have come that owe for a call already: what is known of them, should their process die."""

from alembic import op

revision = "0013_calls"
down_revision: str | None = "0012_responses"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the table. A row goes soon after the outcome of its decision has come."""
    op.execute("CREATE TABLE call_under_way (decision_id text PRIMARY KEY REFERENCES decision, body jsonb NOT NULL)")
