"""The only SQL: tables, migrations, the unit of work and what is read and written through it.

Read tables/, database.py (unit of work), repositories/ (one per room), outbox.py, audit.py, idempotency.py, tokens.py, cursor.py,
integrity.py; migrate.py and migrations/ bring a database to the present schema. docs/store.md has the whole picture.
"""
