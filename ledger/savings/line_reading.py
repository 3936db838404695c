"""Read a line for REDUCTIONS strictly, with the rules that it keeps by itself (spec: savings §7)."""

from __future__ import annotations

from ledger.records.fields import Fields
from ledger.records.findings import Finding
from ledger.savings.given import Evidence
from ledger.savings.reading import read_factor
from ledger.savings.result import Reduction
from ledger.units import round_half_even

SCHEMA = "lingtan.reduction/1"
MEASURES = ("avoided_g", "saved_wh", "self_used_wh", "exported_wh")
FIELDS = ("schema", "id", "unit", "kind", "option", "factor", *MEASURES, "evidence")
VALUE_LIMIT = 2**96


def read_reduction(value: object, pointer: str, findings: list[Finding]) -> Reduction:
    """Return the line of a `lingtan.reduction/1` document; what is wrong with it is added to `findings`."""
    fields, known = Fields(value, pointer, findings, FIELDS), len(findings)
    fields.schema(SCHEMA)
    evidence = tuple(
        Evidence(item.identifier("kind"), item.text("id"), item.optional("sha256", item.digest))
        for item in fields.objects("evidence", ("kind", "id", "sha256"))
    )
    fields.check_sorted("evidence", [(item.kind, item.id, item.sha256 or "") for item in evidence])
    line = Reduction(
        fields.identifier("id"),
        fields.identifier("unit"),
        fields.choice("kind", ("retrofit", "pv")),
        fields.choice("option", ("A", "B", "C")),
        read_factor(fields.nested("factor", ("id", "value", "unit"))),
        fields.integer_text("avoided_g"),
        fields.integer_text("saved_wh"),
        fields.integer_text("self_used_wh"),
        fields.integer_text("exported_wh"),
        evidence,
    )
    if len(findings) == known:
        _check(line, fields)
    return line


def _check(line: Reduction, fields: Fields) -> None:
    # Only what keeps its form is weighed: a stand-in for a missing field would contradict the others.
    avoided = round_half_even((line.saved_wh + line.self_used_wh) * line.factor.g_per_wh)
    if line.avoided_g != avoided:
        action = "compute the line again: grams are energy times the factor, rounded once"
        fields.refuse("REDUCTION_SUM_DIFFERS", f"{fields.pointer}/avoided_g", action, got=str(line.avoided_g), expected=str(avoided))
    beside = ("saved_wh",) if line.kind == "pv" else ("self_used_wh", "exported_wh")
    for name in beside:
        if getattr(line, name):
            action = f"a {line.kind} project has no {name}"
            fields.refuse("REDUCTION_FORM", f"{fields.pointer}/{name}", action, got=str(getattr(line, name)), expected="0")
    if line.kind == "pv" and line.option != "B":
        fields.refuse("REDUCTION_FORM", f"{fields.pointer}/option", "both meters of a plant are read", got=line.option, expected="B")
    for name, value in zip(MEASURES, line.measures, strict=True):
        if value >= VALUE_LIMIT:
            fields.refuse("FIELD_INVALID", f"{fields.pointer}/{name}", "write a smaller figure", got=str(value), expected="below 2^96")
