"""Labels of stored values are lowered through the review queue; a held answer is kept until it expires, fetched or not."""

from alembic import op

revision = "0008_lowering"
down_revision: str | None = "0007_reasoning"
branch_labels: str | None = None
depends_on: str | None = None

_STATEMENTS = (
    "ALTER TABLE review_item DROP CONSTRAINT review_item_kind_check",
    """
    ALTER TABLE review_item ADD CONSTRAINT review_item_kind_check
        CHECK (kind IN ('release', 'answer') AND decision_id IS NOT NULL OR kind = 'lowering' AND decision_id IS NULL)
    """,
    "ALTER TABLE review_item ALTER COLUMN decision_id DROP NOT NULL",
    "ALTER TABLE review_item DROP CONSTRAINT review_item_check1",
    """
    ALTER TABLE review_item ADD CONSTRAINT review_item_content_check
        CHECK (content IS NULL OR state = 'waiting' OR (kind = 'answer' AND state IN ('approved', 'delivered')))
    """,
    "DROP INDEX review_item_expiry",
    "CREATE INDEX review_item_expiry ON review_item (expires_at) WHERE content IS NOT NULL OR state = 'waiting'",
)


def upgrade() -> None:
    """Widen what an item may be."""
    for statement in _STATEMENTS:
        op.execute(statement)
