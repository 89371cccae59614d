"""Files, collections, documents with their chunks and vectors, groups, and a count of changes for who keeps an index."""

from alembic import op

revision = "0011_knowledge"
down_revision: str | None = "0010_rollout"
branch_labels: str | None = None
depends_on: str | None = None

_FILES = (
    # `label` and where it comes from stand in stored_value under the same name.
    """
    CREATE TABLE file (
        tenant      text NOT NULL,
        id          text PRIMARY KEY,
        owner       text NOT NULL,
        filename    text NOT NULL,
        bytes       bigint NOT NULL,
        sha256      text NOT NULL,
        purpose     text NOT NULL,
        created_at  timestamptz NOT NULL,
        expires_at  timestamptz,
        UNIQUE (tenant, id)
    )
    """,
    "CREATE INDEX file_of ON file (tenant, created_at, id)",
    "CREATE INDEX file_expires ON file (expires_at) WHERE expires_at IS NOT NULL",
    """
    CREATE TABLE file_piece (
        file_id  text NOT NULL REFERENCES file ON DELETE CASCADE,
        ordinal  integer NOT NULL,
        body     bytea NOT NULL,
        PRIMARY KEY (file_id, ordinal)
    )
    """,
    "ALTER TABLE file_piece ALTER COLUMN body SET STORAGE EXTERNAL",
    """
    CREATE TABLE upload (
        tenant      text NOT NULL,
        id          text PRIMARY KEY,
        owner       text NOT NULL,
        created_at  timestamptz NOT NULL,
        expires_at  timestamptz NOT NULL,
        status      text NOT NULL CHECK (status IN ('pending', 'completed', 'cancelled', 'expired')),
        body        jsonb NOT NULL
    )
    """,
    """
    CREATE TABLE upload_part (
        id          text PRIMARY KEY,
        upload_id   text NOT NULL REFERENCES upload ON DELETE CASCADE,
        created_at  timestamptz NOT NULL,
        bytes       bigint NOT NULL
    )
    """,
    """
    CREATE TABLE upload_piece (
        part_id  text NOT NULL REFERENCES upload_part ON DELETE CASCADE,
        ordinal  integer NOT NULL,
        body     bytea NOT NULL,
        PRIMARY KEY (part_id, ordinal)
    )
    """,
    "ALTER TABLE upload_piece ALTER COLUMN body SET STORAGE EXTERNAL",
)

_COLLECTIONS = (
    """
    CREATE TABLE collection (
        tenant          text NOT NULL,
        id              text PRIMARY KEY,
        owner           text NOT NULL,
        name            text NOT NULL,
        created_at      timestamptz NOT NULL,
        last_active_at  timestamptz,
        expires_at      timestamptz,
        embedder        text NOT NULL,
        next_embedder   text,
        reindex         jsonb NOT NULL DEFAULT '{}',
        body            jsonb NOT NULL,
        UNIQUE (tenant, id)
    )
    """,
    "CREATE INDEX collection_of ON collection (tenant, created_at, id)",
    """
    CREATE TABLE collection_share (
        collection_id  text NOT NULL REFERENCES collection ON DELETE CASCADE,
        kind           text NOT NULL CHECK (kind IN ('user', 'group', 'role', 'everyone')),
        name           text NOT NULL,
        "right"        text NOT NULL CHECK ("right" IN ('read', 'write')),
        PRIMARY KEY (collection_id, kind, name)
    )
    """,
    """
    CREATE TABLE membership (
        tenant   text NOT NULL,
        "group"  text NOT NULL,
        member   text NOT NULL,
        PRIMARY KEY (tenant, "group", member)
    )
    """,
    "CREATE INDEX membership_of ON membership (tenant, member)",
)

_DOCUMENTS = (
    # `version` is the tenant's count of changes at the last one that concerns a search; 0 was never searchable. A document
    # in progress is its own job: whoever takes it in holds it until `claimed_until`; where nobody does, it waits until
    # then. `replaces` names the document that goes in the moment in which this one comes. `key_id` is the key that attached
    # it. `embedded_for` is the embedder whose vectors a re-index has brought so far.
    # Text, chunks and vectors of a document that is not completed are on their way: nobody reads them.
    """
    CREATE TABLE document (
        tenant         text NOT NULL,
        id             text PRIMARY KEY,
        collection_id  text NOT NULL,
        file_id        text NOT NULL,
        created_at     timestamptz NOT NULL,
        status         text NOT NULL CHECK (status IN ('in_progress', 'completed', 'cancelled', 'failed')),
        attributes     jsonb NOT NULL DEFAULT '{}',
        readers        text[] NOT NULL DEFAULT '{}',
        chunking       jsonb NOT NULL,
        content        text NOT NULL DEFAULT '',
        chunks         integer NOT NULL DEFAULT 0,
        bytes          bigint NOT NULL DEFAULT 0,
        failure        jsonb,
        batch          text,
        version        bigint NOT NULL DEFAULT 0,
        replaces       text,
        claimed_by     text,
        claimed_until  timestamptz,
        tries          integer NOT NULL DEFAULT 0,
        progress       jsonb NOT NULL DEFAULT '{}',
        key_id         text NOT NULL DEFAULT '',
        embedded_for   text NOT NULL DEFAULT '',
        UNIQUE (collection_id, file_id),
        FOREIGN KEY (tenant, id) REFERENCES stored_value,
        FOREIGN KEY (tenant, collection_id) REFERENCES collection (tenant, id),
        FOREIGN KEY (tenant, file_id) REFERENCES file (tenant, id)
    )
    """,
    "CREATE INDEX document_of ON document (collection_id, created_at, id)",
    "CREATE INDEX document_file ON document (file_id)",
    "CREATE INDEX document_waiting ON document (created_at, id) WHERE status = 'in_progress'",
    "CREATE INDEX document_changed ON document (tenant, version)",
    "CREATE INDEX document_content ON document (tenant, content)",
    "CREATE INDEX document_batch ON document (batch) WHERE batch IS NOT NULL",
    """
    CREATE TABLE document_text (
        document_id  text PRIMARY KEY REFERENCES document ON DELETE CASCADE,
        body         text NOT NULL,
        pages        integer[] NOT NULL
    )
    """,
    # `content` hashes what is indexed: the same words under the same embedder have the same vector.
    """
    CREATE TABLE chunk (
        document_id  text NOT NULL REFERENCES document ON DELETE CASCADE,
        ordinal      integer NOT NULL,
        body         text NOT NULL,
        context      text NOT NULL,
        anchor       jsonb NOT NULL,
        content      bytea NOT NULL,
        PRIMARY KEY (document_id, ordinal)
    )
    """,
    "CREATE INDEX chunk_content ON chunk (content)",
    # Half-precision floats, little endian: two bytes for each dimension, of each window of the chunk in turn.
    """
    CREATE TABLE chunk_vector (
        document_id  text NOT NULL,
        ordinal      integer NOT NULL,
        embedder     text NOT NULL,
        windows      smallint NOT NULL DEFAULT 1,
        vector       bytea NOT NULL,
        PRIMARY KEY (document_id, ordinal, embedder),
        FOREIGN KEY (document_id, ordinal) REFERENCES chunk ON DELETE CASCADE
    )
    """,
    "ALTER TABLE chunk_vector ALTER COLUMN vector SET STORAGE EXTERNAL",
    # What is gone, for indexes that are behind: a name and nothing else, as long as one may be.
    """
    CREATE TABLE document_gone (
        tenant   text NOT NULL,
        id       text NOT NULL,
        version  bigint NOT NULL,
        at       timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX document_gone_since ON document_gone (tenant, version)",
)

# Who takes documents in hears of new ones.
_WORD = (
    """
    CREATE FUNCTION document_waits() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('kyozon_ingestion', '');
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER document_waits AFTER INSERT OR UPDATE OF status ON document FOR EACH STATEMENT
        EXECUTE FUNCTION document_waits()
    """,
    """
    CREATE TRIGGER collection_reindexed AFTER UPDATE OF next_embedder ON collection FOR EACH STATEMENT
        EXECUTE FUNCTION document_waits()
    """,
)

# Changes of one tenant wait for each other, so that who has read up to a version has missed none below it.
_CHANGES = (
    "CREATE TABLE knowledge_version (tenant text PRIMARY KEY, version bigint NOT NULL)",
    """
    CREATE FUNCTION knowledge_changed(whose text) RETURNS bigint LANGUAGE sql AS $$
        INSERT INTO knowledge_version VALUES (whose, 1)
        ON CONFLICT (tenant) DO UPDATE SET version = knowledge_version.version + 1
        RETURNING version
    $$
    """,
    """
    CREATE FUNCTION document_gone() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO document_gone (tenant, id, version) VALUES (OLD.tenant, OLD.id, knowledge_changed(OLD.tenant))
        ON CONFLICT (tenant, id) DO UPDATE SET version = excluded.version;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER document_gone AFTER DELETE ON document FOR EACH ROW WHEN (OLD.version > 0)
        EXECUTE FUNCTION document_gone()
    """,
    # A label that changes binds what is made from the value, in every index, from that moment. Documents are held before
    # the count, as everywhere: else each of two waits for what the other has.
    """
    CREATE FUNCTION knowledge_relabelled() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        bound text[];
        changed bigint;
    BEGIN
        WITH RECURSIVE made (id) AS (
            SELECT NEW.value UNION
            SELECT s.value FROM made JOIN value_source s ON s.tenant = NEW.tenant AND s.source = made.id
        )
        SELECT array_agg(d.id) INTO bound FROM document d JOIN made USING (id)
        WHERE d.tenant = NEW.tenant AND d.version > 0;
        IF bound IS NOT NULL THEN
            PERFORM d.id FROM document d WHERE d.id = ANY(bound) ORDER BY d.id FOR UPDATE;
            changed := knowledge_changed(NEW.tenant);
            UPDATE document SET version = changed WHERE id = ANY(bound);
        END IF;
        RETURN NULL;
    END
    $$
    """,
    "CREATE TRIGGER knowledge_relabelled AFTER INSERT ON relabelling FOR EACH ROW EXECUTE FUNCTION knowledge_relabelled()",
)


def upgrade() -> None:
    """Add the tables."""
    for statement in (*_FILES, *_COLLECTIONS, *_DOCUMENTS, *_WORD, *_CHANGES):
        op.execute(statement)
