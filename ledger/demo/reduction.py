"""What a bank's own PV plant avoided in July: handed in with its readings, computed again by the server, signed, anchored, proven.

Dataset REDUCTIONS stands apart: nothing of it is in the bank's inventory, and nothing is taken off it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ledger.client.acts import attest_dataset
from ledger.client.projects import hand_in_projects, project_of, read_project
from ledger.demo import seeds
from ledger.demo.drill import Trust, verify
from ledger.demo.story import WAIT_SECONDS, StepFailed, Story
from ledger.records import canonical

START = datetime(2025, 6, 30, 16, tzinfo=UTC)
DAYS = 31
PEAK_KW = 120
HOUSE_KW = 45
"""What the building takes of it while the sun shines, at most; the rest goes into the grid."""
SIGNED = ("queued", "anchored", "superseded")


def report_plant(story: Story, bank: seeds.BankSeed, trust: Trust) -> Path:
    """Hand a plant in, have it signed and anchored, and verify its bundle offline; return the bundle's file.

    Raises:
        StepFailed: the server computes something else, or the bundle does not hold.
    """
    folder = story.cast.preparer(bank.id).folder
    project = project_of(read_project(_write(folder, bank)), lambda name: (folder / name).read_bytes(), story.house.clock.now())
    preparer, approver = story.party(story.cast.preparer(bank.id)).client, story.party(story.cast.approver(bank.id))
    made = hand_in_projects(preparer, bank.id, seeds.PERIOD, [project], "first")
    story.require(made["accepted"], f"the plant of {bank.id}", made["findings"])
    line = project["line"]
    if {name: line[name] for name in made["totals"]} != made["totals"]:
        raise StepFailed(f"the server computes {made['totals']} for the plant of {bank.id}, the bank {line}")
    id = str(made["id"])
    if made["state"] not in SIGNED:
        request = approver.client.get(f"/v1/reductions/{id}/signing-request")
        anchored = attest_dataset(approver, f"/v1/reductions/{id}", request, seconds=WAIT_SECONDS)
        if anchored["state"] != "anchored":
            raise StepFailed(f"the reductions of {bank.id} are {anchored['state']}, expected anchored")
    kwh, sent, kg = (int(line[name]) // 1000 for name in ("self_used_wh", "exported_wh", "avoided_g"))
    story.voice.fact(
        f"{bank.en}: {kwh:,} kWh of its own used in July, {kg:,} kg CO2e avoided; {sent:,} kWh exported avoid nothing here",
        f"{bank.zh}：7 月自用 {kwh:,} kWh，减排 {kg:,} kg CO2e；上网 {sent:,} kWh 不计减排",
    )
    return _prove(story, bank, id, trust)


def _prove(story: Story, bank: seeds.BankSeed, id: str, trust: Trust) -> Path:
    file = story.cast.auditor.folder / f"{bank.id}-reductions.lingtan.json"
    policy = canonical.load(trust.policy.read_bytes())
    pinned = str(policy["checkpoint"]["pinned"]).split("\n")[1]  # type: ignore[index,call-overload]
    auditor, end = story.party(story.cast.auditor).client, time.monotonic() + WAIT_SECONDS
    while True:
        data = auditor.get_bytes(f"/v1/reductions/{id}/bundle", since=pinned)
        if json.loads(data)["finality"]["checkpoint"].count("\u2014 ") > 2:
            break
        if time.monotonic() > end:
            raise StepFailed("no quorum of witnesses cosigned the newest checkpoint", hint="see witness.log in the witnesses' folders")
        time.sleep(0.5)
    file.write_bytes(data)
    answer = verify("bundle", file, trust)
    if (answer.code, answer.level) != (0, "L4"):
        odd = "; ".join(f"{check['id']} {check['outcome']}: {check.get('means')}" for check in answer.checks if check["outcome"] != "PASS")
        raise StepFailed(f"{file.name}: {answer.verdict} {answer.level}, expected VALID L4", hint=odd)
    story.voice.fact(
        f"{file.name}: VALID, L4 ({file.stat().st_size // 1024} kB): every line, its factor and what it rests on",
        f"{file.name}：通过，L4（{file.stat().st_size // 1024} kB）：每个条目、因子与依据",
    )
    return file


def _write(folder: Path, bank: seeds.BankSeed) -> Path:
    """Write the readings of both meters and the project that names them; return the project's file."""
    sources = {}
    for kind, meter in (("generation", "PV-ROOF"), ("export", "PV-GRID")):
        data = "".join(_csv(meter, exported=kind == "export")).encode()
        (folder / f"{meter}.csv").write_bytes(data)
        sources[kind] = {"csv": f"{meter}.csv", "sha256": hashlib.sha256(data).hexdigest(), "meter": meter}
    last = (START + timedelta(hours=8, days=DAYS - 1)).date().isoformat()
    project = {
        "schema": "lingtan.savings/1",
        "id": "pv-roof",
        "unit": bank.units[0].id,
        "kind": "pv",
        "option": "B",
        "reporting": {"start": "2025-07-01", "end": last},
        **sources,
        "factor": {"id": "grid_average.cn.2023", "value": "0.5306", "unit": "kgCO2/kWh"},
    }
    path = folder / "pv-roof.json"
    path.write_text(json.dumps(project, indent=2), encoding="utf-8")
    return path


def _csv(meter: str, *, exported: bool) -> Iterator[str]:
    """Yield the lines of a month of a plant's meter, in kW: a parabola over the day, cloudier on every third."""
    yield "meter,timestamp,kW\n"
    for slot in range(DAYS * 96):
        at = START + timedelta(minutes=15 * slot)
        quarter, day = slot % 96, slot // 96
        sun = max(0, (quarter - 22) * (78 - quarter)) * PEAK_KW // 784
        made = sun * (5 if day % 3 == 2 else 10) // 10
        yield f"{meter},{at:%Y-%m-%dT%H:%M:%SZ},{max(0, made - HOUSE_KW) if exported else made}\n"
