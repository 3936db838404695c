"""The operator's commands on a house of their own: set up, look after, back up, restore, tokens."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ledger.chain.keystore import SCRYPT_N_LIGHT, create_key
from tests.child import started
from tests.cli.city import PASSPHRASE, City


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A set-up house that nobody serves."""
    city = City(tmp_path_factory.mktemp("operator"))
    admin = create_key(city.key("admin"), PASSPHRASE, scrypt_n=SCRYPT_N_LIGHT)
    made = city.ask("init", "--admin", admin)
    assert made["admin"] == admin
    assert city.ask("init", "--admin", admin) == made
    return city


def outcomes(document: dict[str, Any]) -> dict[str, str]:
    return {check["check"]: check["outcome"] for check in document["checks"]}


def test_doctor_finds_a_fresh_house_healthy(house: City) -> None:
    document = house.ask("doctor")
    assert set(outcomes(document)) == {"settings", "keys", "disk", "database", "relay", "chain", "deployment", "clock"}
    assert document["healthy"]


def test_doctor_names_what_is_wrong_and_what_to_do(house: City, tmp_path: Path) -> None:
    copy = tmp_path / "server"
    shutil.copytree(house.folder / "server", copy)
    (copy / "keys" / "relayer.json").chmod(0o644)
    document = house.ask("doctor", "--data", copy, code=1)
    assert outcomes(document)["keys"] == "failed"
    assert "chmod" in next(check["fix"] for check in document["checks"] if check["check"] == "keys")
    with closing(sqlite3.connect(copy / "ledger.sqlite")) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
        database.commit()
    assert "lingtan migrate" in house.run("doctor", "--data", copy, code=1).stdout
    (copy / "chain.sqlite").unlink()
    assert outcomes(house.ask("doctor", "--data", copy, code=1))["chain"] == "failed"
    assert list(outcomes(house.ask("doctor", code=1, LINGTAN_PASSPHRASE=None))) == ["settings"]
    assert outcomes(house.ask("doctor", code=1, LINGTAN_PASSPHRASE="another one"))["keys"] == "failed"


def test_doctor_says_that_the_server_runs(city: City) -> None:
    document = city.ask("doctor")
    assert (outcomes(document)["chain"], document["healthy"]) == ("warning", True)


def test_fsck_finds_nothing_in_a_fresh_house_and_names_a_changed_row(house: City, tmp_path: Path) -> None:
    assert house.ask("fsck") == {"findings": []}
    house.run("token", "create", "--subject", "somebody", "--roles", "auditor")
    copy = tmp_path / "server"
    shutil.copytree(house.folder / "server", copy)
    with closing(sqlite3.connect(copy / "ledger.sqlite")) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE audit_log SET action = 'token.nothing'")
        database.commit()
    refused = house.ask("fsck", "--data", copy, code=1)
    assert refused["findings"]


def test_migrate_changes_nothing_at_the_head(house: City) -> None:
    document = house.ask("migrate")
    assert document["before"] == document["after"]


def test_the_worker_refuses_an_embedded_chain_and_says_why(house: City) -> None:
    refused = house.run("worker", code=2)
    assert "its file is open in one process" in refused.stderr


def test_a_token_is_shown_once_listed_without_secret_and_revoked_by_its_number(house: City, tmp_path: Path) -> None:
    secret = house.ask("token", "create", "--subject", "anna", "--roles", "auditor,government", "--days", "7")["token"]
    assert secret.startswith("lingtan_")
    item = next(item for item in house.ask("token", "list")["items"] if item["subject"] == "anna")
    assert (item["roles"], item["revoked"], item["institution"]) == (["auditor", "government"], False, None)
    assert secret not in house.run("token", "list").stdout
    house.run("token", "revoke", item["id"], "--reason", "left", input="0\n", code=2)
    house.run("token", "revoke", item["id"], "--reason", "left", input=f"{item['id']}\n")
    assert [entry["revoked"] for entry in house.ask("token", "list")["items"] if entry["subject"] == "anna"] == [True]
    out = tmp_path / "token"
    house.run("token", "create", "--subject", "bela", "--roles", "auditor", "--out", out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    # A token that cannot be handed over is not issued.
    count = len(house.ask("token", "list")["items"])
    house.run("token", "create", "--subject", "cleo", "--roles", "auditor", "--out", out, code=13)
    assert len(house.ask("token", "list")["items"]) == count
    assert "at once" in house.run("token", "create", "--subject", "dora", "--roles", "preparer,approver", code=2).stderr


def test_fsck_watches_in_cycles_and_a_drill_finds_what_it_planted_in_copies_alone(house: City, tmp_path: Path) -> None:
    clean = house.run("fsck", "--watch", "--cycles", 2, "--seconds", 1)
    assert clean.stderr.count("clean at block") == 2
    original = Path(str(house.environment["LINGTAN_DATA"]))
    assert "inside the data directory" in house.run("drill", "tamper", "--copy", original / "drill", code=2).stderr
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine", encoding="utf-8")
    assert "no drill's copy" in house.run("drill", "tamper", "--copy", tmp_path / "mine", code=2).stderr
    drilled = house.ask(
        "drill", "tamper", "--copy", tmp_path / "copy", "--seed", 3, "--kind", "audit", "--kind", "chain", "--kind", "claim"
    )
    found = {item["kind"]: (item["place"], item["found"]) for item in drilled["items"]}
    assert found["claim"] == (None, None), "there is no claim to change"
    assert all(found[kind][1] for kind in ("audit", "chain") if found[kind][0])
    assert drilled["missed"] == []
    assert not (original / "drill").exists()
    assert house.ask("fsck") == {"findings": []}, "the original is as it was"


def test_a_backup_of_a_running_house_restores_and_passes_fsck(city: City, books: object, tmp_path: Path) -> None:
    out, restored = tmp_path / "house.zip", tmp_path / "restored"
    made = city.ask("backup", "--out", out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    paths = [item["path"] for item in made["manifest"]["files"]]
    assert {"ledger.sqlite", "chain.sqlite", "deployments/3305.json"} <= set(paths)
    assert not [path for path in paths if path.startswith("keys/")]
    answer = city.ask("restore", out, "--data", restored, "--keys", city.folder / "server" / "keys", "--check")
    assert (answer["checked"], answer["findings"]) == (True, [])
    assert stat.S_IMODE((restored / "keys" / "relayer.json").stat().st_mode) == 0o600
    with closing(sqlite3.connect(restored / "ledger.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM anchor").fetchone()[0] >= 2
    assert "not empty" in city.run("restore", out, "--data", restored, code=13).stderr
    assert "there already" in city.run("backup", "--out", out, code=13).stderr


def test_a_backup_without_keys_says_where_they_belong_and_one_with_keys_opens_alone(house: City, tmp_path: Path) -> None:
    house.run("backup", "--out", tmp_path / "bare.zip")
    bare = house.run("restore", tmp_path / "bare.zip", "--data", tmp_path / "bare")
    assert "no keys were restored" in bare.stderr
    assert "--keys" in house.run("restore", tmp_path / "bare.zip", "--data", tmp_path / "shut", "--check", code=2).stderr
    assert not (tmp_path / "shut").exists()
    house.run("backup", "--out", tmp_path / "full.zip", "--with-keys")
    house.run("restore", tmp_path / "full.zip", "--data", tmp_path / "full", "--check")
    assert house.ask("doctor", "--data", tmp_path / "full")["healthy"]


@pytest.mark.parametrize("fault", ["changed", "added", "cut", "foreign", "climbing"])
def test_a_backup_that_is_not_whole_leaves_nothing_behind(house: City, tmp_path: Path, fault: str) -> None:
    good, bad, target = tmp_path / "good.zip", tmp_path / "bad.zip", tmp_path / "restored"
    house.run("backup", "--out", good)
    with zipfile.ZipFile(good) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if fault == "changed":
        parts["deployments/3305.json"] = parts["deployments/3305.json"].replace(b"3305", b"3306")
    if fault == "added":
        parts["checkpoints/one-more"] = b"x"
    if fault == "foreign":
        parts = {"manifest.json": b'{"schema":"lingtan.other/1"}'}
    if fault == "climbing":
        manifest = json.loads(parts["manifest.json"])
        manifest["files"][0]["path"] = "../outside"
        parts["../outside"] = parts.pop("deployments/3305.json")
        parts["manifest.json"] = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    with zipfile.ZipFile(bad, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    if fault == "cut":
        bad.write_bytes(good.read_bytes()[:-100])
    refused = house.run("restore", bad, "--data", target, code=None)
    assert refused.exit_code in (1, 3), refused.stderr
    assert "Traceback" not in refused.stderr
    assert not target.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.zip", "good.zip"]


def test_postgres_is_sent_to_pg_dump(house: City, tmp_path: Path) -> None:
    refused = house.run("backup", "--out", tmp_path / "x.zip", code=2, LINGTAN_DATABASE_URL="postgresql://somebody@nowhere/ledger")
    assert "pg_dump" in refused.stderr


def test_writers_wait_while_database_and_chain_are_copied(house: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ledger.cli.backup as module

    copy_database, refused = module._copy_database, []

    def copy(source: Path, target: Path) -> Path:
        with closing(sqlite3.connect(house.folder / "server" / "ledger.sqlite", timeout=0)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                refused.append((source.name, str(error)))
        return copy_database(source, target)

    monkeypatch.setattr(module, "_copy_database", copy)
    house.run("backup", "--out", tmp_path / "house.zip")
    assert refused == [("ledger.sqlite", "database is locked"), ("chain.sqlite", "database is locked")]
    house.run("token", "create", "--subject", "later", "--roles", "auditor")


def test_a_place_where_nothing_is_set_up_is_told_and_left_as_it_is(house: City, tmp_path: Path) -> None:
    for words in (("token", "list"), ("migrate",), ("fsck",), ("backup", "--out", tmp_path / "x.zip"), ("serve",)):
        assert "lingtan init" in (text := house.run(*words, "--data", tmp_path / "empty", code=2).stderr) or "--data" in text
    assert not (tmp_path / "empty").exists()
    assert not house.ask("doctor", "--data", tmp_path / "empty", code=1)["healthy"]
    assert "is no address" in house.run("init", "--admin", "anna", "--data", tmp_path / "empty", code=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_and_a_chain_that_does_not_answer(house: City) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        environment = {name: value for name, value in house.environment.items() if value is not None}
        variables = {name: value for name, value in os.environ.items() if not name.startswith("LINGTAN_")} | environment
        done = subprocess.run(
            [sys.executable, "-m", "ledger.cli", "serve", "--port", str(port)],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 2, done.stderr
    assert f"error: the server did not start on 127.0.0.1, port {port}" in done.stderr
    house.run("worker", code=10, LINGTAN_CHAIN_URL=f"http://127.0.0.1:{port}")


def test_serve_answers_on_loopback_and_ends_whole_on_sigterm(house: City) -> None:
    environment = {name: value for name, value in house.environment.items() if value is not None}
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LINGTAN_")} | environment
    words = [sys.executable, "-m", "ledger.cli", "serve", "--port", "0"]
    port = free_port()
    words[-1] = str(port)
    with started(words, env=variables, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        assert f"http://127.0.0.1:{port}" in server.stderr.readline()
        assert httpx2.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    assert house.ask("fsck") == {"findings": []}


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
