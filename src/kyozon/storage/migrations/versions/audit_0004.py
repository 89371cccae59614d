"""The audit log: every decision, outcome, event and change of a key gets a leaf in the transaction that records it.

The tables' own triggers make the leaves: no statement can add a record without one, whichever version or tool runs it, and
a record that was there already gets no second one. Where several records come with one statement, the trigger runs once.
"""

from alembic import op

revision = "0004_audit"
down_revision: str | None = "0003_limits"
branch_labels: str | None = None
depends_on: str | None = None

_PEOPLE = (
    # A record names its person; the tree commits to `id` instead. `secret` ties the two together until it is destroyed.
    """
    CREATE TABLE data_subject (
        id          text PRIMARY KEY,
        tenant      text NOT NULL,
        name        text,
        secret      bytea,
        since       timestamptz NOT NULL DEFAULT now(),
        retired_at  timestamptz,
        erased_at   timestamptz
    )
    """,
    "CREATE UNIQUE INDEX data_subject_in_use ON data_subject (tenant, name) WHERE retired_at IS NULL",
    # What people said is encrypted under keys of theirs; these lie here under a key that never does.
    """
    CREATE TABLE subject_key (
        subject  text NOT NULL REFERENCES data_subject,
        master   text NOT NULL,
        wrapped  bytea NOT NULL,
        PRIMARY KEY (subject, master)
    )
    """,
    "ALTER TABLE kept_answer ADD COLUMN subject text",
    "ALTER TABLE cached_answer ADD COLUMN subject text",
    """
    CREATE TABLE legal_hold (
        id         text PRIMARY KEY,
        tenant     text,
        reason     text NOT NULL,
        placed_at  timestamptz NOT NULL,
        lifted_at  timestamptz
    )
    """,
)

_LOG = (
    """
    CREATE TABLE audit_event (
        id      text PRIMARY KEY,
        at      timestamptz NOT NULL,
        tenant  text NOT NULL,
        action  text NOT NULL,
        body    jsonb NOT NULL
    )
    """,
    "CREATE INDEX audit_event_of_action ON audit_event (action, at)",
    "CREATE INDEX audit_event_at ON audit_event (at)",
    # Leaves that have no place in the tree yet, in the order in which they get one.
    """
    CREATE TABLE audit_pending (
        n        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind     text NOT NULL,
        ref      text NOT NULL,
        subject  text,
        salt     bytea NOT NULL,
        hash     bytea NOT NULL
    )
    """,
    # `at` is when a leaf got its place: by month, so that an old month can be moved or dropped as a whole.
    """
    CREATE TABLE audit_leaf (
        position  bigint NOT NULL,
        at        timestamptz NOT NULL DEFAULT now(),
        kind      text NOT NULL,
        ref       text NOT NULL,
        subject   text,
        salt      bytea NOT NULL,
        hash      bytea NOT NULL,
        PRIMARY KEY (position, at)
    ) PARTITION BY RANGE (at)
    """,
    "CREATE INDEX audit_leaf_of ON audit_leaf (ref)",
    "CREATE TABLE audit_leaf_other PARTITION OF audit_leaf DEFAULT",
    """
    CREATE FUNCTION audit_months() RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
        name text;
    BEGIN
        FOR _ IN 1..2 LOOP
            name := 'audit_leaf_' || to_char(month, 'YYYY_MM');
            IF to_regclass(name) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF audit_leaf FOR VALUES FROM (%L) TO (%L)',
                               name, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
            END IF;
            month := month + interval '1 month';
        END LOOP;
    END
    $$
    """,
    "SELECT audit_months()",
    """
    CREATE TABLE audit_node (
        level  smallint NOT NULL,
        index  bigint NOT NULL,
        hash   bytea NOT NULL,
        PRIMARY KEY (level, index)
    )
    """,
    "CREATE TABLE audit_checkpoint (size bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), note text NOT NULL)",
    # Records from before this revision: they get their leaves little by little, while the server works.
    """
    CREATE TABLE audit_backlog (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, ref text NOT NULL)
    """,
    """
    INSERT INTO audit_backlog (kind, ref)
    SELECT kind, ref FROM (
        SELECT 'decision' AS kind, id AS ref, at FROM decision
        UNION ALL SELECT 'outcome', decision_id, at FROM outcome
    ) AS recorded ORDER BY at, ref, kind
    """,
    "CREATE INDEX audit_backlog_of ON audit_backlog (ref)",
)

_LEAVES = (
    """
    CREATE FUNCTION random_bytes32() RETURNS bytea LANGUAGE sql VOLATILE AS
        $$ SELECT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) $$
    """,
    """
    CREATE FUNCTION subject_id(secret bytea, tenant text, name text) RETURNS text LANGUAGE sql STABLE AS $$
        SELECT 'sub_' || left(
            encode(sha256(secret || convert_to(jsonb_build_array(tenant, name)::text, 'UTF8')), 'hex'), 32)
    $$
    """,
    # The row stays locked until the end of the transaction: a key for it is made once.
    """
    CREATE FUNCTION subject_of(tenant_of text, name_of text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
        drawn bytea := random_bytes32();
        found text;
    BEGIN
        INSERT INTO data_subject (id, tenant, name, secret)
        VALUES (subject_id(drawn, tenant_of, name_of), tenant_of, name_of, drawn)
        ON CONFLICT (tenant, name) WHERE retired_at IS NULL DO NOTHING;
        SELECT id INTO found FROM data_subject
        WHERE tenant = tenant_of AND name = name_of AND retired_at IS NULL FOR UPDATE;
        RETURN found;
    END
    $$
    """,
    # The canonical text of a record is what PostgreSQL writes of jsonb, which has one form for each value.
    """
    CREATE FUNCTION audit_canonical(body jsonb, subject text) RETURNS text LANGUAGE sql STABLE AS $$
        SELECT CASE WHEN subject IS NULL THEN body ELSE jsonb_set(body, '{user}', to_jsonb(subject)) END::text
    $$
    """,
    # The subquery with the volatile salt stands for itself: each row has one salt, used twice.
    """
    CREATE FUNCTION audit_commit(kind text, refs text[], bodies jsonb[]) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF kind <> 'outcome' THEN
            PERFORM subject_of(named.tenant, named.name)
            FROM (
                SELECT DISTINCT body->>'tenant' AS tenant, body->>'user' AS name FROM unnest(bodies) AS given (body)
                ORDER BY 1, 2
            ) AS named
            WHERE named.name <> '' AND NOT EXISTS (
                SELECT FROM data_subject s WHERE s.tenant = named.tenant AND s.name = named.name AND s.retired_at IS NULL
            ) AND NOT EXISTS (SELECT FROM data_subject s WHERE s.id = named.name);
        END IF;
        INSERT INTO audit_pending (kind, ref, subject, salt, hash)
        SELECT kind, salted.ref, salted.subject, salted.salt,
               sha256('\\x00'::bytea || salted.salt || convert_to(audit_canonical(salted.body, salted.subject), 'UTF8'))
        FROM (
            SELECT given.ref, given.body, s.id AS subject, random_bytes32() AS salt
            FROM unnest(refs, bodies) WITH ORDINALITY AS given (ref, body, n)
            LEFT JOIN data_subject s
                ON s.tenant = given.body->>'tenant' AND s.name = given.body->>'user' AND s.retired_at IS NULL
            ORDER BY given.n
        ) AS salted;
    END
    $$
    """,
    *(
        f"""
        CREATE FUNCTION audit_{kind}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM audit_commit('{kind}', array_agg({key}), array_agg(body)) FROM added;
            RETURN NULL;
        END
        $$
        """
        for kind, key in (("decision", "id"), ("outcome", "decision_id"), ("event", "id"))
    ),
    *(
        f"CREATE TRIGGER audit AFTER INSERT ON {table} REFERENCING NEW TABLE AS added "
        f"FOR EACH STATEMENT EXECUTE FUNCTION audit_{kind}()"
        for table, kind in (("decision", "decision"), ("outcome", "outcome"), ("audit_event", "event"))
    ),
    """
    CREATE FUNCTION audit_adopt(most integer) RETURNS integer LANGUAGE plpgsql AS $$
    DECLARE
        decisions text[];
        outcomes text[];
    BEGIN
        WITH taken AS (
            DELETE FROM audit_backlog WHERE n IN (SELECT n FROM audit_backlog ORDER BY n LIMIT most) RETURNING *
        )
        SELECT array_agg(ref ORDER BY n) FILTER (WHERE kind = 'decision'),
               array_agg(ref ORDER BY n) FILTER (WHERE kind = 'outcome')
        INTO decisions, outcomes FROM taken;
        PERFORM audit_commit('decision', array_agg(d.id ORDER BY n), array_agg(d.body ORDER BY n))
            FROM unnest(decisions) WITH ORDINALITY AS given (ref, n) JOIN decision d ON d.id = ref;
        PERFORM audit_commit('outcome', array_agg(o.decision_id ORDER BY n), array_agg(o.body ORDER BY n))
            FROM unnest(outcomes) WITH ORDINALITY AS given (ref, n) JOIN outcome o ON o.decision_id = ref;
        RETURN coalesce(cardinality(decisions), 0) + coalesce(cardinality(outcomes), 0);
    END
    $$
    """,
)

# Whoever changes a key, with whatever tool, has it on record. Names stay out of the facts.
_KEYS = (
    """
    CREATE FUNCTION audit_key() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        key api_key := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        done text := CASE
            WHEN TG_OP = 'INSERT' THEN 'key:issued'
            WHEN TG_OP = 'DELETE' THEN 'key:deleted'
            WHEN OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL THEN 'key:revoked'
            ELSE 'key:changed'
        END;
        event text := 'evt_' || lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000000000)::bigint), 16, '0')
                      || left(encode(uuid_send(gen_random_uuid()), 'hex'), 8);
    BEGIN
        INSERT INTO audit_event (id, at, tenant, action, body) VALUES (event, clock_timestamp(), key.tenant, done,
            jsonb_build_object('id', event, 'at', clock_timestamp(), 'action', done, 'tenant', key.tenant,
                'user', coalesce(key.body->>'user', ''), 'object', key.id, 'detail', jsonb_strip_nulls(jsonb_build_object(
                    'level', key.body#>'{clearance,level}', 'compartments', key.body#>>'{clearance,compartments}',
                    'admin', key.body->'admin', 'roles', key.body->>'roles', 'expires_at', key.body->'expires_at'))));
        RETURN NULL;
    END
    $$
    """,
    "CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON api_key FOR EACH ROW EXECUTE FUNCTION audit_key()",
)

# A record changes in two ways only: its person's name becomes the pseudonym, or all of it goes when its time is over. The
# table refuses the latter before 183 days whatever the settings say.
_FORGETTING = (
    """
    CREATE FUNCTION only_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        old_row jsonb := to_jsonb(OLD);
        pruned boolean := NEW.body = '{}';
    BEGIN
        IF to_jsonb(NEW) - 'body' = old_row - 'body' THEN
            IF pruned AND TG_TABLE_NAME = 'decision' AND OLD.at < now() - interval '183 days' AND NOT EXISTS (
                SELECT FROM legal_hold h WHERE h.lifted_at IS NULL AND (h.tenant IS NULL OR h.tenant = old_row->>'tenant')
            ) THEN
                RETURN NEW;
            END IF;
            IF pruned AND TG_TABLE_NAME = 'outcome' AND EXISTS (
                SELECT FROM decision d WHERE d.id = old_row->>'decision_id' AND d.body = '{}'
            ) THEN
                RETURN NEW;
            END IF;
            IF EXISTS (
                SELECT FROM data_subject s
                WHERE s.tenant = OLD.body->>'tenant' AND s.name = OLD.body->>'user'
                  AND NEW.body = jsonb_set(OLD.body, '{user}', to_jsonb(s.id))
            ) THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    *(f"DROP TRIGGER append_only ON {table}" for table in ("decision", "outcome")),
    *(
        f"CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        for table in ("decision", "outcome", "audit_event")
    ),
    *(
        f"CREATE TRIGGER only_forgetting BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION only_forgetting()"
        for table in ("decision", "outcome", "audit_event")
    ),
    *(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        for table in ("audit_leaf", "audit_node")
    ),
)


def upgrade() -> None:
    """Add the log and its triggers; what is recorded already waits for its leaves."""
    for statement in (*_PEOPLE, *_LOG, *_LEAVES, *_KEYS, *_FORGETTING):
        op.execute(statement)
