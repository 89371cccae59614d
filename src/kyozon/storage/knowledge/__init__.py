"""Files, collections, documents, groups in PostgreSQL."""
