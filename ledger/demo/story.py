"""The whole story, step by step, over HTTP; each step looks first whether it is done, so that running it again continues.

Everybody acts with a token and, where they sign, with a key in a folder of their own. The server's folder holds the relayer's and the
checkpoint's key and nobody else's.
"""

from __future__ import annotations

import json
import threading
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from ledger.chain.typed_data import ReleaseKind, Role
from ledger.client import acts
from ledger.client.acts import Party
from ledger.demo import desk, profiles, seeds
from ledger.demo.drill import Trust
from ledger.demo.figures import say_change, say_totals
from ledger.demo.gateway import Gateway
from ledger.demo.people import Person, write_private
from ledger.demo.voice import Voice
from ledger.errors import IntegrityError, LedgerError
from ledger.indicators.shipped import shipped_release
from ledger.merkle.dataset_schema import DATASETS, get_schema_bytes
from ledger.metering.csv_line import MeterFacts
from ledger.metering.csv_source import read_meter_csv
from ledger.records import canonical
from ledger.records.names import Name
from ledger.records.period import Period
from ledger.services.context import House

SCHEME = "operational-2026"
CLAIM = "operational-2025"
KEYS_VALID_FROM = 1_735_660_800  # 2025-01-01 in Shanghai
WAIT_SECONDS = 60.0
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class StepFailed(LedgerError):
    """A step of the demo did not do what it says."""

    code = "demo.step_failed"


@dataclass(frozen=True)
class Cast:
    """Everybody in the story, with their folders under one data directory."""

    data: Path

    def at_centre(self, name: str, *roles: str, signs: bool = True) -> Person:
        """Return somebody of the green finance centre."""
        return Person(name, seeds.CENTRE_ID, roles, self.data / "centre" / name, signs)

    @property
    def admin(self) -> Person:
        """The centre's admin."""
        return self.at_centre("admin", "admin")

    @property
    def librarian(self) -> Person:
        """Who proposes releases."""
        return self.at_centre("librarian", "librarian")

    @property
    def publisher(self) -> Person:
        """Who publishes them: another person."""
        return self.at_centre("publisher", "publisher")

    @property
    def verifier(self) -> Person:
        """Who recomputes claims."""
        return self.at_centre("verifier", "verifier")

    @property
    def certifier(self) -> Person:
        """Who certifies later: another person than the verifier."""
        return self.at_centre("certifier", "certifier")

    @property
    def auditor(self) -> Person:
        """Who checks offline, with no key."""
        return Person("auditor", None, ("auditor",), self.data / "auditor")

    def preparer(self, bank: str) -> Person:
        """Who loads a bank's data."""
        return Person("preparer", bank, ("preparer",), self.data / "banks" / bank / "preparer")

    def gateway(self, bank: str) -> Person:
        """What sends a bank's readings: it has a token, and a key of its own that signs them."""
        return Person("gateway", bank, ("meter",), self.data / "banks" / bank / "gateway")

    def approver(self, bank: str) -> Person:
        """Who signs for a bank: another person, with the bank's own key."""
        return Person("approver", bank, ("approver",), self.data / "banks" / bank / "approver", signs=True)


@dataclass
class Story:
    """One telling of the story against one server."""

    cast: Cast
    house: House
    url: str
    voice: Voice

    def party(self, person: Person) -> Party:
        """Return a session of this person; the token is issued at the first."""
        person.take_token(self.house)
        return person.session(self.url, "zh" if self.voice.chinese else "en")

    @property
    def period(self) -> Period:
        """The year that everybody reports."""
        return Period.of_dates(seeds.PERIOD, date.fromisoformat(seeds.FIRST_DAY), date.fromisoformat(seeds.LAST_DAY), seeds.TIMEZONE)

    # The centre

    def found_centre(self) -> None:
        """Register the centre and its keys, then publish schemas and the indicator library: two people."""
        self.voice.step("The green finance centre registers itself and its keys", "绿色金融中心登记自身与密钥")
        operator = self.party(Person("operator", None, ("operator",), self.cast.data / "operator"))
        name = Name(*seeds.CENTRE_NAME)
        acts.create_institution(operator, id=seeds.CENTRE_ID, kind="centre", name=name, timezone=seeds.TIMEZONE, region=seeds.REGION)
        admin = self.party(self.cast.admin)
        keys = [
            (self.cast.librarian, Role.LIBRARIAN),
            (self.cast.publisher, Role.PUBLISHER),
            (self.cast.verifier, Role.VERIFIER),
            (self.cast.certifier, Role.CERTIFIER),
        ]
        self._register(admin, seeds.CENTRE_ID, "centre", name, keys)
        self._wait_actions(admin, seeds.CENTRE_ID)
        self.voice.step(
            "Librarian proposes, publisher publishes: schemas and the indicator library", "馆员提议、发布员发布：模式与核心指标库"
        )
        librarian, publisher = self.party(self.cast.librarian), self.party(self.cast.publisher)
        documents: list[tuple[Any, ReleaseKind]] = [
            (canonical.load(get_schema_bytes(name)), ReleaseKind.DATASET_SCHEMA) for name in DATASETS
        ]
        documents.append((shipped_release().to_document(), ReleaseKind.INDICATOR_LIBRARY))
        for document, kind in documents:
            release = canonical.digest(document)
            state = self._release_state(librarian, release, kind)
            if state is None:
                acts.propose(librarian, document, centre=seeds.CENTRE_ID, kind=kind, valid_from=KEYS_VALID_FROM, now=self._now())
        for document, kind in documents:
            release = canonical.digest(document)
            self._wait_release(librarian, release, kind, {"proposed", "published", "publishing"})
            if self._release_state(librarian, release, kind) == "proposed":
                acts.publish(publisher, release, centre=seeds.CENTRE_ID, now=self._now())
        for document, kind in documents:
            self._wait_release(librarian, canonical.digest(document), kind, {"published"})
        shipped = shipped_release()
        self.voice.fact(
            f"{shipped.release}: {len(shipped.factors)} factors with their sources, hash {shipped.hash[:16]}…",
            f"{shipped.release}：{len(shipped.factors)} 个带来源的因子，散列 {shipped.hash[:16]}…",
        )

    # A bank

    def set_up_banks(self, banks: Sequence[seeds.BankSeed]) -> None:
        """Register banks with their keys, wait for all of them, and take their trees."""
        admin = self.party(self.cast.admin)
        for bank in banks:
            name = Name(bank.en, bank.zh)
            acts.create_institution(admin, id=bank.id, kind="bank", name=name, timezone=seeds.TIMEZONE, region=seeds.REGION)
            self._register(admin, bank.id, "bank", name, [(self.cast.approver(bank.id), Role.APPROVER)])
        for bank in banks:
            self._wait_actions(admin, bank.id)
            self._take_tree(bank)

    def _take_tree(self, bank: seeds.BankSeed) -> None:
        preparer = self.party(self.cast.preparer(bank.id)).client
        key_file = self.cast.preparer(bank.id).folder / "commitment.key"
        if not key_file.exists():
            write_private(key_file, acts.new_commitment_key().hex())
        preparer.put(f"/v1/institutions/{bank.id}/commitment-key", {"key": key_file.read_text(encoding="utf-8")})
        tree = preparer.post(f"/v1/institutions/{bank.id}/organisation", seeds.organisation_document(bank))
        self.require(tree["version"], f"the tree of {bank.id}", tree["findings"])

    def register_meters(self, bank: seeds.BankSeed) -> None:
        """Open the year 2025 and register the bank's meters, which begin with it."""
        preparer = self.party(self.cast.preparer(bank.id)).client
        period = {"id": seeds.PERIOD, "first_day": seeds.FIRST_DAY, "last_day": seeds.LAST_DAY}
        preparer.post(f"/v1/institutions/{bank.id}/periods", period)
        for unit in bank.units:
            for meter, _ in unit.meters:
                document = {"id": meter, "unit": unit.id, "quantity": "el.import", "interval_minutes": 15}
                preparer.post(f"/v1/institutions/{bank.id}/meters", document)

    def load_bank(self, bank: seeds.BankSeed) -> None:
        """Load a year of readings, and everything that no meter shows."""
        preparer = self.party(self.cast.preparer(bank.id)).client
        meters = tuple(meter for unit in bank.units for meter in unit.meters)
        file = self.cast.preparer(bank.id).folder / f"meters-{seeds.PERIOD}.csv"
        if not file.exists():
            days = len(meters) * (self.period.end - self.period.start) // 86_400 + 1
            blocks = profiles.meter_csv(meters, self.period.start, self.period.end)
            temporary = file.with_suffix(".new")
            with temporary.open("wb") as stream:
                for block in self.voice.track(blocks, days, f"{bank.en}: meter-days", f"{bank.zh}：表日"):
                    stream.write(block)
            temporary.replace(file)
        facts = {meter: MeterFacts(meter) for meter, _ in meters}
        read = read_meter_csv([file.read_bytes()], meters=facts, now=self._now())
        self.require(read.readings, f"the readings of {bank.id}", [finding.to_document() for finding in read.findings])
        sender = self.cast.gateway(bank.id)
        gateway, session = Gateway(bank.id, sender.folder), self.party(sender).client
        gateway.enrol(preparer, session, facts)
        sent, contiguous = gateway.send(session, gateway.sign(read.readings, self._now()))
        self.require(sent == contiguous, f"the batches of {bank.id}", [])
        if bank.by_workbook:
            self.fill_in_workbook(bank)
        else:
            used = preparer.post(self._activity(bank), seeds.activity_document(bank, self.period))
            self.require(used["accepted"], f"the activity data of {bank.id}", used["findings"])
        gaps = sum(1 for finding in read.findings if finding.severity == "warning")
        self.voice.fact(
            f"{bank.en}: {read.rows:,} readings of {len(read.readings)} meters ({gaps} warnings on gaps) in {sent} batches that the "
            f"gateway signed and that were taken for good, {len(bank.records)} records "
            f"of fuels, refrigerants, water, paper, travel and waste; certificates and contracts of green power: {len(bank.instruments)}",
            f"{bank.zh}：{len(read.readings)} 块表 {read.rows:,} 条读数（{gaps} 条缺口提示），"
            f"网关签署 {sent} 批并全部确认入账；燃料、制冷剂、水、纸、差旅与废弃物 "
            f"{len(bank.records)} 条记录，绿色电力凭证 {len(bank.instruments)} 项",
        )

    def fill_in_workbook(self, bank: seeds.BankSeed) -> None:
        """Have the preparer fill in the server's workbook, first with a slip that is named by its cell, then right."""
        person = self.cast.preparer(bank.id)
        preparer = self.party(person).client
        language = "zh" if self.voice.chinese else "en"
        empty = preparer.get_bytes(f"/v1/institutions/{bank.id}/periods/{seeds.PERIOD}/workbook", language=language)
        refused = preparer.post_bytes(self._activity(bank), desk.fill_in(empty, bank, language, slip=True), XLSX_TYPE)
        if refused["accepted"] or len(refused["findings"]) != 1:
            raise StepFailed(f"a quantity with a separator of thousands was not named in the workbook of {bank.id}")
        slip = refused["findings"][0]
        filled = desk.fill_in(empty, bank, language)
        (person.folder / f"activity-{seeds.PERIOD}.xlsx").write_bytes(filled)
        taken = preparer.post_bytes(self._activity(bank), filled, XLSX_TYPE)
        self.require(taken["accepted"], f"the workbook of {bank.id}", taken["findings"])
        self.voice.fact(
            f"{bank.en} sends the workbook: {slip['code']} at {slip['place']}, got {slip['got']}; corrected and taken",
            f"{bank.zh}提交填报表：{slip['place']} {slip['code']}，实际 {slip['got']}；更正后接收",
        )

    def report(self, bank: seeds.BankSeed) -> str:
        """Compute the statement and have the approver sign it with the bank's own key; return the statement's id."""
        preparer, approver = self.party(self.cast.preparer(bank.id)).client, self.party(self.cast.approver(bank.id))
        path = f"/v1/institutions/{bank.id}/periods/{seeds.PERIOD}/statements"
        done = [item for item in preparer.get_all(path) if item["state"] in ("queued", "anchored", "verified")]
        statement = done[-1] if done else preparer.post(path, {"cause": "first"})
        self.require(not statement["has_errors"], f"the statement of {bank.id}", statement["findings"])
        self._require_every_column(bank, statement)
        say_totals(self.voice, bank, statement)
        say_change(self.voice, bank, preparer.get(f"/v1/statements/{statement['id']}/comparison"))
        if not done:
            acts.checkpoint_log(approver, bank.id)
            acts.attest(approver, statement["id"], seconds=0)
        return str(statement["id"])

    def show_anchors(self, bank: seeds.BankSeed, statement: str) -> None:
        """Wait for the anchors of a signed statement and show them.

        Raises:
            StepFailed: it is not anchored.
        """
        approver = self.party(self.cast.approver(bank.id))
        answer = approver.client.wait(f"/v1/attestations/{statement}", until=acts.SETTLED, seconds=WAIT_SECONDS)
        if answer["state"] != "anchored":
            raise StepFailed(f"the attestation of {bank.id} is {answer['state']}, expected anchored", hint=str(answer["items"]))
        for item in answer["items"]:
            self.voice.fact(
                f"{item['dataset']}: R {item['root'][:16]}… signed by {item['signer'][:10]}…, transaction {item['tx_hash'][:14]}…",
                f"{item['dataset']}：R {item['root'][:16]}… 由 {item['signer'][:10]}… 签署，交易 {item['tx_hash'][:14]}…",
            )

    def claim(self, bank: seeds.BankSeed, statement: str) -> str:
        """Sign the bank's claim and hand it in; return its id."""
        approver = self.party(self.cast.approver(bank.id))
        earlier = [item for item in approver.client.get_all("/v1/claims") if item["id"].endswith(f":{CLAIM}")]
        answer = earlier[0] if earlier else acts.claim(approver, statement, claim_id=CLAIM, scheme=SCHEME, seconds=0)
        return str(answer["id"])

    def wait_claim(self, claim: str) -> None:
        """Wait until the chain has a claim.

        Raises:
            StepFailed: it refuses it.
        """
        bank = claim.partition(":")[0]
        client = self.party(self.cast.approver(bank)).client
        answer = client.wait(f"/v1/claims/{claim}", until=acts.SETTLED, seconds=WAIT_SECONDS)
        if answer["state"] not in ("submitted", "attested"):
            raise StepFailed(f"the claim of {bank} is {answer['state']}, expected submitted")

    def download(self, claims: list[str]) -> dict[str, Path]:
        """Let the auditor fetch the evidence packages; return their files by claim."""
        auditor = self.party(self.cast.auditor).client
        files = {}
        for claim in claims:
            file = self.cast.auditor.folder / f"{claim.split(':')[0]}-{seeds.PERIOD}.zip"
            file.write_bytes(auditor.get_bytes(f"/v1/claims/{claim}/package"))
            files[claim] = file
        return files

    def trust(self, packages: list[Path]) -> Trust:
        """Have the centre sign the policy file with a key of its own; return it with the key and the log proofs for these packages."""
        key = self._policy_key()
        admin, auditor = self.party(self.cast.admin).client, self.party(self.cast.auditor).client
        file = self.cast.auditor.folder / "city.policy.json"
        version = 1
        if file.exists():
            earlier = canonical.load(file.read_bytes())
            version = int(str(earlier["version"])) + 1 if isinstance(earlier, dict) else 1
        document = acts.sign_policy_facts(admin, key, version=version)
        file.write_bytes(canonical.dump(document))
        checkpoint = document["checkpoint"]
        if not isinstance(checkpoint, dict):
            raise StepFailed("the policy pins no checkpoint of the embedded chain")
        proofs = self.cast.auditor.folder / "city.consistency.json"
        proofs.write_bytes(canonical.dump(acts.collect_log_proofs(auditor, _log_sizes(packages), checkpoint)))
        return Trust(file, key.public_key().public_bytes_raw().hex(), proofs)

    def _policy_key(self) -> Ed25519PrivateKey:
        key_file = self.cast.admin.folder / "policy.pem"
        if not key_file.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_private(key_file, pem.decode())
        key = load_pem_private_key(key_file.read_bytes(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise IntegrityError("the policy key is not an Ed25519 key", hint=f"remove {key_file} and run again")
        return key

    # Shared

    def _require_every_column(self, bank: seeds.BankSeed, statement: dict[str, Any]) -> None:
        zero = [name for name, grams in statement["totals"].items() if int(grams) == 0]
        if zero:
            raise StepFailed(f"{', '.join(zero)} of {bank.id} is 0, expected every column of the demo's banks to have something")

    def _activity(self, bank: seeds.BankSeed) -> str:
        return f"/v1/institutions/{bank.id}/periods/{seeds.PERIOD}/activity"

    def _register(self, admin: Party, id: str, kind: str, name: Name, keys: list[tuple[Person, Role]]) -> None:
        known = list(admin.client.get_all(f"/v1/institutions/{id}/participant-actions"))
        version = sum(1 for action in known if action["state"] != "rejected")
        if not any(action["struct"] == "RegisterInstitution" for action in known):
            version += 1
            acts.register(admin, id=id, kind=kind, name=name, version=version, now=self._now())
        for position, (person, role) in enumerate(keys, start=2):
            address = person.make_key()
            if version < position:
                version += 1
                acts.add_key(
                    admin, institution=id, address=address, role=role, version=version, valid_from=KEYS_VALID_FROM, now=self._now()
                )

    def _wait_actions(self, admin: Party, id: str) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while True:
            actions = list(admin.client.get_all(f"/v1/institutions/{id}/participant-actions"))
            rejected = [action for action in actions if action["state"] == "rejected"]
            if rejected:
                raise StepFailed(f"{rejected[0]['struct']} of {id} was refused: {rejected[0]['error']}")
            if all(action["state"] == "anchored" for action in actions):
                return
            if time.monotonic() > end:
                raise StepFailed(f"the registration of {id} did not settle in {WAIT_SECONDS:.0f} s", hint="is the chain running?")
            _pause()

    def _release_state(self, party: Party, release: str, kind: ReleaseKind) -> str | None:
        name = {ReleaseKind.INDICATOR_LIBRARY: "library", ReleaseKind.DATASET_SCHEMA: "schema", ReleaseKind.SCHEME: "scheme"}[kind]
        found = [item for item in party.client.get_all("/v1/library-releases", kind=name) if item["hash"] == release]
        return str(found[0]["state"]) if found and found[0]["state"] not in ("received", "rejected") else None

    def _wait_release(self, party: Party, release: str, kind: ReleaseKind, wanted: set[str]) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while (state := self._release_state(party, release, kind)) not in wanted:
            if time.monotonic() > end:
                raise StepFailed(f"release {release[:16]}… is {state}, expected {' or '.join(sorted(wanted))}")
            _pause()

    def require(self, holds: object, what: str, findings: list[dict[str, Any]]) -> None:
        """Pass if it holds.

        Raises:
            StepFailed: with the errors among the findings.
        """
        if not holds:
            errors = [item for item in findings if item["severity"] == "error"]
            listed = "; ".join(f"{item['code']} at {item['place']}: got {item['got']}, expected {item['expected']}" for item in errors[:5])
            raise StepFailed(f"{what} was refused: {listed}", hint="the demo's own data should be without errors")

    def _now(self) -> int:
        return self.house.clock.now()


def _log_sizes(packages: list[Path]) -> set[int]:
    sizes = set()
    for package in packages:
        with zipfile.ZipFile(package) as archive:
            anchors = json.loads(archive.read("anchors.json"))
        sizes |= {int(item["finality"]["tree_size"]) for item in anchors["items"]}
    return sizes


def _pause() -> None:
    threading.Event().wait(0.2)
