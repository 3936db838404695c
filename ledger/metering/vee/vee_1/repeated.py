"""DAY_REPEATED: a day whose 96 values are those of an earlier day: a replayed file, or days filled by copying."""

from __future__ import annotations

import numpy as np

from ledger.metering.finding_list import FindingList
from ledger.metering.vee.history import MeterHistory
from ledger.metering.vee.vee_1.policies import Policies
from ledger.records.findings import Finding


def check_repeated(history: MeterHistory, policies: Policies) -> tuple[Finding, ...]:
    """Return a warning for each day with 96 slots equal to those of an earlier day, 8 different values among them.

    A day of which half the slots are estimates says nothing: an estimate may well be a copy.
    """
    findings = FindingList(f"meter {history.meter}")
    profiles, usable = history.profiles
    first: dict[bytes, int] = {}
    for day in np.flatnonzero(usable & (history.estimated < policies.repeated_estimated)).tolist():
        earlier = first.setdefault(profiles[day].tobytes(), day)
        if earlier == day or day < history.judged or len(np.unique(profiles[day])) < policies.repeated_values:
            continue
        name, of = (history.series.day(at).isoformat() for at in (day, earlier))
        params = {"meter": history.meter, "day": name, "of": of, "instant": history.start_of(day)}
        action = "ask the sender which of the two days was measured; mark the other (edit, rule flag) and estimate it"
        findings.add(
            "DAY_REPEATED", "warning", f"meter {history.meter} {name}", action, f"the 96 values of {of}", "values of its own", **params
        )
    return findings.close()
