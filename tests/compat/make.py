"""Make a folder of bundles as this release makes them: `python -m tests.compat.make tests/compat/<day>`.

Run once for a release whose formats changed; what was kept before is never made again (README.md).
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.typed_data import CertificateStatus
from ledger.identifiers import sid
from ledger.services import bundles
from tests.product import open_town
from tests.services.test_main_job import small_bank
from tests.whole.test_bundles import KEY, NAMED, WITNESSES, City, certificate, cosigned, give_verdict, send
from verifier.policy import read_policy
from verifier.report import document_of
from verifier.verify_bundle import verify_bundle


def main(folder: Path) -> None:
    """Write bundles, policies and what the verifier of today answers."""
    folder.mkdir(parents=True)
    two = dict(list(WITNESSES.items())[:2])
    with tempfile.TemporaryDirectory() as place, open_town(Path(place)) as town:
        town.found_centre()
        small_bank(town)
        statement = town.prepare("moganshan", "2025")
        town.attest("moganshan", statement.id)
        town.relay()
        town.claim("moganshan", statement.id, "c1")
        town.relay()
        city = City(town, statement.id)
        stated = json.loads(city.statement_bundle())["inputs"]["statement"]
        line, meter = stated["lines"][0], stated["meters"][0]["meter"]
        files = {
            "statement": city.statement_bundle(),
            "line": city.leaf("OPERATIONAL", f"line/{line['unit']}/{line['indicator']}"),
            "meter": city.leaf("METERS", f"meter/{meter}/el.import"),
            "claim-submitted": city.claim(),
        }
        give_verdict(city, Path(place))
        send(city, certificate(city))
        held = city.town.house.chain.block_number()
        now = town.clock.now()
        files["claim-certified"] = cosigned(city.claim(), two, now)
        policies = {"plain": city.policy(), "witnessed": city.policy(witnesses=NAMED, max_age=3600)}
        town.clock.advance(7200)
        revoked = CertificateStatus(sid("certificate", "z-1"), sid("org", "gfc"), 2, sid("reason", "x"), 0, town.clock.now() + 86_400)
        send(city, revoked)
        later = town.clock.now()
        files["claim-revoked"] = cosigned(city.claim(), two, later)
        with pytest.MonkeyPatch.context() as patch:  # the status of a block before the revocation, under a checkpoint after it
            patch.setattr(bundles, "_status_block", lambda *_: held)
            files["claim-stale"] = cosigned(city.claim(), two, later)
    expected: list[dict[str, Any]] = []
    for name, data in files.items():
        for policy in policies:
            clock = later if name in ("claim-revoked", "claim-stale") else now
            found = document_of(verify_bundle(data, read_policy(policies[policy]), KEY, clock), "en")
            checks = [[item["id"], item["outcome"]] for item in found["checks"]]
            answer = {key: found[key] for key in ("verdict", "exit_code", "level", "subject", "recomputed")}
            expected.append({"bundle": name, "policy": policy, "now": clock, **answer, "checks": checks})
    for name, data in files.items():
        (folder / f"{name}.lingtan.json").write_bytes(data)
    for name, data in policies.items():
        (folder / f"{name}.policy.json").write_bytes(data)
    (folder / "expected.json").write_text(json.dumps({"policy_key": KEY, "answers": expected}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
