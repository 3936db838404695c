"""The witness's commands as its operator runs them, and what `lingtan doctor` says on the other side."""

from __future__ import annotations

import os
import re
import shlex
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.embedded.cosigned import CheckpointAlarm, write_alarm
from ledger.chain.keystore import SCRYPT_N_LIGHT, create_key
from ledger.clock import SystemClock
from ledger.config import WitnessSetting, read_settings
from ledger.errors import ConfigurationError
from ledger.records.checkpoint import log_key
from ledger.records.signed_note import read_vkey
from ledger.services.house import open_house
from ledger.services.witnessing import open_witnessing
from ledger.witness.keyfile import read_key
from ledger.witness.request import write_request
from tests.child import started
from tests.cli.city import PASSPHRASE, City
from tests.cli.test_guides import find_command
from tests.witness.logs import LOG_KEY, NOTE_KEY, ORIGIN, Log, post

LOG_VKEY = log_key(ORIGIN, LOG_KEY.public_key()).vkey
PROGRAM = Path(sys.executable).with_name("lingtan")
LOG = Log()


@pytest.fixture
def desk(tmp_path: Path) -> City:
    """A folder and no server: a witness needs none."""
    return City(tmp_path)


@contextmanager
def running(folder: Path, *logs: str) -> Iterator[tuple[subprocess.Popen[Any], int]]:
    """Run `lingtan witness run` as a process of its own; yield it and its port."""
    words = [
        str(PROGRAM),
        "witness",
        "run",
        "--state",
        str(folder / "state"),
        "--key",
        str(folder / "witness.key"),
        "--listen",
        "127.0.0.1:0",
    ]
    words += [word for log in logs for word in ("--log", log)]
    with started(words, stderr=subprocess.PIPE, text=True, env={**os.environ, "NO_COLOR": "1"}) as program:
        assert program.stderr is not None
        line = program.stderr.readline()
        port = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert port is not None, line
        yield program, int(port[1])


def test_a_witness_is_made_run_looked_at_and_stopped(desk: City) -> None:
    key = desk.folder / "witness.key"
    made = desk.ask("witness", "init", "--key", key, "--name", "regulator.example/witness")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert read_key(key)[0] == "regulator.example/witness"
    assert read_vkey(made["vkey"]).name == "regulator.example/witness"
    secret = key.read_text().rsplit("+", 1)[1].strip()
    with running(desk.folder, LOG_VKEY) as (program, port):
        assert post(port, LOG.request(0, 5)).status == 200
        assert post(port, write_request(5, (), Log("forged").note(5))).status == 422
        program.send_signal(signal.SIGTERM)
        assert program.wait(20) == 0
        said = program.stderr.read() if program.stderr is not None else ""
    assert f"200 {ORIGIN} old 0 size 5" in said
    assert "EVIDENCE two_roots" in said
    assert secret not in said
    (item,) = desk.ask("witness", "status", "--state", desk.folder / "state")["items"]
    assert (item["origin"], item["size"], item["root"], item["evidence"]) == (ORIGIN, "5", LOG.root(5).hex(), 1)
    (evidence,) = desk.ask("witness", "evidence", "--state", desk.folder / "state", code=1)["items"]
    assert (evidence["known"], evidence["offered"]) == (LOG.note(5), Log("forged").note(5))
    shown = desk.run("witness", "evidence", "--state", desk.folder / "state", code=1).stdout
    assert LOG.note(5) in shown
    # Run again it goes on from what it had.
    with running(desk.folder, LOG_VKEY) as (_, port):
        assert post(port, LOG.request(0, 9)).body == "5\n"


def test_what_a_witness_s_command_refuses(desk: City) -> None:
    key = desk.folder / "witness.key"
    desk.run("witness", "init", "--key", key, "--name", "two words", code=3)
    assert not key.exists()
    desk.run("witness", "init", "--key", key, "--name", "w.example")
    desk.run("witness", "init", "--key", key, "--name", "w.example", code=13)
    run = ("witness", "run", "--state", desk.folder / "state", "--key", key)
    desk.run(*run, code=2)
    desk.run(*run, "--log", "nonsense", code=3)
    assert "a witness's, not a log's" in desk.run(*run, "--log", NOTE_KEY.vkey, code=2).stderr
    for listen in ("8058", "127.0.0.1:http", ":8058", "127.0.0.1:70000", "192.0.2.1:0"):
        desk.run(*run, "--log", LOG_VKEY, "--listen", listen, code=2)
    key.chmod(0o644)
    assert "chmod 600" in desk.run(*run, "--log", LOG_VKEY, code=2).stderr
    key.chmod(0o600)
    secret = key.read_text()
    for broken in (secret[:-9] + "AAAAAAA=\n", secret.replace("PRIVATE", "PUBLIC"), secret.replace("w.example", "x.example"), ""):
        key.write_text(broken)
        refused = desk.run(*run, "--log", LOG_VKEY, code=2).stderr
        assert "holds no key of a witness" in refused
        assert secret[-30:-9] not in refused
    desk.run("witness", "status", "--state", desk.folder / "nothing", code=2)


def test_every_line_of_the_witness_s_guide_names_commands_and_options_that_exist(root: Path) -> None:
    text = (root / "docs/guides/witness.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.startswith("lingtan ")]
    assert len(lines) >= 4
    for line in lines:
        command, words, _ = find_command(shlex.split(line)[1:])
        options = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


def test_witnesses_are_read_from_the_environment() -> None:
    base = {"LINGTAN_PASSPHRASE": "x"}
    read = read_settings(base | {"LINGTAN_WITNESSES": f"{NOTE_KEY.vkey} https://w.example/a/; {NOTE_KEY.vkey} http://127.0.0.1:1\n"})
    assert read.witnesses == (WitnessSetting(NOTE_KEY.vkey, "https://w.example/a"), WitnessSetting(NOTE_KEY.vkey, "http://127.0.0.1:1"))
    assert read.witness_quorum == 2
    three = "; ".join([f"{NOTE_KEY.vkey} http://w.example"] * 3)
    assert read_settings(base | {"LINGTAN_WITNESSES": three}).witness_quorum == 2
    assert read_settings(base | {"LINGTAN_WITNESSES": three, "LINGTAN_WITNESS_QUORUM": "3"}).witness_quorum == 3
    assert (read_settings(base).witnesses, read_settings(base).witness_quorum) == ((), 0)
    for wrong in (
        {"LINGTAN_WITNESSES": NOTE_KEY.vkey},
        {"LINGTAN_WITNESSES": f"{NOTE_KEY.vkey} ftp://w.example"},
        {"LINGTAN_WITNESSES": f"{NOTE_KEY.vkey} https://user:word@w.example"},
        {"LINGTAN_WITNESSES": three, "LINGTAN_WITNESS_QUORUM": "4"},
        {"LINGTAN_WITNESSES": three, "LINGTAN_WITNESS_QUORUM": "0"},
        {"LINGTAN_WITNESSES": three, "LINGTAN_CHAIN_URL": "http://node.example:8545"},
        {"LINGTAN_WITNESSES": "; ".join([three] * 6)},
    ):
        with pytest.raises(ConfigurationError, match="LINGTAN_WITNESS"):
            read_settings(base | wrong)


def test_doctor_tells_how_old_the_last_cosignature_is_and_of_an_alarm(desk: City) -> None:
    admin = create_key(desk.key("admin"), PASSPHRASE, scrypt_n=SCRYPT_N_LIGHT)
    desk.run("init", "--admin", admin)
    vkey = desk.ask("witness", "init", "--key", desk.folder / "witness.key", "--name", "regulator.example/witness")["vkey"]

    def check(witnesses: str, code: int = 0) -> dict[str, str]:
        document = desk.ask("doctor", code=code, LINGTAN_WITNESSES=witnesses)
        return next(item for item in document["checks"] if item["check"] == "witnesses")

    nobody = f"{vkey} http://127.0.0.1:9"
    assert check(nobody)["outcome"] == "warning"
    settings = read_settings({name: value for name, value in desk.environment.items() if value is not None})
    house = open_house(settings)
    found = house.chain.checkpoint_for(0)
    house.close()
    assert found is not None
    with running(desk.folder, found.verifier_key) as (_, port):
        environment = {name: value for name, value in desk.environment.items() if value is not None}
        environment["LINGTAN_WITNESSES"] = f"{vkey} http://127.0.0.1:{port}"
        house = open_house(read_settings(environment))
        witnessing = open_witnessing(house)
        assert witnessing is not None
        witnessing.step()
        witnessing.close()
        house.close()
        fresh = check(environment["LINGTAN_WITNESSES"])
        assert (fresh["outcome"], "cosigned by regulator.example/witness 0 minutes ago" in fresh["detail"]) == ("ok", True)
    alarm = CheckpointAlarm("CHECKPOINT_ROLLBACK", "regulator.example/witness", read_vkey(vkey).key_id.hex(), 5, 9999, SystemClock().now())
    write_alarm(settings.checkpoints, alarm)
    told = check(nobody, code=1)
    assert (told["outcome"], "CHECKPOINT_ROLLBACK" in told["detail"]) == ("failed", True)
    found_by = desk.ask("fsck", code=1, LINGTAN_WITNESSES=nobody)["findings"]
    assert [finding["code"] for finding in found_by] == ["CHECKPOINT_ROLLBACK"]
    # Backup and restore carry cosigned notes and the alarm along.
    desk.run("backup", "--out", desk.folder / "house.zip")
    desk.run("restore", desk.folder / "house.zip", "--data", desk.folder / "restored")
    names = {path.name for path in (desk.folder / "restored" / "checkpoints").iterdir()}
    assert {"alarm.json", "latest"} <= names
    assert [name for name in names if name.endswith(".cosigned")]


def test_a_witness_that_was_killed_goes_on(desk: City) -> None:
    desk.run("witness", "init", "--key", desk.folder / "witness.key", "--name", "w.example")
    with running(desk.folder, LOG_VKEY) as (program, port):
        assert post(port, LOG.request(0, 7)).status == 200
        program.kill()
        program.wait(20)
    with running(desk.folder, LOG_VKEY) as (_, port):
        begun = time.monotonic()
        assert post(port, LOG.request(0, 9)).body == "7\n"
        assert post(port, LOG.request(7, 9)).status == 200
        assert time.monotonic() - begun < 20
