"""What documents are called, told under the rights that they are read under."""

from collections.abc import Sequence

from kyozon.domain.knowledge import Named, Reader
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_text
from kyozon.storage.knowledge import rights

_NAMED = f"""
SELECT d.id, d.file_id, f.filename, c.id AS collection_id, c.name AS collection
FROM document d JOIN collection c ON c.id = d.collection_id JOIN file f ON f.id = d.file_id {rights.labels("d.id")}
WHERE {rights.COLLECTION} AND {rights.DOCUMENT} AND d.id = ANY($7) ORDER BY array_position($7, d.id)
"""  # noqa: S608 - constants


class PostgresDocumentNames:
    """`ports.document_names.DocumentNames` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def named(self, reader: Reader, values: Sequence[str]) -> tuple[Named, ...]:
        """The documents among the values that the reader may see."""
        if not values:
            return ()
        arguments = (*rights.reader_arguments(reader), [to_text(value) for value in values])
        async with self._database.reading() as connection:
            rows = await connection.fetch(_NAMED, *arguments)
        return tuple(
            Named(row["id"], row["file_id"], row["filename"], row["collection_id"], row["collection"]) for row in rows
        )
