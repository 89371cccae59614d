"""What decisions were made from, grants, and the review queue."""

from alembic import op

revision = "0005_review"
down_revision: str | None = "0004_audit"
branch_labels: str | None = None
depends_on: str | None = None

_STATEMENTS = (
    # The policy of a decision with the models and credentials of its moment: decisions name it, so it never changes.
    """
    CREATE TABLE policy_basis (
        id              text PRIMARY KEY,
        policy_version  text NOT NULL,
        first_used_at   timestamptz NOT NULL DEFAULT now(),
        body            jsonb NOT NULL
    )
    """,
    "CREATE INDEX policy_basis_of_version ON policy_basis (policy_version)",
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_basis
        FOR EACH STATEMENT EXECUTE FUNCTION append_only()
    """,
    "CREATE INDEX decision_at ON decision (at, id)",
    # People stand here under their pseudonyms, as in the audit log. `content` is encrypted under the key of `subject`, and
    # goes as soon as it is decided on, delivered or expired.
    """
    CREATE TABLE review_item (
        id           text PRIMARY KEY,
        kind         text NOT NULL CHECK (kind IN ('release', 'answer')),
        state        text NOT NULL CHECK (state IN ('waiting', 'approved', 'refused', 'expired', 'delivered')),
        at           timestamptz NOT NULL,
        expires_at   timestamptz NOT NULL,
        tenant       text NOT NULL,
        requester    text NOT NULL REFERENCES data_subject,
        reviewer     text REFERENCES data_subject CHECK (reviewer <> requester),
        decided_at   timestamptz,
        decision_id  text NOT NULL REFERENCES decision,
        grant_id     text,
        body         jsonb NOT NULL,
        content      bytea,
        subject      text,
        CHECK (content IS NULL OR state = 'waiting' OR (kind = 'answer' AND state = 'approved'))
    )
    """,
    "CREATE INDEX review_item_of_tenant ON review_item (tenant, at DESC, id DESC)",
    "CREATE INDEX review_item_expiry ON review_item (expires_at) WHERE state IN ('waiting', 'approved')",
    """
    CREATE TABLE release_grant (
        id              text PRIMARY KEY,
        tenant          text NOT NULL,
        requester       text NOT NULL REFERENCES data_subject,
        approver        text NOT NULL REFERENCES data_subject CHECK (approver <> requester),
        content_sha256  text NOT NULL,
        zone            text NOT NULL,
        purpose         text NOT NULL,
        label           text NOT NULL,
        policy_version  text NOT NULL,
        at              timestamptz NOT NULL,
        expires_at      timestamptz NOT NULL,
        used_at         timestamptz,
        used_for        text
    )
    """,
)


def upgrade() -> None:
    """Add the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)
