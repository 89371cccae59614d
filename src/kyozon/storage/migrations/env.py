"""What Alembic runs for every command: the caller's connection and transaction are used as they are."""

from alembic import context

context.configure(**context.config.attributes)
context.run_migrations()
