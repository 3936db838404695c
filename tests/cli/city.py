"""A city set up by commands alone: a served house, people with token files and key files in their own folders."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from ledger.chain.keystore import SCRYPT_N_LIGHT, create_key
from ledger.cli.app import app
from ledger.config import read_settings
from ledger.demo.server import serving
from ledger.services.house import open_house

PASSPHRASE = "a passphrase of tests"
SINCE = "2025-01-01T00:00:00+08:00"
PEOPLE = {
    "admin": ("gfc", "admin"),
    "librarian": ("gfc", "librarian"),
    "publisher": ("gfc", "publisher"),
    "preparer": ("bank-a", "preparer"),
    "approver": ("bank-a", "approver"),
    "other": ("bank-b", "preparer"),
    "auditor": (None, "auditor"),
}
SIGNERS = ("admin", "librarian", "publisher", "approver")


@dataclass
class City:
    """Where the commands run: one folder, one server, and who has which files."""

    folder: Path
    url: str = ""
    addresses: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str | None]:
        """The variables of every command; what the machine has set of ours is taken away."""
        ours: dict[str, str | None] = {name: None for name in os.environ if name.startswith("LINGTAN_")}
        return ours | {
            "LINGTAN_DATA": str(self.folder / "server"),
            "LINGTAN_PASSPHRASE": PASSPHRASE,
            "LINGTAN_KEY_PASSPHRASE": PASSPHRASE,
            "LINGTAN_LIGHT_KEYS": "1",
            "LINGTAN_URL": self.url or None,
        }

    def key(self, person: str) -> Path:
        """The key file of a person."""
        return self.folder / f"{person}.key.json"

    def token(self, person: str) -> Path:
        """The token file of a person."""
        return self.folder / f"{person}.token"

    def run(
        self, *arguments: object, who: str | None = None, code: int | None = 0, input: str | None = None, **environment: str | None
    ) -> Result:
        """Run a command as somebody and expect its exit code (None: any)."""
        words = [str(argument) for argument in arguments]
        if who is not None:
            words += ["--token-file", str(self.token(who))]
        result = CliRunner().invoke(app, words, env=self.environment | environment, input=input)
        assert code is None or result.exit_code == code, (words, result.exit_code, result.stdout, result.stderr)
        return result

    def ask(self, *arguments: object, who: str | None = None, code: int | None = 0, **environment: str | None) -> Any:
        """Run a command with --json and --yes and return its document."""
        return json.loads(self.run(*arguments, "--json", "--yes", who=who, code=code, **environment).stdout)


@contextmanager
def open_city(folder: Path) -> Iterator[City]:
    """Set a city up and serve it: the centre and two banks registered, the library published."""
    city = City(folder)
    for person in SIGNERS:
        city.addresses[person] = create_key(city.key(person), PASSPHRASE, scrypt_n=SCRYPT_N_LIGHT)
    city.run("init", "--admin", city.addresses["admin"])
    environment = {name: value for name, value in city.environment.items() if value is not None}
    house = open_house(read_settings(environment))
    try:
        with serving(house, 0) as url:
            city.url = url
            found(city)
            yield city
    finally:
        house.close()


def found(city: City) -> None:
    """Register everybody and publish what the release ships."""
    # The server is running: tokens need the database alone, not the chain file that it holds open.
    city.run("token", "create", "--subject", "operator", "--roles", "operator", "--out", city.token("operator"))
    for id, kind in (("gfc", "centre"), ("bank-a", "bank"), ("bank-b", "bank")):
        city.run("institution", "create", id, "--kind", kind, "--en", id, "--zh", "机构", who="operator")
    for person, (institution, role) in PEOPLE.items():
        belonging = ["--institution", institution] if institution else []
        city.run("token", "create", "--subject", f"test.{person}", *belonging, "--roles", role, "--out", city.token(person))
    # What is sent goes to the chain in its order: only the last of each kind is waited for.
    as_admin = ("--key", city.key("admin"), "--yes")
    for id in ("gfc", "bank-a"):
        city.run("institution", "register", id, *as_admin, "--wait", 0, who="admin")
    for id, role, wait in (("gfc", "librarian", 0), ("gfc", "publisher", 60), ("bank-a", "approver", 60)):
        key = ("--address", city.addresses[role], "--role", role, "--valid-from", SINCE)
        city.run("institution", "key-add", id, *key, *as_admin, "--wait", wait, who="admin")
    items = city.ask("library", "shipped", "--out", city.folder / "shipped")["items"]
    for position, item in enumerate(items, start=1):
        words = ("library", "propose", item["file"], "--key", city.key("librarian"), "--valid-from", SINCE)
        city.run(*words, "--wait", 60 if position == len(items) else 0, who="librarian")
    for position, item in enumerate(items, start=1):
        publish = ("library", "publish", item["hash"], "--key", city.key("publisher"), "--yes")
        city.run(*publish, "--wait", 60 if position == len(items) else 0, who="publisher")


def organisation(institution: str = "bank-a") -> dict[str, Any]:
    """Return a tree of a head office and an outlet."""
    unit = {"closed": None, "county": None, "area_m2": "1200", "headcount": 40, "opened": "2010-01-01"}
    return {
        "schema": "lingtan.organisation/1",
        "institution": institution,
        "name": {"en": institution, "zh": "机构"},
        "timezone": "Asia/Shanghai",
        "region": "CN-ZJ",
        "units": [
            {"id": "hq", "name": {"en": "Head office", "zh": "总行"}, "kind": "institution", "parent": None, **unit},
            {"id": "outlet-7", "name": {"en": "Outlet 7", "zh": "七号网点"}, "kind": "outlet", "parent": "hq", **unit},
        ],
    }


def readings(days: int = 2, *, meter: str = "M-1") -> str:
    """Return a CSV of 4.2 kW in every quarter-hour from 1 March 2025 on."""
    lines = ["meter,timestamp,kW,quality"]
    for slot in range(days * 96):
        day, rest = divmod(slot, 96)
        lines.append(f"{meter},2025-03-{day + 1:02}T{rest // 4:02}:{rest % 4 * 15:02}:00+08:00,4.2,A")
    return "\n".join(lines) + "\n"


FUELS = (
    "id,unit,indicator,value,quantity_unit,start,end,source_kind,reference,quality\n"
    "petrol-hq,hq,fuel.petrol.vehicles,120.5,L,2025-03-01,2025-03-02,invoice,fuel cards,2\n"
)
