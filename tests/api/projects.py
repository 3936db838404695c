"""A bank's own projects for the tests of the API: meters, readings, a plant handed in, signed and anchored over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.api.scene import PERIOD, Scene, meter_csv
from tests.services import projects
from tests.services.projects import METERS, submission

MARCH = datetime(2025, 2, 28, 16, tzinfo=UTC)
FEBRUARY = datetime(2025, 1, 31, 16, tzinfo=UTC)


def plant() -> dict[str, Any]:
    """The PV plant of the tests of services, at a unit that banks of these tests have."""
    return projects.plant(unit="outlet-7")


def enter_meters(scene: Scene, institution: str, preparer: str) -> None:
    """Register the projects' meters and send readings of them: of the chiller's from the first of February on."""
    base = f"/v1/institutions/{institution}"
    for meter, quantity in METERS:
        document = {"id": meter, "unit": "outlet-7", "quantity": quantity, "interval_minutes": 15}
        assert scene.post(preparer, f"{base}/meters", document).status_code == 201
    for body in (meter_csv("PV-1", MARCH, 2), meter_csv("CH-1", FEBRUARY, 30), zeros("EX-1")):
        answer = scene.post_csv(preparer, f"{base}/telemetry", body)
        assert answer.status_code == 201, answer.text


def zeros(meter: str) -> bytes:
    """A CSV of two days on which nothing flowed."""
    head, *lines = meter_csv(meter, MARCH, 2).decode().splitlines()
    return "\n".join([head, *(",".join([*line.split(",")[:2], "0", *line.split(",")[3:]]) for line in lines), ""]).encode()


def anchor_projects(scene: Scene, institution: str, preparer: str, approver: str) -> str:
    """Hand the plant in, sign it and wait for its anchor; return the statement's id."""
    enter_meters(scene, institution, preparer)
    path = f"/v1/institutions/{institution}/periods/{PERIOD['id']}/reductions"
    answer = scene.post(preparer, path, submission(plant()))
    assert answer.status_code == 201, answer.text
    id = str(answer.json()["id"])
    (item,) = scene.get(approver, f"/v1/reductions/{id}/signing-request").json()["items"]
    signed = scene.post(approver, f"/v1/reductions/{id}/attestation", scene.sign_item(approver, item))
    assert signed.status_code == 202, signed.text
    assert scene.wait(approver, signed.headers["location"], "anchored", "rejected")["state"] == "anchored"
    return id
