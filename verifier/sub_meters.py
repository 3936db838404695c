"""Tell meters that count from those that hang behind one: a sub-meter's energy is in the total of the meter before it (method §2)."""

from __future__ import annotations

from typing import Any

from verifier.finding import Finding

_NAMED = 16


def is_leaf(meter: Any) -> bool:
    """Say whether METERS commits to a meter of the statement: one of purchased power that counts."""
    return meter["quantity"] == "el.import" and "sub_meter_of" not in meter


def errors_of_sub_meters(meters: list[Any]) -> list[Finding]:
    """Return the sub-meters whose energy no meter that counts has: the meter before is not here, measures something else, or runs round."""
    known = {meter["meter"]: meter for meter in meters}
    found = []
    for meter in meters:
        at, passed = meter, {meter["meter"]}
        while "sub_meter_of" in at:
            name, before = at["sub_meter_of"], known.get(at["sub_meter_of"])
            if before is None or before["quantity"] != meter["quantity"] or name in passed:
                why = "not in this period" if before is None else "in a circle" if name in passed else f"of {before['quantity']}"
                expected = f"a meter of {meter['quantity']} that counts its energy"
                found.append(Finding("SUB_METER_WITHOUT_MAIN", f"meter {meter['meter']}", f"{name}, {why}", expected))
                break
            passed.add(name)
            at = before
    return found


def describe_left_out(meters: list[Any]) -> str:
    """Return words for the meters that no line takes, with the meter that counts their energy and both totals; nothing without any."""
    known = {meter["meter"]: meter for meter in meters}
    named = [
        f"{meter['meter']} {meter['total']} behind {meter['sub_meter_of']} {known[meter['sub_meter_of']]['total']}"
        for meter in meters
        if "sub_meter_of" in meter
    ]
    rest = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return f"; in no line, counted by the meter before: {', '.join(named[:_NAMED])}{rest}" if named else ""
