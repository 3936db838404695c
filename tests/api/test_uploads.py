"""Telemetry through the whole server: kept or refused whole, findings at once, memory bounded."""

from __future__ import annotations

import base64
import hashlib
import json
import tracemalloc
from datetime import UTC, datetime

from tests.api.scene import Scene, meter_csv, organisation
from tests.api.test_bodies import drive

BASE = "/v1/institutions/bank-c"
MIB = 1024 * 1024
START = datetime(2025, 5, 1, tzinfo=UTC)


def meter(city: Scene, id: str) -> None:
    city.post("third-preparer", f"{BASE}/organisation", organisation("bank-c"))
    answer = city.post("third-preparer", f"{BASE}/meters", {"id": id, "unit": "outlet-7", "quantity": "el.import", "interval_minutes": 15})
    assert answer.status_code == 201, answer.text


def test_an_upload_is_kept_and_can_be_read_back(city: Scene) -> None:
    meter(city, "U-1")
    body = meter_csv("U-1", START, 3)
    answer = city.post_csv("third-preparer", f"{BASE}/telemetry", body)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["rows"], answer.json()["days_written"], answer.json()["bytes"]) == (288, 3, len(body))
    assert answer.json()["sha256"] == hashlib.sha256(body).hexdigest()
    assert city.get("third-preparer", answer.headers["location"]).json() == answer.json()
    assert answer.json() in city.get("auditor", f"{BASE}/telemetry").json()["items"]


def test_a_body_with_errors_is_answered_with_all_of_them_and_nothing_is_kept(city: Scene) -> None:
    meter(city, "U-2")
    before = city.get("third-preparer", f"{BASE}/telemetry").json()["items"]
    body = b"meter,timestamp,kW,quality\nU-2,2025-05-01T00:00:00Z,1e3,A\nU-2,2025-05-01T00:07:00Z,1,A\nU-9,2025-05-01T00:15:00Z,1,A\n"
    answer = city.post_csv("third-preparer", f"{BASE}/telemetry", body)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["accepted"], answer.json()["id"], "location" in answer.headers) == (False, None, False)
    assert len([finding for finding in answer.json()["findings"] if finding["severity"] == "error"]) >= 3
    assert city.get("third-preparer", f"{BASE}/telemetry").json()["items"] == before


def test_a_200_megabyte_line_is_refused_in_bounded_memory(city: Scene) -> None:
    block, count = b"9" * 65_536, 3_200
    hasher = hashlib.sha256()
    for _ in range(count):
        hasher.update(block)
    headers = {
        "Content-Type": "text/csv",
        "Content-Digest": f"sha-256=:{base64.b64encode(hasher.digest()).decode()}:",
        "Authorization": f"Bearer {city.tokens['third-preparer']}",
        "Idempotency-Key": "one-endless-line",
        "Accept-Language": "en",
    }
    tracemalloc.start()
    try:
        status, body, _ = drive(city.http.app, f"{BASE}/telemetry", headers, (block for _ in range(count)))  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert status == 200, body
    answer = json.loads(body)
    assert answer["accepted"] is False
    assert answer["findings"]
    assert peak < 32 * MIB, f"peak {peak / MIB:.1f} MiB"
    assert len(body) < 10_000, "the line is not repeated"


def test_an_activity_table_comes_in_as_csv_in_the_characters_of_the_banks_spreadsheet(city: Scene) -> None:
    city.post("third-preparer", f"{BASE}/organisation", organisation("bank-c"))
    assert (
        city.post("third-preparer", f"{BASE}/periods", {"id": "may", "first_day": "2025-05-01", "last_day": "2025-05-31"}).status_code
        == 201
    )
    table = (
        "id,unit,indicator,value,quantity_unit,start,end,source_kind,reference,quality\n"
        "petrol,hq,fuel.petrol.vehicles,310.5,L,2025-05-01,2025-05-31,invoice,加油卡,2\n"
    )
    path = f"{BASE}/periods/may/activity"
    answer = city.send(
        "third-preparer", "POST", path, content=table.encode("gb18030"), headers={"Content-Type": "text/csv; charset=gb18030"}
    )
    assert answer.status_code == 201, answer.text
    stored = city.get("auditor", path).json()
    assert stored["document"]["records"][0]["source"]["reference"] == "加油卡"
    assert stored["hash"] == answer.json()["hash"]
