"""SUB_METERS_EXCEED: what hangs behind a meter cannot use more than the meter counted."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.metering.finding_list import FindingList
from ledger.metering.vee.history import MeterHistory
from ledger.metering.vee.vee_1.policies import Policies
from ledger.records.findings import Finding
from ledger.records.meter_record import Quality, Quantity


def check_sub_meters(histories: Sequence[MeterHistory], policies: Policies) -> tuple[Finding, ...]:
    """Return a warning for each meter whose sub-meters sum up to more than 2 % above it, over the judged slots that it has.

    Less is no fault: what is not sub-metered. Purchased power of a unit that generates is passed over, for its sub-meters count what
    comes from the roof as well. The histories must be of the same days.
    """
    findings = FindingList("meters")
    generating = {history.unit for history in histories if history.quantity is Quantity.PV_GENERATION}
    behind: dict[str, list[MeterHistory]] = {}
    for history in histories:
        if history.sub_meter_of is not None:
            behind.setdefault(history.sub_meter_of, []).append(history)
    for main in histories:
        subs = behind.get(main.meter, [])
        if not subs or (main.quantity is Quantity.EL_IMPORT and main.unit in generating):
            continue
        first = main.series.bounds[main.judged]
        present = main.series.quality[first:] != Quality.MISSING
        total, below = (sum(int(item.series.values[first:][present].sum()) for item in side) for side in ([main], subs))
        if below <= (1 + policies.sub_meters_over) * total:
            continue
        days = [main.series.day(number).isoformat() for number in (main.judged, len(main) - 1)]
        names = ", ".join(item.meter for item in subs)
        params = {"meter": main.meter, "sub_meters": names, "from": days[0], "to": days[1], "instant": main.start_of(main.judged)}
        params |= {"metered": str(total), "sub_metered": str(below)}
        action = "find out which hangs where, and whose ratio is wrong: a meter that is not behind this one counts by itself"
        got, expected = f"{below} behind it", f"at most the {total} that it metered, within 2 %"
        findings.add("SUB_METERS_EXCEED", "warning", f"meter {main.meter} from {days[0]} to {days[1]}", action, got, expected, **params)
    return findings.close()
