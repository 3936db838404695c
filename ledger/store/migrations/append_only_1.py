"""Triggers that keep rows as they were written, for SQLite and PostgreSQL. Frozen: a later rule is a new module.

Every message starts with `append-only:`, which ledger.store.errors turns into AppendOnlyViolation. On PostgreSQL TRUNCATE is refused too,
which row triggers would not see.
"""

from __future__ import annotations

from alembic import op

_FUNCTION = """
CREATE FUNCTION lingtan_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def create_functions() -> None:
    """Create what the triggers call; first migration only."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_FUNCTION)


def protect(table: str, *, update: bool = True, delete: bool = True) -> None:
    """Refuse UPDATE, DELETE or both on every row of `table`."""
    changes = [name for name, refused in (("UPDATE", update), ("DELETE", delete)) if refused]
    postgresql = op.get_bind().dialect.name == "postgresql"
    for change in changes:
        trigger = f"{table}_refuse_{change.lower()}"
        if postgresql:
            op.execute(f'CREATE TRIGGER {trigger} BEFORE {change} ON "{table}" FOR EACH ROW EXECUTE FUNCTION lingtan_refuse()')
        else:
            op.execute(
                f'CREATE TRIGGER {trigger} BEFORE {change} ON "{table}" FOR EACH ROW '
                f"BEGIN SELECT RAISE(ABORT, 'append-only: {change} of {table} is refused'); END"
            )
    if postgresql and delete:
        op.execute(
            f'CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION lingtan_refuse()'
        )


def freeze_columns(table: str, always: tuple[str, ...], once_set: tuple[str, ...]) -> None:
    """Refuse an UPDATE of `table` that changes a column of `always`, or a column of `once_set` that is no longer null."""
    distinct = "IS DISTINCT FROM" if op.get_bind().dialect.name == "postgresql" else "IS NOT"
    changed = [f'OLD."{column}" {distinct} NEW."{column}"' for column in always]
    changed += [f'(OLD."{column}" IS NOT NULL AND OLD."{column}" {distinct} NEW."{column}")' for column in once_set]
    condition = " OR ".join(changed)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f'CREATE TRIGGER {table}_frozen BEFORE UPDATE ON "{table}" FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION lingtan_refuse()'
        )
    else:
        op.execute(
            f'CREATE TRIGGER {table}_frozen BEFORE UPDATE ON "{table}" FOR EACH ROW WHEN {condition} '
            f"BEGIN SELECT RAISE(ABORT, 'append-only: UPDATE of {table} is refused'); END"
        )
