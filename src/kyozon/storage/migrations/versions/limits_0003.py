"""Limits shared by all servers of an installation, and which server made a decision."""

from alembic import op

revision = "0003_limits"
down_revision: str | None = "0002_cache"
branch_labels: str | None = None
depends_on: str | None = None

_STATEMENTS = (
    # `number` is what the server's advisory lock is called.
    """
    CREATE TABLE running_server (
        id      text PRIMARY KEY,
        number  integer GENERATED ALWAYS AS IDENTITY UNIQUE,
        since   timestamptz NOT NULL DEFAULT now()
    )
    """,
    # Each connection of a server says whose it is: `storage.database`. Null for decisions of an earlier version.
    "ALTER TABLE decision ADD COLUMN server text DEFAULT nullif(current_setting('kyozon.server', true), '')",
    # Of a ceiling per minute `level` (in sixty-millionths, as of `at`) is what is in the part that nobody leases; of a
    # month's money `spent` is what its leases have reported. numeric without a scale: no amount is ever rounded.
    """
    CREATE TABLE limit_pool (
        kind     text NOT NULL,
        tenant   text NOT NULL,
        id       text NOT NULL,
        meter    text NOT NULL,
        ceiling  numeric NOT NULL,
        level    numeric NOT NULL,
        at       timestamptz NOT NULL,
        spent    numeric NOT NULL,
        PRIMARY KEY (kind, tenant, id, meter)
    )
    """,
    # `share` is of the ceiling: a part of a limit, or an amount of money; `spent` is all that the server has reported.
    """
    CREATE TABLE limit_lease (
        kind    text NOT NULL,
        tenant  text NOT NULL,
        id      text NOT NULL,
        meter   text NOT NULL,
        server  text NOT NULL,
        share   numeric NOT NULL CHECK (share >= 0),
        spent   numeric NOT NULL,
        PRIMARY KEY (kind, tenant, id, meter, server)
    )
    """,
    "CREATE INDEX limit_lease_of_server ON limit_lease (server)",
)


def upgrade() -> None:
    """Add the tables of the leases, and a column to the decisions."""
    for statement in _STATEMENTS:
        op.execute(statement)
