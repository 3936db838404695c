"""Reductions and outlooks over HTTP: what is read again, what a forecast answers, what is refused."""

from __future__ import annotations

import json

from ledger.records import canonical
from tests.api.conftest import Books
from tests.api.projects import plant
from tests.api.scene import Scene
from tests.services.projects import submission

PATH = "/v1/institutions/bank-b/periods/2025-03/reductions"
METER = "/v1/institutions/bank-b/meters/CH-1"


def test_a_statement_of_reductions_is_read_as_it_was_computed(city: Scene, books: Books) -> None:
    path = f"/v1/reductions/{books.reductions}"
    view = city.get("auditor", path).json()
    assert (view["state"], view["accepted"], view["lines"]) == ("anchored", True, 1)
    document = city.get("other-preparer", f"{path}/document")
    assert document.headers["etag"] == f'"{view["hash"]}"'
    (line,) = document.json()["lines"]
    assert {name: line[name] for name in view["totals"]} == view["totals"]
    given = city.get("auditor", f"{path}/evidence/{canonical.digest(plant())}")
    assert json.loads(given.content) == plant()
    assert city.get("auditor", f"{path}/anchor").json()["dataset"] == "REDUCTIONS"
    bundle = city.get("auditor", f"{path}/bundle").json()
    assert (bundle["subject"]["kind"], [item["asset"] for item in bundle["datasets"][0]["items"]]) == ("leaf", ["reduction/pv-roof"])
    assert [item["id"] for item in city.get("other-preparer", PATH).json()["items"]] == [books.reductions]


def test_a_project_with_an_error_is_answered_with_findings_and_not_kept(city: Scene, books: Books) -> None:
    answer = city.post("other-preparer", PATH, submission({**plant(), "unit": "nowhere"}, cause="data"))
    assert (answer.status_code, answer.json()["accepted"], answer.json()["id"]) == (200, False, None)
    assert "UNIT_UNKNOWN" in [finding["code"] for finding in answer.json()["findings"]]
    unread = city.post("other-preparer", PATH, {"schema": "lingtan.reductions-submission/1"})
    assert (unread.status_code, unread.json()["accepted"]) == (200, False)
    assert len(city.get("auditor", PATH).json()["items"]) == 1
    assert city.post("preparer", PATH, submission(plant())).status_code == 404


def test_a_forecast_is_made_of_the_stored_days(city: Scene, books: Books) -> None:
    found = city.get("other-preparer", f"{METER}/forecast", params={"until": "2025-03-31"})
    assert found.status_code == 200, found.text
    document = found.json()
    assert (document["schema"], document["as_of"], document["until"]) == ("lingtan.meter-forecast/1", "2025-03-02", "2025-03-31")
    assert [month["period"] for month in document["months"]] == ["2025-01", "2025-02", "2025-03"]
    then = city.get("other-preparer", f"{METER}/forecast", params={"known_until": "2025-02-20"}).json()
    assert then["as_of"] == "2025-02-20"
    unusual = city.get("auditor", f"{METER}/anomalies", params={"first_day": "2025-02-01"}).json()
    assert (unusual["schema"], unusual["days"]) == ("lingtan.unusual-days/1", 30)


def test_an_outlook_without_days_is_refused_by_name(city: Scene, books: Books) -> None:
    short = city.get("other-preparer", "/v1/institutions/bank-b/meters/PV-1/forecast")
    assert (short.status_code, "expected at least 14" in short.text) == (422, True)
    assert city.get("other-preparer", f"{METER}/anomalies", params={"last_day": "2020-01-01"}).status_code == 404
    assert city.get("other-preparer", "/v1/institutions/bank-b/meters/NONE/forecast").status_code == 404
    assert city.get("other-preparer", f"{METER}/forecast", params={"until": "2100-01-01"}).status_code == 422
    assert city.get("other-preparer", f"{METER}/forecast", params={"until": "soon"}).status_code == 422
