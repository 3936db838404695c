"""Faults of readings sent over HTTP, each found and named; gaps, estimates, edits and bills by requests alone."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.clock import format_instant
from ledger.demo.profiles import meter_csv
from ledger.metering.csv_source import MeterFacts, MeterReadings, read_meter_csv
from ledger.metering.envelope import DeviceClock, register_reading, write_envelope
from ledger.units import format_decimal
from tests.api.conftest import Books
from tests.api.scene import Scene, content_digest
from tests.api.test_devices import FITTING, enrolment, new_code

BANK = "/v1/institutions/bank-b"
WHO = "other-preparer"
START = 1_738_339_200  # 2025-02-01 00:00 in Shanghai
DAYS = 120
WINDOW = {"first_day": "2025-02-01", "last_day": "2025-05-31"}
APRIL_15 = 73 * 96
"""The first slot of 15 April."""
MIDNIGHT = "2025-04-14T16:00:00Z"
Change = Callable[[np.ndarray, np.ndarray], None]


def clean(meter: str, peak: int = 40_000) -> MeterReadings:
    data = b"".join(meter_csv(((meter, peak),), START, START + DAYS * 86_400))
    return read_meter_csv([data], meters={meter: MeterFacts(meter)}, now=2**31).readings[meter]


def add_meter(city: Scene, meter: str, csv: list[str]) -> None:
    facts = {"id": meter, "unit": "outlet-7", "quantity": "el.import", "interval_minutes": 15}
    assert city.post(WHO, f"{BANK}/meters", facts).status_code == 201
    if csv:
        body = "\n".join(["meter,timestamp,kWh,quality", *csv, ""]).encode()
        answer = city.post_csv(WHO, f"{BANK}/telemetry", body)
        assert answer.status_code == 201, answer.text


def lines(meter: str, change: Change | None = None, *, peak: int = 40_000) -> list[str]:
    """Return the rows of a meter's four months, with a fault planted into values and qualities by slot of the window."""
    readings = clean(meter, peak)
    values, quality = np.zeros(96 * DAYS, dtype=np.int64), np.zeros(96 * DAYS, dtype=np.uint8)
    at = readings.slots - START // 900
    values[at], quality[at] = readings.values, readings.quality
    if change is not None:
        change(values, quality)
    return [
        f"{meter},{format_instant(START + 900 * slot)},{format_decimal(Fraction(int(values[slot]), 10**6))},{'-AEMSQ'[quality[slot]]}"
        for slot in np.flatnonzero(quality).tolist()
    ]


def found(city: Scene, meter: str | None = None, **more: str) -> list[dict[str, Any]]:
    answer = city.get(WHO, f"{BANK}/meter-findings", params={**WINDOW, **({"meter": meter} if meter else {}), **more})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["findings"])


def from_day(values: np.ndarray) -> np.ndarray:
    return values[APRIL_15:]


def stuck(values: np.ndarray, quality: np.ndarray) -> None:
    values[APRIL_15 : APRIL_15 + 120] = 7_000_000
    quality[APRIL_15 : APRIL_15 + 120] = 1


def dead(values: np.ndarray, quality: np.ndarray) -> None:
    values[APRIL_15 : APRIL_15 + 100], quality[APRIL_15 : APRIL_15 + 100] = 0, 1


def missing(_: np.ndarray, quality: np.ndarray) -> None:
    quality[APRIL_15 : APRIL_15 + 30] = 0


def replayed(values: np.ndarray, quality: np.ndarray) -> None:
    week = slice(APRIL_15 - 7 * 96, APRIL_15 - 6 * 96)
    values[APRIL_15 : APRIL_15 + 96], quality[APRIL_15 : APRIL_15 + 96], quality[week] = values[week], 1, 1


def shifted(values: np.ndarray, quality: np.ndarray) -> None:
    for column in (values, quality):
        column[APRIL_15:] = np.roll(from_day(column), 32)


def slipped(values: np.ndarray, _: np.ndarray) -> None:
    values[APRIL_15:] = from_day(values) * 40


def far(values: np.ndarray, _: np.ndarray) -> None:
    values[APRIL_15 : APRIL_15 + 96] *= 6


FAULTS: list[tuple[str, Change, str, str]] = [
    ("D-stuck", stuck, "METER_FLAT", MIDNIGHT),
    ("D-dead", dead, "METER_ZERO", MIDNIGHT),
    ("D-missing", missing, "METER_GAP", MIDNIGHT),
    ("D-replayed", replayed, "DAY_REPEATED", MIDNIGHT),
    ("D-shifted", shifted, "PROFILE_SHIFTED", MIDNIGHT),
    ("D-slipped", slipped, "LEVEL_CHANGED", MIDNIGHT),
    ("D-far", far, "DAY_TOTAL_UNUSUAL", MIDNIGHT),
]


@pytest.fixture(scope="module")
def damaged(city: Scene, books: Books) -> Scene:
    """bank-b with a clean meter, one for each fault, and two that were exchanged."""
    add_meter(city, "D-clean", lines("D-clean"))
    for meter, change, _, _ in FAULTS:
        add_meter(city, meter, lines(meter, change))
    small, large = lines("D-left", peak=10_000), lines("D-right", peak=90_000)
    halves = [[row for row in rows if (row.split(",")[1] >= MIDNIGHT) == late] for rows in (small, large) for late in (False, True)]
    add_meter(city, "D-left", [*halves[0], *(row.replace("D-right", "D-left") for row in halves[3])])
    add_meter(city, "D-right", [*halves[2], *(row.replace("D-left", "D-right") for row in halves[1])])
    return city


def named(findings: list[dict[str, Any]], code: str) -> list[tuple[str, str]]:
    """Return (meter, instant) of the findings of a code."""
    return [
        (item["params"]["meter"], item["params"].get("instant", item["params"].get("from", "")))
        for item in findings
        if item["code"] == code
    ]


@pytest.mark.parametrize(("meter", "code", "instant"), [(meter, code, instant) for meter, _, code, instant in FAULTS])
def test_a_fault_is_named_with_its_meter_and_instant_and_a_clean_meter_has_none(
    damaged: Scene, meter: str, code: str, instant: str
) -> None:
    assert (meter, instant) in named(found(damaged, meter), code)
    gaps_alone = {item["code"] for item in found(damaged, "D-clean")}
    assert gaps_alone <= {"METER_GAP", "METER_COVERAGE"}


def test_meters_exchanged_at_a_gateway_are_named_together(damaged: Scene) -> None:
    swaps = [item for item in found(damaged) if item["code"] == "METERS_SWAPPED"]
    assert [(item["params"]["meter"], item["params"]["other"], item["params"]["instant"]) for item in swaps] == [
        ("D-left", "D-right", MIDNIGHT)
    ]


def test_a_bill_shows_the_ratio_that_slipped(damaged: Scene) -> None:
    total = sum(Fraction(row.split(",")[2]) for row in lines("D-slipped") if "2025-04-30T16" <= row.split(",")[1] < "2025-05-31T16")
    bill = {"bill": "2025-05", "first_day": "2025-05-01", "last_day": "2025-05-31", "value": format_decimal(total), "unit": "kWh"}
    fitted = {**FITTING, "ratio": {"ct": "40", "pt": "1"}}
    assert damaged.post(WHO, f"{BANK}/meters/D-slipped/fittings", fitted).status_code == 201
    assert damaged.post(WHO, f"{BANK}/meters/D-slipped/bills", {**bill, "reference": "invoice"}).status_code == 201
    slips = [item for item in found(damaged, "D-slipped") if item["code"] == "RATIO_SLIP"]
    assert [(item["severity"], item["params"]["factor"], item["params"]["bill"]) for item in slips] == [("error", "ct 40", "2025-05")]
    withdrawn = damaged.post(WHO, f"{BANK}/meters/D-slipped/bills/2025-05/withdrawal", {"reason": "of another meter"})
    assert (withdrawn.status_code, withdrawn.json()["value"]) == (200, None)
    assert [item["revision"] for item in damaged.get(WHO, f"{BANK}/meters/D-slipped/bills").json()["items"]] == [2]
    assert not [item for item in found(damaged, "D-slipped") if item["code"] == "RATIO_SLIP"]


def test_a_gap_is_shown_with_its_values_filled_on_its_basis_and_listed_as_an_edit(damaged: Scene) -> None:
    params: dict[str, str] = {**WINDOW, "meter": "D-missing", "values": "true"}
    [seen] = damaged.get(WHO, f"{BANK}/meter-gaps", params=params).json()["items"]
    [gap] = [item for item in seen["gaps"] if item["start"] == MIDNIGHT]
    assert (gap["slots"], gap["rule"], len(gap["values"])) == (30, "proxy_day", 30)
    assert sum(map(int, gap["values"])) == int(gap["total"])
    path, asked = f"{BANK}/meters/D-missing/estimates", {**WINDOW, "reason": "no power"}
    refused = damaged.post(WHO, path, {**asked, "basis": "0" * 64})
    assert (refused.status_code, "EDIT_OUTDATED" in refused.text) == (409, True)
    done = damaged.post(WHO, path, {**asked, "basis": seen["basis"]})
    assert done.status_code == 201, done.text
    assert done.json()["shares"]["missing"] == sum(item["slots"] for item in seen["gaps"] if item["rule"] is None)
    edits = damaged.get(WHO, f"{BANK}/meters/D-missing/edits").json()["items"]
    mine = next(item["document"] for item in edits if item["document"]["from"] == MIDNIGHT)
    assert (mine["rule"], mine["by"] != "", mine["reason"], [row[2] for row in mine["slots"]]) == (
        "proxy_day",
        True,
        "no power",
        gap["values"],
    )
    assert (("D-missing", MIDNIGHT) in named(found(damaged, "D-missing"), "METER_GAP")) is False
    body = damaged.get("other-meter", f"{BANK}/telemetry/{edits[0]['log_index']}/body")
    assert body.headers["content-type"].startswith("application/vnd.lingtan.edit+json")


def test_an_edit_by_hand_needs_evidence_and_the_slots_as_they_stand(damaged: Scene) -> None:
    edit: dict[str, Any] = {"rule": "replace", "from": MIDNIGHT, "to": "2025-04-14T16:15:00Z", "values": ["5"], "reason": "a test load"}
    refused = damaged.post(WHO, f"{BANK}/meters/D-far/edits", edit)
    assert (refused.status_code, [item["code"] for item in refused.json()["errors"]]) == (422, ["EVIDENCE_MISSING"])
    edit["evidence"] = {"reference": "log book", "sha256": None}
    assert damaged.post(WHO, f"{BANK}/meters/D-far/edits", {**edit, "before": [["1", 1]]}).status_code == 409
    done = damaged.post(WHO, f"{BANK}/meters/D-far/edits", edit)
    assert (done.status_code, done.json()["shares"]["estimated"]) == (201, 1)
    assert damaged.post("other-approver", f"{BANK}/meters/D-far/edits", edit).status_code == 403


def test_a_replaced_meter_is_a_step_back_without_its_fitting_and_none_with_it(damaged: Scene) -> None:
    """Registers of two meters by a gateway's envelopes: one turned over, one was replaced; the fitting is recorded for one of two."""
    key, city = Ed25519PrivateKey.generate(), damaged
    assert city.post(None, "/v1/enrolments", enrolment(new_code(city), key)).status_code == 201
    new = {**FITTING, "since": "2025-03-01T00:07:00Z", "reason": "replaced", "final_before": "500.50", "ratio": {"ct": "1", "pt": "1"}}
    for meter in ("R-turned", "R-told", "R-untold"):
        add_meter(city, meter, [])
        assert city.post(WHO, f"{BANK}/meters/{meter}/device", {"device": "gw-1"}).status_code == 200
    assert city.post(WHO, f"{BANK}/meters/R-told/fittings", new).status_code == 201
    times = [f"2025-03-01T00:{15 * at:02d}:00Z" for at in range(4)]
    changed = ["500.00", "0.25", "0.50", "0.75"]
    shown = {"R-turned": ["999999.99", "0.05", "0.06", "0.07"], "R-told": changed, "R-untold": changed}
    readings = [
        register_reading("el.import", at, value, "kWh", meter=meter)
        for meter, values in shown.items()
        for at, value in zip(times, values, strict=True)
    ]
    sent = 1_740_792_000_000
    body = write_envelope(
        key, device="gw-1", boot="aa" * 16, seq=1, prev=None, sent_at_ms=sent, clock=DeviceClock("ntp", 0), readings=readings
    )
    headers = {"Content-Type": "application/vnd.lingtan.readings+json", "Content-Digest": content_digest(body)}
    taken = city.send("other-meter", "POST", f"{BANK}/telemetry", content=body, headers=headers)
    assert taken.status_code in (200, 201), taken.text
    gaps = city.get(WHO, f"{BANK}/meter-gaps", params={"first_day": "2025-03-01", "last_day": "2025-03-01"}).json()["items"]
    missing_slots = {item["meter"]: item["shares"]["missing"] for item in gaps}
    assert missing_slots["R-turned"] == missing_slots["R-told"] == 96 - 3
    assert missing_slots["R-untold"] == 96 - 2, "the slot of the step back is not known"
    seen = city.get(WHO, f"{BANK}/telemetry/{taken.json()['id']}").json()["findings"]
    assert ("REGISTER_ROLLOVER", "R-turned") in [(item["code"], item["params"].get("meter")) for item in seen]
    assert [item["params"]["meter"] for item in seen if item["code"] == "NEGATIVE_STEP"] == ["R-untold"]
