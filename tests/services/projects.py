"""A bank's own projects for the tests of services and API: a PV plant and a retrofit, measured by meters whose days are stored."""

from __future__ import annotations

from typing import Any

from ledger.services import dataset_signing, meters, reductions
from ledger.services.attestations import AttestationView
from tests.product import Town, approver, preparer, sign, signer, take_telemetry
from tests.services.books import DAYS, readings

PERIOD = "2025-03"
FEBRUARY = DAYS.start - 28 * 86_400
FACTOR = {"id": "grid_average.cn.2023", "value": "0.5306", "unit": "kgCO2/kWh"}
MARCH = {"start": "2025-03-01", "end": "2025-03-02"}
METERS = (("PV-1", "pv.generation"), ("EX-1", "el.export"), ("CH-1", "el.import"))
BODIES = (
    readings("PV-1", watts=4_200),
    readings("EX-1", watts=1_000),
    readings("CH-1", watts=10_000, first=FEBRUARY),
    readings("CH-1", watts=7_000),
)
"""The plant makes 201.6 kWh and exports 48; the chiller takes 480 kWh on two days before it was changed, 336 after."""


def plant(**more: Any) -> dict[str, Any]:
    """The PV plant: 153.6 kWh of its own used."""
    given = {"generation": {"meter": "PV-1"}, "export": {"meter": "EX-1"}, **more}
    return {
        "schema": "lingtan.savings/1",
        "id": "pv-roof",
        "unit": "hq",
        "kind": "pv",
        "option": "B",
        "reporting": MARCH,
        "factor": FACTOR,
        **given,
    }


def chiller(**more: Any) -> dict[str, Any]:
    """The retrofit of a chiller with a meter of its own: 144 kWh saved."""
    given = {"baseline": {"start": "2025-02-01", "end": "2025-02-02"}, "use": {"meter": "CH-1"}, **more}
    project = {"schema": "lingtan.savings/1", "id": "chiller", "unit": "hq", "kind": "retrofit", "option": "B"}
    return {**project, "reporting": MARCH, "factor": FACTOR, **given}


def submission(*projects: dict[str, Any], cause: str = "first") -> dict[str, Any]:
    """What hands these projects in, without files or lines."""
    items = [{"input": project, "files": [], "line": None} for project in projects]
    return {"schema": "lingtan.reductions-submission/1", "cause": cause, "projects": items}


def add_plant(town: Town, bank: str) -> None:
    """Register the meters of both projects and take their readings."""
    with town.work(preparer(bank)) as work:
        for meter, quantity in METERS:
            meters.register_meter(work, bank, id=meter, unit="hq", quantity=quantity, interval_minutes=15)
        for body in BODIES:
            view = take_telemetry(work, bank, [body])
            assert view.accepted, view.findings


def hand_in(town: Town, bank: str, document: object, period: str = PERIOD) -> reductions.ReductionsView:
    """Hand projects in as the bank's preparer: computed in a view, kept in a transaction."""
    with town.house.view(preparer(bank)) as work:
        read = reductions.read_reductions_submission(work, bank, period, document)
    with town.work(preparer(bank)) as work:
        return reductions.submit_reductions(work, read)


def attest(town: Town, bank: str, id: str, *, key: str | None = None) -> AttestationView:
    """Sign a statement of reductions with the bank's key and hand the signature in."""
    with town.house.view(approver(bank)) as work:
        (item,) = dataset_signing.get_signing_request(work, reductions.REDUCTIONS_KIND, id).items
    with town.work(approver(bank)) as work:
        return dataset_signing.submit_attestation(
            work, reductions.REDUCTIONS_KIND, id, item.message, sign(item, signer(key or f"{bank}.approver"))
        )
