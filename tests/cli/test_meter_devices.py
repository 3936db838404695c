"""Devices, fittings and the envelope log by commands alone, up to the verifier."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ledger.cli.meter_log import seconds_until
from ledger.client import acts
from ledger.client.http import Client
from ledger.client.log_keeping import find_signed
from ledger.metering.device_key_file import load_device_key
from ledger.records import canonical
from tests.child import started
from tests.cli.city import City
from tests.cli.conftest import Books
from verifier.__main__ import main

FIT = ("--since", "2025-01-01T00:00:00Z", "--serial", "DTZ-1", "--first", "0.00", "--reference", "work order 1")


def test_a_gateway_enrols_with_a_code_and_keeps_its_key_to_itself(city: City, books: Books, tmp_path: Path) -> None:
    city.run("device", "add", "gw-1", "--site", "hq", "--serial", "G-1", who="preparer")
    code = city.ask("device", "code", "gw-1", who="preparer")["code"]
    key = tmp_path / "gateway.key"
    words = ("device", "enrol", "--code", code.lower(), "--key", key, "--serial", "G-1")
    enrolled = city.ask(*words)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    public = load_device_key(key).public_key().public_bytes_raw().hex()
    listed = city.ask("device", "keys", "gw-1", who="preparer")["items"]
    assert [(item["kid"], item["public_key"], item["last_seq"]) for item in listed] == [(enrolled["kid"], public, None)]
    assert city.ask(*words)["kid"] == enrolled["kid"], "run again after a lost answer"
    revoke = ("device", "revoke", "gw-1", "--kid", enrolled["kid"], "--last-seq", 3, "--reason", "rotated")
    assert city.ask(*revoke, who="preparer")["last_seq"] == 3
    assert city.ask("device", "list", who="preparer")["items"][0]["keys_in_force"] == 0
    assert "code" not in city.run("device", "list", who="preparer").stdout
    assert city.ask("device", "alarms", who="preparer") == {"items": []}


def test_an_enrolment_that_is_refused_says_what_to_do(city: City, books: Books, tmp_path: Path) -> None:
    refused = city.run("device", "enrol", "--code", "AAAAA-AAAAA-AAAAA-AAAAA", "--key", tmp_path / "k", "--serial", "x", code=11)
    assert "new code" in refused.stderr
    city.run("device", "enrol", "--code", "short", "--key", tmp_path / "other", "--serial", "x", code=2)
    assert not (tmp_path / "other").exists(), "no key was made for it"
    (tmp_path / "k").chmod(0o644)
    city.run("device", "enrol", "--code", "AAAAA-AAAAA-AAAAA-AAAAA", "--key", tmp_path / "k", "--serial", "x", code=2)


def test_a_meter_has_a_device_a_fitting_and_a_coverage(city: City, books: Books) -> None:
    city.run("device", "add", "gw-2", "--site", "hq", "--serial", "G-2", who="preparer")
    city.run("meter", "add", "G-1", "--unit", "hq", "--quantity", "el.export", "--device", "gw-2", who="preparer")
    city.run("meter", "assign", "M-1", "--device", "gw-2", who="preparer")
    city.run("meter", "fit", "M-1", *FIT, "--ct", "80", who="preparer")
    items = {item["id"]: item for item in city.ask("meter", "list", who="preparer")["items"]}
    assert (items["M-1"]["device"], items["M-1"]["ratio"], items["M-1"]["measured_bp"]) == ("gw-2", "80", 6666)
    assert (items["G-1"]["device"], items["G-1"]["last_day"]) == ("gw-2", None)
    assert "66.66 %" in city.run("meter", "list", who="preparer").stdout
    fitted = city.ask("meter", "fittings", "M-1", who="preparer")["items"]
    assert [item["document"]["serial"] for item in fitted] == ["DTZ-1"]
    refused = city.run("meter", "fit", "M-1", *FIT, "--ct", "0", who="preparer", code=12)
    assert "/ratio/ct" in refused.stdout + refused.stderr
    city.run("meter", "assign", "M-1", who="preparer")


def test_a_meter_that_hangs_nowhere_is_asked_for_nothing(city: City, books: Books) -> None:
    city.run("meter", "add", "G-3", "--unit", "hq", "--quantity", "el.export", who="preparer")
    stated = ("meter", "fit", "G-3", "--since", "2025-02-01T00:00:00Z", "--serial", "DTZ-3", "--reference", "work order 3")
    assert "--first" in city.run(*stated, who="preparer", code=2).stderr
    assert "/first" in city.run(*stated, "--reason", "removed", "--final", "12.5", "--first", "0", who="preparer", code=12).stderr
    city.run(*stated, "--reason", "removed", "--final", "12.5", who="preparer")
    (fitted,) = city.ask("meter", "fittings", "G-3", who="preparer")["items"]
    assert [fitted["document"][name] for name in ("reason", "first", "final_before")] == ["removed", None, "12.5"]
    assert "removed" in city.run("meter", "fittings", "G-3", who="preparer").stdout
    replaced = [word.replace("02-01", "02-02") for word in stated]
    refused = city.run(*replaced, "--first", "0", "--final", "12.5", "--reason", "replaced", who="preparer", code=13)
    assert "nothing hangs there since 2025-02-01T00:00:00Z" in refused.stderr
    amended = city.ask("amend", "--period", "2025-03", "--reason", "data", who="preparer")
    assert [item for item in amended["findings"] if item["severity"] == "error"] == []
    assert [item for item in amended["findings"] if "G-3" in item["place"]] == []


def test_an_entry_is_proven_to_somebody_who_trusts_the_policy_alone(city: City, books: Books, tmp_path: Path) -> None:
    key = ("--key", city.key("approver"))
    city.run("meter", "anchor", *key, "--state", tmp_path / "log.json", who="approver")
    state = json.loads((tmp_path / "log.json").read_bytes())
    size = int(state["size"])
    end = time.monotonic() + 60
    while not city.ask("meter", "proof", 0, "--size", size, "--out", tmp_path / f"p{time.monotonic_ns()}", who="approver")["anchored"]:
        assert time.monotonic() < end, "not anchored"
        time.sleep(0.2)
    body, proof = tmp_path / "body", tmp_path / "proof.json"
    shown = city.ask("meter", "proof", 0, "--out", proof, "--body", body, "--old", 1, "--size", size, who="approver")
    assert (shown["root"], shown["anchored"]) == (state["root"], True)
    assert body.read_bytes() == (books.folder / "meters.csv").read_bytes()
    city.run("keys", "policy", tmp_path / "policy.key")
    policy = tmp_path / "p.policy.json"
    city.run("policy", "export", "--key", tmp_path / "policy.key", "--out", policy, "--version", 1, who="admin")
    public = city.ask("keys", "policy", tmp_path / "policy.key")["public_key"]
    trust = ["--policy", str(policy), "--policy-key", public]
    # The policy pins a later checkpoint of the chain than the anchor carries; the bridge between them is public.
    bridge = tmp_path / "c.json"
    anchored_in = int(json.loads(proof.read_bytes())["anchor"]["finality"]["tree_size"])
    with Client(city.url, city.token("approver").read_text(encoding="ascii").strip()) as client:
        pinned = json.loads(policy.read_bytes())["checkpoint"]
        bridge.write_bytes(canonical.dump(acts.collect_log_proofs(client, [anchored_in], pinned)))
    trust += ["--consistency", str(bridge)]
    assert main(["envelope", str(body), "--proof", str(proof), *trust]) == 0
    body.write_bytes(body.read_bytes() + b" ")
    assert main(["envelope", str(body), "--proof", str(proof), *trust, "--json"]) == 1


def test_nothing_new_is_not_signed_and_a_log_that_lost_entries_is_refused(city: City, books: Books, tmp_path: Path) -> None:
    key, state = ("--key", city.key("approver")), tmp_path / "log.json"
    city.run("meter", "anchor", *key, "--state", state, who="approver")
    assert city.ask("meter", "anchor", *key, "--state", state, who="approver")["state"] == "unchanged"
    known = json.loads(state.read_bytes())
    state.write_text(json.dumps({**known, "size": str(int(known["size"]) + 5)}), encoding="utf-8")
    shrunk = city.run("meter", "anchor", *key, "--state", state, who="approver", code=1)
    assert "do not sign" in shrunk.stderr
    city.run("device", "add", "gw-9", "--site", "hq", "--serial", "G-9", who="preparer")
    state.write_text(json.dumps({**known, "root": "00" * 32}), encoding="utf-8")
    forked = city.run("meter", "anchor", *key, "--state", state, who="approver", code=1)
    assert "do not sign" in forked.stderr
    state.write_text("{}", encoding="utf-8")
    city.run("meter", "anchor", *key, "--state", state, who="approver", code=3)


def test_a_statement_is_signed_with_the_log_that_it_rests_on(city: City, books: Books) -> None:
    with Client(city.url, city.token("approver").read_text(encoding="ascii").strip()) as client:
        assert find_signed(client, "bank-a") is not None


def test_daily_signing_goes_on_until_it_is_told_to_stop_and_ends_well(city: City, books: Books, tmp_path: Path) -> None:
    later = datetime.fromtimestamp(time.time() + 7200, UTC).strftime("%H:%M")
    words = [sys.executable, "-m", "ledger.cli", "meter", "anchor", "--key", str(city.key("approver")), "--daily", later, "--zone", "UTC"]
    environment = {**os.environ, **{name: value for name, value in city.environment.items() if value is not None}}
    said = tmp_path / "stderr"
    with (
        said.open("wb") as stream,
        started(
            [*words, "--token-file", str(city.token("approver"))], stdout=subprocess.DEVNULL, stderr=stream, env=environment
        ) as program,
    ):
        end = time.monotonic() + 60
        while f"every day at {later}" not in said.read_text(encoding="utf-8"):
            assert time.monotonic() < end, said.read_text(encoding="utf-8")
            assert program.poll() is None, said.read_text(encoding="utf-8")
            time.sleep(0.1)
        program.send_signal(signal.SIGTERM)
        assert program.wait(30) == 0, said.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("now", "time", "zone", "wanted"),
    [
        ("2026-01-31T12:00:00+00:00", "23:30", "Asia/Shanghai", "2026-01-31T15:30:00+00:00"),
        ("2026-01-31T15:30:00+00:00", "23:30", "Asia/Shanghai", "2026-02-01T15:30:00+00:00"),
        ("2026-03-28T23:00:00+00:00", "12:00", "Europe/Berlin", "2026-03-29T10:00:00+00:00"),
        ("2026-10-24T10:00:01+00:00", "12:00", "Europe/Berlin", "2026-10-25T11:00:00+00:00"),
    ],
)
def test_the_next_signing_is_at_the_local_time_also_where_clocks_change(now: str, time: str, zone: str, wanted: str) -> None:
    at = int(datetime.fromisoformat(now).timestamp())
    found = datetime.fromtimestamp(at + seconds_until(time, ZoneInfo(zone), at), UTC)
    assert found == datetime.fromisoformat(wanted)
