"""The database's history, one revision a file under `versions/`; Alembic reads it through `kyozon.storage.migrate`."""
