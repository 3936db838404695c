"""What a person asks for when slots are changed by hand, read strictly; every fault is named at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ledger.errors import InputError
from ledger.metering.edits import MAX_REASON, MAX_VALUE, Evidence, get_rule
from ledger.metering.meter_day import SLOT_SECONDS
from ledger.records.fields import Fields, pointer_of
from ledger.records.findings import Finding
from ledger.records.meter_record import Quality

RULES_BY_HAND = ("manual", "replace", "flag")
MAX_DAYS = 366
FIELDS = ("rule", "from", "to", "values", "before", "reason", "evidence")


@dataclass(frozen=True)
class ByHand:
    """A change by hand of the slots in [start, end), Unix seconds; `values` None for flag, `before` None where it was not looked at."""

    rule: str
    start: int
    end: int
    values: tuple[int, ...] | None
    before: tuple[tuple[int, int], ...] | None
    reason: str
    evidence: Evidence | None


def read_request(stated: Mapping[str, object]) -> ByHand:
    """Return what is asked for.

    Args:
        stated: `rule` (manual, replace, flag), `from` and `to` (instants on the grid), `values` (decimal strings of whole mWh, L or kJ,
            one a slot; null for flag), `before` ([value, quality] a slot as the person saw them, or null), `reason`, `evidence` or null.

    Raises:
        InputError: everything that is wrong with them.
    """
    findings: list[Finding] = []
    fields = Fields(dict(stated), "", findings, FIELDS)
    rule, start, end = fields.choice("rule", RULES_BY_HAND), fields.instant("from"), fields.instant("to")
    reason = fields.paragraph("reason", MAX_REASON)
    evidence = fields.optional("evidence", lambda name: _read_evidence(fields.nested(name, ("reference", "sha256"))))
    values = fields.optional("values", lambda name: _read_values(fields, name))
    before = fields.optional("before", lambda name: _read_before(fields, name))
    if not findings:
        count = (end - start) // SLOT_SECONDS
        if start % SLOT_SECONDS or end % SLOT_SECONDS or not 0 < count <= 96 * MAX_DAYS:
            expected = f"whole quarter-hours from `from` to `to`, at most {MAX_DAYS} days"
            fields.refuse(
                "FIELD_INVALID", "/to", "write both as instants on the quarter-hour", got=str(stated.get("to")), expected=expected
            )
        elif (values is None) != (rule == "flag") or (values is not None and len(values) != count):
            expected = "null" if rule == "flag" else f"{count} values, one for each quarter-hour"
            got = "null" if values is None else f"{len(values)} values"
            fields.refuse("FIELD_INVALID", "/values", "give a value for every quarter-hour, none for flag", got=got, expected=expected)
        elif before is not None and len(before) != count:
            action = "give value and quality of every quarter-hour as you saw them, or null"
            fields.refuse("FIELD_INVALID", "/before", action, got=f"{len(before)} items", expected=f"{count} items")
        if get_rule(rule).needs_evidence and evidence is None:
            action = "name the paper that shows the values, with its SHA-256 where there is a file"
            fields.refuse("EVIDENCE_MISSING", "/evidence", action, got="null", expected=f"evidence for the rule {rule}")
    if findings:
        raise refused(findings)
    return ByHand(rule, start, end, values, before, reason, evidence)


def refused(findings: Iterable[Finding]) -> InputError:
    """Return the error that says everything that is wrong with an edit."""
    items = tuple(findings)
    errors = tuple((item.place, item.code, f"expected {item.expected}" if item.expected else item.action) for item in items)
    return InputError(f"{items[0].code}: the edit has {len(items)} faults", hint="correct every place listed in errors", errors=errors)


def _read_evidence(fields: Fields) -> Evidence:
    return Evidence(fields.text("reference"), fields.optional("sha256", fields.digest))


def _read_values(fields: Fields, name: str) -> tuple[int, ...]:
    return tuple(_read_value(fields, pointer, item) for pointer, item in fields.items(name))


def _read_value(fields: Fields, pointer: str, item: object) -> int:
    if isinstance(item, str) and item.isascii() and item.isdigit() and len(item) <= 14 and int(item) <= MAX_VALUE:
        return int(item)
    fields.refuse("FIELD_INVALID", pointer, "write whole mWh, L or kJ as a text", got=str(item)[:40], expected=f"0 to {MAX_VALUE}")
    return 0


def _read_before(fields: Fields, name: str) -> tuple[tuple[int, int], ...]:
    found = []
    for pointer, item in fields.items(name):
        pair = item if isinstance(item, list | tuple) and len(item) == 2 else ("", -1)
        value, quality = _read_value(fields, pointer_of(pointer, 0), pair[0]), pair[1]
        if not isinstance(quality, int) or isinstance(quality, bool) or not 0 <= quality <= max(Quality):
            fields.refuse("FIELD_INVALID", pointer, "write [value, quality]", got=str(item)[:40], expected="a text and 0 to 5")
            quality = 0
        found.append((value, quality))
    return tuple(found)
