"""Answers kept for other requests that ask the same."""

from alembic import op

revision = "0002_cache"
down_revision: str | None = "0001_first"
branch_labels: str | None = None
depends_on: str | None = None

_STATEMENTS = (
    # No vector type and no index over vectors: the partition and the essence leave a handful of rows, which are compared
    # one by one. An extension would need rights that the role of a database often has not.
    """
    CREATE TABLE cached_answer (
        partition_sha256   text NOT NULL,
        question_sha256    text NOT NULL,
        tenant             text NOT NULL,
        principals         text[] NOT NULL,
        label              text NOT NULL,
        policy_version     text NOT NULL,
        partition          jsonb NOT NULL,
        deployment         text NOT NULL,
        source             text NOT NULL,
        content_type       text NOT NULL,
        payload            bytea NOT NULL,
        charge             jsonb NOT NULL,
        kept_at            timestamptz NOT NULL DEFAULT now(),
        expires_at         timestamptz NOT NULL,
        essence            text,
        embedding          real[],
        PRIMARY KEY (partition_sha256, question_sha256)
    )
    """,
    "CREATE INDEX cached_answer_by_essence ON cached_answer (partition_sha256, essence) WHERE essence IS NOT NULL",
    "CREATE INDEX cached_answer_of_tenant ON cached_answer (tenant)",
    "CREATE INDEX cached_answer_expiry ON cached_answer (expires_at)",
    "CREATE INDEX cached_answer_age ON cached_answer (kept_at)",
)


def upgrade() -> None:
    """Add the table of the answer cache."""
    for statement in _STATEMENTS:
        op.execute(statement)
