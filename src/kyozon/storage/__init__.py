"""PostgreSQL: the embedded server, migrations, the journal and the queries."""
