"""What the relay puts aside, by commands: the operator lists and settles it, the bank sees what is missing and signs that alone."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ledger.chain.client import ChainClient
from ledger.chain.errors import TransactionRejected
from ledger.clock import SystemClock
from ledger.config import read_settings
from ledger.demo.server import serving
from ledger.services.house import open_house
from tests.cli.city import City
from tests.cli.conftest import Books

REASON = ("--reason", "the node refused it: looked at its log")


class Later(SystemClock):
    """A clock ahead of the machine's: what the relay would send again after a while is due at once."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def now(self) -> int:
        return super().now() + self.seconds


class Refusing(ChainClient):
    """A house's own chain behind a node that refuses the next transaction for ever; with `swallow` it takes it and says the same."""

    def __init__(self, chain: ChainClient, *, swallow: bool) -> None:
        self.__dict__.update(chain.__dict__)
        self.left, self.swallow = 1, swallow

    def send_raw(self, raw: bytes) -> str:
        if not self.left:
            return super().send_raw(raw)
        self.left -= 1
        if self.swallow:
            super().send_raw(raw)
        raise TransactionRejected("this node does not like it", reason="malformed")


@pytest.fixture(scope="module")
def copied(city: City, books: Books, tmp_path_factory: pytest.TempPathFactory) -> City:
    """The city's house out of its backup, with the same people and nothing on its way to the chain; nobody serves it."""
    folder = tmp_path_factory.mktemp("outbox")
    city.run("backup", "--out", folder / "house.zip", "--with-keys")
    city.run("restore", folder / "house.zip", "--data", folder / "server")
    for file in (*city.folder.glob("*.token"), *city.folder.glob("*.key.json")):
        shutil.copy(file, folder)
    made = City(folder, addresses=city.addresses)
    # What other tests left on its way would be the next transaction, which a refusing node refuses.
    with served(made):
        end = time.monotonic() + 30
        while any(item["state"] in ("QUEUED", "SIGNED", "SENT") for item in made.ask("outbox", "list")["items"]):
            assert time.monotonic() < end
            time.sleep(0.1)
    return made


@contextmanager
def served(city: City, *, refusing: bool = False, swallow: bool = False, ahead: int = 0) -> Iterator[None]:
    """Serve the city's house while the block runs; its chain refuses one transaction, if asked to."""
    settings = read_settings({name: value for name, value in city.environment.items() if value is not None})
    house = open_house(settings, clock=Later(ahead))
    try:
        if refusing:
            house.chain = Refusing(house.chain, swallow=swallow)
        with serving(house, 0) as city.url:
            yield
    finally:
        city.url = ""
        house.close()


def quarantined(city: City) -> dict[str, Any]:
    """Wait for the one transaction that the relay puts aside. The list needs no chain: the server may be running."""
    end = time.monotonic() + 30
    while not (items := city.ask("outbox", "list", "--state", "quarantined")["items"]):
        assert time.monotonic() < end
        time.sleep(0.1)
    (item,) = items
    return dict(item)


def test_what_was_put_aside_is_retired_and_the_bank_signs_the_missing_dataset_alone(copied: City) -> None:
    approver = ("--key", copied.key("approver"))
    with served(copied, refusing=True):
        statement = copied.ask("amend", "--period", "2025-03", "--reason", "data", who="preparer")["id"]
        copied.ask("sign", statement, *approver, "--wait", 0, who="approver")
        item = quarantined(copied)
        assert (item["kind"], item["subject"]) == ("periods.submit", f"statement/{statement}/METERS")
        shown = copied.run("status", statement, who="approver")
        assert "METERS: put aside by the relay" in shown.stderr
        assert "open in another process" in copied.run("outbox", "close-gap", *REASON, code=13).stderr

    listed = copied.run("outbox", "list")
    assert "QUARANTINED" in listed.stdout
    assert "docs/guides/operator.md" in listed.stderr
    assert "QUARANTINED" not in copied.run("outbox", "list", "--state", "FINAL").stdout
    assert "is not spent for good" in copied.run("outbox", "retire", item["id"], *REASON, "--yes", code=13).stderr
    assert "the chain has no transaction" in copied.run("outbox", "resume", item["id"], *REASON, code=13).stderr
    closed = copied.ask("outbox", "close-gap", *REASON)
    assert closed["tx_hash"].startswith("0x")
    assert closed["block"] > 0
    assert "nothing was done" in copied.run("outbox", "retire", item["id"], *REASON, input="0\n", code=2).stderr
    retired = copied.run("outbox", "retire", item["id"], *REASON, input=f"{item['id']}\n")
    assert "REVERTED" in retired.stdout
    assert REASON[1] in retired.stdout
    assert copied.ask("outbox", "close-gap", *REASON) == {"tx_hash": None, "block": None}

    with served(copied, ahead=20):
        end = time.monotonic() + 30
        while (items := states(copied, statement))["OPERATIONAL"] != "anchored":
            assert time.monotonic() < end, items
            time.sleep(0.1)
        assert items == {"METERS": "rejected", "OPERATIONAL": "anchored"}
        shown = copied.run("status", statement, who="approver")
        assert "retired" in shown.stdout
        assert f"METERS: not on the chain; `lingtan sign {statement}`" in shown.stderr
        assert "缺少的部分" in copied.run("status", statement, "--lang", "zh", who="approver").stderr
        signed = copied.run("sign", statement, *approver, "--yes", who="approver")
        request, _, outcome = signed.stdout.partition("transaction")
        assert ("METERS" in request, "OPERATIONAL" in request) == (True, False), "only what is missing is shown and signed"
        assert "OPERATIONAL" in outcome
        assert states(copied, statement) == {"METERS": "anchored", "OPERATIONAL": "anchored"}
        assert "not on the chain" not in copied.run("status", statement, who="approver").stderr


def test_what_the_chain_has_after_all_is_resumed(copied: City) -> None:
    with served(copied, refusing=True, swallow=True, ahead=40):
        copied.run("institution", "register", "bank-b", "--key", copied.key("admin"), "--yes", "--wait", 0, who="admin")
        item = quarantined(copied)
    assert "was mined after all" in copied.run("outbox", "retire", item["id"], *REASON, "--yes", code=13).stderr
    assert "no gap" in copied.run("outbox", "close-gap", *REASON).stderr
    assert copied.ask("outbox", "resume", item["id"], *REASON)["state"] == "SENT"
    assert copied.ask("outbox", "list", "--state", "quarantined")["items"] == []


def test_a_state_that_does_not_exist_and_no_reason_are_told(copied: City) -> None:
    assert "no state ANCHORED; expected one of QUEUED" in copied.run("outbox", "list", "--state", "anchored", code=2).stderr
    assert "no reason given" in copied.run("outbox", "close-gap", "--reason", " ", code=2).stderr
    copied.run("outbox", "retire", "999999", *REASON, "--yes", code=12)


def states(city: City, statement: str) -> dict[str, str]:
    """Return the state of each attested dataset as `status` shows it."""
    items = city.ask("status", statement, who="approver")["attestation"]["items"]
    return {item["dataset"]: item["state"] for item in items}
