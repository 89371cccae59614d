"""Rows of documents are locked in one order everywhere, so that no two wait for each other.

A collection first, then files, then all documents that will change, by their names; then the tenant's count of changes
(`knowledge_changed`), and what was kept of answers last. An `UPDATE` that takes the count takes it before it has the row:
whoever writes one holds the documents ahead.
"""

OF_COLLECTION = "SELECT FROM document WHERE collection_id = $1 ORDER BY id FOR UPDATE"
OF_FILE = "SELECT FROM document WHERE file_id = $1 ORDER BY id FOR UPDATE"
THESE = "SELECT FROM document WHERE id = ANY($1) ORDER BY id FOR UPDATE"
