"""Alembic's entry. `feuilleton.database.migrations` hands in the connection, lock held."""

from alembic import context

attributes = context.config.attributes
context.configure(connection=attributes["connection"], version_table_schema=attributes["schema"])
with context.begin_transaction():
    context.run_migrations()
