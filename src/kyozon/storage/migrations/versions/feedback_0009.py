"""What is said of answers: judgements beside the decisions, their words encrypted, each with an event of the audit log."""

from alembic import op

revision = "0009_feedback"
down_revision: str | None = "0008_lowering"
branch_labels: str | None = None
depends_on: str | None = None

_STATEMENTS = (
    # `judge` is who judged, under the pseudonym. `comment` is encrypted under the key of `subject`, who is the same person.
    """
    CREATE TABLE feedback (
        id           text PRIMARY KEY,
        decision_id  text NOT NULL REFERENCES decision,
        tenant       text NOT NULL,
        at           timestamptz NOT NULL,
        source       text NOT NULL CHECK (source IN ('person', 'program', 'retry', 'edit', 'escalation')),
        score        double precision NOT NULL CHECK (score BETWEEN 0 AND 1),
        judge        text NOT NULL REFERENCES data_subject,
        key_id       text NOT NULL,
        comment      bytea,
        subject      text
    )
    """,
    "CREATE INDEX feedback_of_decision ON feedback (decision_id, at, id)",
    "CREATE INDEX feedback_at ON feedback (at, id)",
    "CREATE INDEX feedback_words ON feedback (tenant) WHERE comment IS NOT NULL",
    # A judgement changes in two ways only: its words go with a person, all of it goes with its decision.
    """
    CREATE FUNCTION feedback_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND NEW.comment IS NULL AND to_jsonb(NEW) - 'comment' = to_jsonb(OLD) - 'comment' THEN
            RETURN NEW;
        END IF;
        IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM decision d WHERE d.id = OLD.decision_id AND d.body = '{}') THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'feedback is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    """
    CREATE TRIGGER only_forgetting BEFORE UPDATE OR DELETE ON feedback
        FOR EACH ROW EXECUTE FUNCTION feedback_stays()
    """,
    "CREATE TRIGGER append_only BEFORE TRUNCATE ON feedback FOR EACH STATEMENT EXECUTE FUNCTION append_only()",
)


def upgrade() -> None:
    """Add the table and what keeps it."""
    for statement in _STATEMENTS:
        op.execute(statement)
