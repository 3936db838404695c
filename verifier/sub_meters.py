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
    # What is wrong with the way from a meter to one that counts, "" for nothing: each is passed once, however long the ways are.
    wrong: dict[str, str] = {}
    for meter in meters:
        way: dict[str, int] = {}
        name = meter["meter"]
        while name not in wrong and name not in way:
            way[name] = len(way)
            at = known[name]
            before = known.get(at.get("sub_meter_of"))
            if "sub_meter_of" not in at:
                wrong[name] = ""
            elif before is None or before["quantity"] != at["quantity"]:
                wrong[name] = f"{at['sub_meter_of']}, {'not in this period' if before is None else 'of ' + before['quantity']}"
            else:
                name = before["meter"]
        # Each meter of a circle names itself, and a way into one the meter at which it enters.
        entered, said = (len(way), wrong[name]) if name in wrong else (way[name], f"{name}, in a circle")
        for passed, number in way.items():
            wrong.setdefault(passed, said if number <= entered else f"{passed}, in a circle")
    return [
        Finding(
            "SUB_METER_WITHOUT_MAIN",
            f"meter {item['meter']}",
            wrong[item["meter"]],
            f"a meter of {item['quantity']} that counts its energy",
        )
        for item in meters
        if wrong[item["meter"]]
    ]


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
