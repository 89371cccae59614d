"""Rows of documents are locked in one order everywhere, so that no two wait for each other.

A person who will be named first; then a collection, files, and all documents that will change, by their names; then the
tenant's count of changes (`knowledge_changed`), what was kept of answers, and the record of it all last. An `UPDATE` that
takes the count takes it before it has the row: whoever writes one holds the documents ahead. Whoever deletes answers holds
the count, since deletions meet the same rows in different orders.
"""

PERSON = "SELECT FROM data_subject WHERE tenant = $1 AND name = $2 AND retired_at IS NULL FOR UPDATE"

OF_COLLECTION = "SELECT FROM document WHERE collection_id = $1 ORDER BY id FOR UPDATE"
OF_FILE = "SELECT FROM document WHERE file_id = $1 ORDER BY id FOR UPDATE"
THESE = "SELECT FROM document WHERE id = ANY($1) ORDER BY id FOR UPDATE"
COUNT = "SELECT FROM knowledge_version WHERE tenant = $1 FOR UPDATE"
