"""Where the envelope log says what was changed in a meter's slots, and what suppliers billed for a meter."""

from __future__ import annotations

from sqlalchemy import Index

from ledger.store.tables.base import Int, KeyInt, KeyStr, OptStr, Row, Str, holds, refers, table


class MeterEdit(Row, table=True):
    """An edit of a meter's slots in [start, end), Unix seconds: the entry `log_index` of the envelope log."""

    __table_args__ = table(
        refers(("institution_id", "meter_id"), "meter", ("institution_id", "id")),
        refers(("institution_id", "log_index"), "telemetry_body", ("institution_id", "log_index")),
        holds("bounds", '"end" > start'),
        Index(None, "institution_id", "meter_id", "start"),
    )

    institution_id: KeyStr
    log_index: KeyInt
    meter_id: Str
    rule: Str
    start: Int
    end: Int


class MeterBill(Row, table=True):
    """What was billed for a meter's local days, both inclusive, as a decimal string in a unit; the last revision of a bill counts.

    A revision without a value withdraws the bill.
    """

    __table_args__ = table(
        refers(("institution_id", "meter_id"), "meter", ("institution_id", "id")),
        holds("revision", "revision >= 1"),
        holds("days", "last_day >= first_day"),
        holds("bill", "length(bill) BETWEEN 1 AND 63"),
    )

    institution_id: KeyStr
    meter_id: KeyStr
    bill: KeyStr
    revision: KeyInt
    first_day: Str
    last_day: Str
    value: OptStr = None
    unit: Str
    reference: Str
    sha256: OptStr = None
    reason: OptStr = None
    by: Str
    at: Int
