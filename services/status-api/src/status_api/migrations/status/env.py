"""Alembic's entry for the schema that no rebuild touches. `feuilleton.database.migrations` hands in the connection."""

from alembic import context

options = context.config.attributes
context.configure(connection=options["connection"], version_table_schema=options["schema"])
with context.begin_transaction():
    context.run_migrations()
